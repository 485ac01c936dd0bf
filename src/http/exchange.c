/* SPDX-License-Identifier: MIT */
/* The library calls on_target for the request line, on_request for the head, for each piece of the
 * body, once more at its end and again after a suspension, and on_completed at the end. */
#include "http/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "http/body.h"
#include "http/guard.h"
#include "http/reply.h"
#include "http/room.h"

enum state {
	STATE_IDLE,   /* between requests; the request line may have been seen */
	STATE_BODY,   /* takes the body, then begins */
	STATE_DRAIN,  /* response is set; reads the rest of the body away, then replies */
	STATE_PARKED, /* suspended: the next call of the handler is after the wake */
	STATE_REPLY,  /* the library sends the response */
};

enum { DRAIN_BYTES_MIN = 64 * 1024 };

struct exchange {
	struct ary_exchanges *shared;
	struct MHD_Connection *connection;
	struct ary_deadline deadline;
	enum state state;
	bool has_place;        /* among the connections that are served; else it is surplus */
	bool has_call;         /* `call` is initialised */
	bool is_under_way;     /* counted in the flight */
	struct ary_call call;
	struct ary_buf target;
	const char *target_start; /* where the library has it; not to be read */
	bool has_target;
	struct ary_field *fields;
	size_t field_capacity;
	size_t room_bytes;         /* for the head of the answer */
	struct MHD_Response *kept; /* borrowed: the answer, where the response stands in for it */
	uint64_t received_bytes;   /* of the body, kept or not */
	uint64_t drain_bytes_max;
	struct exchange *next_answered; /* guarded by the loop's lock */
};

static void set_deadline(struct exchange *exchange, enum ary_deadline_kind kind)
{
	ary_deadline_set(&exchange->shared->deadlines, &exchange->deadline, kind,
			 exchange->shared->now_ms);
}

/* The bytes that all requests under way hold. */
static struct ary_budget *flight_bytes(const struct exchange *exchange)
{
	return ary_api_flight_bytes(exchange->shared->api);
}

/* ---- Connections ---- */

/* A surplus connection becomes one like the others as soon as there is a place. */
static void take_place(struct exchange *exchange)
{
	if (!exchange->has_place)
		exchange->has_place = ary_budget_take(exchange->shared->places, 1);
}

static struct exchange *create(struct ary_exchanges *shared, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct exchange *exchange = info ? ary_try_alloc(sizeof(*exchange)) : NULL;

	if (!exchange)
		return NULL;
	memset(exchange, 0, sizeof(*exchange));
	exchange->shared = shared;
	exchange->connection = connection;
	ary_deadline_init(&exchange->deadline, info->connect_fd);
	set_deadline(exchange, ARY_DEADLINE_HEADER);
	take_place(exchange);
	return exchange;
}

/* Ends the request, whatever became of it. */
static void reset(struct exchange *exchange)
{
	if (exchange->state == STATE_PARKED)
		exchange->shared->parked--;
	if (exchange->has_call) {
		ary_body_release(&exchange->call.body, flight_bytes(exchange));
		ary_call_release(&exchange->call);
		exchange->has_call = false;
	}
	if (exchange->is_under_way) {
		exchange->is_under_way = false;
		ary_flight_leave(exchange->shared->flight);
	}
	exchange->target.size = 0;
	exchange->has_target = false;
	exchange->received_bytes = 0;
	exchange->state = STATE_IDLE;
}

static void destroy(struct exchange *exchange)
{
	if (!exchange)
		return;
	reset(exchange);
	ary_deadline_clear(&exchange->shared->deadlines, &exchange->deadline);
	if (exchange->has_place)
		ary_budget_give(exchange->shared->places, 1);
	ary_buf_release(&exchange->target);
	free(exchange->fields);
	free(exchange);
}

void ary_exchange_on_connection(void *context, struct MHD_Connection *connection, void **socket,
				enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket = create(context, connection);
		return;
	}
	destroy(*socket);
	*socket = NULL;
	((struct ary_exchanges *)context)->has_closed = true;
}

/* ---- The end of a request ---- */

