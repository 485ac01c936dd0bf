/* SPDX-License-Identifier: MIT */
#include "format/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "format/meta.h"
#include "format/record.h"
#include "format/record_private.h"

/* Whether the JSON library has been refused memory on this thread. It does not say so itself: a
 * string that finds none is an "invalid token" to it, and a good line would be taken for damage. */
static _Thread_local bool memory_ran_out;

static void *alloc_for_json(size_t size)
{
	void *pointer = ary_try_alloc(size);

	memory_ran_out = memory_ran_out || pointer == NULL;
	return pointer;
}

/* Before main: the library wants to know before its first use, on whatever thread that is. */
__attribute__((constructor)) static void lend_memory(void)
{
	json_set_alloc_funcs(alloc_for_json, free);
}

enum ary_status ary_fields_parse(struct ary_bytes line, json_t **out, struct ary_error *err)
{
	json_error_t error;

	/* A newline always ends a line, also where JSON would allow it as space. */
	if (memchr(line.data, '\n', line.size - 1))
		return ary_fail(err, ARY_CORRUPT, "a newline inside the line");
	memory_ran_out = false;
	json_t *root = json_loadb((const char *)line.data, line.size,
				  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!root && memory_ran_out)
		return ary_fail(err, ARY_NO_MEMORY, "no memory to decode a line");
	if (!root)
		return ary_fail(err, ARY_CORRUPT, "not JSON: %s", error.text);
	*out = root;
	return ARY_OK;
}

enum ary_status ary_fields_refuse(const struct ary_fields *fields, const char *name,
				  const char *why)
{
	(void)ary_fail(fields->err, ARY_CORRUPT, "field \"%s\" %s", name, why);
	return ARY_CORRUPT;
}

enum ary_status ary_fields_number(const struct ary_fields *fields, const char *name,
				  uint64_t min, uint64_t *out)
{
	const json_t *field = json_object_get(fields->object, name);

	if (!field)
		return ary_fields_refuse(fields, name, "is missing");
	if (!json_is_integer(field))
		return ary_fields_refuse(fields, name, "is not a whole number");
	json_int_t number = json_integer_value(field);
	if (number < 0 || (uint64_t)number < min || (uint64_t)number > ARY_SEQ_MAX)
		return ary_fields_refuse(fields, name, "is out of range");
	*out = (uint64_t)number;
	return ARY_OK;
}

bool ary_fields_has(const struct ary_fields *fields, const char *name)
{
	return json_object_get(fields->object, name) != NULL;
}

enum ary_status ary_fields_string(const struct ary_fields *fields, const char *name,
				  struct ary_bytes *out)
{
	const json_t *field = json_object_get(fields->object, name);

	if (!json_is_string(field))
		return ary_fields_refuse(fields, name, field ? "is not a string" : "is missing");
	out->data = (const uint8_t *)json_string_value(field);
	out->size = json_string_length(field);
	return ARY_OK;
}

/* Moves TEXT, which the JSON library holds, to the scratch buffer. There is room. */
static struct ary_bytes keep(const struct ary_fields *fields, struct ary_bytes text)
{
	uint8_t *start = fields->scratch->data + fields->scratch->size;

	memcpy(start, text.data, text.size);
	fields->scratch->size += text.size;
	return (struct ary_bytes){start, text.size};
}

enum ary_status ary_fields_word(const struct ary_fields *fields, const char *name,
				struct ary_bytes *out)
{
	struct ary_bytes text;

	enum ary_status status = ary_fields_string(fields, name, &text);
	if (status != ARY_OK)
		return status;
	if (!ary_record_type_valid(text))
		return ary_fields_refuse(fields, name, "is not printable ASCII or too long");
	*out = keep(fields, text);
	return ARY_OK;
}

static enum ary_status read_base64(const struct ary_fields *fields, const char *name,
				   struct ary_bytes *out)
{
	struct ary_bytes text;
	size_t start = fields->scratch->size;

	enum ary_status status = ary_fields_string(fields, name, &text);
	if (status != ARY_OK)
		return status;
	status = ary_base64_decode(text, fields->scratch);
	if (status == ARY_NO_MEMORY)
		return ary_fail(fields->err, status, "no memory to decode a line");
	if (status != ARY_OK)
		return ary_fields_refuse(fields, name, "is not base64");
	*out = (struct ary_bytes){fields->scratch->data + start, fields->scratch->size - start};
	return ARY_OK;
}

const struct ary_field_names ary_field_key = {"key", "key_b64"};
const struct ary_field_names ary_field_value = {"value", "value_b64"};

enum ary_status ary_fields_bytes(const struct ary_fields *fields, struct ary_field_names names,
				 struct ary_bytes *out)
{
	struct ary_bytes text;

	if (ary_fields_has(fields, names.base64)) {
		if (ary_fields_has(fields, names.text))
			return ary_fields_refuse(fields, names.base64,
						 "stands beside its text form");
		return read_base64(fields, names.base64, out);
	}
	enum ary_status status = ary_fields_string(fields, names.text, &text);
	if (status != ARY_OK)
		return status;
	if (!fields->allow_nul && text.size > 0 && memchr(text.data, 0, text.size))
		return ary_fields_refuse(fields, names.text, "has a U+0000");
	*out = keep(fields, text);
	return ARY_OK;
}

