/* SPDX-License-Identifier: MIT */
/* Counting keys, in steps: a loop that counted ten million keys at once would keep others waiting.
 * After a step the call is parked and woken at once, so that the loop serves them before the
 * next. */
#include "api/list_count.h"

#include <stdlib.h>

#include "api/api_private.h"
#include "api/handler.h"
#include "api/list_text.h"
#include "api/problem.h"
#include "base/alloc.h"

struct ary_counting {
	struct ary_list_query query;
	struct ary_counted counted;
};

void ary_counting_destroy(struct ary_counting *counting)
{
	if (counting == NULL)
		return;
	ary_list_query_release(&counting->query);
	ary_buf_release(&counting->counted.from);
	free(counting);
}

static void respond_counted(struct ary_call *call)
{
	struct ary_list_writer writer = { .form = ary_list_form_of(call) };

	ary_list_write_count(&writer, call->counting->counted.keys);
	ary_list_respond(call, &writer);
	ary_list_writer_release(&writer);
}

/* The next step; the answer is composed after the last one. */
void ary_list_finish_count(struct ary_api *api, struct ary_call *call)
{
	struct ary_counting *counting = call->counting;
	enum ary_status status =
		ary_store_count(ary_api_store(api), &counting->query.range, &counting->counted);

	if (status != ARY_OK)
		(void)ary_problem_respond_status(call, status, NULL);
	else if (counting->counted.is_done)
		respond_counted(call);
}

void ary_list_launch_count(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	call->wake(call);
}

enum ary_step ary_list_count(struct ary_api *api, struct ary_call *call,
			     struct ary_list_query *query)
{
	call->counting = ary_try_alloc(sizeof(*call->counting));
	if (call->counting == NULL) {
		ary_list_query_release(query);
		return ary_problem_respond_status(call, ARY_NO_MEMORY, NULL);
	}
	*call->counting = (struct ary_counting){ .query = *query };
	ary_list_finish_count(api, call);
	return call->response.status != 0 ? ARY_STEP_RESPOND : ARY_STEP_PARK;
}