/* A request is under way once it is whole, or refused: a shutdown waits for its answer, but not for
 * bodies to arrive. */
static void enter_flight(struct exchange *exchange)
{
	if (exchange->is_under_way)
		return;
	exchange->is_under_way = true;
	ary_flight_enter(exchange->shared->flight);
}

/* Refuses a request whose head leaves no room for that of the answer. */
static void refuse_head(struct exchange *exchange)
{
	ary_api_refuse(exchange->shared->api, &exchange->call, 431, "headers-too-large",
		       "the head leaves no room for that of the answer; a cookie counts twice");
}

/* Whether the answer's body stays here, and only its size is sent. */
static bool is_size_only(const struct ary_call *call)
{
	return call->response.status == 304 || call->method == ARY_HEAD;
}

/* What was to be done has been done when the answer to a write comes, so room for that was looked
 * for before; any other may still be replaced by a short one. */
static void mind_room(struct exchange *exchange)
{
	struct ary_call *call = &exchange->call;

	if (call->response.status < 400 && (call->method == ARY_GET || call->method == ARY_HEAD) &&
	    !ary_room_fits(&call->response, exchange->room_bytes))
		refuse_head(exchange);
}

/* A large value may take as long as a reply may, for each of its parts. */
static void give_time(void *context)
{
	set_deadline(context, ARY_DEADLINE_REPLY);
}

/* Whatever was to be done with the request's body has been done, so only the reply is held on to
 * while the client takes it. A value is read before it is known how much it holds, so each loop may
 * have one more than the budget for a moment. */
static enum MHD_Result reply(struct exchange *exchange)
{
	struct ary_budget *flight = flight_bytes(exchange);
	struct ary_call *call = &exchange->call;

	enter_flight(exchange);
	exchange->state = STATE_REPLY;
	set_deadline(exchange, ARY_DEADLINE_REPLY);
	ary_body_release(&call->body, flight);
	if (call->response.is_kept)
		return ary_reply_queue_kept(exchange->connection, &call->response,
					    exchange->kept);
	mind_room(exchange);
	if (is_size_only(call))
		ary_reply_drop_body(&call->response);
	if (!ary_reply_charge(&call->response, flight)) {
		ary_api_refuse_body(exchange->shared->api, call, ARY_BUSY);
		ARY_CHECK(ary_reply_charge(&call->response, flight));
	}
	return ary_reply_queue(exchange->connection, &call->response, flight,
			       exchange->shared->hot,
			       (struct ary_reply_progress){ give_time, exchange });
}

/* Replies before the body was read, which ends the connection: the rest of it would be taken for
 * the next request. */
static enum MHD_Result reply_early(struct exchange *exchange)
{
	exchange->call.response.close = true;
	return reply(exchange);
}

/* Called by api when a parked call has its answer, on any thread. The loop goes on with the
 * request; it is woken for the first of those that it finds together, for that costs a system call.
 * Nothing of the exchange may be touched after. */
static void wake(struct ary_call *call)
{
	struct exchange *exchange = call->host;
	struct ary_exchanges *shared = exchange->shared;

	ary_mutex_lock(&shared->lock);
	exchange->next_answered = NULL;
	if (shared->first_answered) {
		shared->last_answered->next_answered = exchange;
	} else {
		shared->first_answered = exchange;
		ary_wake_give(shared->wake);
	}
	shared->last_answered = exchange;
	ary_mutex_unlock(&shared->lock);
}

void ary_exchanges_resume(struct ary_exchanges *exchanges)
{
	struct exchange *answered;

	ary_mutex_lock(&exchanges->lock);
	answered = exchanges->first_answered;
	exchanges->first_answered = NULL;
	ary_mutex_unlock(&exchanges->lock);
	for (; answered; answered = answered->next_answered)
		MHD_resume_connection(answered->connection);
}

static enum MHD_Result park(struct exchange *exchange)
{
	exchange->state = STATE_PARKED;
	exchange->shared->parked++;
	ary_deadline_clear(&exchange->shared->deadlines, &exchange->deadline);
	exchange->call.wake = wake;
	MHD_suspend_connection(exchange->connection);
	ary_api_launch(exchange->shared->api, &exchange->call);
	return MHD_YES;
}

