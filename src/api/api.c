/* SPDX-License-Identifier: MIT */
#include "api/api.h"

#include <stdlib.h>

#include "api/api_private.h"
#include "api/cors.h"
#include "api/handler.h"
#include "api/kv_upload.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/request_id.h"
#include "api/respond.h"
#include "api/route.h"
#include "api/target.h"
#include "api/timing.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/check.h"

struct ary_api *ary_api_create(const struct ary_api_options *options)
{
	struct ary_api *api = ARY_NEW(struct ary_api);

	api->options = *options;
	api->version = ary_strdup(options->version);
	if (options->cors_origin != NULL)
		api->cors_origin = ary_strdup(options->cors_origin);
	api->options.version = api->version;
	api->options.cors_origin = api->cors_origin;
	ary_budget_init(&api->flight_bytes, options->flight_bytes_max);
	ary_budget_init(&api->piece_bytes, options->flight_bytes_max / 2);
	ary_request_ids_init(&api->request_ids, options->env);
	ary_encoding_init(&api->encoding, options->gzip_bytes_min);
	return api;
}

void ary_api_destroy(struct ary_api *api)
{
	if (api == NULL)
		return;
	free(api->version);
	free(api->cors_origin);
	ary_encoding_release(&api->encoding);
	free(api);
}

void ary_api_set_progress(struct ary_api *api, uint64_t done_bytes, uint64_t total_bytes)
{
	atomic_store(&api->replay_total_bytes, total_bytes);
	atomic_store(&api->replay_done_bytes, done_bytes);
}

void ary_api_set_serving(struct ary_api *api, struct ary_replica *replica)
{
	atomic_store(&api->replica, replica);
}

void ary_api_set_draining(struct ary_api *api)
{
	atomic_store(&api->draining, true);
}

enum ary_phase ary_api_phase(struct ary_api *api)
{
	if (atomic_load(&api->draining))
		return ARY_PHASE_DRAINING;
	return atomic_load(&api->replica) != NULL ? ARY_PHASE_SERVING : ARY_PHASE_STARTING;
}

struct ary_budget *ary_api_flight_bytes(struct ary_api *api)
{
	return &api->flight_bytes;
}

struct ary_budget *ary_api_piece_bytes(struct ary_api *api)
{
	return &api->piece_bytes;
}

struct ary_store *ary_api_store(struct ary_api *api)
{
	return ary_replica_store(atomic_load(&api->replica));
}

/* What is asked for by headers that mean the same everywhere is noted once, before anything is
 * answered. */
static void enter(struct ary_api *api, struct ary_call *call)
{
	ary_call_note_fields(call);
	ary_request_id_take(&api->request_ids, call);
	ary_timing_begin(api, call);
}

/* An id that was sent comes back; without one, only an error has something to be asked about. */
static void name_request(struct ary_call *call)
{
	struct ary_bytes id = call->request_id;

	if (call->response.status >= 400)
		id = ary_request_id(call);
	if (id.size > 0)
		ary_response_plain(&call->response, "X-Request-Id", id);
}

static void add_common_fields(struct ary_api *api, struct ary_call *call)
{
	char methods[ARY_ALLOW_BYTES] = "";

	ary_encoding_apply(&api->encoding, call);
	name_request(call);
	if (ary_cors_is_preflight(call))
		ary_route_allow(call->route, methods);
	ary_cors_apply(api->options.cors_origin, call, methods);
	if (ary_timing_wanted(call))
		ary_timing_tell(api, call);
}

/* What every response gets, whoever composed it. An answer that takes the place of one for which
 * there was no memory gets it too, unless there is none for that either. */
static void compose_rest(struct ary_api *api, struct ary_call *call)
{
	ary_response_mend(&call->response);
	add_common_fields(api, call);
	if (call->response.incomplete) {
		ary_response_mend(&call->response);
		add_common_fields(api, call);
		ary_response_mend(&call->response);
	}
}

/* A kept answer got it when it was made. */
static void complete(struct ary_api *api, struct ary_call *call)
{
	if (!call->response.is_kept)
		compose_rest(api, call);
	if (ary_api_phase(api) == ARY_PHASE_DRAINING || call->is_surplus)
		call->response.close = true;
}

