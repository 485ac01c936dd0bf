/* SPDX-License-Identifier: MIT */
#include "api/query.h"

#include "api/problem.h"
#include "api/target.h"
#include "base/number.h"

bool ary_query_next(struct ary_bytes *query, struct ary_bytes *name_out,
		    struct ary_bytes *value_out)
{
	while (query->size > 0) {
		struct ary_bytes pair = ary_bytes_cut(*query, '&', query);

		if (pair.size == 0)
			continue;
		*name_out = ary_bytes_cut(pair, '=', value_out);
		return true;
	}
	return false;
}

bool ary_query_find(struct ary_bytes query, struct ary_bytes name, struct ary_bytes *value_out)
{
	struct ary_bytes other, value;

	while (ary_query_next(&query, &other, &value)) {
		if (!ary_bytes_equal(other, name))
			continue;
		*value_out = value;
		return true;
	}
	return false;
}

bool ary_query_has(const struct ary_call *call, const char *name)
{
	struct ary_bytes value;

	return ary_query_find(call->query, ary_bytes_of(name), &value);
}

enum ary_step ary_query_text(struct ary_call *call, const char *name, struct ary_buf *storage,
			     struct ary_bytes *out)
{
	struct ary_bytes raw;
	enum ary_status status = ARY_OK;

	if (ary_query_find(call->query, ary_bytes_of(name), &raw))
		status = ary_percent_decode(raw, storage, out);
	if (status == ARY_INVALID)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_PERCENT_ENCODING,
					   "a %% in %s lacks its two hexadecimal digits", name);
	if (status != ARY_OK)
		return ary_problem_respond_status(call, status, NULL);
	return ARY_STEP_BODY;
}

static bool is_one_of(struct ary_bytes value, const char *a, const char *b)
{
	return ary_bytes_equal(value, ary_bytes_of(a)) || ary_bytes_equal(value, ary_bytes_of(b));
}

/* False: VALUE is no flag's. */
static bool parse_flag(struct ary_bytes value, bool *out)
{
	bool yes = value.size == 0 || is_one_of(value, "1", "true");

	if (!yes && !is_one_of(value, "0", "false"))
		return false;
	*out = yes;
	return true;
}

enum ary_step ary_query_flag(struct ary_call *call, const char *name, bool *out)
{
	struct ary_buf storage = {0};
	struct ary_bytes value = {0};
	enum ary_step step;

	if (!ary_query_has(call, name))
		return ARY_STEP_BODY;
	step = ary_query_text(call, name, &storage, &value);
	if (step == ARY_STEP_BODY && !parse_flag(value, out))
		step = ary_problem_respond(call, ARY_PROBLEM_INVALID_PARAMETER,
					   "%s has no value, or one of 1, true, 0, false", name);
	ary_buf_release(&storage);
	return step;
}

enum ary_step ary_query_number(struct ary_call *call, const char *name, uint64_t min, uint64_t max,
			       uint64_t *out)
{
	struct ary_buf storage = {0};
	struct ary_bytes value = {0};
	enum ary_step step;
	uint64_t number = 0;

	if (!ary_query_has(call, name))
		return ARY_STEP_BODY;
	step = ary_query_text(call, name, &storage, &value);
	if (step == ARY_STEP_BODY &&
	    (!ary_parse_u64(value, &number) || number < min || number > max))
		step = ary_problem_respond(call, ARY_PROBLEM_INVALID_PARAMETER,
					   "%s is a number from %llu to %llu", name,
					   (unsigned long long)min, (unsigned long long)max);
	if (step == ARY_STEP_BODY)
		*out = number;
	ary_buf_release(&storage);
	return step;
}
