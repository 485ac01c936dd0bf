/* SPDX-License-Identifier: MIT */
/* The library calls on_target for the request line, on_request for the head, for each piece of the
 * body, once more at its end, again after a suspension, and at each run while it is held, and
 * on_completed at the end. */
#include "http/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "http/desk.h"
#include "http/early.h"
#include "http/head.h"
#include "http/reply.h"
#include "http/room.h"

enum state {
	STATE_IDLE,    /* between requests; the request line may have been seen */
	STATE_BODY,    /* takes the body, then begins */
	STATE_PASSING, /* parked in the middle of the body, while a piece of it is stored */
	STATE_DRAIN,   /* response is set; reads the rest of the body away, then replies */
	STATE_SPENT,   /* answered in the middle of the body; reads some of the rest, then ends */
	STATE_PARKED,  /* waits for its answer */
	STATE_REPLY,   /* the library sends the response */
};

enum { FIELDS_FIRST = 16 };

struct exchange {
	struct ary_exchanges *shared;
	struct MHD_Connection *connection;
	struct ary_deadline deadline;
	enum state state;
	bool has_place;        /* among the connections that are served; else it is surplus */
	bool is_under_way;     /* counted in the flight */
	bool is_gone;          /* its connection has ended, and its answer has still to come */
	struct ary_desk *desk; /* from the request line to the end of the request; or NULL */
	struct ary_spot spot;
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
	if (exchange->desk && exchange->desk->has_call) {
		ary_intake_end(&exchange->desk->intake);
		ary_call_release(&exchange->desk->call);
	}
	if (exchange->is_under_way) {
		exchange->is_under_way = false;
		ary_flight_leave(exchange->shared->flight);
	}
	ary_desks_give(&exchange->shared->desks, exchange->desk);
	exchange->desk = NULL;
	exchange->state = STATE_IDLE;
}

static void destroy(struct exchange *exchange)
{
	reset(exchange);
	if (exchange->has_place)
		ary_budget_give(exchange->shared->places, 1);
	free(exchange);
}

/* Its connection has ended; so does EXCHANGE (NULL is fine), unless its answer has still to come:
 * it keeps its place, too, so that there are no more of them than places. */
static void leave(struct exchange *exchange)
{
	if (!exchange)
		return;
	ary_deadline_clear(&exchange->shared->deadlines, &exchange->deadline);
	exchange->is_gone = ary_parking_abandon(&exchange->shared->parking, &exchange->spot);
	if (!exchange->is_gone)
		destroy(exchange);
}

void ary_exchange_on_orphan(struct ary_spot *spot)
{
	struct exchange *exchange =
		(struct exchange *)(void *)((char *)spot - offsetof(struct exchange, spot));

	if (exchange->is_gone)
		destroy(exchange);
	else
		reset(exchange);
}

void ary_exchange_on_connection(void *context, struct MHD_Connection *connection, void **socket,
				enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket = create(context, connection);
		return;
	}
	leave(*socket);
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
	ary_api_refuse(exchange->shared->api, &exchange->desk->call, 431, "headers-too-large",
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
	struct ary_call *call = &exchange->desk->call;

	if (call->response.status < 400 && (call->method == ARY_GET || call->method == ARY_HEAD) &&
	    !ary_room_fits(&call->response, exchange->desk->room_bytes))
		refuse_head(exchange);
}

/* A large value may take as long as a reply may, for each of its parts. */
static void give_time(void *context)
{
	set_deadline(context, ARY_DEADLINE_REPLY);
}

static void go_on(void *context)
{
	struct exchange *exchange = context;

	ary_parking_go_on(&exchange->shared->parking);
}

/* Whatever was to be done with the request's body has been done, so only the reply is held on to
 * while the client takes it. A value is read before it is known how much it holds, so each loop may
 * have one more than the budget for a moment. */
static enum MHD_Result reply(struct exchange *exchange)
{
	struct ary_budget *flight = flight_bytes(exchange);
	struct ary_call *call = &exchange->desk->call;

