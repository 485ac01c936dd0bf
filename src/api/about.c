/* SPDX-License-Identifier: MIT */
#include "api/about.h"

#include "api/problem.h"
#include "api/respond.h"
#include "format/meta.h"
#include "format/record.h"

static enum ary_step check_type(struct ary_call *call)
{
	const struct ary_bytes *type = ary_call_field(call, ARY_FIELD_CONTENT_TYPE);

	if (type == NULL)
		return ARY_STEP_BODY;
	if (ary_call_field_count(call, ARY_FIELD_CONTENT_TYPE) > 1)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONTENT_TYPE, "%s",
					   "there is more than one Content-Type");
	if (type->size > ARY_RECORD_TYPE_BYTES_MAX)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONTENT_TYPE,
					   "it has %zu bytes, at most %d are kept", type->size,
					   ARY_RECORD_TYPE_BYTES_MAX);
	if (!ary_bytes_printable(*type))
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONTENT_TYPE, "%s",
					   "it holds a byte that is not printable ASCII");
	call->type = *type;
	return ARY_STEP_BODY;
}

static bool is_token_byte(uint8_t byte)
{
	if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	    (byte >= 'a' && byte <= 'z'))
		return true;
	for (const char *other = "!#$%&'*+-.^_`|~"; *other != '\0'; other++)
		if (byte == (uint8_t)*other)
			return true;
	return false;
}

static bool is_token(struct ary_bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!is_token_byte(text.data[i]))
			return false;
	return text.size > 0;
}

/* Whether TEXT is a list of codings; empty elements are legal in it. Tabs are not kept. */
static bool is_list_of_codings(struct ary_bytes text)
{
	while (text.size > 0) {
		struct ary_bytes coding = ary_bytes_trim(ary_bytes_cut(text, ',', &text));

		if (coding.size > 0 && !is_token(coding))
			return false;
	}
	return true;
}

static enum ary_step check_encoding(struct ary_call *call)
{
	const struct ary_bytes *field = ary_call_field(call, ARY_FIELD_CONTENT_ENCODING);
	struct ary_bytes encoding;

	if (field == NULL)
		return ARY_STEP_BODY;
	encoding = ary_bytes_trim(*field);
	if (ary_call_field_count(call, ARY_FIELD_CONTENT_ENCODING) > 1)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONTENT_ENCODING, "%s",
					   "there is more than one Content-Encoding");
	if (encoding.size > ARY_RECORD_TYPE_BYTES_MAX)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONTENT_ENCODING,
					   "it has %zu bytes, at most %d are kept", encoding.size,
					   ARY_RECORD_TYPE_BYTES_MAX);
	if (!ary_bytes_printable(encoding) || !is_list_of_codings(encoding))
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONTENT_ENCODING, "%s",
					   "it is no list of codings");
	if (!ary_bytes_are_caseless(encoding, "identity"))
		call->encoding = encoding;
	return ARY_STEP_BODY;
}

static enum ary_step add_metadata(struct ary_call *call, const struct ary_field *field)
{
	const size_t prefix_bytes = sizeof(ARY_META_PREFIX) - 1;
	struct ary_bytes name = {field->name.data + prefix_bytes, field->name.size - prefix_bytes};
	struct ary_error err;
	enum ary_status status =
		ary_meta_add(&call->meta, 0, name, ary_bytes_trim(field->value), &err);

	switch (status) {
	case ARY_OK:
		return ARY_STEP_BODY;
	case ARY_INVALID:
		return ary_problem_respond(call, ARY_PROBLEM_BAD_METADATA, "%s", err.text);
	case ARY_TOO_LARGE:
		return ary_problem_respond(call, ARY_PROBLEM_METADATA_TOO_LARGE, "%s", err.text);
	default:
		return ary_problem_respond_status(call, status, NULL);
	}
}

static enum ary_step check_metadata(struct ary_call *call)
{
	enum ary_step step = ARY_STEP_BODY;

	if (!ary_call_has_any(call, ARY_FIELD_BIT(ARY_FIELD_META)))
		return step;
	for (size_t i = 0; i < call->request.field_count && step == ARY_STEP_BODY; i++)
		if (call->request.fields[i].id == ARY_FIELD_META)
			step = add_metadata(call, &call->request.fields[i]);
	return step;
}

enum ary_step ary_about_check(struct ary_call *call)
{
	enum ary_step step = check_type(call);

	if (step == ARY_STEP_BODY)
		step = check_encoding(call);
	if (step == ARY_STEP_BODY)
		step = check_metadata(call);
	return step;
}

void ary_about_fill(struct ary_call *call)
{
	call->write.type = call->type;
	call->write.encoding = call->encoding;
	call->write.meta = ary_buf_view(&call->meta);
}

static void add_metadata_of(struct ary_response *response, struct ary_bytes meta)
{
	struct ary_meta_cursor cursor;
	struct ary_bytes name, value;

	ary_meta_begin(&cursor, meta);
	while (ary_meta_next(&cursor, &name, &value))
		ary_response_named(response, ARY_META_PREFIX, name, value);
}

void ary_about_add(struct ary_response *response, const struct ary_value *value)
{
	if (value->encoding.size > 0)
		ary_response_plain(response, "Content-Encoding", value->encoding);
	if (value->meta.size > 0)
		add_metadata_of(response, value->meta);
}
