/* SPDX-License-Identifier: MIT */
/* PUT and DELETE of one key. They park until the commit has decided. */
#include "api/handler.h"

#include "api/about.h"
#include "api/api_private.h"
#include "api/condition.h"
#include "api/digest.h"
#include "api/durability.h"
#include "api/head.h"
#include "api/kv_upload.h"
#include "api/prefer.h"
#include "api/problem.h"
#include "api/respond.h"
#include "api/route.h"
#include "api/timing.h"
#include "format/text.h"

/* More than ETag, Aryavarth-Expires, X-Request-Id and Server-Timing take, and what CORS adds but
 * for the origin. */
enum { FIXED_HEADER_BYTES = 512 };

/* How often a write is tied to a value. Each time but the first another write came in between. */
enum { PINS_MAX = 16 };

enum ary_step ary_kv_check_put(struct ary_api *api, struct ary_call *call)
{
	enum ary_step step = ary_kv_check(api, call);

	if (step == ARY_STEP_BODY && ary_call_field(call, ARY_FIELD_CONTENT_RANGE) != NULL)
		step = ary_problem_respond(call, ARY_PROBLEM_CONTENT_RANGE, "%s",
					   "a value is replaced as a whole");
	if (step == ARY_STEP_BODY)
		step = ary_about_check(call);
	if (step == ARY_STEP_BODY)
		step = ary_digest_check(call);
	if (step == ARY_STEP_BODY)
		step = ary_durability_check(call);
	if (step == ARY_STEP_BODY)
		step = ary_kv_check_pieces(api, call);
	return step;
}

enum ary_step ary_kv_check_delete(struct ary_api *api, struct ary_call *call)
{
	enum ary_step step = ary_kv_check(api, call);

	return step == ARY_STEP_BODY ? ary_durability_check(call) : step;
}

static void wake(struct ary_write *write)
{
	struct ary_call *call = write->context;

	call->wake(call);
}

/* Takes the memory of the success's headers now: once a write is committed, running out of it
 * must not turn the answer into a failure. */
static bool reserve_headers(struct ary_call *call)
{
	const struct ary_bytes *origin = ary_call_field(call, ARY_FIELD_ORIGIN);
	size_t location_bytes = sizeof(ARY_KEYS_BASE64_PATH) + 3 * call->tail.size;
	size_t origin_bytes = origin != NULL ? 2 * origin->size : 0;

	return ary_buf_reserve(&call->response.text,
			       FIXED_HEADER_BYTES + location_bytes + origin_bytes);
}

/* A write that depends on a date (RFC 9110 section 13.1.4) is tied to the value that the date was
 * held against: the commit knows values by their seqs only, and must not read. Where there was none
 * the field does not count, and there must still be none. PARK, or the condition does not hold. */
static enum ary_step pin(struct ary_api *api, struct ary_call *call)
{
	uint64_t now_ms = ary_wall_ms(api->options.env);
	struct ary_write *write = &call->write;
	struct ary_value value;
	struct ary_error err;
	enum ary_status status = ary_store_get(ary_api_store(api), call->tail, &value, &err);
	enum ary_verdict verdict;

	call->pins++;
	if (status == ARY_NOT_FOUND) {
		write->if_match = (struct ary_match_set){.kind = ARY_MATCH_NONE};
		write->if_none_match = (struct ary_match_set){.kind = ARY_MATCH_ANY};
		return ARY_STEP_PARK;
	}
	if (status != ARY_OK)
		return ary_problem_respond_status(call, status, &err);
	verdict = ary_conditions_judge(call, value.seq, value.time_ms, now_ms);
	call->pinned_seq = value.seq;
	ary_value_release(&value);
	if (verdict != ARY_VERDICT_GO_ON)
		return ary_kv_refuse_condition(call, call->pinned_seq);
	write->if_match = (struct ary_match_set){
		.kind = ARY_MATCH_LIST, .seqs = &call->pinned_seq, .count = 1,
	};
	write->if_none_match = (struct ary_match_set){.kind = ARY_MATCH_NONE};
	return ARY_STEP_PARK;
}

/* Whether the write of CALL was refused only because the value changed after it was looked at, so
 * that the date has to be held against the new one. */
static bool is_outrun(const struct ary_call *call)
{
	return call->pins > 0 && call->pins < PINS_MAX && call->write.status == ARY_CONFLICT;
}

