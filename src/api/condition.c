/* SPDX-License-Identifier: MIT */
#include "api/condition.h"

#include <string.h>

#include "api/date.h"
#include "base/alloc.h"
#include "base/check.h"
#include "base/number.h"

/* One header being read. SEQS has room for every tag of it: SEQS_MAX. */
struct reader {
	struct ary_match_set *set;
	uint64_t *seqs;
	size_t seqs_max;
	bool weak_too;
	size_t tags; /* seen, ours or not */
};

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static bool is_etag_char(uint8_t byte)
{
	return byte == 0x21 || (byte >= 0x23 && byte <= 0x7e) || byte >= 0x80;
}

/* Takes one `"..."` or `W/"..."` from the front of *TEXT. */
static bool take_tag(struct ary_bytes *text, struct reader *reader)
{
	bool weak = text->size >= 2 && memcmp(text->data, "W/", 2) == 0;
	size_t start = weak ? 3 : 1;
	size_t end = start;
	uint64_t seq;

	if (text->size < start + 1 || text->data[start - 1] != '"')
		return false;
	while (end < text->size && is_etag_char(text->data[end]))
		end++;
	if (end == text->size || text->data[end] != '"')
		return false;
	reader->tags++;
	if ((!weak || reader->weak_too) &&
	    ary_parse_u64((struct ary_bytes){text->data + start, end - start}, &seq)) {
		ARY_CHECK(reader->set->count < reader->seqs_max);
		reader->seqs[reader->set->count++] = seq;
	}
	*text = (struct ary_bytes){text->data + end + 1, text->size - end - 1};
	return true;
}

static void skip_spaces(struct ary_bytes *text)
{
	while (text->size > 0 && is_space(text->data[0]))
		*text = (struct ary_bytes){text->data + 1, text->size - 1};
}

/* Reads a list; empty elements are legal in it (RFC 9110 section 5.6.1). */
static bool read_list(struct ary_bytes text, struct reader *reader)
{
	for (;;) {
		skip_spaces(&text);
		if (text.size > 0 && text.data[0] != ',' && !take_tag(&text, reader))
			return false;
		skip_spaces(&text);
		if (text.size == 0)
			return true;
		if (text.data[0] != ',')
			return false;
		text = (struct ary_bytes){text.data + 1, text.size - 1};
	}
}

static bool is_star(struct ary_bytes text)
{
	return ary_bytes_equal(ary_bytes_trim(text), ary_bytes_of("*"));
}

/* Reads all fields ID of CALL as one list; `*` stands alone. */
static enum ary_status read_header(const struct ary_call *call, enum ary_field_id id,
				   struct reader *reader)
{
	size_t fields = ary_call_field_count(call, id);

	if (fields == 0)
		return ARY_OK;
	if (fields == 1 && is_star(*ary_call_field(call, id))) {
		reader->set->kind = ARY_MATCH_ANY;
		return ARY_OK;
	}
	for (size_t i = 0; i < call->request.field_count; i++) {
		const struct ary_field *field = &call->request.fields[i];

		if (field->id == id && !read_list(field->value, reader))
			return ARY_INVALID;
	}
	reader->set->kind = ARY_MATCH_LIST;
	reader->set->seqs = reader->seqs;
	return reader->tags > 0 ? ARY_OK : ARY_INVALID;
}

/* No more tags than this are in all fields ID: each takes two quotes. */
static size_t tags_max(const struct ary_call *call, enum ary_field_id id)
{
	size_t quotes = 0;

	for (size_t i = 0; i < call->request.field_count; i++) {
		const struct ary_field *field = &call->request.fields[i];

		if (field->id != id)
			continue;
		for (size_t j = 0; j < field->value.size; j++)
			quotes += field->value.data[j] == '"';
	}
	return quotes / 2;
}

enum ary_status ary_conditions_parse(struct ary_call *call)
{
	size_t match_max = tags_max(call, ARY_FIELD_IF_MATCH);
	size_t none_max = tags_max(call, ARY_FIELD_IF_NONE_MATCH);
	struct reader match = {.set = &call->if_match, .seqs_max = match_max};
	struct reader none = {
		.set = &call->if_none_match,
		.seqs_max = none_max,
		.weak_too = true,
	};
	enum ary_status status;

