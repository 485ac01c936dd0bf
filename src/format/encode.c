/* SPDX-License-Identifier: MIT */
/* Writes lines. Room for the longest form is made first, so that nothing after can fail. */
#include <string.h>

#include "base/base64.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "base/number.h"
#include "format/meta.h"
#include "format/record.h"
#include "format/record_private.h"
#include "format/text.h"

/* More than all names, numbers, quotes and the trailer of any line. */
enum { FRAME_BYTES = 384 };

static uint8_t *put_text(uint8_t *out, const char *text)
{
	size_t size = strlen(text);
	memcpy(out, text, size);
	return out + size;
}

static uint8_t *put_number(uint8_t *out, uint64_t number)
{
	return out + ary_format_u64(number, out);
}

/* NAME is all that comes before the number: `,"prev":`. */
static uint8_t *put_number_field(uint8_t *out, const char *name, uint64_t number)
{
	return put_number(put_text(out, name), number);
}

static uint8_t *put_text_field(uint8_t *out, const char *name, struct ary_bytes text)
{
	out = ary_text_escape(text, put_text(out, name));
	*out++ = '"';
	return out;
}

/* NAME as above. */
static uint8_t *put_base64_field(uint8_t *out, const char *name, struct ary_bytes bytes)
{
	out = put_text(out, name);
	ary_base64_encode(bytes, out);
	out += ary_base64_size(bytes.size);
	*out++ = '"';
	return out;
}

static uint8_t *put_key(uint8_t *out, struct ary_bytes key)
{
	if (ary_text_valid(key))
		return put_text_field(out, ",\"key\":\"", key);
	return put_base64_field(out, ",\"key_b64\":\"", key);
}

static uint8_t *put_value(uint8_t *out, struct ary_bytes value)
{
	if (value.size <= ARY_RECORD_TEXT_VALUE_BYTES_MAX && ary_text_valid(value))
		return put_text_field(out, ",\"value\":\"", value);
	return put_base64_field(out, ",\"value_b64\":\"", value);
}

/* What a Set says of its value beside the bytes, as far as it says anything. */
static uint8_t *put_about(uint8_t *out, const struct ary_record *record)
{
	if (record->type.size > 0)
		out = put_text_field(out, ",\"type\":\"", record->type);
	if (record->encoding.size > 0)
		out = put_text_field(out, ",\"encoding\":\"", record->encoding);
	if (record->expires_ms > 0)
		out = put_number_field(out, ",\"expires\":", record->expires_ms);
	if (record->meta.size > 0) {
		out = put_text(out, ",\"meta\":");
		memcpy(out, record->meta.data, record->meta.size);
		out += record->meta.size;
	}
	if (record->sha256.size > 0) {
		out = put_text(out, ",\"sha256\":\"");
		ary_record_put_sha256(record->sha256.data, out);
		out = put_text(out + ARY_RECORD_SHA256_DIGITS, "\"");
	}
	return out;
}

/* Instead of a value. */
static uint8_t *put_large(uint8_t *out, const struct ary_record_large *large)
{
	out = put_number_field(out, ",\"parts\":{\"upload\":", large->upload);
	out = put_number_field(out, ",\"count\":", large->count);
	out = put_number_field(out, ",\"part_bytes\":", large->part_bytes);
	out = put_number_field(out, ",\"size\":", large->size);
	return put_text(out, "}");
}

static uint8_t *put_command(uint8_t *out, const struct ary_record *record)
{
	out = put_key(out, record->key);
	if (record->op == ARY_OP_SET)
		out = put_about(out, record);
	if (record->prev > 0)
		out = put_number_field(out, ",\"prev\":", record->prev);
	if (record->op != ARY_OP_SET)
		return out;
	return record->large.count > 0 ? put_large(out, &record->large) :
					 put_value(out, record->value);
}

static uint8_t *put_part(uint8_t *out, const struct ary_record *record)
{
	out = put_number_field(out, ",\"upload\":", record->upload);
	out = put_number_field(out, ",\"part\":", record->part);
	return put_base64_field(out, ",\"value_b64\":\"", record->value);
}

static uint8_t *put_merged(uint8_t *out, const struct ary_record *record)
{
	out = put_number_field(out, ",\"base\":", record->base);
	if (record->cleaned > 0)
		out = put_number_field(out, ",\"cleaned\":", record->cleaned);
	return out;
}

static uint8_t *put_first_line(uint8_t *out, const struct ary_record *record)
{
	out = put_number_field(out, ",\"version\":", record->version);
	out = put_number_field(out, ",\"log\":", record->log);
	if (record->op != ARY_OP_LOG)
		return put_merged(out, record);
	return put_text_field(out, ",\"durability\":\"", record->durability);
}

static uint8_t *put_mark(uint8_t *out, const struct ary_record *record)
{
	if (record->clean)
		out = put_text(out, ",\"clean\":true");
	if (record->durability.size > 0)
		out = put_text_field(out, ",\"durability\":\"", record->durability);
	return out;
}