/* Completes the answer of CALL where STEP says that there is one. */
static enum ary_step complete_at(struct ary_api *api, struct ary_call *call, enum ary_step step)
{
	if (step == ARY_STEP_RESPOND)
		complete(api, call);
	return step;
}

static enum ary_step check_fields(struct ary_api *api, struct ary_call *call)
{
	const struct ary_request *request = &call->request;
	uint64_t header_bytes = 0;

	if (request->field_count > api->options.header_fields_max)
		return ary_problem_respond(call, ARY_PROBLEM_HEADERS_TOO_LARGE,
					   "there are %zu header fields, at most %llu are read",
					   request->field_count,
					   (unsigned long long)api->options.header_fields_max);
	for (size_t i = 0; i < request->field_count; i++)
		header_bytes += request->fields[i].name.size + request->fields[i].value.size;
	if (header_bytes > api->options.header_bytes_max)
		return ary_problem_respond(call, ARY_PROBLEM_HEADERS_TOO_LARGE,
					   "the headers have %llu bytes, at most %llu are read",
					   (unsigned long long)header_bytes,
					   (unsigned long long)api->options.header_bytes_max);
	return ARY_STEP_BODY;
}

static enum ary_step check_sizes(struct ary_api *api, struct ary_call *call)
{
	const struct ary_request *request = &call->request;

	if (request->target.size > api->options.target_bytes_max)
		return ary_problem_respond(call, ARY_PROBLEM_TARGET_TOO_LONG,
					   "the target has %zu bytes, at most %llu are read",
					   request->target.size,
					   (unsigned long long)api->options.target_bytes_max);
	return check_fields(api, call);
}

/* Decodes a key in base64 where the route says that it is one, and notes whether the path is the
 * key's own. */
static enum ary_step take_key(struct ary_call *call, struct ary_bytes path)
{
	struct ary_bytes own = ary_bytes_of(ARY_KEYS_PATH);
	struct ary_bytes text = call->tail;
	enum ary_status status;

	if (!call->route->has_key)
		return ARY_STEP_BODY;
	if (!call->route->is_base64) {
		call->is_canonical =
			ary_bytes_start_with(path, own) &&
			ary_percent_is_canonical((struct ary_bytes){path.data + own.size,
								    path.size - own.size},
						 call->tail);
		return ARY_STEP_BODY;
	}
	/* The key is not known until it is decoded. */
	call->tail = (struct ary_bytes){NULL, 0};
	status = ary_base64url_decode(text, &call->key);
	if (status == ARY_INVALID)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_KEY_ENCODING, "%s",
					   "behind " ARY_KEYS_BASE64_PATH " is no base64 for URLs");
	if (status != ARY_OK)
		return ary_problem_respond_status(call, status, NULL);
	call->tail = ary_buf_view(&call->key);
	return ARY_STEP_BODY;
}

/* Finds the route of CALL's target; the asterisk form of OPTIONS has none. */
static enum ary_step find_route(struct ary_call *call)
{
	struct ary_target target;
	struct ary_bytes path;
	enum ary_status status;

	if (ary_target_split(call->request.target, &target) != ARY_OK)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_TARGET, "%s",
					   "the target is not a path");
	call->query = target.query;
	if (ary_bytes_equal(target.path, ary_bytes_of("*")))
		return call->method == ARY_OPTIONS ?
			       ARY_STEP_BODY :
			       ary_problem_respond(call, ARY_PROBLEM_BAD_TARGET, "%s",
						   "only OPTIONS may have the target *");
	status = ary_percent_decode(target.path, &call->path, &path);
	if (status == ARY_INVALID)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_PERCENT_ENCODING, "%s",
					   "a % in the path lacks its two hexadecimal digits");
	if (status != ARY_OK)
		return ary_problem_respond_status(call, status, NULL);
	call->route = ary_route_find(path, &call->tail);
	if (call->route == NULL)
		return ary_problem_respond(call, ARY_PROBLEM_NO_SUCH_RESOURCE, "%s",
					   "see / for what there is");
	return take_key(call, target.path);
}

