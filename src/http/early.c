/* SPDX-License-Identifier: MIT */
#include "http/early.h"

#include <microhttpd.h>

#include "api/date.h"
#include "env/env.h"
#include "env/net.h"

static bool write_line(struct ary_buf *out, const char *name, const char *value)
{
	return ary_buf_printf(out, "%s: %s\r\n", name, value);
}

static bool write_fields(struct ary_buf *out, const struct ary_response *response)
{
	for (size_t i = 0; i < response->field_count; i++) {
		const struct ary_response_field *field = ary_response_at(response, i);

		if (!write_line(out, ary_response_name(response, field),
				ary_response_value(response, field)))
			return false;
	}
	return true;
}

static bool write_all(struct ary_buf *out, const struct ary_response *response)
{
	char date[ARY_DATE_BYTES];

	ary_date_format(ary_wall_ms(ary_env_posix()), date);
	return ary_buf_printf(out, "HTTP/1.1 %u %s\r\n", response->status,
			      MHD_get_reason_phrase_for(response->status)) &&
	       write_line(out, "Date", date) && write_line(out, "Connection", "close") &&
	       ary_buf_printf(out, "Content-Length: %zu\r\n", response->body.size) &&
	       write_fields(out, response) && ary_buf_append(out, ary_bytes_of("\r\n")) &&
	       ary_buf_append(out, response->body);
}

bool ary_early_send(int fd, struct ary_response *response)
{
	struct ary_buf text = { 0 };
	bool sent = write_all(&text, response) && ary_net_send(fd, text.data, text.size);

	ary_response_release(response);
	ary_buf_release(&text);
	if (sent)
		ary_net_end(fd);
	return sent;
}
