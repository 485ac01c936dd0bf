/* SPDX-License-Identifier: MIT */
#include "api/about.h"

#include "api/date.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/respond.h"
#include "base/number.h"
#include "format/meta.h"
#include "format/record.h"
#include "format/text.h"

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

/* Whether TEXT is a list of codings; empty elements are legal in it. Tabs are not kept. */
static bool is_list_of_codings(struct ary_bytes text)
{
	while (text.size > 0) {
		struct ary_bytes coding = ary_bytes_trim(ary_bytes_cut(text, ',', &text));

		if (coding.size > 0 && !ary_field_is_token(coding))
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
	struct ary_bytes value = ary_bytes_trim(field->value);
	struct ary_error err;
	enum ary_status status;

	if (value.size == 0)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_METADATA, "%s",
					   "a field without a value could not be given back");
	status = ary_meta_add(&call->meta, 0, name, value, &err);
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

/* Reads the field Aryavarth-TTL of CALL, in seconds. */
static enum ary_step read_ttl(struct ary_call *call, uint64_t *out)
{
	const struct ary_bytes *field = ary_call_field(call, ARY_FIELD_TTL);
	uint64_t seconds;

	if (ary_call_field_count(call, ARY_FIELD_TTL) > 1)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_TTL, "%s",
					   "there is more than one Aryavarth-TTL");
	if (!ary_parse_u64(ary_bytes_trim(*field), &seconds) || seconds == 0 ||
	    seconds > ARY_TTL_SECONDS_MAX)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_TTL,
					   "Aryavarth-TTL is a number of seconds from 1 to %llu",
					   (unsigned long long)ARY_TTL_SECONDS_MAX);
	*out = seconds;
	return ARY_STEP_BODY;
}

static enum ary_step check_ttl(struct ary_call *call)
{
	bool has_field = ary_call_has_any(call, ARY_FIELD_BIT(ARY_FIELD_TTL));
	uint64_t by_query = 0;
	uint64_t by_field = 0;
	enum ary_step step = ARY_STEP_BODY;

	if (call->query.size > 0)
		step = ary_query_number(call, "ttl", 1, ARY_TTL_SECONDS_MAX, &by_query);
	if (step == ARY_STEP_BODY && has_field)
		step = read_ttl(call, &by_field);
	if (step != ARY_STEP_BODY)
		return step;
	if (by_query > 0 && by_field > 0 && by_query != by_field)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_TTL, "%s",
					   "ttl and Aryavarth-TTL are not the same");
	call->write.ttl_ms = (by_query > 0 ? by_query : by_field) * 1000;
	return step;
}

enum ary_step ary_about_check(struct ary_call *call)
{
	enum ary_step step = check_type(call);

	if (step == ARY_STEP_BODY)
		step = check_encoding(call);
	if (step == ARY_STEP_BODY)
		step = check_metadata(call);
	if (step == ARY_STEP_BODY)
		step = check_ttl(call);
	return step;
}

bool ary_about_fill(struct ary_call *call)
{
	struct ary_write *write = &call->write;
	struct ary_buf *kept = &call->kept;

	kept->size = 0;
	if (!ary_buf_append(kept, call->type) || !ary_buf_append(kept, call->encoding))
		return false;
	write->type = (struct ary_bytes){kept->data, call->type.size};
	write->encoding = (struct ary_bytes){NULL, 0};
	if (call->encoding.size > 0)
		write->encoding = (struct ary_bytes){kept->data + call->type.size,
						     call->encoding.size};
	write->meta = ary_buf_view(&call->meta);
	return true;
}

static void add_metadata_of(struct ary_response *response, struct ary_bytes meta)
{
	struct ary_meta_cursor cursor;
	struct ary_bytes name, value;

	ary_meta_begin(&cursor, meta);
	/* The HTTP library sends no field that is empty; what was imported may have one. */
	while (ary_meta_next(&cursor, &name, &value))
		if (value.size > 0)
			ary_response_named(response, ARY_META_PREFIX, name, value);
}

void ary_about_add(struct ary_response *response, const struct ary_value *value)
{
	if (value->encoding.size > 0)
		ary_response_plain(response, "Content-Encoding", value->encoding);
	ary_about_add_expires(response, value->expires_ms);
	if (value->meta.size > 0)
		add_metadata_of(response, value->meta);
}

void ary_about_add_expires(struct ary_response *response, uint64_t expires_ms)
{
	char date[ARY_DATE_INTERNET_BYTES];

	if (expires_ms == 0 || expires_ms > ARY_DATE_MS_MAX)
		return;
	ary_date_format_internet(expires_ms, date);
	ary_response_plain(response, "Aryavarth-Expires", ary_bytes_of(date));
}

static bool append_text(struct ary_buf *out, const char *name, struct ary_bytes text)
{
	if (text.size == 0 || !ary_bytes_printable(text))
		return true;
	return ary_buf_append(out, ary_bytes_of(",")) && ary_text_append_member(out, name, text);
}

/* 0, and what is beyond the year 9999, is no time that anybody could read. */
static bool append_date(struct ary_buf *out, const char *name, uint64_t time_ms)
{
	char date[ARY_DATE_INTERNET_BYTES];

	if (time_ms == 0 || time_ms > ARY_DATE_MS_MAX)
		return true;
	ary_date_format_internet(time_ms, date);
	return append_text(out, name, ary_bytes_of(date));
}

bool ary_about_append(struct ary_buf *out, const struct ary_value *value)
{
	if (!append_text(out, "type", value->type) ||
	    !append_date(out, "modified", value->time_ms) ||
	    !append_text(out, "encoding", value->encoding) ||
	    !append_date(out, "expires", value->expires_ms))
		return false;
	/* Metadata is JSON already. */
	return value->meta.size == 0 || (ary_buf_append(out, ary_bytes_of(",\"meta\":")) &&
					 ary_buf_append(out, value->meta));
}
