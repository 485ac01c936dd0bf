/* SPDX-License-Identifier: MIT */
/* One key: what GET, PUT and DELETE have in common. kv_read.c and kv_write.c have the rest. */
#include "api/handler.h"

#include "api/api_private.h"
#include "api/condition.h"
#include "api/problem.h"
#include "api/target.h"

static enum ary_step check_conditions(struct ary_call *call)
{
	enum ary_status status = ary_conditions_parse(call);

	if (status != ARY_OK)
		return ary_problem_respond_condition(call, status);
	return ARY_STEP_BODY;
}

enum ary_step ary_kv_refuse_condition(struct ary_call *call, uint64_t seq)
{
	return ary_problem_respond(call, ARY_PROBLEM_PRECONDITION_FAILED,
				   "the present value has ETag \"%llu\"", (unsigned long long)seq);
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
	if (!ary_call_has_any(call, ARY_CONDITION_BITS))
		return ARY_STEP_BODY;
	return check_conditions(call);
}
