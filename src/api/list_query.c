/* SPDX-License-Identifier: MIT */
/* A token is a checksum (4 bytes, the lowest first), a letter ('k' or 'p') and the key or the
 * prefix that was passed last, all of it in base64. The checksum is over these and over the
 * parameters that say which keys are listed in which order: it keeps nobody from making a token,
 * which would do no harm, but a token of another listing would leave out keys in silence. */
#include "api/list_query.h"

#include <string.h>

#include "api/problem.h"
#include "api/query.h"
#include "base/base64.h"
#include "base/crc32c.h"

enum { CHECKSUM_BYTES = 4, TOKEN_HEAD_BYTES = CHECKSUM_BYTES + 1 };

static const char *const text_names[ARY_LIST_TEXT_COUNT] = {
	[ARY_LIST_PREFIX] = "prefix",	[ARY_LIST_START] = "start",
	[ARY_LIST_AFTER] = "after",	[ARY_LIST_END] = "end",
	[ARY_LIST_DELIMITER] = "delimiter", [ARY_LIST_NEXT] = "next",
	[ARY_LIST_INCLUDE] = "include",
};

static enum ary_step refuse(struct ary_call *call, const char *detail)
{
	return ary_problem_respond(call, ARY_PROBLEM_INVALID_PARAMETER, "%s", detail);
}

static enum ary_step out_of_memory(struct ary_call *call)
{
	return ary_problem_respond_status(call, ARY_NO_MEMORY, NULL);
}

static enum ary_step read_texts(struct ary_call *call, uint64_t key_bytes_max,
				struct ary_list_query *query)
{
	for (unsigned i = 0; i < ARY_LIST_TEXT_COUNT; i++) {
		struct ary_bytes *text = &query->texts[i];
		enum ary_step step =
			ary_query_text(call, text_names[i], &query->storage[i], text);

		if (step != ARY_STEP_BODY)
			return step;
		if (i < ARY_LIST_NEXT && text->size > key_bytes_max)
			return ary_problem_respond(call, ARY_PROBLEM_INVALID_PARAMETER,
						   "%s has %zu bytes, a key at most %llu",
						   text_names[i], text->size,
						   (unsigned long long)key_bytes_max);
	}
	return ARY_STEP_BODY;
}

static enum ary_step read_include(struct ary_call *call, struct ary_list_query *query)
{
	struct ary_bytes rest = query->texts[ARY_LIST_INCLUDE];

	while (rest.size > 0) {
		struct ary_bytes word = ary_bytes_cut(rest, ',', &rest);

		if (ary_bytes_equal(word, ary_bytes_of("meta")))
			query->with_meta = true;
		else if (ary_bytes_equal(word, ary_bytes_of("value")))
			query->with_value = true;
		else
			return refuse(call, "include is meta, value, or both with a comma between");
	}
	return ARY_STEP_BODY;
}

static enum ary_step read_flags(struct ary_call *call, struct ary_list_query *query)
{
	enum ary_step step = ary_query_flag(call, "reverse", &query->reverse);

	if (step == ARY_STEP_BODY)
		step = ary_query_flag(call, "count", &query->count);
	if (step == ARY_STEP_BODY)
		step = ary_query_number(call, "limit", 1, ARY_LIST_LIMIT_MAX, &query->limit);
	if (step == ARY_STEP_BODY)
		step = read_include(call, query);
	return step;
}

static bool is_page_only(const struct ary_call *call, const struct ary_list_query *query)
{
	return ary_query_has(call, "limit") || query->reverse ||
	       query->texts[ARY_LIST_DELIMITER].size > 0 || query->texts[ARY_LIST_NEXT].size > 0 ||
	       query->texts[ARY_LIST_INCLUDE].size > 0;
}

static enum ary_step check_together(struct ary_call *call, const struct ary_list_query *query)
{
	struct ary_bytes start = query->texts[ARY_LIST_START];
	struct ary_bytes after = query->texts[ARY_LIST_AFTER];
	struct ary_bytes end = query->texts[ARY_LIST_END];

