/* SPDX-License-Identifier: MIT */
/* GET and HEAD of one key. They answer at once. */
#include "api/handler.h"

#include "api/about.h"
#include "api/api_private.h"
#include "api/condition.h"
#include "api/digest.h"
#include "api/head.h"
#include "api/problem.h"
#include "api/range.h"
#include "api/respond.h"
#include "store/upload.h"

/* Whether the answer depends on nothing but the value: everybody who asks so gets the same one, as
 * long as the clock is not before the value's time. */
static bool is_plain_get(struct ary_api *api, const struct ary_call *call)
{
	const uint64_t variants = ARY_CONDITION_BITS | ARY_FIELD_BIT(ARY_FIELD_ORIGIN) |
				  ARY_FIELD_BIT(ARY_FIELD_PREFER) |
				  ARY_FIELD_BIT(ARY_FIELD_RANGE) |
				  ARY_FIELD_BIT(ARY_FIELD_X_REQUEST_ID) | ARY_DIGEST_WANT_BITS;

	return call->method == ARY_GET && call->is_canonical && !ary_call_has_any(call, variants) &&
	       !call->is_surplus && ary_api_phase(api) == ARY_PHASE_SERVING;
}

/* A key has many paths, as escapes go, and one that we name (RFC 9110 section 8.7): who keeps
 * answers finds the same one again. */
static void add_own_path(struct ary_call *call)
{
	if (!call->is_canonical)
		ary_head_add_path(call, "Content-Location", false);
}

/* The body is VALUE, which moves into RESPONSE; of a large one, http reads the bytes. */
static void set_body(struct ary_response *response, const struct ary_value *value)
{
	response->body = (struct ary_bytes){value->value.data, (size_t)value->size};
	response->value = *value;
	response->has_value = true;
}

/* Stored bytes may be a page with scripts: nosniff and sandbox keep it from acting on this
 * origin. */
static void respond_value(struct ary_api *api, struct ary_call *call, struct ary_value *value)
{
	struct ary_response *response = &call->response;
	struct ary_bytes type = value->type;

	if (type.size == 0 || !ary_bytes_printable(type))
		type = ary_bytes_of("application/octet-stream");
	ary_response_release(response);
	response->status = 200;
	ary_response_plain(response, "Content-Type", type);
	ary_head_add_etag(response, value->seq);
	ary_head_add_last_modified(api, response, value->time_ms);
	ary_response_constant(response, "Cache-Control", "no-cache");
	ary_response_constant(response, "Accept-Ranges", "bytes");
	ary_response_constant(response, "X-Content-Type-Options", "nosniff");
	ary_response_constant(response, "Content-Security-Policy", "sandbox");
	add_own_path(call);
	ary_about_add(response, value);
	set_body(response, value);
	/* What ends is nobody's to keep: the clock changes the answer, and no write does. */
	response->value_seq = is_plain_get(api, call) && value->expires_ms == 0 ? value->seq : 0;
	response->value_time_ms = value->time_ms;
}

/* The whole line was read, and so its checksum is known to be right: only a part of it is sent. Of
 * a large value, http reads no more than the parts that hold it. */
static void respond_part(struct ary_api *api, struct ary_call *call, struct ary_value *value,
			 const struct ary_range *range)
{
	struct ary_response *response = &call->response;
	uint64_t value_bytes = value->size;

	respond_value(api, call, value);
	response->status = 206;
	if (ary_value_is_large(&response->value))
		response->body_offset = range->first;
	else
		response->body.data += range->first;
	response->body.size = (size_t)range->size;
	ary_response_field(response, "Content-Range", "bytes %llu-%llu/%llu",
			   (unsigned long long)range->first,
			   (unsigned long long)(range->first + range->size - 1),
			   (unsigned long long)value_bytes);
}