/* The fields that belong to the op. */
static uint8_t *put_own(uint8_t *out, const struct ary_record *record)
{
	switch (record->op) {
	case ARY_OP_SET:
	case ARY_OP_RM:
	case ARY_OP_EXPIRE:
		return put_command(out, record);
	case ARY_OP_LOG:
	case ARY_OP_BASE:
	case ARY_OP_MERGE:
		return put_first_line(out, record);
	case ARY_OP_SEAL:
		return put_number_field(out, ",\"lines\":", record->lines);
	case ARY_OP_MARK:
		return put_mark(out, record);
	case ARY_OP_PART:
		return put_part(out, record);
	case ARY_OP_UNKNOWN:
		break;
	}
	ary_check_failed("a line of a known op", __FILE__, __LINE__);
}

static uint8_t *put_trailer(uint8_t *out, const uint8_t *line)
{
	uint32_t crc = ary_crc32c(line, (size_t)(out - line));

	out = put_text(out, ",\"crc\":\"");
	ary_format_hex32(crc, out);
	return put_text(out + 8, "\"}\n");
}

static uint8_t *put_line(uint8_t *line, const struct ary_record *record)
{
	/* The clock is the machine's, and must not make lines that cannot be read. */
	uint64_t time_ms = record->time_ms < ARY_SEQ_MAX ? record->time_ms : ARY_SEQ_MAX;

	uint8_t *out = put_number_field(line, "{\"seq\":", record->seq);
	out = put_number_field(out, ",\"time\":", time_ms);
	out = put_text_field(out, ",\"cmd\":\"", ary_bytes_of(ary_record_cmd(record->op)));
	if (record->has_durable)
		out = put_number_field(out, ",\"durable\":", record->durable_bytes);
	return put_trailer(put_own(out, record), line);
}

static uint64_t value_bytes_max(uint64_t size)
{
	/* Base64 of one byte takes four, its escape six. */
	if (size > ARY_RECORD_TEXT_VALUE_BYTES_MAX)
		return size / 3 * 4 + 4;
	return size * ARY_TEXT_ESCAPE_BYTES_MAX;
}

uint64_t ary_record_line_bytes_max(const struct ary_record *record)
{
	uint64_t texts = (uint64_t)record->key.size + record->type.size + record->encoding.size +
			 record->durability.size;

	return FRAME_BYTES + texts * ARY_TEXT_ESCAPE_BYTES_MAX + record->meta.size +
	       value_bytes_max(record->value.size);
}

static void check_about(const struct ary_record *record)
{
	ARY_CHECK(ary_record_type_valid(record->type) && ary_record_type_valid(record->encoding));
	ARY_CHECK(record->expires_ms <= ARY_SEQ_MAX);
	ARY_CHECK(ary_meta_valid(record->meta));
	ARY_CHECK(record->sha256.size == 0 || record->sha256.size == ARY_RECORD_SHA256_BYTES);
}

/* A contract broken here would be a line that recovery takes for damage. */
static void check_record(const struct ary_record *record)
{
	ARY_CHECK(record->op < ARY_OP_UNKNOWN);
	ARY_CHECK(record->seq > 0 && record->seq <= ARY_SEQ_MAX);
	ARY_CHECK(record->durable_bytes <= ARY_SEQ_MAX && record->prev <= ARY_SEQ_MAX);
	ARY_CHECK(record->log <= ARY_SEQ_MAX && record->base <= ARY_SEQ_MAX);
	ARY_CHECK(record->cleaned <= ARY_SEQ_MAX);
	ARY_CHECK(record->version <= ARY_SEQ_MAX && record->lines <= ARY_SEQ_MAX);
	ARY_CHECK(ary_record_type_valid(record->durability));
	check_about(record);
	ARY_CHECK(record->key.size > 0 || record->op > ARY_OP_EXPIRE);
	ARY_CHECK(record->prev > 0 || record->op != ARY_OP_EXPIRE);
	ARY_CHECK(record->durability.size > 0 || record->op != ARY_OP_LOG);
	ARY_CHECK(record->large.count == 0 || ary_record_large_valid(&record->large, record->seq));
	ARY_CHECK(record->op != ARY_OP_PART || ary_record_part_valid(record));
	ARY_CHECK(record->op != ARY_OP_PART || record->value.size <= ARY_RECORD_PART_BYTES_MAX);
}

enum ary_status ary_record_encode(const struct ary_record *record, struct ary_buf *out)
{
	check_record(record);
	if (record->key.size > ARY_RECORD_LINE_BYTES_MAX ||
	    record->value.size > ARY_RECORD_LINE_BYTES_MAX)
		return ARY_TOO_LARGE;
	if (!ary_buf_reserve(out, (size_t)ary_record_line_bytes_max(record)))
		return ARY_NO_MEMORY;
	uint8_t *line = out->data + out->size;
	size_t line_bytes = (size_t)(put_line(line, record) - line);
	if (line_bytes > ARY_RECORD_LINE_BYTES_MAX)
		return ARY_TOO_LARGE;
	out->size += line_bytes;
	return ARY_OK;
}
