/* SPDX-License-Identifier: MIT */
/* DELETE /keys: removes what begins with a prefix, in steps. A step looks up the next keys and
 * proposes a removal of each, on the condition that it still is what was looked up: a value that
 * somebody puts meanwhile is not removed by who never saw it. While the step is on its way the call
 * is parked; so no thread waits for it, and it takes turns with all other writes. */
#include "api/list_remove.h"

#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "api/condition.h"
#include "api/durability.h"
#include "api/handler.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/respond.h"
#include "base/alloc.h"

enum { STEP_KEYS = 128 };

struct ary_removal {
	struct ary_call *call;
	uint64_t deleted;
	struct ary_bytes prefix;
	struct ary_buf storage;       /* of prefix */
	struct ary_buf behind_prefix;
	struct ary_buf last;          /* the last key that was dealt with */
	/* A step. */
	struct ary_scanned scanned;
	struct ary_buf keys;          /* one behind the other */
	size_t sizes[STEP_KEYS];
	uint64_t seqs[STEP_KEYS];
	struct ary_write writes[STEP_KEYS];
	size_t count;
	bool failed;                  /* memory ran out */
	_Atomic size_t on_their_way;  /* and who launches them */
};

void ary_removal_destroy(struct ary_removal *removal)
{
	if (removal == NULL)
		return;
	ary_buf_release(&removal->storage);
	ary_buf_release(&removal->behind_prefix);
	ary_buf_release(&removal->last);
	ary_buf_release(&removal->keys);
	ary_buf_release(&removal->scanned.last);
	free(removal);
}

static bool take_key(void *context, struct ary_bytes key, uint64_t seq)
{
	struct ary_removal *removal = context;

	removal->failed = !ary_buf_append(&removal->keys, key);
	if (removal->failed)
		return false;
	removal->sizes[removal->count] = key.size;
	removal->seqs[removal->count] = seq;
	return ++removal->count < STEP_KEYS;
}

/* One of the writes has its answer; the last one wakes the call, and nothing may be touched
 * after. */
static void arrive(struct ary_removal *removal)
{
	if (atomic_fetch_sub(&removal->on_their_way, 1) == 1)
		removal->call->wake(removal->call);
}

static void note_answer(struct ary_write *write)
{
	arrive(write->context);
}

static void make_writes(struct ary_removal *removal)
{
	const uint8_t *key = removal->keys.data;

	for (size_t i = 0; i < removal->count; i++) {
		removal->writes[i] = (struct ary_write){
			.op = ARY_WRITE_REMOVE,
			.key = {key, removal->sizes[i]},
			.if_match = {ARY_MATCH_LIST, &removal->seqs[i], 1},
			.durability = removal->call->write.durability,
			.done = note_answer,
			.context = removal,
		};
		key += removal->sizes[i];
	}
}

/* Looks up the next keys; where too many had to be looked at for that, perhaps none. False: out of
 * memory. */
static bool take_step(struct ary_api *api, struct ary_removal *removal)
{
	struct ary_key_range range = {
		.from = removal->prefix,
		.to = ary_buf_view(&removal->behind_prefix),
	};

	if (removal->last.size > 0) {
		range.from = ary_buf_view(&removal->last);
		range.after = true;
	}
	removal->keys.size = 0;
	removal->count = 0;
	if (ary_store_scan(ary_api_store(api), &range, take_key, removal, &removal->scanned) !=
	    ARY_OK)
		return false;
	make_writes(removal);
	return !removal->failed;
}

/* Whether the step that was taken was the last one. */
static bool is_at_end(const struct ary_removal *removal)
{
	return removal->count == 0 && !removal->scanned.is_cut;
}

static void respond_deleted(struct ary_call *call)
{
	json_t *root = json_object();

	ary_json_number(&root, "deleted", call->removal->deleted);
	ary_respond_json(&call->response, 200, ARY_TYPE_JSON, root);
	ary_response_constant(&call->response, "Cache-Control", "no-store");
	if (call->removal->deleted > 0)
		ary_durability_tell(call);
}

/* The end, in the middle: what is removed stays so. */
static void respond_failed(struct ary_call *call, enum ary_status status,
			   const struct ary_error *err)
{
	(void)ary_problem_respond_deleted(call, status, call->removal->deleted, err);
}

/* Whether WRITE leaves nothing to do: its key is gone, or another value's. */
static bool is_settled(const struct ary_write *write)
{
	return write->status == ARY_OK || write->status == ARY_NOT_FOUND ||
	       write->status == ARY_CONFLICT;
}