static void refuse_range(struct ary_call *call, struct ary_value *value)
{
	unsigned long long value_bytes = value->size;

	ary_value_release(value);
	(void)ary_problem_respond(call, ARY_PROBLEM_RANGE_NOT_SATISFIABLE,
				  "the value has %llu bytes", value_bytes);
	ary_response_field(&call->response, "Content-Range", "bytes */%llu", value_bytes);
	ary_response_constant(&call->response, "Accept-Ranges", "bytes");
}

/* Answers with VALUE (taken), or with the part of it that was asked for. */
static void respond_found(struct ary_api *api, struct ary_call *call, struct ary_value *value)
{
	struct ary_range range;

	switch (ary_range_of(call, value->seq, value->size, &range)) {
	case ARY_RANGE_WHOLE: respond_value(api, call, value); break;
	case ARY_RANGE_PART: respond_part(api, call, value, &range); break;
	case ARY_RANGE_UNSATISFIABLE: refuse_range(call, value); return;
	}
	ary_digest_add(call, &call->response.value);
}

/* The value is left to the response although it is not sent: RFC 9110 section 8.6 wants the
 * Content-Length of a 304 to be that of the 200, and http's library always states one. */
static void respond_not_modified(struct ary_api *api, struct ary_call *call,
				 struct ary_value *value)
{
	struct ary_response *response = &call->response;

	ary_response_release(response);
	response->status = 304;
	ary_head_add_etag(response, value->seq);
	ary_head_add_last_modified(api, response, value->time_ms);
	ary_response_constant(response, "Cache-Control", "no-cache");
	add_own_path(call);
	ary_about_add_expires(response, value->expires_ms);
	set_body(response, value);
}

static enum ary_verdict judge(struct ary_api *api, const struct ary_call *call,
			      const struct ary_value *value)
{
	if (!ary_call_has_any(call, ARY_CONDITION_BITS))
		return ARY_VERDICT_GO_ON;
	return ary_conditions_judge(call, value->seq, value->time_ms,
				    ary_wall_ms(api->options.env));
}

struct asker {
	struct ary_call *call;
	uint64_t now_ms;
};

static bool find_kept(void *context, uint64_t seq)
{
	struct asker *asker = context;

	return asker->call->find_kept(asker->call, seq, asker->now_ms);
}

/* Reads the value for CALL. One whose answer http has kept is not read: all that comes of it is
 * that there is such an answer, which is noted in the response. */
static enum ary_status read_value(struct ary_api *api, struct ary_call *call,
				  struct ary_value *value, struct ary_error *err)
{
	struct ary_store *store = ary_api_store(api);
	struct asker asker = {.call = call};
	enum ary_status status;

	if (call->find_kept == NULL || !is_plain_get(api, call))
		return ary_store_get(store, call->tail, value, err);
	asker.now_ms = ary_wall_ms(api->options.env);
	status = ary_store_get_unless(store, call->tail, find_kept, &asker, value, err);
	if (status == ARY_OK && value->line.data == NULL) {
		call->response.status = 200;
		call->response.value_seq = value->seq;
		call->response.is_kept = true;
	}
	return status;
}

/* Conditions count once it is known that the key is there (RFC 9110 section 13.2.1). */
enum ary_step ary_kv_get(struct ary_api *api, struct ary_call *call)
{
	struct ary_value value;
	struct ary_error err;
	enum ary_status status;

	status = read_value(api, call, &value, &err);
	if (status == ARY_OK && call->response.is_kept)
		return ARY_STEP_RESPOND;
	if (status == ARY_NOT_FOUND)
		return ary_problem_respond_status(call, status, NULL);
	if (status != ARY_OK)
		return ary_problem_respond_status(call, status, &err);
	switch (judge(api, call, &value)) {
	case ARY_VERDICT_FAILED:
		(void)ary_kv_refuse_condition(call, value.seq);
		ary_value_release(&value);
		break;
	case ARY_VERDICT_UNCHANGED:
		respond_not_modified(api, call, &value);
		break;
	case ARY_VERDICT_GO_ON:
		respond_found(api, call, &value);
		break;
	}
	return ARY_STEP_RESPOND;
}
