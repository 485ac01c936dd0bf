/* SPDX-License-Identifier: MIT */
#include "format/watermark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/number.h"
#include "format/fields.h"
#include "format/record.h"

/* What `cmd` says. Where such a line stood in a log, it would be one of a later version. */
static const char watermark_cmd[] = "Watermark";

void ary_watermark_encode(const struct ary_watermark *mark, uint8_t out[ARY_WATERMARK_BYTES])
{
	char body[ARY_WATERMARK_BYTES - ARY_RECORD_TRAILER_BYTES];
	/* The clock is the machine's, and must not make a line that cannot be read. */
	uint64_t time_ms = mark->time_ms < ARY_SEQ_MAX ? mark->time_ms : ARY_SEQ_MAX;

	int printed = snprintf(body, sizeof(body),
			       "{\"seq\":%" PRIu64 ",\"time\":%" PRIu64 ",\"cmd\":\"%s\","
			       "\"log\":%" PRIu64 ",\"durable\":%" PRIu64,
			       mark->seq, time_ms, watermark_cmd, mark->log, mark->durable_bytes);
	ARY_CHECK(printed > 0 && (size_t)printed < sizeof(body));
	size_t size = (size_t)printed;
	/* Spaces take the place of what a longer line has left. */
	memset(out, ' ', ARY_WATERMARK_BYTES);
	out[ARY_WATERMARK_BYTES - 1] = '\n';
	memcpy(out, body, size);
	memcpy(out + size, ",\"crc\":\"", 8);
	ary_format_hex32(ary_crc32c(body, size), out + size + 8);
	memcpy(out + size + 16, "\"}\n", 3);
}

static enum ary_status read_fields(const struct ary_fields *fields, struct ary_watermark *out)
{
	struct ary_watermark mark = {.seq = 0};
	struct ary_bytes cmd;

	enum ary_status status = ary_fields_string(fields, "cmd", &cmd);
	if (status == ARY_OK && !ary_bytes_equal(cmd, ary_bytes_of(watermark_cmd)))
		status = ary_fields_refuse(fields, "cmd", "is another");
	if (status == ARY_OK)
		status = ary_fields_number(fields, "seq", 1, &mark.seq);
	if (status == ARY_OK)
		status = ary_fields_number(fields, "time", 0, &mark.time_ms);
	if (status == ARY_OK)
		status = ary_fields_number(fields, "log", 0, &mark.log);
	if (status == ARY_OK)
		status = ary_fields_number(fields, "durable", 1, &mark.durable_bytes);
	if (status == ARY_OK)
		*out = mark;
	return status;
}

enum ary_status ary_watermark_decode(struct ary_bytes bytes, struct ary_watermark *out,
				     struct ary_error *err)
{
	const uint8_t *newline = bytes.size > 0 ? memchr(bytes.data, '\n', bytes.size) : NULL;
	json_t *root;

	if (newline == NULL)
		return ary_fail(err, ARY_CORRUPT, "the line has no end");
	struct ary_bytes line = {bytes.data, (size_t)(newline - bytes.data) + 1};
	if (!ary_record_intact(line))
		return ary_fail(err, ARY_CORRUPT, "the checksum does not match");
	enum ary_status status = ary_fields_parse(line, &root, err);
	if (status != ARY_OK)
		return status;
	const struct ary_fields fields = {.object = root, .err = err};
	status = read_fields(&fields, out);
	json_decref(root);
	return status;
}