static enum ary_step park(struct ary_api *api, struct ary_call *call, enum ary_write_op op)
{
	if (!reserve_headers(call))
		return ary_problem_respond_status(call, ARY_NO_MEMORY, NULL);
	call->write.op = op;
	call->write.key = call->tail;
	call->write.if_match = call->if_match;
	call->write.if_none_match = call->if_none_match;
	call->write.timing = ary_timing_wanted(call) ? &call->write_timing : NULL;
	call->write.done = wake;
	call->write.context = call;
	call->is_brief = true;
	if (ary_call_has_any(call, ARY_FIELD_BIT(ARY_FIELD_IF_UNMODIFIED_SINCE)) &&
	    ary_conditions_need_time(call, ary_wall_ms(api->options.env)))
		return pin(api, call);
	return ARY_STEP_PARK;
}

static enum ary_step put(struct ary_api *api, struct ary_call *call)
{
	if (!ary_about_fill(call))
		return ary_problem_respond_status(call, ARY_NO_MEMORY, NULL);
	return park(api, call, ARY_WRITE_SET);
}

enum ary_step ary_kv_put(struct ary_api *api, struct ary_call *call)
{
	enum ary_step step;

	if (call->pieces != NULL)
		return ary_kv_pass_last(call);
	step = ary_digest_compare(call, NULL);
	if (step != ARY_STEP_BODY)
		return step;
	call->write.value = ary_buf_view(&call->body);
	return put(api, call);
}

enum ary_step ary_kv_delete(struct ary_api *api, struct ary_call *call)
{
	return park(api, call, ARY_WRITE_REMOVE);
}

void ary_kv_launch(struct ary_api *api, struct ary_call *call)
{
	struct ary_replica *replica = atomic_load(&api->replica);

	if (ary_kv_is_passing(call))
		ary_kv_propose_parts(replica, call);
	else
		ary_replica_propose(replica, &call->write);
}

/* Answers a write that was not carried out, or leaves it without an answer when it goes on its way
 * again; false: it was. */
static bool respond_failed(struct ary_api *api, struct ary_call *call)
{
	const struct ary_write *write = &call->write;

	if (write->status == ARY_OK)
		return false;
	if (is_outrun(call)) {
		(void)pin(api, call);
		return true;
	}
	(void)ary_problem_respond_status(
		call, write->status, write->status == ARY_NOT_FOUND ? NULL : &write->error);
	return true;
}

/* Writes what a client may want to know of the value that was put. False: out of memory. */
static bool describe(const struct ary_call *call, struct ary_buf *out)
{
	const struct ary_write *write = &call->write;
	struct ary_value value = {
		.type = write->type, .encoding = write->encoding, .meta = write->meta,
		.expires_ms = write->expires_ms, .time_ms = write->time_ms,
	};

	return ary_buf_append(out, ary_bytes_of("{")) &&
	       ary_text_append_member(out, "key", write->key) &&
	       ary_buf_printf(out, ",\"seq\":%llu,\"size\":%llu", (unsigned long long)write->seq,
			      (unsigned long long)ary_kv_body_bytes(call)) &&
	       ary_about_append(out, &value) && ary_buf_append(out, ary_bytes_of("}\n"));
}

/* Describes the value in the answer, where that is preferred (RFC 7240) and there is memory for it:
 * the write is done in any case. */
static void add_description(struct ary_call *call)
{
	struct ary_response *response = &call->response;
	struct ary_buf body = {0};

	if (!ary_call_has_any(call, ARY_FIELD_BIT(ARY_FIELD_PREFER)) ||
	    !ary_prefer_is(call, "return", "representation"))
		return;
	if (!describe(call, &body)) {
		ary_buf_release(&body);
		return;
	}
	if (response->status == 204)
		response->status = 200;
	response->body = ary_buf_view(&body);
	response->owned = body;
	ary_response_constant(response, "Content-Type", ARY_TYPE_JSON);
	ary_response_constant(response, "X-Content-Type-Options", "nosniff");
	ary_response_constant(response, "Preference-Applied", "return=representation");
}

/* The last piece was launched: where it is stored, what names all of them follows. */
static void finish_last_piece(struct ary_api *api, struct ary_call *call)
{
	if (ary_kv_passed(call) != ARY_STEP_BODY)
		return;
	(void)put(api, call);
}

void ary_kv_finish_put(struct ary_api *api, struct ary_call *call)
{
	if (ary_kv_is_passing(call)) {
		finish_last_piece(api, call);
		return;
	}
	if (respond_failed(api, call))
		return;
	call->response.status = call->write.replaced ? 204 : 201;
	ary_head_add_etag(&call->response, call->write.seq);
	if (!call->write.replaced)
		ary_head_add_path(call, "Location", true);
	ary_about_add_expires(&call->response, call->write.expires_ms);
	add_description(call);
	ary_durability_tell(call);
}

void ary_kv_finish_delete(struct ary_api *api, struct ary_call *call)
{
	if (respond_failed(api, call))
		return;
	call->response.status = 204;
	ary_durability_tell(call);
}
