/* SPDX-License-Identifier: MIT */
#include "lib/lines.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/crc32c.h"

void lines_seal(struct ary_buf *out, struct ary_bytes body)
{
	uint32_t crc = ary_crc32c(body.data, body.size);

	ARY_CHECK(ary_buf_append(out, body));
	ARY_CHECK(ary_buf_printf(out, ",\"crc\":\"%08" PRIx32 "\"}\n", crc));
}

void lines_sealf(struct ary_buf *out, const char *format, ...)
{
	char body[4096];
	va_list values;

	va_start(values, format);
	int size = vsnprintf(body, sizeof(body), format, values);
	va_end(values);
	ARY_CHECK(size > 0 && (size_t)size < sizeof(body));
	lines_seal(out, ary_bytes_of(body));
}

void lines_set(struct ary_buf *out, uint64_t seq, int64_t durable, const char *key,
	       const char *value)
{
	char stated[64] = "";

	if (durable >= 0)
		snprintf(stated, sizeof(stated), ",\"durable\":%" PRId64, durable);
	lines_sealf(out,
		    "{\"seq\":%" PRIu64 ",\"time\":1,\"cmd\":\"Set\"%s,"
		    "\"key\":\"%s\",\"value\":\"%s\"",
		    seq, stated, key, value);
}

void lines_fill(struct ary_buf *out, uint8_t byte, size_t count)
{
	ARY_CHECK(ary_buf_reserve(out, count));
	if (count > 0)
		memset(out->data + out->size, byte, count);
	out->size += count;
}
