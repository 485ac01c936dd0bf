/* SPDX-License-Identifier: MIT */
/* One key: what GET, PUT and DELETE have in common. kv_read.c and kv_write.c have the rest. */
#include "api/handler.h"

#include "api/api_private.h"
#include "api/condition.h"
#include "api/problem.h"
#include "api/target.h"

/* A write whose condition is not understood must not happen: If-Unmodified-Since counts where
 * there is no If-Match (RFC 9110 section 13.1.4), and a date cannot be held against a commit. */
static bool has_date_condition(const struct ary_call *call)
{
	return (call->method == ARY_PUT || call->method == ARY_DELETE) &&
	       ary_call_field(call, ARY_FIELD_IF_UNMODIFIED_SINCE) != NULL &&
	       ary_call_field(call, ARY_FIELD_IF_MATCH) == NULL;
}

static enum ary_step check_conditions(struct ary_call *call)
{
	enum ary_status status = ary_conditions_parse(call);

	if (has_date_condition(call))
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONDITION, "%s",
					   "writes depend on ETags, not on dates: use If-Match");
	if (status == ARY_INVALID)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONDITION, "%s",
					   "entity tags are quoted, as in \"17\"");
	if (status != ARY_OK)
		return ary_problem_respond_status(call, status, NULL);
	return ARY_STEP_BODY;
}

enum ary_step ary_kv_check(struct ary_api *api, struct ary_call *call)
{
	uint64_t key_bytes_max = api->options.key_bytes_max;

	if (call->tail.size > key_bytes_max)
		return ary_problem_respond(call, ARY_PROBLEM_KEY_TOO_LONG,
					   "the key has %zu bytes, a key at most %llu",
					   call->tail.size, (unsigned long long)key_bytes_max);
	if (ary_path_has_dot_segment(call->tail))
		return ary_problem_respond(call, ARY_PROBLEM_DOT_SEGMENT, "%s",
					   "the key has a part that is '.' or '..'");
	return check_conditions(call);
}