/* Trailers are let pass, as far as they leave room for the answer. */
static bool are_trailers_short(struct exchange *exchange)
{
	const struct ary_request *request = &exchange->call.request;

	if (!request->has_body || request->has_length)
		return true;
	exchange->room_bytes =
		ary_room_after_trailers(exchange->connection, exchange->room_bytes);
	return ary_room_fits_write(&exchange->call, exchange->room_bytes);
}

static enum MHD_Result begin(struct exchange *exchange)
{
	enter_flight(exchange);
	if (!are_trailers_short(exchange)) {
		refuse_head(exchange);
		return reply(exchange);
	}
	switch (ary_api_begin(exchange->shared->api, &exchange->call)) {
	case ARY_STEP_PARK:
		return park(exchange);
	case ARY_STEP_RESPOND:
	case ARY_STEP_BODY:
		break;
	}
	return reply(exchange);
}

static enum MHD_Result finish(struct exchange *exchange)
{
	exchange->shared->parked--;
	exchange->state = STATE_REPLY;
	if (ary_api_finish(exchange->shared->api, &exchange->call) == ARY_STEP_PARK)
		return park(exchange);
	return reply(exchange);
}

/* ---- The head ---- */

void *ary_exchange_on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *exchange = info ? info->socket_context : NULL;

	(void)context;
	if (!exchange)
		return NULL;
	if (exchange->deadline.kind != ARY_DEADLINE_HEADER)
		set_deadline(exchange, ARY_DEADLINE_HEADER);
	exchange->target.size = 0;
	exchange->target_start = target;
	exchange->has_target =
		ary_buf_append(&exchange->target, ary_bytes_of(target ? target : ""));
	return exchange;
}

static enum MHD_Result add_field(void *context, enum MHD_ValueKind kind, const char *name,
				 size_t name_size, const char *value, size_t value_size)
{
	struct exchange *exchange = context;
	struct ary_request *request = &exchange->call.request;

	(void)kind;
	if (request->field_count == exchange->field_capacity)
		return MHD_NO;
	exchange->fields[request->field_count++] = ary_field_of(
		(struct ary_bytes){ (const uint8_t *)name, name_size },
		(struct ary_bytes){ (const uint8_t *)value, value ? value_size : 0 });
	return MHD_YES;
}

static bool collect_fields(struct exchange *exchange)
{
	int count = MHD_get_connection_values(
		exchange->connection, MHD_HEADER_KIND | MHD_COOKIE_KIND | MHD_GET_ARGUMENT_KIND,
		NULL, NULL);
	size_t needed = count > 0 ? (size_t)count : 0;
	struct ary_request *request = &exchange->call.request;

	if (needed > exchange->field_capacity) {
		struct ary_field *fields =
			ary_try_realloc(exchange->fields, needed * sizeof(*fields));

		if (!fields)
			return false;
		exchange->fields = fields;
		exchange->field_capacity = needed;
	}
	request->fields = exchange->fields;
	MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, add_field, exchange);
	exchange->room_bytes = ary_room_after_head(exchange->connection, request, needed,
						   exchange->shared->room_bytes);
	return true;
}

/* What is left of a refused request's body is read away, as far as that is cheap, so that the
 * client sees the answer: closing with unread data would reset the connection. */
static enum MHD_Result refuse(struct exchange *exchange, const struct ary_guard_framing *framing)
{
	const struct ary_request *request = &exchange->call.request;
	bool is_too_long = request->has_length && request->length > exchange->drain_bytes_max;

	if (request->has_body && (framing->expects_continue || is_too_long))
		return reply_early(exchange);
	exchange->state = STATE_DRAIN;
	return MHD_YES;
}

/* Whether there is room for what is announced, so that a body which has no chance is refused before
 * it is sent. Nothing is set aside for it: announcing is cheap for a stranger. */
static bool has_room(const struct exchange *exchange)
{
	const struct ary_request *request = &exchange->call.request;
	uint64_t bytes_min = request->has_length ? request->length : 1;

	return !request->has_body || ary_budget_fits(flight_bytes(exchange), bytes_min);
}

