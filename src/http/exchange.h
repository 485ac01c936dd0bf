/* SPDX-License-Identifier: MIT */
/* One request's life on a connection, between the library's callbacks and the api floor:
 * IDLE -> BODY (or DRAIN) -> PARKED -> REPLY -> IDLE; in between BODY -> PASSING -> BODY for each
 * piece of a long one, and -> SPENT where it is refused in its middle.
 *
 * A connection has one exchange at a time, so the object lives as long as the connection.
 * Threads: the loop's, but for the wake of a parked call, which may come on any. */
#ifndef ARY_HTTP_EXCHANGE_H
#define ARY_HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/api.h"
#include "base/budget.h"
#include "http/deadline.h"
#include "http/desk.h"
#include "http/flight.h"
#include "http/hot.h"
#include "http/parking.h"

struct exchange;

/* What the exchanges of one loop share. */
struct ary_exchanges {
	struct ary_api *api;
	struct ary_flight *flight;
	struct ary_budget *places;
	struct ary_hot *hot;
	struct ary_desks desks; /* those that no request has */
	size_t room_bytes;      /* of each connection, for the heads of a request and its answer */
	struct ary_deadlines deadlines;
	uint64_t now_ms;        /* of this turn of the loop */
	bool is_closing;        /* requests that have not begun are dropped */
	bool has_closed;        /* a connection ended in this turn of the loop */
	struct ary_parking parking;
};

/* Called by the parking. */
void ary_exchange_on_orphan(struct ary_spot *spot);

/* The library's callbacks; CONTEXT is the struct ary_exchanges. */
void ary_exchange_on_connection(void *context, struct MHD_Connection *connection, void **socket,
				enum MHD_ConnectionNotificationCode code);
void *ary_exchange_on_target(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result ary_exchange_on_request(void *context, struct MHD_Connection *connection,
					const char *url, const char *method, const char *version,
					const char *data, size_t *data_size, void **request);
void ary_exchange_on_completed(void *context, struct MHD_Connection *connection, void **request,
			       enum MHD_RequestTerminationCode code);

#endif
