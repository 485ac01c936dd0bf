/* SPDX-License-Identifier: MIT */
#include "api/respond.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/block.h"
#include "base/check.h"
#include "base/utf8.h"

/* What the headers of a usual answer take, so that their text is allocated once. */
enum { TEXT_BYTES = 384 };

static const char out_of_memory[] =
	"{\"type\":\"/problems/out-of-memory\",\"title\":\"Out of memory\",\"status\":503}\n";

/* Where the next field goes; NULL, and RESPONSE is incomplete, where there is no memory for it. */
static struct ary_response_field *next_field(struct ary_response *response)
{
	size_t i = response->field_count;

	if (i < ARY_RESPONSE_FIELDS_MAX)
		return &response->fields[i];
	i -= ARY_RESPONSE_FIELDS_MAX;
	ARY_CHECK(i < ARY_RESPONSE_MORE_MAX);
	if (response->more == NULL)
		response->more = ary_try_alloc(ARY_RESPONSE_MORE_MAX * sizeof(response->more[0]));
	if (response->more != NULL)
		return &response->more[i];
	response->incomplete = true;
	return NULL;
}

void ary_response_begin_field(struct ary_response *response, const char *name)
{
	struct ary_response_field *field = next_field(response);

	if (response->text.capacity == 0 && !ary_buf_reserve(&response->text, TEXT_BYTES))
		response->incomplete = true;
	if (field != NULL)
		*field = (struct ary_response_field){.name = name, .offset = response->text.size};
}

void ary_response_end_field(struct ary_response *response, bool written)
{
	static const uint8_t terminator;

	if (written && ary_buf_append(&response->text, (struct ary_bytes){&terminator, 1}))
		response->field_count += !response->incomplete;
	else
		response->incomplete = true;
}

void ary_response_plain(struct ary_response *response, const char *name, struct ary_bytes value)
{
	ary_response_begin_field(response, name);
	ary_response_end_field(response, ary_buf_append(&response->text, value));
}

void ary_response_constant(struct ary_response *response, const char *name, const char *value)
{
	struct ary_response_field *field = next_field(response);

	if (field == NULL)
		return;
	*field = (struct ary_response_field){.name = name, .constant = value};
	response->field_count++;
}

void ary_response_named(struct ary_response *response, const char *prefix, struct ary_bytes name,
			struct ary_bytes value)
{
	static const uint8_t terminator;
	struct ary_buf *text = &response->text;

	ary_response_begin_field(response, NULL);
	ary_response_end_field(response,
			       ary_buf_append(text, ary_bytes_of(prefix)) &&
				       ary_buf_append(text, name) &&
				       ary_buf_append(text, (struct ary_bytes){&terminator, 1}) &&
				       ary_buf_append(text, value));
}

/* Formats in place: measured first, so that a long value (a Location) costs no second buffer. */
static bool append_formatted(struct ary_buf *text, const char *format, va_list values)
{
	va_list again;
	int size;

	va_copy(again, values);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0 || !ary_buf_reserve(text, (size_t)size + 1))
		return false;
	(void)vsnprintf((char *)text->data + text->size, (size_t)size + 1, format, values);
	text->size += (size_t)size;
	return true;
}

void ary_response_field(struct ary_response *response, const char *name, const char *format, ...)
{
	va_list values;

	ary_response_begin_field(response, name);
	va_start(values, format);
	ary_response_end_field(response, append_formatted(&response->text, format, values));
	va_end(values);
}

const struct ary_response_field *ary_response_at(const struct ary_response *response, size_t i)
{
	return i < ARY_RESPONSE_FIELDS_MAX ? &response->fields[i] :
					     &response->more[i - ARY_RESPONSE_FIELDS_MAX];
}

const char *ary_response_name(const struct ary_response *response,
			      const struct ary_response_field *field)
{
	if (field->name != NULL)
		return field->name;
	return (const char *)response->text.data + field->offset;
}

const char *ary_response_value(const struct ary_response *response,
			       const struct ary_response_field *field)
{
	const char *text;

	if (field->constant != NULL)
		return field->constant;
	text = (const char *)response->text.data + field->offset;
	return field->name != NULL ? text : text + strlen(text) + 1;
}

