/* SPDX-License-Identifier: MIT */
#include "api/call.h"

#include <stdlib.h>
#include <string.h>

void ary_call_init(struct ary_call *call)
{
	memset(call, 0, sizeof(*call));
}

void ary_call_release(struct ary_call *call)
{
	ary_buf_release(&call->body);
	ary_buf_release(&call->path);
	ary_response_release(&call->response);
	free(call->match_seqs);
	memset(call, 0, sizeof(*call));
}

bool ary_field_is(const struct ary_field *field, const char *name)
{
	return ary_bytes_are_caseless(field->name, name);
}

const struct ary_bytes *ary_call_field(const struct ary_call *call, const char *name)
{
	for (size_t i = 0; i < call->request.field_count; i++)
		if (ary_field_is(&call->request.fields[i], name))
			return &call->request.fields[i].value;
	return NULL;
}

size_t ary_call_field_count(const struct ary_call *call, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < call->request.field_count; i++)
		if (ary_field_is(&call->request.fields[i], name))
			count++;
	return count;
}
