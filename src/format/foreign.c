/* SPDX-License-Identifier: MIT */
#include "format/foreign.h"

#include <inttypes.h>
#include <string.h>

#include "format/fields.h"
#include "format/record.h"
#include "format/record_private.h"
#include "format/text.h"

/* The commands by their names in foreign lines. */
static const struct {
	const char *name;
	enum ary_foreign_op op;
} commands[] = {
	{"Set", ARY_FOREIGN_SET}, {"set", ARY_FOREIGN_SET},  {"Rm", ARY_FOREIGN_RM},
	{"rm", ARY_FOREIGN_RM},   {"Get", ARY_FOREIGN_NONE}, {"get", ARY_FOREIGN_NONE},
	{"Expire", ARY_FOREIGN_RM},
	{"Part", ARY_FOREIGN_PART},
};

static bool find_command(struct ary_bytes name, enum ary_foreign_op *out)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (ary_bytes_equal(name, ary_bytes_of(commands[i].name))) {
			*out = commands[i].op;
			return true;
		}
	}
	return false;
}

static bool is_blank(struct ary_bytes line)
{
	for (size_t i = 0; i < line.size; i++) {
		if (memchr(" \t\r\n", line.data[i], 4) == NULL)
			return false;
	}
	return true;
}

/* What RECORD asks for, if that is OP. */
static struct ary_foreign foreign_of(const struct ary_record *record, enum ary_foreign_op op)
{
	return (struct ary_foreign){
		.op = op,
		.key = record->key,
		.value = record->value,
		.type = record->type,
		.encoding = record->encoding,
		.expires_ms = record->expires_ms,
		.meta = record->meta,
		.sha256 = record->sha256,
		.large = record->large,
		.upload = record->upload,
		.part = record->part,
	};
}

/* A line of our own log, whose checksum is right. */
static enum ary_status decode_own(struct ary_bytes line, struct ary_buf *scratch,
				  struct ary_foreign *out, struct ary_error *err)
{
	struct ary_record record;
	enum ary_foreign_op op = ARY_FOREIGN_NONE;
	enum ary_status status = ary_record_decode(line, scratch, &record, err);

	if (status != ARY_OK)
		return status;
	if (record.op == ARY_OP_UNKNOWN || record.version > ARY_FORMAT_VERSION)
		return ary_fail(err, ARY_UNSUPPORTED, "only a later version understands this");
	if (record.op == ARY_OP_SET)
		op = ARY_FOREIGN_SET;
	else if (record.op == ARY_OP_RM || record.op == ARY_OP_EXPIRE)
		op = ARY_FOREIGN_RM;
	else if (record.op == ARY_OP_PART)
		op = ARY_FOREIGN_PART;
	*out = foreign_of(&record, op);
	return ARY_OK;
}

static enum ary_status decode_part(const struct ary_fields *fields, struct ary_foreign *out)
{
	struct ary_foreign foreign = {.op = ARY_FOREIGN_PART};
	enum ary_status status = ary_fields_number(fields, "upload", 1, &foreign.upload);

	if (status == ARY_OK)
		status = ary_fields_number(fields, "part", 0, &foreign.part);
	if (status == ARY_OK)
		status = ary_fields_bytes(fields, ary_field_value, &foreign.value);
	if (status == ARY_OK)
		*out = foreign;
	return status;
}

/* The fields of the command OP. */
static enum ary_status decode_command(const struct ary_fields *fields, enum ary_foreign_op op,
				      struct ary_foreign *out)
{
	struct ary_record record = {0};
	enum ary_status status = ARY_OK;

	if (op == ARY_FOREIGN_PART)
		return decode_part(fields, out);
	if (op != ARY_FOREIGN_NONE)
		status = ary_fields_bytes(fields, ary_field_key, &record.key);
	if (status == ARY_OK && op != ARY_FOREIGN_NONE && record.key.size == 0)
		status = ary_fields_refuse(fields, "key", "is empty");
	if (status == ARY_OK && op == ARY_FOREIGN_SET)
		status = ary_fields_content(fields, true, &record);
	if (status == ARY_OK)
		*out = foreign_of(&record, op);
	return status;
}

/* An object that says in `cmd` what it is. */
static enum ary_status decode_flat(const struct ary_fields *fields, struct ary_foreign *out)
{
	struct ary_bytes name;
	enum ary_foreign_op op = ARY_FOREIGN_NONE;
	enum ary_status status = ary_fields_string(fields, "cmd", &name);

	if (status != ARY_OK)
		return status;
	/* A filter may have taken seq and checksum from lines of ours, control lines too. */
	if (!find_command(name, &op) && ary_record_op_of(name) == ARY_OP_UNKNOWN)
		return ary_fields_refuse(fields, "cmd", "is an unknown command");
	return decode_command(fields, op, out);
}

/* An object, ROOT, of one member: the command's name, and its fields. */
static enum ary_status decode_tagged(struct ary_fields *fields, json_t *root,
				     struct ary_foreign *out)
{
	enum ary_foreign_op op;
	const char *name;
	json_t *inner;

