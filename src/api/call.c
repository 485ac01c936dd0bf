/* SPDX-License-Identifier: MIT */
#include "api/call.h"

#include <stdlib.h>

#include "api/kv_upload.h"
#include "api/list_count.h"
#include "api/list_remove.h"
#include "base/block.h"

void ary_call_init(struct ary_call *call)
{
	/* No field of the response counts yet, and they are a quarter of it all. */
	ary_block_clear(call, offsetof(struct ary_call, response.fields));
}

void ary_call_release(struct ary_call *call)
{
	ary_buf_release(&call->body);
	ary_buf_release(&call->path);
	ary_buf_release(&call->key);
	ary_buf_release(&call->meta);
	ary_buf_release(&call->kept);
	ary_counting_destroy(call->counting);
	ary_removal_destroy(call->removal);
	ary_pieces_destroy(call->pieces);
	ary_response_release(&call->response);
	free(call->match_seqs);
}

_Static_assert((int)ARY_FIELD_ID_COUNT <= 64, "a bit for each");

void ary_call_note_fields(struct ary_call *call)
{
	call->fields_seen = 0;
	for (size_t i = 0; i < call->request.field_count; i++)
		call->fields_seen |= ARY_FIELD_BIT(call->request.fields[i].id);
}

const struct ary_bytes *ary_call_field(const struct ary_call *call, enum ary_field_id id)
{
	const struct ary_field *field =
		ary_field_find(call->request.fields, call->request.field_count, id);

	return field != NULL ? &field->value : NULL;
}

size_t ary_call_field_count(const struct ary_call *call, enum ary_field_id id)
{
	size_t count = 0;

	for (size_t i = 0; i < call->request.field_count; i++)
		count += call->request.fields[i].id == id;
	return count;
}
