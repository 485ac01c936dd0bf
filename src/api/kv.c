/* SPDX-License-Identifier: MIT */
/* One key: GET, PUT, DELETE. Reads answer at once; writes park until the commit has decided. */
#include "api/handler.h"

#include "api/api_private.h"
#include "api/condition.h"
#include "api/date.h"
#include "api/problem.h"
#include "api/respond.h"
#include "api/target.h"
#include "base/number.h"
#include "format/record.h"

#define KEYS_PATH "/keys/"

/* More than ETag and the headers of CORS take, but for the origin. */
enum { FIXED_HEADER_BYTES = 512 };

static void add_etag(struct ary_response *response, uint64_t seq)
{
	uint8_t tag[ARY_U64_DIGITS_MAX + 2] = { '"' };
	size_t size = 1 + ary_format_u64(seq, tag + 1);

	tag[size++] = '"';
	ary_response_plain(response, "ETag", (struct ary_bytes){ tag, size });
}

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

/* Last-Modified must not lie after Date (RFC 9110 section 8.8.2.1), whatever the clock did. */
static void add_last_modified(struct ary_api *api, struct ary_response *response,
			      uint64_t time_ms)
{
	uint64_t now_ms = ary_wall_ms(api->options.env);
	char date[ARY_DATE_BYTES];

	if (time_ms > now_ms)
		time_ms = now_ms;
	if (time_ms == 0 || time_ms > ARY_DATE_MS_MAX)
		return;
	ary_date_format(time_ms, date);
	ary_response_plain(response, "Last-Modified", ary_bytes_of(date));
}

/* Whether the answer depends on nothing but the value: everybody who asks so gets the same one, as
 * long as the clock is not before the value's time. */
static bool is_plain_get(struct ary_api *api, const struct ary_call *call)
{
	return call->method == ARY_GET && call->if_match.kind == ARY_MATCH_NONE &&
	       call->if_none_match.kind == ARY_MATCH_NONE && !call->is_surplus &&
	       ary_call_field(call, ARY_FIELD_ORIGIN) == NULL &&
	       ary_api_phase(api) == ARY_PHASE_SERVING;
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
	add_etag(response, value->seq);
	add_last_modified(api, response, value->time_ms);
	ary_response_constant(response, "Cache-Control", "no-cache");
	ary_response_constant(response, "X-Content-Type-Options", "nosniff");
	ary_response_constant(response, "Content-Security-Policy", "sandbox");
	response->body = value->value;
	response->value = *value;
	response->has_value = true;
	response->value_seq = is_plain_get(api, call) ? value->seq : 0;
	response->value_time_ms = value->time_ms;
}

/* The value is left to the response although it is not sent: RFC 9110 section 8.6 wants the
 * Content-Length of a 304 to be that of the 200, and http's library always states one. */
static void respond_not_modified(struct ary_call *call, struct ary_value *value)
{
	struct ary_response *response = &call->response;

	ary_response_release(response);
	response->status = 304;
	add_etag(response, value->seq);
	ary_response_constant(response, "Cache-Control", "no-cache");
	response->body = value->value;
	response->value = *value;
	response->has_value = true;
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

/* Conditions in the order of RFC 9110 section 13.2.2, once it is known that the key is there. */
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
	if (call->if_match.kind != ARY_MATCH_NONE &&
	    !ary_match_set_has(&call->if_match, value.seq)) {
		(void)ary_problem_respond(call, ARY_PROBLEM_PRECONDITION_FAILED,
					  "the present value has ETag \"%llu\"",
					  (unsigned long long)value.seq);
		ary_value_release(&value);
	} else if (ary_match_set_has(&call->if_none_match, value.seq)) {
		respond_not_modified(call, &value);
	} else {
		respond_value(api, call, &value);
	}
	return ARY_STEP_RESPOND;
}

static enum ary_step check_type(struct ary_call *call)
{
	const struct ary_bytes *type = ary_call_field(call, ARY_FIELD_CONTENT_TYPE);