	if (ary_query_has(call, "delimiter") && query->texts[ARY_LIST_DELIMITER].size == 0)
		return refuse(call, "delimiter has at least one byte");
	if (start.size > 0 && after.size > 0)
		return refuse(call, "start and after both say where to begin: give one of them");
	if (end.size > 0 && ary_bytes_compare(start, end) > 0)
		return refuse(call, "end comes before start");
	if (end.size > 0 && ary_bytes_compare(after, end) > 0)
		return refuse(call, "end comes before after");
	if (query->count && is_page_only(call, query))
		return refuse(call, "count goes with prefix, start, after and end only: it counts "
				    "all keys there are between them");
	return ARY_STEP_BODY;
}

/* False: out of memory. */
static bool make_range(struct ary_list_query *query)
{
	struct ary_bytes prefix = query->texts[ARY_LIST_PREFIX];
	struct ary_bytes after = query->texts[ARY_LIST_AFTER];
	struct ary_key_range *range = &query->range;
	struct ary_bytes behind;

	if (!ary_bytes_behind_prefix(prefix, &query->behind_prefix))
		return false;
	*range = (struct ary_key_range){ .from = query->texts[ARY_LIST_START],
				     .to = query->texts[ARY_LIST_END],
				     .reverse = query->reverse };
	if (after.size > 0) {
		range->from = after;
		range->after = true;
	}
	if (ary_bytes_compare(range->from, prefix) < 0) {
		range->from = prefix;
		range->after = false;
	}
	behind = ary_buf_view(&query->behind_prefix);
	if (range->to.size == 0 ||
	    (behind.size > 0 && ary_bytes_compare(behind, range->to) < 0))
		range->to = behind;
	return true;
}

bool ary_list_query_pass(struct ary_list_query *query, struct ary_bytes key, bool is_prefix)
{
	struct ary_key_range *range = &query->range;
	struct ary_buf *edge = &query->edge;
	bool fits;

	edge->size = 0;
	if (is_prefix && !query->reverse)
		fits = ary_bytes_behind_prefix(key, edge);
	else
		fits = ary_buf_append(edge, key);
	if (!fits)
		return false;
	if (edge->size == 0)
		query->is_at_end = true;
	else if (query->reverse)
		range->to = ary_buf_view(edge);
	else
		range->from = ary_buf_view(edge);
	if (!query->reverse)
		range->after = !is_prefix;
	return true;
}

/* The checksum of a token for KEY, over all that it belongs to. */
static uint32_t checksum(const struct ary_list_query *query, char kind, struct ary_bytes key)
{
	uint8_t head[2] = { (uint8_t)kind, query->reverse };
	uint32_t crc = ary_crc32c(head, sizeof(head));

	for (unsigned i = ARY_LIST_PREFIX; i <= ARY_LIST_DELIMITER; i++) {
		struct ary_bytes text = query->texts[i];
		uint8_t size[] = { (uint8_t)text.size, (uint8_t)(text.size >> 8),
				   (uint8_t)(text.size >> 16) };

		crc = ary_crc32c_more(crc, size, sizeof(size));
		crc = ary_crc32c_more(crc, text.data, text.size);
	}
	return ary_crc32c_more(crc, key.data, key.size);
}

static void put_head(const struct ary_list_query *query, char kind, struct ary_bytes key,
		     uint8_t out[TOKEN_HEAD_BYTES])
{
	uint32_t crc = checksum(query, kind, key);

	for (unsigned i = 0; i < CHECKSUM_BYTES; i++)
		out[i] = (uint8_t)(crc >> 8 * i);
	out[CHECKSUM_BYTES] = (uint8_t)kind;
}