	enter_flight(exchange);
	ary_parking_go_on(&exchange->shared->parking);
	exchange->state = STATE_REPLY;
	set_deadline(exchange, ARY_DEADLINE_REPLY);
	ary_intake_end(&exchange->desk->intake);
	if (call->response.is_kept)
		return ary_reply_queue_kept(exchange->connection, &call->response,
					    exchange->desk->kept);
	mind_room(exchange);
	if (is_size_only(call))
		ary_reply_drop_body(&call->response);
	if (!ary_reply_charge(&call->response, flight)) {
		ary_api_refuse_body(exchange->shared->api, call, ARY_BUSY);
		ARY_CHECK(ary_reply_charge(&call->response, flight));
	}
	return ary_reply_queue(exchange->connection, &call->response, flight,
			       exchange->shared->hot,
			       (struct ary_reply_progress){ give_time, go_on, exchange });
}

/* Replies before the body was read, which ends the connection: the rest of it would be taken for
 * the next request. */
static enum MHD_Result reply_early(struct exchange *exchange)
{
	exchange->desk->call.response.close = true;
	return reply(exchange);
}

/* Called by api when a parked call has its answer, on any thread. Nothing of the exchange may be
 * touched after. */
static void wake(struct ary_call *call)
{
	struct exchange *exchange = call->host;

	ary_parking_wake(&exchange->shared->parking, &exchange->spot);
}

/* Parks the request while what it waits for goes on; the library reads no more of it then. In the
 * middle of a body it must be suspended: the library would give the rest of that again and
 * again. */
static enum MHD_Result park(struct exchange *exchange, enum state state)
{
	struct ary_call *call = &exchange->desk->call;
	bool briefly = state == STATE_PARKED && call->is_brief;

	exchange->state = state;
	ary_deadline_clear(&exchange->shared->deadlines, &exchange->deadline);
	call->wake = wake;
	ary_parking_take(&exchange->shared->parking, &exchange->spot, exchange->connection,
			 briefly);
	ary_api_launch(exchange->shared->api, call);
	return MHD_YES;
}

/* Trailers are let pass, as far as they leave room for the answer. */
static bool are_trailers_short(struct exchange *exchange)
{
	const struct ary_request *request = &exchange->desk->call.request;

	if (!request->has_body || request->has_length)
		return true;
	exchange->desk->room_bytes =
		ary_room_after_trailers(exchange->connection, exchange->desk->room_bytes);
	return ary_room_fits_write(&exchange->desk->call, exchange->desk->room_bytes);
}

static enum MHD_Result begin(struct exchange *exchange)
{
	enter_flight(exchange);
	if (!are_trailers_short(exchange)) {
		refuse_head(exchange);
		return reply(exchange);
	}
	switch (ary_api_begin(exchange->shared->api, &exchange->desk->call)) {
	case ARY_STEP_PARK:
		return park(exchange, STATE_PARKED);
	case ARY_STEP_RESPOND:
	case ARY_STEP_BODY:
		break;
	}
	return reply(exchange);
}

static enum MHD_Result finish(struct exchange *exchange)
{
	exchange->state = STATE_REPLY;
	if (ary_api_finish(exchange->shared->api, &exchange->desk->call) == ARY_STEP_PARK)
		return park(exchange, STATE_PARKED);
	return reply(exchange);
}

/* ---- The head ---- */

static void take_target(struct ary_desk *desk, const char *target)
{
	desk->target.size = 0;
	desk->target_start = target;
	desk->has_target = ary_buf_append(&desk->target, ary_bytes_of(target));
}

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
	if (!exchange->desk)
		exchange->desk = ary_desks_take(&exchange->shared->desks);
	if (exchange->desk)
		take_target(exchange->desk, target ? target : "");
	return exchange;
}

/* A head that is read. */
struct reading {
	struct ary_desk *desk;
	size_t note_count; /* of fields, parameters and cookies */
	bool failed;
};

static bool grow_fields(struct ary_desk *desk)
{
	size_t capacity = desk->field_capacity > 0 ? 2 * desk->field_capacity : FIELDS_FIRST;
	struct ary_field *fields = ary_try_realloc(desk->fields, capacity * sizeof(*fields));

	if (!fields)
		return false;
	desk->fields = fields;
	desk->field_capacity = capacity;
	return true;
}