static void set_drain_limit(struct exchange *exchange)
{
	uint64_t limit = exchange->call.body_bytes_max;

	exchange->drain_bytes_max = limit < UINT64_MAX / 2 ? 2 * limit : UINT64_MAX;
	if (exchange->drain_bytes_max < DRAIN_BYTES_MIN)
		exchange->drain_bytes_max = DRAIN_BYTES_MIN;
}

static enum MHD_Result admit(struct exchange *exchange, const struct ary_guard_framing *framing)
{
	struct ary_call *call = &exchange->call;
	struct ary_api *api = exchange->shared->api;
	enum ary_step step;

	call->request.has_length = framing->has_length;
	call->request.length = framing->length;
	call->request.has_body = framing->is_chunked || framing->length > 0;
	step = ary_api_admit(api, call);
	set_drain_limit(exchange);
	if (call->request.has_body)
		set_deadline(exchange, ARY_DEADLINE_BODY);
	if (step != ARY_STEP_BODY)
		return refuse(exchange, framing);
	if (!has_room(exchange)) {
		ary_api_refuse_body(api, call, ARY_BUSY);
		return refuse(exchange, framing);
	}
	if (!ary_room_fits_write(call, exchange->room_bytes)) {
		refuse_head(exchange);
		return refuse(exchange, framing);
	}
	exchange->state = STATE_BODY;
	return MHD_YES;
}

/* The library hands out the words of the request line as strings, which a NUL ends: a PUT of
 * /keys/a<NUL>b would change the key a. They lie where they were received, so in a whole line each
 * begins one byte behind the end of the one before. */
static bool is_line_whole(const struct exchange *exchange, const char *method, const char *version)
{
	const char *target = exchange->target_start;

	return method + strlen(method) + 1 == target &&
	       target + exchange->target.size + 1 == version;
}

/* Some versions of the library join a folded line onto the name of its field, not onto the value:
 * `Content-Length:` folded before its number is a field of another name then, and the body the next
 * request. The longer name lies in new memory; any other name lies before its value. */
static bool has_folded_field(const struct ary_request *request)
{
	for (size_t i = 0; i < request->field_count; i++) {
		const struct ary_field *field = &request->fields[i];

		if (field->value.data &&
		    (uintptr_t)field->value.data <= (uintptr_t)field->name.data)
			return true;
	}
	return false;
}

/* The library hands out the values of fields as strings too, and takes a field without a name for
 * the end of the head: what follows would be the next request. All lies where it was received, with
 * the ends of lines overwritten by NULs, so in a whole head each name begins one end of a line
 * behind the value before, and the last value is followed by two of them. Versions from 1.0 on lay
 * it out in another way, and refuse both themselves. */
static bool are_fields_whole(const struct ary_request *request, const char *version)
{
	const char *end = version + strlen(version);
	size_t line_end_bytes = 1;

	if (MHD_get_version()[0] != '0')
		return true;
	if (request->field_count > 0 && (const char *)request->fields[0].name.data == end + 2)
		line_end_bytes = 2;
	for (size_t i = 0; i < request->field_count; i++) {
		const struct ary_field *field = &request->fields[i];

		if ((const char *)field->name.data != end + line_end_bytes || !field->value.data)
			return false;
		end = (const char *)field->value.data + field->value.size;
	}
	for (size_t i = 0; i < 2 * line_end_bytes; i++)
		if (end[i] != '\0')
			return false;
	return true;
}

static bool find_kept(struct ary_call *call, uint64_t seq, uint64_t now_ms)
{
	struct exchange *exchange = call->host;

	if (exchange->room_bytes < ARY_HOT_ANSWER_BYTES_MAX + ARY_ROOM_LIBRARY_BYTES)
		return false;
	exchange->kept = ary_hot_find(exchange->shared->hot, seq, now_ms);
	return exchange->kept != NULL;
}

