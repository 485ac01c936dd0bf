/* SPDX-License-Identifier: MIT */
/* Reads lines of any form through the JSON library: another order of fields, unknown ones, spaces
 * and escapes that this program does not write. Door of <jansson.h> on this floor. */
#include <jansson.h>
#include <string.h>

#include "base/base64.h"
#include "format/record_private.h"

/* One line on its way. The functions below are steps: the first that fails fills `err`. */
struct source {
	const json_t *object;
	struct ary_buf *scratch;
	struct ary_error *err;
};

static enum ary_status refuse(const struct source *source, const char *name, const char *why)
{
	return ary_fail(source->err, ARY_CORRUPT, "field \"%s\" %s", name, why);
}

/* The number NAME, which may be absent when OPTIONAL (*OUT stays) and is at least MIN. */
static enum ary_status read_number(const struct source *source, const char *name, uint64_t min,
				   uint64_t *out)
{
	const json_t *field = json_object_get(source->object, name);

	if (!field)
		return refuse(source, name, "is missing");
	if (!json_is_integer(field))
		return refuse(source, name, "is not a whole number");
	json_int_t number = json_integer_value(field);
	if (number < 0 || (uint64_t)number < min || (uint64_t)number > ARY_SEQ_MAX)
		return refuse(source, name, "is out of range");
	*out = (uint64_t)number;
	return ARY_OK;
}

static bool has(const struct source *source, const char *name)
{
	return json_object_get(source->object, name) != NULL;
}

/* The string NAME as the JSON library holds it. */
static enum ary_status find_string(const struct source *source, const char *name,
				   struct ary_bytes *out)
{
	const json_t *field = json_object_get(source->object, name);

	if (!json_is_string(field))
		return refuse(source, name, field ? "is not a string" : "is missing");
	out->data = (const uint8_t *)json_string_value(field);
	out->size = json_string_length(field);
	return ARY_OK;
}

/* Moves TEXT, which the JSON library holds, to the scratch buffer. There is room. */
static struct ary_bytes keep(const struct source *source, struct ary_bytes text)
{
	uint8_t *start = source->scratch->data + source->scratch->size;

	memcpy(start, text.data, text.size);
	source->scratch->size += text.size;
	return (struct ary_bytes){start, text.size};
}

/* A content type or a durability. */
static enum ary_status read_word(const struct source *source, const char *name,
				 struct ary_bytes *out)
{
	struct ary_bytes text;

	enum ary_status status = find_string(source, name, &text);
	if (status != ARY_OK)
		return status;
	if (!ary_record_type_valid(text))
		return refuse(source, name, "is not printable ASCII or too long");
	*out = keep(source, text);
	return ARY_OK;
}

/* The durability, which is never empty. */
static enum ary_status read_durability(const struct source *source, struct ary_record *record)
{
	enum ary_status status = read_word(source, "durability", &record->durability);

	if (status == ARY_OK && record->durability.size == 0)
		return refuse(source, "durability", "is empty");
	return status;
}

static enum ary_status read_base64(const struct source *source, const char *name,
				   struct ary_bytes *out)
{
	struct ary_bytes text;
	size_t start = source->scratch->size;

	enum ary_status status = find_string(source, name, &text);
	if (status != ARY_OK)
		return status;
	status = ary_base64_decode(text, source->scratch);
	if (status == ARY_NO_MEMORY)
		return ary_fail(source->err, status, "no memory to decode a line");
	if (status != ARY_OK)
		return refuse(source, name, "is not base64");
	*out = (struct ary_bytes){source->scratch->data + start, source->scratch->size - start};
	return ARY_OK;
}

/* The two names that bytes may have. */
struct names {
	const char *text;
	const char *base64;
};

static const struct names key_names = {"key", "key_b64"};
static const struct names value_names = {"value", "value_b64"};

/* A key or a value, under exactly one of its names. */
static enum ary_status read_bytes(const struct source *source, struct names names,
				  struct ary_bytes *out)
{
	struct ary_bytes text;

	if (has(source, names.base64)) {
		if (has(source, names.text))
			return refuse(source, names.base64, "stands beside its text form");
		return read_base64(source, names.base64, out);
	}
	enum ary_status status = find_string(source, names.text, &text);
	if (status != ARY_OK)
		return status;
	if (text.size > 0 && memchr(text.data, 0, text.size))
		return refuse(source, names.text, "has a U+0000");
	*out = keep(source, text);
	return ARY_OK;
}

