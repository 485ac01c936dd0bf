/* SPDX-License-Identifier: MIT */
#include "http/intake.h"

#include <string.h>

#include "http/body.h"

/* As much is read away of a body that is not wanted as could be kept of it, twice, within these. */
enum { DRAIN_BYTES_MIN = 64 * 1024, DRAIN_BYTES_MAX = 8 * 1024 * 1024 };

void ary_intake_begin(struct ary_intake *intake, struct ary_api *api, struct ary_call *call)
{
	*intake = (struct ary_intake){ .api = api, .call = call };
}

static struct ary_budget *flight_bytes(const struct ary_intake *intake)
{
	return ary_api_flight_bytes(intake->api);
}

/* Whether the body is announced as longer than a piece. */
static bool is_long(const struct ary_call *call)
{
	return call->piece_bytes > 0 && call->request.has_length &&
	       call->request.length > call->piece_bytes;
}

static enum ary_status set_aside(struct ary_intake *intake)
{
	struct ary_call *call = intake->call;

	if (!ary_budget_take(ary_api_piece_bytes(intake->api), call->piece_bytes))
		return ARY_BUSY;
	intake->set_aside_bytes = call->piece_bytes;
	return ary_body_reserve(&call->body, (size_t)call->piece_bytes, flight_bytes(intake));
}

enum ary_status ary_intake_make_room(struct ary_intake *intake)
{
	const struct ary_request *request = &intake->call->request;
	uint64_t bytes_min = request->has_length ? request->length : 1;

	if (!request->has_body)
		return ARY_OK;
	if (is_long(intake->call))
		return set_aside(intake);
	return ary_budget_fits(flight_bytes(intake), bytes_min) ? ARY_OK : ARY_BUSY;
}

void ary_intake_let_go(struct ary_intake *intake)
{
	ary_body_release(&intake->call->body, flight_bytes(intake));
	ary_budget_give(ary_api_piece_bytes(intake->api), intake->set_aside_bytes);
	intake->set_aside_bytes = 0;
}

void ary_intake_end(struct ary_intake *intake)
{
	if (intake->call)
		ary_intake_let_go(intake);
	memset(intake, 0, sizeof(*intake));
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The most bytes that the body can have, and that can be kept of it at a time. */
static uint64_t body_bytes_max(const struct ary_call *call)
{
	return call->request.has_length ? call->request.length : call->body_bytes_max;
}

static uint64_t kept_bytes_max(const struct ary_call *call)
{
	uint64_t bytes_max = body_bytes_max(call);

	return call->piece_bytes > 0 ? smaller(bytes_max, call->piece_bytes) : bytes_max;
}

enum ary_status ary_intake_keep(struct ary_intake *intake, struct ary_bytes *data)
{
	struct ary_call *call = intake->call;
	struct ary_bytes front = *data;
	enum ary_status status;

	if (data->size > body_bytes_max(call) - intake->received_bytes)
		return ARY_TOO_LARGE;
	front.size = (size_t)smaller(front.size, kept_bytes_max(call) - call->body.size);
	status = ary_body_append(&call->body, front, kept_bytes_max(call), flight_bytes(intake));
	if (status != ARY_OK)
		return status;
	intake->received_bytes += front.size;
	*data = (struct ary_bytes){ data->data + front.size, data->size - front.size };
	return ARY_OK;
}

static uint64_t drain_bytes_max(const struct ary_call *call)
{
	uint64_t limit = smaller(call->body_bytes_max, DRAIN_BYTES_MAX / 2);

	return 2 * limit > DRAIN_BYTES_MIN ? 2 * limit : DRAIN_BYTES_MIN;
}

bool ary_intake_drain(struct ary_intake *intake, struct ary_bytes data)
{
	intake->drained_bytes += data.size;
	return intake->drained_bytes <= drain_bytes_max(intake->call);
}

bool ary_intake_is_last(const struct ary_intake *intake, struct ary_bytes data)
{
	const struct ary_request *request = &intake->call->request;

	return request->has_length && request->length - intake->received_bytes == data.size;
}

bool ary_intake_is_short(const struct ary_intake *intake)
{
	const struct ary_request *request = &intake->call->request;

	return !request->has_body ||
	       (request->has_length &&
		request->length - intake->received_bytes <= drain_bytes_max(intake->call));
}