static enum MHD_Result add_field(void *context, enum MHD_ValueKind kind, const char *name,
				 size_t name_size, const char *value, size_t value_size)
{
	struct reading *reading = context;
	struct ary_desk *desk = reading->desk;
	struct ary_request *request = &desk->call.request;

	reading->note_count++;
	if (kind != MHD_HEADER_KIND)
		return MHD_YES;
	if (request->field_count == desk->field_capacity && !grow_fields(desk)) {
		reading->failed = true;
		return MHD_NO;
	}
	desk->fields[request->field_count++] = ary_field_of(
		(struct ary_bytes){ (const uint8_t *)name, name_size },
		(struct ary_bytes){ (const uint8_t *)value, value ? value_size : 0 });
	return MHD_YES;
}

static bool collect_fields(struct exchange *exchange)
{
	struct ary_desk *desk = exchange->desk;
	struct reading reading = { .desk = desk };

	MHD_get_connection_values_n(exchange->connection,
				    MHD_HEADER_KIND | MHD_COOKIE_KIND | MHD_GET_ARGUMENT_KIND,
				    add_field, &reading);
	desk->call.request.fields = desk->fields;
	desk->room_bytes = ary_room_after_head(exchange->connection, &desk->call.request,
					       reading.note_count, exchange->shared->room_bytes);
	return !reading.failed;
}

/* What is left of a refused request's body is read away, as far as that is cheap, so that the
 * client sees the answer: closing with unread data would reset the connection. */
static enum MHD_Result refuse(struct exchange *exchange, const struct ary_guard_framing *framing)
{
	const struct ary_request *request = &exchange->desk->call.request;
	bool is_too_long = request->has_length && !ary_intake_is_short(&exchange->desk->intake);

	ary_intake_let_go(&exchange->desk->intake);
	if (request->has_body && (framing->expects_continue || is_too_long))
		return reply_early(exchange);
	exchange->state = STATE_DRAIN;
	return MHD_YES;
}

static enum MHD_Result admit(struct exchange *exchange, const struct ary_guard_framing *framing)
{
	struct ary_call *call = &exchange->desk->call;
	struct ary_api *api = exchange->shared->api;
	enum ary_status status;
	enum ary_step step;

	call->request.has_length = framing->has_length;
	call->request.length = framing->length;
	call->request.has_body = framing->is_chunked || framing->length > 0;
	step = ary_api_admit(api, call);
	ary_intake_begin(&exchange->desk->intake, api, call);
	if (call->request.has_body)
		set_deadline(exchange, ARY_DEADLINE_BODY);
	if (framing->expects_continue)
		ary_parking_go_on(&exchange->shared->parking);
	if (step != ARY_STEP_BODY)
		return refuse(exchange, framing);
	status = ary_intake_make_room(&exchange->desk->intake);
	if (status != ARY_OK) {
		ary_api_refuse_body(api, call, status);
		return refuse(exchange, framing);
	}
	if (!ary_room_fits_write(call, exchange->desk->room_bytes)) {
		refuse_head(exchange);
		return refuse(exchange, framing);
	}
	exchange->state = STATE_BODY;
	return MHD_YES;
}

static bool find_kept(struct ary_call *call, uint64_t seq, uint64_t now_ms)
{
	struct exchange *exchange = call->host;
	struct ary_desk *desk = exchange->desk;

	if (desk->room_bytes < ARY_HOT_ANSWER_BYTES_MAX + ARY_ROOM_LIBRARY_BYTES)
		return false;
	desk->kept = ary_hot_find(exchange->shared->hot, seq, now_ms);
	return desk->kept != NULL;
}

static enum MHD_Result take_head(struct exchange *exchange, const char *method, const char *version)
{
	struct ary_guard_framing framing;
	struct ary_guard_finding finding;
	struct ary_head head;
	struct ary_desk *desk = exchange->desk;
	struct ary_call *call;

	if (exchange->shared->is_closing || !desk || !desk->has_target)
		return MHD_NO;
	call = &desk->call;
	ary_call_init(call);
	call->host = exchange;
	call->find_kept = find_kept;
	desk->has_call = true;
	take_place(exchange);
	call->is_surplus = !exchange->has_place;
	call->request.method = ary_bytes_of(method);
	call->request.target = ary_buf_view(&desk->target);
	if (!collect_fields(exchange)) {
		ary_api_refuse_body(exchange->shared->api, call, ARY_NO_MEMORY);
		return reply_early(exchange);
	}
	head = (struct ary_head){ &call->request, desk->target_start, ary_bytes_of(version) };
	if (ary_head_check(&head, &framing, &finding))
		return admit(exchange, &framing);
	ary_api_refuse(exchange->shared->api, call, finding.status, finding.slug, finding.detail);
	return reply_early(exchange);
}

