/* SPDX-License-Identifier: MIT */
/* Reads lines of any form through the JSON library: another order of fields, unknown ones, spaces
 * and escapes that this program does not write. */
#include "format/fields.h"
#include "format/record_private.h"

/* The durability, which is never empty. */
static enum ary_status read_durability(const struct ary_fields *fields, struct ary_record *record)
{
	enum ary_status status = ary_fields_word(fields, "durability", &record->durability);

	if (status == ARY_OK && record->durability.size == 0)
		return ary_fields_refuse(fields, "durability", "is empty");
	return status;
}

static enum ary_status read_key(const struct ary_fields *fields, struct ary_record *record)
{
	enum ary_status status = ary_fields_bytes(fields, ary_field_key, &record->key);

	if (status != ARY_OK)
		return status;
	if (record->key.size == 0)
		return ary_fields_refuse(fields, "key", "is empty");
	/* Only an Expire must have it. */
	if (ary_fields_has(fields, "prev") || record->op == ARY_OP_EXPIRE)
		return ary_fields_number(fields, "prev", 1, &record->prev);
	return ARY_OK;
}

static enum ary_status read_command(const struct ary_fields *fields, bool with_value,
				    struct ary_record *record)
{
	enum ary_status status = read_key(fields, record);

	if (status != ARY_OK || record->op != ARY_OP_SET)
		return status;
	status = ary_fields_content(fields, with_value, record);
	if (status == ARY_OK && record->large.count > 0 && record->large.upload >= record->seq)
		return ary_fields_refuse(fields, "parts", "comes before what it names");
	return status;
}

static enum ary_status read_part(const struct ary_fields *fields, bool with_value,
				 struct ary_record *record)
{
	enum ary_status status = ary_fields_number(fields, "upload", 1, &record->upload);

	if (status == ARY_OK)
		status = ary_fields_number(fields, "part", 0, &record->part);
	if (status == ARY_OK && !ary_record_part_valid(record))
		return ary_fields_refuse(fields, "part", "has no place in its upload");
	if (status == ARY_OK)
		status = ary_fields_value(fields, with_value, &record->value);
	if (status == ARY_OK && record->value.size > ARY_RECORD_PART_BYTES_MAX)
		return ary_fields_refuse(fields, ary_field_value.base64, "is longer than a part");
	return status;
}

static enum ary_status read_merged(const struct ary_fields *fields, struct ary_record *record)
{
	enum ary_status status = ary_fields_number(fields, "base", 0, &record->base);

	if (status == ARY_OK && ary_fields_has(fields, "cleaned"))
		status = ary_fields_number(fields, "cleaned", 1, &record->cleaned);
	return status;
}

static enum ary_status read_first_line(const struct ary_fields *fields, struct ary_record *record)
{
	enum ary_status status = ary_fields_number(fields, "version", 0, &record->version);

	if (status == ARY_OK)
		status = ary_fields_number(fields, "log", 0, &record->log);
	if (status != ARY_OK)
		return status;
	if (record->op != ARY_OP_LOG)
		return read_merged(fields, record);
	return read_durability(fields, record);
}

static enum ary_status read_mark(const struct ary_fields *fields, struct ary_record *record)
{
	const json_t *clean = json_object_get(fields->object, "clean");

	if (clean && !json_is_boolean(clean))
		return ary_fields_refuse(fields, "clean", "is neither true nor false");
	record->clean = json_is_true(clean);
	return ary_fields_has(fields, "durability") ? read_durability(fields, record) : ARY_OK;
}

/* The fields that belong to the op. */
static enum ary_status read_own(const struct ary_fields *fields, bool with_value,
				struct ary_record *record)
{
	switch (record->op) {
	case ARY_OP_SET:
	case ARY_OP_RM:
	case ARY_OP_EXPIRE:
		return read_command(fields, with_value, record);
	case ARY_OP_LOG:
	case ARY_OP_BASE:
	case ARY_OP_MERGE:
		return read_first_line(fields, record);
	case ARY_OP_SEAL:
		return ary_fields_number(fields, "lines", 0, &record->lines);
	case ARY_OP_MARK:
		return read_mark(fields, record);
	case ARY_OP_PART:
		return read_part(fields, with_value, record);
	case ARY_OP_UNKNOWN:
		break;
	}
	return ARY_OK;
}

static enum ary_status read_object(const struct ary_fields *fields, bool with_value,
				   struct ary_record *record)
{
	struct ary_bytes cmd;

	enum ary_status status = ary_fields_number(fields, "seq", 1, &record->seq);
	if (status == ARY_OK)
		status = ary_fields_number(fields, "time", 0, &record->time_ms);
	if (status == ARY_OK)
		status = ary_fields_string(fields, "cmd", &cmd);
	if (status != ARY_OK)
		return status;
	record->op = ary_record_op_of(cmd);
	record->has_durable = ary_fields_has(fields, "durable");
	if (record->has_durable)
		status = ary_fields_number(fields, "durable", 0, &record->durable_bytes);
	return status == ARY_OK ? read_own(fields, with_value, record) : status;
}

enum ary_status ary_record_decode_json(struct ary_bytes line, bool with_value,
				       struct ary_buf *scratch, struct ary_record *out,
				       struct ary_error *err)
{
	struct ary_record record = {0};
	json_t *root = NULL;

	/* Nothing that is decoded is longer than the line, so that views stay where they are. */
	if (!ary_buf_reserve(scratch, line.size))
		return ary_fail(err, ARY_NO_MEMORY, "no memory to decode a line");
	enum ary_status status = ary_fields_parse(line, &root, err);
	if (status != ARY_OK)
		return status;
	struct ary_fields fields = {.object = root, .scratch = scratch, .err = err};
	if (json_is_object(root))
		status = read_object(&fields, with_value, &record);
	else
		status = ary_fail(err, ARY_CORRUPT, "not a JSON object");
	json_decref(root);
	if (status == ARY_OK)
		*out = record;
	return status;
}