/* That there is a value, without reading it. */
static enum ary_status check_value(const struct source *source)
{
	struct ary_bytes text;

	if (!has(source, value_names.base64))
		return find_string(source, value_names.text, &text);
	if (has(source, value_names.text))
		return refuse(source, value_names.base64, "stands beside its text form");
	return find_string(source, value_names.base64, &text);
}

static enum ary_status read_key(const struct source *source, struct ary_record *record)
{
	enum ary_status status = read_bytes(source, key_names, &record->key);

	if (status != ARY_OK)
		return status;
	if (record->key.size == 0)
		return refuse(source, "key", "is empty");
	if (has(source, "prev"))
		return read_number(source, "prev", 1, &record->prev);
	return ARY_OK;
}

static enum ary_status read_set(const struct source *source, bool with_value,
				struct ary_record *record)
{
	enum ary_status status = read_key(source, record);

	if (status == ARY_OK && has(source, "type"))
		status = read_word(source, "type", &record->type);
	if (status != ARY_OK)
		return status;
	return with_value ? read_bytes(source, value_names, &record->value) : check_value(source);
}

static enum ary_status read_first_line(const struct source *source, struct ary_record *record)
{
	enum ary_status status = read_number(source, "version", 0, &record->version);

	if (status == ARY_OK)
		status = read_number(source, "log", 0, &record->log);
	if (status != ARY_OK)
		return status;
	if (record->op == ARY_OP_BASE)
		return read_number(source, "base", 0, &record->base);
	return read_durability(source, record);
}

static enum ary_status read_mark(const struct source *source, struct ary_record *record)
{
	const json_t *clean = json_object_get(source->object, "clean");

	if (clean && !json_is_boolean(clean))
		return refuse(source, "clean", "is neither true nor false");
	record->clean = json_is_true(clean);
	return has(source, "durability") ? read_durability(source, record) : ARY_OK;
}

/* The fields that belong to the op. */
static enum ary_status read_own(const struct source *source, bool with_value,
				struct ary_record *record)
{
	switch (record->op) {
	case ARY_OP_SET:
		return read_set(source, with_value, record);
	case ARY_OP_RM:
		return read_key(source, record);
	case ARY_OP_LOG:
	case ARY_OP_BASE:
		return read_first_line(source, record);
	case ARY_OP_SEAL:
		return read_number(source, "lines", 0, &record->lines);
	case ARY_OP_MARK:
		return read_mark(source, record);
	case ARY_OP_UNKNOWN:
		break;
	}
	return ARY_OK;
}

static enum ary_status read_object(const struct source *source, bool with_value,
				   struct ary_record *record)
{
	struct ary_bytes cmd;

	enum ary_status status = read_number(source, "seq", 1, &record->seq);
	if (status == ARY_OK)
		status = read_number(source, "time", 0, &record->time_ms);
	if (status == ARY_OK)
		status = find_string(source, "cmd", &cmd);
	if (status != ARY_OK)
		return status;
	record->op = ary_record_op_of(cmd);
	record->has_durable = has(source, "durable");
	if (record->has_durable)
		status = read_number(source, "durable", 0, &record->durable_bytes);
	return status == ARY_OK ? read_own(source, with_value, record) : status;
}

static enum ary_status parse(struct ary_bytes line, json_t **out, struct ary_error *err)
{
	json_error_t error;

	/* A newline always ends a line, also where JSON would allow it as space. */
	if (memchr(line.data, '\n', line.size - 1))
		return ary_fail(err, ARY_CORRUPT, "a newline inside the line");
	json_t *root = json_loadb((const char *)line.data, line.size,
				  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!root && json_error_code(&error) == json_error_out_of_memory)
		return ary_fail(err, ARY_NO_MEMORY, "no memory to decode a line");
	if (!root)
		return ary_fail(err, ARY_CORRUPT, "not JSON: %s", error.text);
	*out = root;
	return ARY_OK;
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
	enum ary_status status = parse(line, &root, err);
	if (status != ARY_OK)
		return status;
	struct source source = {.object = root, .scratch = scratch, .err = err};
	if (json_is_object(root))
		status = read_object(&source, with_value, &record);
	else
		status = ary_fail(err, ARY_CORRUPT, "not a JSON object");
	json_decref(root);
	if (status == ARY_OK)
		*out = record;
	return status;
}