	if (match_max + none_max > 0) {
		call->match_seqs = ary_try_alloc((match_max + none_max) * sizeof(uint64_t));
		if (call->match_seqs == NULL)
			return ARY_NO_MEMORY;
		match.seqs = call->match_seqs;
		none.seqs = call->match_seqs + match_max;
	}
	status = read_header(call, ARY_FIELD_IF_MATCH, &match);
	if (status == ARY_OK)
		status = read_header(call, ARY_FIELD_IF_NONE_MATCH, &none);
	return status;
}

bool ary_match_set_has(const struct ary_match_set *set, uint64_t seq)
{
	if (set->kind == ARY_MATCH_ANY)
		return true;
	for (size_t i = 0; i < set->count; i++)
		if (set->seqs[i] == seq)
			return true;
	return false;
}

/* The date in field ID. False: there is none, there are two, or it is not valid. */
static bool read_date(const struct ary_call *call, enum ary_field_id id, uint64_t now_ms,
		      uint64_t *out)
{
	if (!ary_call_has_any(call, ARY_FIELD_BIT(id)) || ary_call_field_count(call, id) != 1)
		return false;
	return ary_date_parse(ary_bytes_trim(*ary_call_field(call, id)), now_ms, out);
}

/* A value that is read, and when it was written, as Last-Modified has it: in whole seconds, and not
 * after now. */
struct present {
	uint64_t seq;
	uint64_t modified_ms;
	uint64_t now_ms;
};

/* Whether PRESENT was written after the date in field ID; false also where nothing says so. */
static bool is_after(const struct ary_call *call, enum ary_field_id id,
		     const struct present *present)
{
	uint64_t date_ms;

	return present->modified_ms > 0 && read_date(call, id, present->now_ms, &date_ms) &&
	       present->modified_ms > date_ms;
}

static bool is_not_after(const struct ary_call *call, enum ary_field_id id,
			 const struct present *present)
{
	uint64_t date_ms;

	return present->modified_ms > 0 && read_date(call, id, present->now_ms, &date_ms) &&
	       present->modified_ms <= date_ms;
}

static enum ary_verdict judge(const struct ary_call *call, const struct present *present)
{
	bool is_read = call->method == ARY_GET || call->method == ARY_HEAD;

	if (call->if_match.kind != ARY_MATCH_NONE) {
		if (!ary_match_set_has(&call->if_match, present->seq))
			return ARY_VERDICT_FAILED;
	} else if (is_after(call, ARY_FIELD_IF_UNMODIFIED_SINCE, present)) {
		return ARY_VERDICT_FAILED;
	}
	if (call->if_none_match.kind != ARY_MATCH_NONE) {
		if (ary_match_set_has(&call->if_none_match, present->seq))
			return is_read ? ARY_VERDICT_UNCHANGED : ARY_VERDICT_FAILED;
	} else if (is_read && is_not_after(call, ARY_FIELD_IF_MODIFIED_SINCE, present)) {
		return ARY_VERDICT_UNCHANGED;
	}
	return ARY_VERDICT_GO_ON;
}

enum ary_verdict ary_conditions_judge(const struct ary_call *call, uint64_t seq, uint64_t time_ms,
				      uint64_t now_ms)
{
	struct present present = {.seq = seq, .now_ms = now_ms};

	if (!ary_call_has_any(call, ARY_CONDITION_BITS))
		return ARY_VERDICT_GO_ON;
	present.modified_ms = (time_ms < now_ms ? time_ms : now_ms) / 1000 * 1000;
	return judge(call, &present);
}

bool ary_conditions_need_time(const struct ary_call *call, uint64_t now_ms)
{
	uint64_t date_ms;

	return call->if_match.kind == ARY_MATCH_NONE &&
	       read_date(call, ARY_FIELD_IF_UNMODIFIED_SINCE, now_ms, &date_ms);
}