/* Counts what the step did, up to the first write that the queue had no room for: the next step
 * begins with it. *FAILED_OUT is the first one that failed, or NULL. */
static bool settle(struct ary_removal *removal, const struct ary_write **failed_out)
{
	const struct ary_write *passed = NULL;
	bool in_order = true;

	*failed_out = NULL;
	for (size_t i = 0; i < removal->count; i++) {
		const struct ary_write *write = &removal->writes[i];

		removal->deleted += write->status == ARY_OK;
		/* What one got, all got: the store's mode, or more. */
		if (write->status == ARY_OK)
			removal->call->write.durability = write->durability;
		in_order = in_order && write->status != ARY_BUSY;
		if (in_order && is_settled(write))
			passed = write;
		else if (*failed_out == NULL && !is_settled(write) && write->status != ARY_BUSY)
			*failed_out = write;
	}
	/* Not even the first one found room: who comes later may. */
	if (removal->count > 0 && *failed_out == NULL && passed == NULL)
		*failed_out = &removal->writes[0];
	removal->last.size = 0;
	if (in_order && removal->scanned.is_cut)
		return ary_buf_append(&removal->last, ary_buf_view(&removal->scanned.last));
	return passed == NULL || ary_buf_append(&removal->last, passed->key);
}

void ary_list_finish_remove(struct ary_api *api, struct ary_call *call)
{
	struct ary_removal *removal = call->removal;
	const struct ary_write *failed;

	if (!settle(removal, &failed) && failed == NULL)
		respond_failed(call, ARY_NO_MEMORY, NULL);
	else if (failed != NULL)
		respond_failed(call, failed->status, &failed->error);
	else if (!take_step(api, removal))
		respond_failed(call, ARY_NO_MEMORY, NULL);
	else if (is_at_end(removal))
		respond_deleted(call);
	/* Otherwise there is no answer yet: the next step goes on its way. */
}

/* The launcher counts as one, so that the call is not woken while it still proposes. A step without
 * a key wakes it at once, and goes on when the loop has served others. */
void ary_list_launch_remove(struct ary_api *api, struct ary_call *call)
{
	struct ary_removal *removal = call->removal;
	size_t count = removal->count;

	atomic_store(&removal->on_their_way, count + 1);
	for (size_t i = 0; i < count; i++)
		ary_replica_propose(atomic_load(&api->replica), &removal->writes[i]);
	arrive(removal);
}

enum ary_step ary_list_check_remove(struct ary_api *api, struct ary_call *call)
{
	bool confirmed = false;
	enum ary_step step = ary_query_flag(call, "confirm", &confirmed);
	struct ary_removal *removal;

	(void)api;
	if (step != ARY_STEP_BODY)
		return step;
	step = ary_durability_check(call);
	if (step != ARY_STEP_BODY)
		return step;
	if (ary_call_has_any(call, ARY_CONDITION_BITS))
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONDITION, "%s",
					   "no condition is about many keys");
	removal = ary_try_alloc(sizeof(*removal));
	if (removal == NULL)
		return ary_problem_respond_status(call, ARY_NO_MEMORY, NULL);
	memset(removal, 0, sizeof(*removal));
	removal->call = call;
	call->removal = removal;
	step = ary_query_text(call, "prefix", &removal->storage, &removal->prefix);
	if (step == ARY_STEP_BODY && !ary_query_has(call, "prefix"))
		return ary_problem_respond(call, ARY_PROBLEM_INVALID_PARAMETER, "%s",
					   "prefix says which keys are removed, and must be given");
	if (step == ARY_STEP_BODY && removal->prefix.size == 0 && !confirmed)
		return ary_problem_respond(call, ARY_PROBLEM_INVALID_PARAMETER, "%s",
					   "an empty prefix removes all keys, and needs confirm");
	return step;
}

enum ary_step ary_list_remove(struct ary_api *api, struct ary_call *call)
{
	struct ary_removal *removal = call->removal;

	if (!ary_bytes_behind_prefix(removal->prefix, &removal->behind_prefix) ||
	    !take_step(api, removal))
		return ary_problem_respond_status(call, ARY_NO_MEMORY, NULL);
	if (!is_at_end(removal))
		return ARY_STEP_PARK;
	respond_deleted(call);
	return ARY_STEP_RESPOND;
}