void ary_response_prefix(struct ary_response *response, size_t i, const char *prefix)
{
	struct ary_response_field *field =
		i < ARY_RESPONSE_FIELDS_MAX ? &response->fields[i]
					    : &response->more[i - ARY_RESPONSE_FIELDS_MAX];
	struct ary_buf *text = &response->text;
	size_t value_size = strlen(ary_response_value(response, field));
	size_t offset = text->size;

	ARY_CHECK(field->name != NULL);
	/* What is appended lies in the same memory, which must not move meanwhile. */
	if (!ary_buf_reserve(text, strlen(prefix) + value_size + 1) ||
	    !ary_buf_append(text, ary_bytes_of(prefix)) ||
	    !ary_buf_append(text, (struct ary_bytes){
		    (const uint8_t *)ary_response_value(response, field), value_size + 1})) {
		response->incomplete = true;
		return;
	}
	field->constant = NULL;
	field->offset = offset;
}

void ary_response_release(struct ary_response *response)
{
	ary_buf_release(&response->text);
	ary_buf_release(&response->owned);
	free(response->more);
	if (response->has_value)
		ary_value_release(&response->value);
	/* Most of it are the fields, of which none counts any more. */
	ary_block_clear(response, offsetof(struct ary_response, fields));
}

void ary_respond_literal(struct ary_response *response, unsigned status, const char *type,
			 struct ary_bytes body)
{
	ary_response_release(response);
	response->status = status;
	response->body = body;
	ary_response_constant(response, "Content-Type", type);
	/* A browser must not take it for anything else, whatever a key or a detail looks like. */
	ary_response_constant(response, "X-Content-Type-Options", "nosniff");
}

void ary_respond_owned(struct ary_response *response, unsigned status, const char *type,
		       struct ary_buf *body)
{
	ary_respond_literal(response, status, type, ary_buf_view(body));
	response->owned = *body;
	memset(body, 0, sizeof(*body));
}

struct json_text {
	struct ary_buf body;
	bool lacks; /* something that did not fit */
};

/* That one piece failed is remembered here: the library overlooks it for names of members. */
static int append_json(const char *text, size_t size, void *context)
{
	struct json_text *into = context;
	struct ary_bytes bytes = {(const uint8_t *)text, size};

	into->lacks = into->lacks || !ary_buf_append(&into->body, bytes);
	return into->lacks ? -1 : 0;
}

void ary_respond_json(struct ary_response *response, unsigned status, const char *type,
		      json_t *root)
{
	struct json_text text = {0};
	size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(15);
	bool written;

	written = root != NULL && json_dump_callback(root, append_json, &text, flags) == 0 &&
		  !text.lacks && ary_buf_append(&text.body, ary_bytes_of("\n"));
	json_decref(root);
	ary_respond_owned(response, status, type, &text.body);
	if (!written)
		response->incomplete = true;
}

void ary_json_set(json_t **object, const char *name, json_t *value)
{
	/* Takes VALUE also where there is no object. */
	if (json_object_set_new(*object, name, value) == 0)
		return;
	json_decref(*object);
	*object = NULL;
}

void ary_json_number(json_t **object, const char *name, uint64_t number)
{
	json_int_t value = number > INT64_MAX ? INT64_MAX : (json_int_t)number;

	ary_json_set(object, name, json_integer(value));
}

void ary_json_text(json_t **object, const char *name, const char *text)
{
	char ascii[ARY_ERROR_TEXT_BYTES];
	size_t size = 0;

	if (ary_utf8_valid(ary_bytes_of(text))) {
		ary_json_set(object, name, json_string(text));
		return;
	}
	for (; text[size] != '\0' && size + 1 < sizeof(ascii); size++)
		ascii[size] = (char)((uint8_t)text[size] < 0x80 ? text[size] : '?');
	ary_json_set(object, name, json_stringn(ascii, size));
}

void ary_response_mend(struct ary_response *response)
{
	bool close = response->close;

	if (!response->incomplete)
		return;
	ary_respond_literal(response, 503, "application/problem+json",
			    ary_bytes_of(out_of_memory));
	ary_response_constant(response, "Cache-Control", "no-store");
	ary_response_constant(response, "Retry-After", "1");
	response->close = close;
	response->incomplete = false;
}