/* A word that may be missing. */
static enum ary_status read_word(const struct ary_fields *fields, const char *name,
				 struct ary_bytes *out)
{
	return ary_fields_has(fields, name) ? ary_fields_word(fields, name, out) : ARY_OK;
}

/* One member of `meta`, into the object that begins at START. */
static enum ary_status read_member(const struct ary_fields *fields, size_t start, const char *name,
				   const json_t *text)
{
	struct ary_error err;

	if (!json_is_string(text))
		return ary_fields_refuse(fields, "meta", "is not an object of strings");
	const struct ary_bytes value = {(const uint8_t *)json_string_value(text),
					json_string_length(text)};
	enum ary_status status =
		ary_meta_add(fields->scratch, start, ary_bytes_of(name), value, &err);
	if (status == ARY_NO_MEMORY)
		return ary_fail(fields->err, status, "no memory to decode a line");
	return status == ARY_OK ? status : ary_fields_refuse(fields, "meta", err.text);
}

static enum ary_status read_meta(const struct ary_fields *fields, struct ary_bytes *out)
{
	json_t *object = json_object_get(fields->object, "meta");
	size_t start = fields->scratch->size;
	enum ary_status status = ARY_OK;
	const char *name;
	json_t *text;

	if (!object)
		return ARY_OK;
	if (!json_is_object(object))
		return ary_fields_refuse(fields, "meta", "is not an object of strings");
	json_object_foreach(object, name, text) {
		status = read_member(fields, start, name, text);
		if (status != ARY_OK)
			return status;
	}
	*out = (struct ary_bytes){fields->scratch->data + start, fields->scratch->size - start};
	return ARY_OK;
}

static enum ary_status read_sha256(const struct ary_fields *fields, struct ary_bytes *out)
{
	struct ary_bytes digits;
	uint8_t *start = fields->scratch->data + fields->scratch->size;

	if (!ary_fields_has(fields, "sha256"))
		return ARY_OK;
	enum ary_status status = ary_fields_string(fields, "sha256", &digits);
	if (status != ARY_OK)
		return status;
	if (!ary_record_take_sha256(digits, start))
		return ary_fields_refuse(fields, "sha256", "is not 64 hexadecimal digits");
	fields->scratch->size += ARY_RECORD_SHA256_BYTES;
	*out = (struct ary_bytes){start, ARY_RECORD_SHA256_BYTES};
	return ARY_OK;
}

/* That there is a value, without reading it. */
static enum ary_status check_value(const struct ary_fields *fields)
{
	struct ary_bytes text;

	if (!ary_fields_has(fields, ary_field_value.base64))
		return ary_fields_string(fields, ary_field_value.text, &text);
	if (ary_fields_has(fields, ary_field_value.text))
		return ary_fields_refuse(fields, ary_field_value.base64,
					 "stands beside its text form");
	return ary_fields_string(fields, ary_field_value.base64, &text);
}

enum ary_status ary_fields_value(const struct ary_fields *fields, bool with_value,
				 struct ary_bytes *out)
{
	return with_value ? ary_fields_bytes(fields, ary_field_value, out) : check_value(fields);
}

/* The member `parts`, and that there is no value beside it. */
static enum ary_status read_large(const struct ary_fields *fields, struct ary_record_large *out)
{
	struct ary_fields inner = *fields;
	struct ary_record_large large = {0};

	if (ary_fields_has(fields, ary_field_value.text) ||
	    ary_fields_has(fields, ary_field_value.base64))
		return ary_fields_refuse(fields, "parts", "stands beside a value");
	inner.object = json_object_get(fields->object, "parts");
	if (!json_is_object(inner.object))
		return ary_fields_refuse(fields, "parts", "is not an object");
	enum ary_status status = ary_fields_number(&inner, "upload", 1, &large.upload);
	if (status == ARY_OK)
		status = ary_fields_number(&inner, "count", 1, &large.count);
	if (status == ARY_OK)
		status = ary_fields_number(&inner, "part_bytes", 1, &large.part_bytes);
	if (status == ARY_OK)
		status = ary_fields_number(&inner, "size", 1, &large.size);
	if (status == ARY_OK && !ary_record_large_valid(&large, UINT64_MAX))
		return ary_fields_refuse(fields, "parts", "has numbers that no value has");
	if (status == ARY_OK)
		*out = large;
	return status;
}

enum ary_status ary_fields_content(const struct ary_fields *fields, bool with_value,
				   struct ary_record *out)
{
	enum ary_status status = read_word(fields, "type", &out->type);

	if (status == ARY_OK)
		status = read_word(fields, "encoding", &out->encoding);
	if (status == ARY_OK && ary_fields_has(fields, "expires"))
		status = ary_fields_number(fields, "expires", 1, &out->expires_ms);
	if (status == ARY_OK)
		status = read_meta(fields, &out->meta);
	if (status == ARY_OK)
		status = read_sha256(fields, &out->sha256);
	if (status != ARY_OK)
		return status;
	if (ary_fields_has(fields, "parts"))
		return read_large(fields, &out->large);
	return ary_fields_value(fields, with_value, &out->value);
}