	if (json_object_size(root) != 1)
		return ary_fields_refuse(fields, "cmd", "is missing");
	void *member = json_object_iter(root);
	name = json_object_iter_key(member);
	inner = json_object_iter_value(member);
	if (!find_command(ary_bytes_of(name), &op))
		return ary_fail(fields->err, ARY_CORRUPT, "an unknown command");
	if (!json_is_object(inner))
		return ary_fields_refuse(fields, name, "is not an object");
	fields->object = inner;
	return decode_command(fields, op, out);
}

enum ary_status ary_foreign_decode(struct ary_bytes line, struct ary_buf *scratch,
				   struct ary_foreign *out, struct ary_error *err)
{
	json_t *root = NULL;
	enum ary_status status;

	scratch->size = 0;
	if (is_blank(line)) {
		*out = (struct ary_foreign){.op = ARY_FOREIGN_NONE};
		return ARY_OK;
	}
	if (ary_record_intact(line))
		return decode_own(line, scratch, out, err);
	if (!ary_buf_reserve(scratch, line.size))
		return ary_fail(err, ARY_NO_MEMORY, "no memory to decode a line");
	status = ary_fields_parse(line, &root, err);
	if (status != ARY_OK)
		return status;
	struct ary_fields fields = {
		.object = root,
		.scratch = scratch,
		.err = err,
		.allow_nul = true,
	};
	if (!json_is_object(root))
		status = ary_fail(err, ARY_CORRUPT, "not a JSON object");
	else if (ary_fields_has(&fields, "crc"))
		status = ary_fail(err, ARY_CORRUPT, "the checksum does not match");
	else if (ary_fields_has(&fields, "seq"))
		status = ary_fail(err, ARY_CORRUPT, "a seq, and no checksum");
	else if (ary_fields_has(&fields, "cmd"))
		status = decode_flat(&fields, out);
	else
		status = decode_tagged(&fields, root, out);
	json_decref(root);
	return status;
}

static bool append_member(struct ary_buf *out, const char *name, struct ary_bytes bytes)
{
	return ary_buf_append(out, ary_bytes_of(",")) && ary_text_append_member(out, name, bytes);
}

static bool append_sha256(struct ary_buf *out, struct ary_bytes sha256)
{
	uint8_t digits[ARY_RECORD_SHA256_DIGITS];

	ary_record_put_sha256(sha256.data, digits);
	return append_member(out, "sha256", (struct ary_bytes){digits, sizeof(digits)});
}

/* What a Set says of its value, as far as it says anything. */
static bool append_about(struct ary_buf *out, const struct ary_foreign *foreign)
{
	const struct ary_bytes meta = foreign->meta;

	return (foreign->type.size == 0 || append_member(out, "type", foreign->type)) &&
	       (foreign->encoding.size == 0 ||
		append_member(out, "encoding", foreign->encoding)) &&
	       (foreign->expires_ms == 0 ||
		ary_buf_printf(out, ",\"expires\":%" PRIu64, foreign->expires_ms)) &&
	       (meta.size == 0 || ary_buf_printf(out, ",\"meta\":%.*s", (int)meta.size,
						 (const char *)meta.data)) &&
	       (foreign->sha256.size == 0 || append_sha256(out, foreign->sha256));
}

static bool append_part(struct ary_buf *out, const struct ary_foreign *foreign)
{
	return ary_buf_printf(out, "{\"cmd\":\"Part\",\"upload\":%" PRIu64 ",\"part\":%" PRIu64,
			      foreign->upload, foreign->part) &&
	       append_member(out, "value", foreign->value) &&
	       ary_buf_append(out, ary_bytes_of("}\n"));
}

static bool append_value(struct ary_buf *out, const struct ary_foreign *foreign)
{
	const struct ary_record_large *large = &foreign->large;

	if (large->count == 0)
		return append_member(out, "value", foreign->value);
	return ary_buf_printf(out, ",\"parts\":{\"upload\":%" PRIu64 ",\"count\":%" PRIu64
			      ",\"part_bytes\":%" PRIu64 ",\"size\":%" PRIu64 "}",
			      large->upload, large->count, large->part_bytes, large->size);
}

static bool append_line(struct ary_buf *out, const struct ary_foreign *foreign)
{
	bool set = foreign->op == ARY_FOREIGN_SET;

	if (foreign->op == ARY_FOREIGN_PART)
		return append_part(out, foreign);
	return ary_buf_printf(out, "{\"cmd\":\"%s\"", set ? "Set" : "Rm") &&
	       append_member(out, "key", foreign->key) &&
	       (!set || append_about(out, foreign)) &&
	       (!set || append_value(out, foreign)) &&
	       ary_buf_append(out, ary_bytes_of("}\n"));
}

bool ary_foreign_encode(const struct ary_foreign *foreign, struct ary_buf *out)
{
	size_t size = out->size;

	if (append_line(out, foreign))
		return true;
	out->size = size;
	return false;
}