bool ary_list_query_token(const struct ary_list_query *query, struct ary_bytes key,
			  bool is_prefix, struct ary_buf *out)
{
	uint8_t head[TOKEN_HEAD_BYTES];
	struct ary_buf plain = { 0 };
	bool fits;

	put_head(query, is_prefix ? 'p' : 'k', key, head);
	fits = ary_buf_append(&plain, (struct ary_bytes){ head, sizeof(head) }) &&
	       ary_buf_append(&plain, key) &&
	       ary_base64url_encode(ary_buf_view(&plain), out);
	ary_buf_release(&plain);
	return fits;
}

/* Whether PLAIN is what ary_list_query_token made of a listing like QUERY. */
static bool is_own(const struct ary_list_query *query, struct ary_bytes plain)
{
	uint8_t head[TOKEN_HEAD_BYTES];
	struct ary_bytes key;

	if (plain.size <= TOKEN_HEAD_BYTES)
		return false;
	key = (struct ary_bytes){ plain.data + TOKEN_HEAD_BYTES, plain.size - TOKEN_HEAD_BYTES };
	if (!ary_bytes_start_with(key, query->texts[ARY_LIST_PREFIX]))
		return false;
	put_head(query, (char)plain.data[CHECKSUM_BYTES], key, head);
	return memcmp(plain.data, head, sizeof(head)) == 0 &&
	       (head[CHECKSUM_BYTES] == 'k' || head[CHECKSUM_BYTES] == 'p');
}

/* Whether the last key of an earlier page still is between the bounds: it is, unless somebody made
 * up the token, and then nothing may come that was not asked for. */
static bool is_between(const struct ary_key_range *before, const struct ary_key_range *range)
{
	if (range->reverse)
		return before->to.size == 0 || ary_bytes_compare(range->to, before->to) <= 0;
	return ary_bytes_compare(range->from, before->from) >= 0;
}

static enum ary_step go_on(struct ary_call *call, struct ary_list_query *query)
{
	struct ary_bytes token = query->texts[ARY_LIST_NEXT];
	struct ary_key_range before = query->range;
	struct ary_buf plain = { 0 };
	enum ary_step step = ARY_STEP_BODY;
	enum ary_status status;

	if (token.size == 0)
		return ARY_STEP_BODY;
	status = ary_base64url_decode(token, &plain);
	if (status == ARY_OK && is_own(query, ary_buf_view(&plain))) {
		struct ary_bytes key = { plain.data + TOKEN_HEAD_BYTES,
					 plain.size - TOKEN_HEAD_BYTES };

		if (!ary_list_query_pass(query, key, plain.data[CHECKSUM_BYTES] == 'p'))
			status = ARY_NO_MEMORY;
		else if (!is_between(&before, &query->range))
			status = ARY_INVALID;
	} else if (status == ARY_OK) {
		status = ARY_INVALID;
	}
	if (status == ARY_NO_MEMORY)
		step = out_of_memory(call);
	else if (status != ARY_OK)
		step = refuse(call, "next is what the last page of a listing with the same "
				    "parameters gave as its next");
	ary_buf_release(&plain);
	return step;
}

enum ary_step ary_list_query_parse(struct ary_call *call, uint64_t key_bytes_max,
				   struct ary_list_query *out)
{
	enum ary_step step;

	*out = (struct ary_list_query){ .limit = ARY_LIST_LIMIT_DEFAULT };
	step = read_texts(call, key_bytes_max, out);
	if (step == ARY_STEP_BODY)
		step = read_flags(call, out);
	if (step == ARY_STEP_BODY)
		step = check_together(call, out);
	if (step == ARY_STEP_BODY && !make_range(out))
		step = out_of_memory(call);
	if (step == ARY_STEP_BODY)
		step = go_on(call, out);
	return step;
}

void ary_list_query_release(struct ary_list_query *query)
{
	for (unsigned i = 0; i < ARY_LIST_TEXT_COUNT; i++)
		ary_buf_release(&query->storage[i]);
	ary_buf_release(&query->behind_prefix);
	ary_buf_release(&query->edge);
}
