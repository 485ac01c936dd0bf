/* SPDX-License-Identifier: MIT */
#include "api/head.h"

#include "api/api_private.h"
#include "api/date.h"
#include "api/respond.h"
#include "api/route.h"
#include "api/target.h"
#include "base/base64.h"
#include "base/number.h"

void ary_head_add_etag(struct ary_response *response, uint64_t seq)
{
	uint8_t tag[ARY_U64_DIGITS_MAX + 2] = { '"' };
	size_t size = 1 + ary_format_u64(seq, tag + 1);

	tag[size++] = '"';
	ary_response_plain(response, "ETag", (struct ary_bytes){ tag, size });
}

void ary_head_add_last_modified(struct ary_api *api, struct ary_response *response,
				uint64_t time_ms)
{
	uint64_t now_ms = ary_wall_ms(api->options.env);
	char date[ARY_DATE_BYTES];

	if (time_ms > now_ms)
		time_ms = now_ms;
	if (time_ms == 0 || time_ms > ARY_DATE_MS_MAX)
		return;
	ary_date_format(time_ms, date);
	ary_response_plain(response, "Last-Modified", ary_bytes_of(date));
}

void ary_head_add_path(struct ary_call *call, const char *name, bool as_asked)
{
	struct ary_response *response = &call->response;
	bool in_base64 = as_asked && call->route->is_base64;
	bool fits;

	ary_response_begin_field(response, name);
	if (in_base64)
		fits = ary_buf_append(&response->text, ary_bytes_of(ARY_KEYS_BASE64_PATH)) &&
		       ary_base64url_encode(call->tail, &response->text);
	else
		fits = ary_buf_append(&response->text, ary_bytes_of(ARY_KEYS_PATH)) &&
		       ary_percent_encode(call->tail, &response->text);
	ary_response_end_field(response, fits);
}