/* Probes are answered whatever else goes on: who asks them would otherwise restart what is only
 * busy. */
static enum ary_step check_surplus(struct ary_call *call)
{
	if (!call->is_surplus || (call->route != NULL && call->route->is_probe))
		return ARY_STEP_BODY;
	return ary_problem_respond(call, ARY_PROBLEM_TOO_MANY_CONNECTIONS, "%s",
				   "this connection is one too many");
}

static enum ary_step find_action(struct ary_call *call)
{
	char allow[ARY_ALLOW_BYTES];

	call->action = ary_route_action(call->route, call->method);
	if (call->action != NULL)
		return ARY_STEP_BODY;
	ary_route_allow(call->route, allow);
	(void)ary_problem_respond(call, ARY_PROBLEM_METHOD_NOT_ALLOWED, "allowed: %s", allow);
	ary_response_plain(&call->response, "Allow", ary_bytes_of(allow));
	return ARY_STEP_RESPOND;
}

static enum ary_step refuse_parameter(struct ary_call *call)
{
	char known[ARY_PARAMETERS_BYTES];

	if (call->method == ARY_OPTIONS)
		return ary_problem_respond(call, ARY_PROBLEM_UNKNOWN_PARAMETER, "%s",
					   "no method here knows it");
	ary_route_parameters(call->action, known);
	return ary_problem_respond(call, ARY_PROBLEM_UNKNOWN_PARAMETER, "%s%s",
				   known[0] != '\0' ? "known here: " :
						      "no parameters are known here",
				   known);
}

/* Parameters are never ignored: a mistyped one must not give another answer than was meant. */
static enum ary_step check_query(struct ary_call *call)
{
	struct ary_bytes query = call->query;
	struct ary_bytes name, value;

	while (ary_query_next(&query, &name, &value)) {
		const char *known = ary_route_parameter(call->route, call->method, name);

		if (known == NULL)
			return refuse_parameter(call);
		if (ary_query_find(query, name, &value))
			return ary_problem_respond(call, ARY_PROBLEM_REPEATED_PARAMETER,
						   "%s was given more than once", known);
	}
	return ARY_STEP_BODY;
}

static enum ary_step check_origin(struct ary_api *api, struct ary_call *call)
{
	if (!ary_cors_is_foreign(api->options.cors_origin, call))
		return ARY_STEP_BODY;
	return ary_problem_respond(call, ARY_PROBLEM_FOREIGN_ORIGIN, "%s",
				   "no page of its origin may send a POST");
}

static enum ary_step check_body(struct ary_api *api, struct ary_call *call)
{
	const struct ary_request *request = &call->request;

	if (!call->action->takes_body) {
		call->body_bytes_max = 0;
		return request->has_body ?
			       ary_problem_respond(call, ARY_PROBLEM_UNEXPECTED_BODY, "%s",
						   "only PUT and POST /keys take one") :
			       ARY_STEP_BODY;
	}
	call->body_bytes_max = api->options.value_bytes_max;
	if (request->has_length && request->length > call->body_bytes_max)
		return ary_problem_respond(call, ARY_PROBLEM_VALUE_TOO_LARGE,
					   "the body has %llu bytes, a value at most %llu",
					   (unsigned long long)request->length,
					   (unsigned long long)call->body_bytes_max);
	return ARY_STEP_BODY;
}

static enum ary_step check_phase(struct ary_api *api, struct ary_call *call)
{
	if (call->route == NULL || !call->route->needs_store || call->method == ARY_OPTIONS ||
	    atomic_load(&api->replica) != NULL)
		return ARY_STEP_BODY;
	if (ary_api_phase(api) == ARY_PHASE_DRAINING)
		return ary_problem_respond(call, ARY_PROBLEM_SHUTTING_DOWN, "%s",
					   "stopped before the log was read");
	return ary_problem_respond(call, ARY_PROBLEM_STARTING, "%s", "the log is being read");
}

static enum ary_step examine(struct ary_api *api, struct ary_call *call)
{
	enum ary_step step;