	if (type == NULL)
		return ARY_STEP_BODY;
	if (ary_call_field_count(call, ARY_FIELD_CONTENT_TYPE) > 1)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONTENT_TYPE, "%s",
					   "there is more than one Content-Type");
	if (type->size > ARY_RECORD_TYPE_BYTES_MAX)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONTENT_TYPE,
					   "it has %zu bytes, at most %d are kept", type->size,
					   ARY_RECORD_TYPE_BYTES_MAX);
	if (!ary_bytes_printable(*type))
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONTENT_TYPE, "%s",
					   "it holds a byte that is not printable ASCII");
	call->type = *type;
	return ARY_STEP_BODY;
}

/* An encoded body whose encoding is forgotten would come back as something else. */
static enum ary_step check_encoding(struct ary_call *call)
{
	const struct ary_bytes *encoding = ary_call_field(call, ARY_FIELD_CONTENT_ENCODING);

	if (encoding == NULL || encoding->size == 0 ||
	    ary_bytes_are_caseless(*encoding, "identity"))
		return ARY_STEP_BODY;
	(void)ary_problem_respond(call, ARY_PROBLEM_CONTENT_ENCODING, "%s",
				  "only identity is stored");
	ary_response_constant(&call->response, "Accept-Encoding", "identity");
	return ARY_STEP_RESPOND;
}

enum ary_step ary_kv_check_put(struct ary_api *api, struct ary_call *call)
{
	enum ary_step step = ary_kv_check(api, call);

	if (step == ARY_STEP_BODY && ary_call_field(call, ARY_FIELD_CONTENT_RANGE) != NULL)
		step = ary_problem_respond(call, ARY_PROBLEM_CONTENT_RANGE, "%s",
					   "a value is replaced as a whole");
	if (step == ARY_STEP_BODY)
		step = check_encoding(call);
	if (step == ARY_STEP_BODY)
		step = check_type(call);
	return step;
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
	size_t location_bytes = sizeof(KEYS_PATH) + 3 * call->tail.size;
	size_t origin_bytes = origin != NULL ? origin->size : 0;

	return ary_buf_reserve(&call->response.text,
			       FIXED_HEADER_BYTES + location_bytes + origin_bytes);
}

static enum ary_step park(struct ary_call *call, enum ary_write_op op)
{
	if (!reserve_headers(call))
		return ary_problem_respond_status(call, ARY_NO_MEMORY, NULL);
	call->write.op = op;
	call->write.key = call->tail;
	call->write.if_match = call->if_match;
	call->write.if_none_match = call->if_none_match;
	call->write.done = wake;
	call->write.context = call;
	return ARY_STEP_PARK;
}

enum ary_step ary_kv_put(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	call->write.value = ary_buf_view(&call->body);
	call->write.type = call->type;
	return park(call, ARY_WRITE_SET);
}

enum ary_step ary_kv_delete(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	return park(call, ARY_WRITE_REMOVE);
}

void ary_kv_launch(struct ary_api *api, struct ary_call *call)
{
	ary_replica_propose(atomic_load(&api->replica), &call->write);
}

/* Answers a write that was not carried out; false: it was. */
static bool respond_failed(struct ary_call *call)
{
	const struct ary_write *write = &call->write;

	if (write->status == ARY_OK)
		return false;
	(void)ary_problem_respond_status(
		call, write->status, write->status == ARY_NOT_FOUND ? NULL : &write->error);
	return true;
}

static void add_location(struct ary_call *call)
{
	struct ary_response *response = &call->response;

	ary_response_begin_field(response, "Location");
	ary_response_end_field(response,
			       ary_buf_append(&response->text, ary_bytes_of(KEYS_PATH)) &&
				       ary_percent_encode(call->tail, &response->text));
}

void ary_kv_finish_put(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	if (respond_failed(call))
		return;
	call->response.status = call->write.replaced ? 204 : 201;
	add_etag(&call->response, call->write.seq);
	if (!call->write.replaced)
		add_location(call);
}

void ary_kv_finish_delete(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	if (respond_failed(call))
		return;
	call->response.status = 204;
}
