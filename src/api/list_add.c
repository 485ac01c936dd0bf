/* SPDX-License-Identifier: MIT */
/* POST /keys: a value under a key that the server chooses. The key is a UUID of version 7 (RFC 9562
 * section 5.7): it begins with the time, so that keys are in the order in which they were made, and
 * within a millisecond with a number. It goes on with 62 bits of chance; that nothing is there yet
 * is a condition of the write all the same. */
#include "api/handler.h"

#include "api/api_private.h"
#include "api/condition.h"
#include "api/problem.h"
#include "api/query.h"

enum {
	UUID_BYTES = 36,
	NUMBER_BITS = 12, /* of the number within a millisecond */
	CHANCE_BYTES = 8,
	TRIES_MAX = 4,
};

/* The time and number of a new key, as one; it is greater than that of any key before, whatever the
 * clock does. */
static uint64_t take_stamp(struct ary_api *api)
{
	uint64_t now = ary_wall_ms(api->options.env) << NUMBER_BITS;
	uint64_t last = atomic_load(&api->last_stamp);
	uint64_t stamp;

	do
		stamp = now > last ? now : last + 1;
	while (!atomic_compare_exchange_weak(&api->last_stamp, &last, stamp));
	return stamp;
}

/* Appends a new UUID. */
static enum ary_status append_uuid(struct ary_api *api, struct ary_buf *out, struct ary_error *err)
{
	uint64_t stamp = take_stamp(api);
	uint64_t time_ms = stamp >> NUMBER_BITS;
	uint64_t chance;
	enum ary_status status = ary_random(api->options.env, &chance, CHANCE_BYTES, err);

	if (status != ARY_OK)
		return status;
	if (!ary_buf_printf(out, "%08llx-%04llx-7%03llx-%04llx-%012llx",
			    (unsigned long long)(time_ms >> 16 & 0xffffffff),
			    (unsigned long long)(time_ms & 0xffff),
			    (unsigned long long)(stamp & ((1 << NUMBER_BITS) - 1)),
			    (unsigned long long)(0x8000 | (chance >> 48 & 0x3fff)),
			    (unsigned long long)(chance & UINT64_C(0xffffffffffff))))
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a key");
	return ARY_OK;
}

/* Gives CALL a new key below its prefix. BODY, or RESPOND. */
static enum ary_step choose_key(struct ary_api *api, struct ary_call *call)
{
	struct ary_buf storage = {0};
	struct ary_bytes prefix = {NULL, 0};
	enum ary_step step = ary_query_text(call, "prefix", &storage, &prefix);
	enum ary_status status = ARY_OK;
	struct ary_error err;

	call->key.size = 0;
	if (step == ARY_STEP_BODY && !ary_buf_append(&call->key, prefix))
		status = ary_fail(&err, ARY_NO_MEMORY, "no memory for a key");
	if (step == ARY_STEP_BODY && status == ARY_OK)
		status = append_uuid(api, &call->key, &err);
	ary_buf_release(&storage);
	if (status != ARY_OK)
		return ary_problem_respond_status(call, status, &err);
	call->tail = ary_buf_view(&call->key);
	return step;
}

/* Whether its key will be one, and all else as for a PUT. */
enum ary_step ary_list_check_add(struct ary_api *api, struct ary_call *call)
{
	enum ary_step step;

	if (ary_call_has_any(call, ARY_CONDITION_BITS))
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONDITION, "%s",
					   "a new key has no value to hold it against");
	step = choose_key(api, call);
	if (step == ARY_STEP_BODY)
		step = ary_kv_check_put(api, call);
	return step;
}

enum ary_step ary_list_add(struct ary_api *api, struct ary_call *call)
{
	call->if_none_match.kind = ARY_MATCH_ANY;
	return ary_kv_put(api, call);
}

void ary_list_finish_add(struct ary_api *api, struct ary_call *call)
{
	/* Somebody has a key like it: by chance, hardly; with a clock that was set back, maybe. */
	if (call->write.status == ARY_CONFLICT && call->tries++ < TRIES_MAX) {
		if (choose_key(api, call) == ARY_STEP_BODY)
			call->write.key = call->tail;
		return;
	}
	ary_kv_finish_put(api, call);
}
