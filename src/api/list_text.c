/* SPDX-License-Identifier: MIT */
#include "api/list_text.h"

#include <inttypes.h>

#include "api/about.h"
#include "api/prefer.h"
#include "api/respond.h"
#include "api/target.h"
#include "format/text.h"
#include "store/upload.h"

static const char *const types[] = {
	[ARY_LIST_JSON] = "application/json",
	[ARY_LIST_NDJSON] = "application/x-ndjson",
	[ARY_LIST_PLAIN] = "text/plain",
	NULL,
};

const char *ary_list_type(enum ary_list_form form)
{
	/* What is written there is ASCII, but a browser would not know. */
	return form == ARY_LIST_PLAIN ? ARY_TYPE_TEXT : types[form];
}

enum ary_list_form ary_list_form_of(const struct ary_call *call)
{
	return (enum ary_list_form)ary_accept_best(call, types);
}

static void note(struct ary_list_writer *writer, bool fits)
{
	writer->failed = writer->failed || !fits;
}

static void append(struct ary_list_writer *writer, const char *text)
{
	note(writer, ary_buf_append(&writer->text, ary_bytes_of(text)));
}

static void append_line(struct ary_list_writer *writer, struct ary_bytes key)
{
	note(writer, ary_percent_encode(key, &writer->text));
	append(writer, "\n");
}

static void append_member(struct ary_list_writer *writer, const char *name, struct ary_bytes bytes)
{
	append(writer, ",");
	note(writer, ary_text_append_member(&writer->text, name, bytes));
}

static void append_object(struct ary_list_writer *writer, struct ary_bytes key,
			  const struct ary_value *value)
{
	append(writer, "{");
	note(writer, ary_text_append_member(&writer->text, "key", key));
	note(writer, ary_buf_printf(&writer->text, ",\"seq\":%" PRIu64 ",\"size\":%" PRIu64,
				    value->seq, value->size));
	if (writer->with_meta)
		note(writer, ary_about_append(&writer->text, value));
	if (writer->with_value && !ary_value_is_large(value) &&
	    value->size <= ARY_LIST_VALUE_BYTES_MAX)
		append_member(writer, "value", value->value);
	append(writer, "}");
}

void ary_list_write_key(struct ary_list_writer *writer, struct ary_bytes key,
			const struct ary_value *value)
{
	switch (writer->form) {
	case ARY_LIST_JSON:
		append(writer, writer->text.size == 0 ? "{\"keys\":[" : ",");
		append_object(writer, key, value);
		break;
	case ARY_LIST_NDJSON:
		append_object(writer, key, value);
		append(writer, "\n");
		break;
	case ARY_LIST_PLAIN:
		append_line(writer, key);
	}
}

/* A prefix among other prefixes is a string, where it can be one. */
static void append_to_prefixes(struct ary_list_writer *writer, struct ary_bytes prefix)
{
	struct ary_buf *out = &writer->prefixes;
	bool is_text = ary_text_valid(prefix);

	note(writer, ary_buf_append(out, ary_bytes_of(out->size == 0 ? "" : ",")));
	if (!is_text) {
		note(writer, ary_buf_append(out, ary_bytes_of("{")) &&
				     ary_text_append_member(out, "key", prefix) &&
				     ary_buf_append(out, ary_bytes_of("}")));
		return;
	}
	if (!ary_buf_reserve(out, ARY_TEXT_ESCAPE_BYTES_MAX * prefix.size + 2)) {
		writer->failed = true;
		return;
	}
	out->data[out->size++] = '"';
	out->size = (size_t)(ary_text_escape(prefix, out->data + out->size) - out->data);
	out->data[out->size++] = '"';
}

void ary_list_write_prefix(struct ary_list_writer *writer, struct ary_bytes prefix)
{
	switch (writer->form) {
	case ARY_LIST_JSON:
		append_to_prefixes(writer, prefix);
		break;
	case ARY_LIST_NDJSON:
		append(writer, "{");
		note(writer, ary_text_append_member(&writer->text, "prefix", prefix));
		append(writer, "}\n");
		break;
	case ARY_LIST_PLAIN:
		append_line(writer, prefix);
	}
}

static void append_next(struct ary_list_writer *writer, struct ary_bytes next)
{
	append(writer, "\"next\":");
	append(writer, next.size > 0 ? "\"" : "null");
	note(writer, ary_buf_append(&writer->text, next));
	append(writer, next.size > 0 ? "\"}\n" : "}\n");
}

void ary_list_write_end(struct ary_list_writer *writer, struct ary_bytes next)
{
	switch (writer->form) {
	case ARY_LIST_JSON:
		append(writer, writer->text.size == 0 ? "{\"keys\":[" : "");
		append(writer, "],\"prefixes\":[");
		note(writer, ary_buf_append(&writer->text, ary_buf_view(&writer->prefixes)));
		append(writer, "],");
		append_next(writer, next);
		break;
	case ARY_LIST_NDJSON:
		append(writer, "{");
		append_next(writer, next);
		break;
	case ARY_LIST_PLAIN:
		break;
	}
}

void ary_list_write_count(struct ary_list_writer *writer, uint64_t count)
{
	bool is_json = writer->form != ARY_LIST_PLAIN;

	note(writer, ary_buf_printf(&writer->text, is_json ? "{\"count\":%" PRIu64 "}\n" :
							     "%" PRIu64 "\n", count));
}

void ary_list_respond(struct ary_call *call, struct ary_list_writer *writer)
{
	struct ary_response *response = &call->response;

	ary_respond_owned(response, 200, ary_list_type(writer->form), &writer->text);
	ary_response_constant(response, "Cache-Control", "no-store");
	ary_response_constant(response, "Vary", "Accept");
	response->incomplete = response->incomplete || writer->failed;
}

void ary_list_writer_release(struct ary_list_writer *writer)
{
	ary_buf_release(&writer->text);
	ary_buf_release(&writer->prefixes);
}
