/* SPDX-License-Identifier: MIT */
#include "format/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
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