/* ---- The body ---- */

/* The response is set in the middle of the body, where the library cannot send it. A rest that is
 * known to be short is read to its end, and the connection goes on; else the client is told at
 * once, and this is the end of the connection. */
static enum MHD_Result answer_in_body(struct exchange *exchange)
{
	ary_intake_let_go(&exchange->desk->intake);
	if (ary_intake_is_short(&exchange->desk->intake)) {
		exchange->state = STATE_DRAIN;
		return MHD_YES;
	}
	exchange->state = STATE_SPENT;
	return ary_early_send(exchange->deadline.fd, &exchange->desk->call.response) ? MHD_YES
										       : MHD_NO;
}

/* Has a piece of the body stored; what the library holds of the next one stays there. */
static enum MHD_Result pass(struct exchange *exchange)
{
	if (exchange->shared->is_closing)
		return MHD_NO;
	if (ary_api_pass(exchange->shared->api, &exchange->desk->call) == ARY_STEP_PARK)
		return park(exchange, STATE_PASSING);
	return answer_in_body(exchange);
}

static enum MHD_Result keep(struct exchange *exchange, struct ary_bytes *data)
{
	enum ary_status status = ary_intake_keep(&exchange->desk->intake, data);

	if (status == ARY_OK)
		return data->size > 0 ? pass(exchange) : MHD_YES;
	ary_api_refuse_body(exchange->shared->api, &exchange->desk->call, status);
	return answer_in_body(exchange);
}

static enum MHD_Result drain(struct exchange *exchange, struct ary_bytes *data)
{
	bool goes_on = ary_intake_drain(&exchange->desk->intake, *data);

	data->size = 0;
	return goes_on ? MHD_YES : MHD_NO;
}

/* What is left of DATA comes again, when it is its turn; and more may have come by now. */
static enum MHD_Result take_body(struct exchange *exchange, struct ary_bytes *data)
{
	enum MHD_Result result = MHD_YES;

	if (!ary_intake_is_last(&exchange->desk->intake, *data))
		ary_parking_go_on(&exchange->shared->parking);
	if (exchange->state == STATE_BODY)
		result = keep(exchange, data);
	if (result == MHD_YES && exchange->state != STATE_BODY && exchange->state != STATE_PASSING)
		result = drain(exchange, data);
	return result;
}

/* After the suspension: a piece may take as long as a body may. */
static enum MHD_Result resume_body(struct exchange *exchange)
{
	exchange->state = STATE_BODY;
	set_deadline(exchange, ARY_DEADLINE_BODY);
	if (ary_api_passed(exchange->shared->api, &exchange->desk->call) == ARY_STEP_BODY)
		return MHD_YES;
	return answer_in_body(exchange);
}

static enum MHD_Result end_body(struct exchange *exchange)
{
	if (exchange->state == STATE_DRAIN)
		return reply(exchange);
	if (exchange->state == STATE_SPENT || exchange->shared->is_closing)
		return MHD_NO;
	ARY_CHECK(exchange->state == STATE_BODY);
	return begin(exchange);
}

enum MHD_Result ary_exchange_on_request(void *context, struct MHD_Connection *connection,
					const char *url, const char *method, const char *version,
					const char *data, size_t *data_size, void **request)
{
	struct exchange *exchange = *request;
	struct ary_bytes piece = { (const uint8_t *)data, *data_size };
	enum MHD_Result result;

	(void)context;
	(void)connection;
	(void)url;
	if (!exchange)
		return MHD_NO;
	if (!ary_parking_leave(&exchange->shared->parking, &exchange->spot))
		return MHD_YES;
	if (exchange->state == STATE_IDLE)
		return take_head(exchange, method, version);
	if (exchange->state == STATE_PARKED)
		return finish(exchange);
	if (exchange->state == STATE_PASSING && resume_body(exchange) != MHD_YES)
		return MHD_NO;
	if (piece.size == 0)
		return end_body(exchange);
	result = take_body(exchange, &piece);
	*data_size = piece.size;
	return result;
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
	ary_parking_go_on(&exchange->shared->parking);
	if (ary_parking_abandon(&exchange->shared->parking, &exchange->spot))
		return;
	reset(exchange);
	set_deadline(exchange, ARY_DEADLINE_IDLE);
}