	call->method = ary_method_parse(call->request.method);
	if (call->method == ARY_METHOD_COUNT)
		return ary_problem_respond(call, ARY_PROBLEM_UNKNOWN_METHOD, "%s",
					   "methods are GET, HEAD, PUT, POST, DELETE, OPTIONS");
	step = check_sizes(api, call);
	if (step == ARY_STEP_BODY)
		step = find_route(call);
	if (step == ARY_STEP_BODY)
		step = check_surplus(call);
	if (step == ARY_STEP_BODY)
		step = find_action(call);
	if (step == ARY_STEP_BODY)
		step = check_origin(api, call);
	if (step == ARY_STEP_BODY)
		step = check_query(call);
	if (step == ARY_STEP_BODY)
		step = check_body(api, call);
	if (step == ARY_STEP_BODY)
		step = check_phase(api, call);
	if (step == ARY_STEP_BODY && call->action->check != NULL)
		step = call->action->check(api, call);
	return step;
}

enum ary_step ary_api_admit(struct ary_api *api, struct ary_call *call)
{
	enter(api, call);
	return complete_at(api, call, examine(api, call));
}

/* What the bytes that are held leave no room: those of everything, or those of long bodies. */
static void refuse_bytes(struct ary_api *api, struct ary_call *call)
{
	bool is_long = call->piece_bytes > 0 &&
		       !ary_budget_fits(&api->piece_bytes, call->piece_bytes);
	const struct ary_budget *budget = is_long ? &api->piece_bytes : &api->flight_bytes;

	(void)ary_problem_respond(call, ARY_PROBLEM_TOO_MANY_BYTES,
				  "%llu of %llu bytes%s are held",
				  (unsigned long long)ary_budget_used(budget),
				  (unsigned long long)budget->max,
				  is_long ? " for long bodies" : "");
}

void ary_api_refuse_body(struct ary_api *api, struct ary_call *call, enum ary_status status)
{
	enter(api, call);
	if (status == ARY_TOO_LARGE)
		(void)ary_problem_respond(call, ARY_PROBLEM_VALUE_TOO_LARGE,
					  "the body has more than %llu bytes",
					  (unsigned long long)call->body_bytes_max);
	else if (status == ARY_BUSY)
		refuse_bytes(api, call);
	else
		(void)ary_problem_respond_status(call, status, NULL);
	complete(api, call);
}

enum ary_step ary_api_pass(struct ary_api *api, struct ary_call *call)
{
	return complete_at(api, call, ary_kv_pass(api, call));
}

enum ary_step ary_api_passed(struct ary_api *api, struct ary_call *call)
{
	return complete_at(api, call, ary_kv_passed(call));
}

enum ary_step ary_api_begin(struct ary_api *api, struct ary_call *call)
{
	return complete_at(api, call, call->action->begin(api, call));
}

void ary_api_launch(struct ary_api *api, struct ary_call *call)
{
	call->action->launch(api, call);
}

enum ary_step ary_api_finish(struct ary_api *api, struct ary_call *call)
{
	call->action->finish(api, call);
	if (call->response.status == 0)
		return ARY_STEP_PARK;
	complete(api, call);
	return ARY_STEP_RESPOND;
}

void ary_api_refuse(struct ary_api *api, struct ary_call *call, unsigned status, const char *slug,
		    const char *detail)
{
	enum ary_problem_kind kind = ARY_PROBLEM_BAD_REQUEST;
	bool known = ary_problem_find(ary_bytes_of(slug), &kind);

	ARY_CHECK(known && ary_problem(kind)->status == status);
	enter(api, call);
	(void)ary_problem_respond(call, kind, "%s", detail);
	call->response.close = true;
	complete(api, call);
}

enum ary_step ary_options_answer(struct ary_api *api, struct ary_call *call)
{
	char allow[ARY_ALLOW_BYTES];

	(void)api;
	ary_response_release(&call->response);
	call->response.status = 204;
	ary_route_allow(call->route, allow);
	ary_response_plain(&call->response, "Allow", ary_bytes_of(allow));
	return ARY_STEP_RESPOND;
}
