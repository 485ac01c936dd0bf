/* SPDX-License-Identifier: MIT */
#include "api/head.h"

#include "api/api_private.h"
#include "api/date.h"
#include "api/respond.h"
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
