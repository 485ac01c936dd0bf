/* SPDX-License-Identifier: MIT */
#include "api/request_id.h"

#include <string.h>

#include "base/number.h"

void ary_request_ids_init(struct ary_request_ids *ids, struct ary_env *env)
{
	uint32_t halves[2];

	if (ary_random(env, halves, sizeof(halves), NULL) != ARY_OK) {
		uint64_t now_ms = ary_wall_ms(env);

		halves[0] = (uint32_t)(now_ms >> 32);
		halves[1] = (uint32_t)now_ms;
	}
	ary_format_hex32(halves[0], ids->run);
	ary_format_hex32(halves[1], ids->run + 8);
	atomic_init(&ids->count, 0);
}

/* Characters that need no quoting in a header, in a URN or in a line for people. */
static bool is_id_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~:@+=", c) != NULL);
}

static bool is_id(struct ary_bytes text)
{
	if (text.size == 0 || text.size > ARY_REQUEST_ID_BYTES_MAX)
		return false;
	for (size_t i = 0; i < text.size; i++)
		if (!is_id_char(text.data[i]))
			return false;
	return true;
}

void ary_request_id_take(struct ary_request_ids *ids, struct ary_call *call)
{
	const struct ary_bytes *sent;

	call->request_ids = ids;
	if (call->request_id.size > 0 || !ary_call_has(call, ARY_FIELD_X_REQUEST_ID))
		return;
	sent = ary_call_field(call, ARY_FIELD_X_REQUEST_ID);
	if (ary_call_field_count(call, ARY_FIELD_X_REQUEST_ID) == 1 && is_id(*sent))
		call->request_id = *sent;
	else
		(void)ary_request_id(call);
}

struct ary_bytes ary_request_id(struct ary_call *call)
{
	struct ary_request_ids *ids = call->request_ids;
	size_t size = sizeof(ids->run);

	if (call->request_id.size > 0 || ids == NULL)
		return call->request_id;
	memcpy(call->made_id, ids->run, size);
	call->made_id[size++] = '-';
	size += ary_format_u64(atomic_fetch_add(&ids->count, 1) + 1, call->made_id + size);
	call->request_id = (struct ary_bytes){call->made_id, size};
	return call->request_id;
}