static bool check_head(struct exchange *exchange, const char *method, const char *version,
		       struct ary_guard_framing *framing, struct ary_guard_finding *finding)
{
	if (!ary_guard_check(&exchange->call.request, ary_bytes_of(version), framing, finding))
		return false;
	*finding = (struct ary_guard_finding){ 400, "bad-request", NULL };
	if (!is_line_whole(exchange, method, version))
		finding->detail = "the request line holds a NUL, or a space too many";
	else if (has_folded_field(&exchange->call.request))
		finding->detail = "a field is folded over several lines";
	else if (!are_fields_whole(&exchange->call.request, version))
		finding->detail = "a field holds a NUL, has no name, or ends in another way";
	return !finding->detail;
}

static enum MHD_Result take_head(struct exchange *exchange, const char *method, const char *version)
{
	struct ary_guard_framing framing;
	struct ary_guard_finding finding;
	struct ary_call *call = &exchange->call;

	if (exchange->shared->is_closing || !exchange->has_target)
		return MHD_NO;
	ary_call_init(call);
	call->host = exchange;
	call->find_kept = find_kept;
	exchange->has_call = true;
	take_place(exchange);
	call->is_surplus = !exchange->has_place;
	call->request.method = ary_bytes_of(method);
	call->request.target = ary_buf_view(&exchange->target);
	if (!collect_fields(exchange)) {
		ary_api_refuse_body(exchange->shared->api, call, ARY_NO_MEMORY);
		return reply_early(exchange);
	}
	if (check_head(exchange, method, version, &framing, &finding))
		return admit(exchange, &framing);
	ary_api_refuse(exchange->shared->api, call, finding.status, finding.slug, finding.detail);
	return reply_early(exchange);
}

/* ---- The body ---- */

static void refuse_body(struct exchange *exchange, enum ary_status status)
{
	ary_body_release(&exchange->call.body, flight_bytes(exchange));
	ary_api_refuse_body(exchange->shared->api, &exchange->call, status);
	exchange->state = STATE_DRAIN;
}

/* The most bytes that the body can have. */
static uint64_t body_bytes_max(const struct ary_call *call)
{
	return call->request.has_length ? call->request.length : call->body_bytes_max;
}

static void keep(struct exchange *exchange, struct ary_bytes data)
{
	struct ary_call *call = &exchange->call;
	enum ary_status status = ARY_TOO_LARGE;

	if (exchange->received_bytes <= body_bytes_max(call))
		status = ary_body_append(&call->body, data, body_bytes_max(call),
					 flight_bytes(exchange));
	if (status != ARY_OK)
		refuse_body(exchange, status);
}

/* A response cannot be queued in the middle of a body, so a refused one is read to its end, or cut
 * off when there is too much of it. */
static enum MHD_Result take_body(struct exchange *exchange, struct ary_bytes data)
{
	exchange->received_bytes += data.size;
	if (exchange->state == STATE_BODY)
		keep(exchange, data);
	if (exchange->state == STATE_DRAIN && exchange->received_bytes > exchange->drain_bytes_max)
		return MHD_NO;
	return MHD_YES;
}

enum MHD_Result ary_exchange_on_request(void *context, struct MHD_Connection *connection,
					const char *url, const char *method, const char *version,
					const char *data, size_t *data_size, void **request)
{
	struct exchange *exchange = *request;
	struct ary_bytes piece = { (const uint8_t *)data, *data_size };

	(void)context;
	(void)connection;
	(void)url;
	if (!exchange)
		return MHD_NO;
	if (exchange->state == STATE_IDLE)
		return take_head(exchange, method, version);
	if (exchange->state == STATE_PARKED)
		return finish(exchange);
	if (piece.size > 0) {
		*data_size = 0;
		return take_body(exchange, piece);
	}
	if (exchange->state == STATE_DRAIN)
		return reply(exchange);
	ARY_CHECK(exchange->state == STATE_BODY);
	return exchange->shared->is_closing ? MHD_NO : begin(exchange);
}

void ary_exchange_on_completed(void *context, struct MHD_Connection *connection, void **request,
			       enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *request;

	(void)context;
	(void)connection;
	(void)code;
	*request = NULL;
	if (!exchange)
		return;
	reset(exchange);
	set_deadline(exchange, ARY_DEADLINE_IDLE);
}
