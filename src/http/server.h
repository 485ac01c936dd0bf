/* SPDX-License-Identifier: MIT */
/* The HTTP server: sockets in front of the api floor. Door of <microhttpd.h>.
 *
 * N loops, each a thread with an event loop of the library that it drives itself, all on one
 * listening socket. (The library's own epoll thread stalls at exactly k x 128 ready connections.)
 *
 * A connection that finds all places taken is surplus: its requests are answered 503 and it is
 * closed, but for probes, so that an overloaded server is not taken for a dead one. Beyond the
 * surplus, connections wait in the backlog until one ends.
 *
 * Stop: ary_server_quiesce (no new connections), drain the replica so that nothing is parked, then
 * ary_server_stop.
 * Threads: start, quiesce and stop belong to one thread. */
#ifndef ARY_HTTP_SERVER_H
#define ARY_HTTP_SERVER_H

#include <stdint.h>

#include "api/api.h"
#include "base/status.h"
#include "env/net.h"

struct ary_server;

struct ary_server_options {
	struct ary_address listen;
	unsigned loops;               /* threads; at least 1 */
	unsigned connections_max;     /* served at once, by all loops together */
	unsigned surplus_max;         /* taken beyond those: only probes are answered on them */
	uint64_t hot_bytes_max;       /* of answers that each loop keeps, to send them again */
	uint64_t header_timeout_ms;   /* from accept, or the request line, to the head's end */
	uint64_t body_timeout_ms;     /* from the end of the head to the end of the body */
	uint64_t reply_timeout_ms;    /* for a reply to be taken; parked requests do not count */
	uint64_t idle_timeout_ms;     /* between requests of one connection */
	/* A head within these reaches the api floor, and so does one somewhat over them. */
	uint64_t target_bytes_max;
	uint64_t header_bytes_max;
	uint64_t header_fields_max;
	uint64_t key_bytes_max;       /* what an answer may have to tell of it */
};

/* Listens and serves API (borrowed). *BOUND_OUT is the address in use. Returns owned. */
ARY_MUST_CHECK enum ary_status ary_server_start(const struct ary_server_options *options,
						struct ary_api *api, struct ary_address *bound_out,
						struct ary_server **out, struct ary_error *err);

/* Accepts no further connection; requests on open ones are still answered. */
void ary_server_quiesce(struct ary_server *server);

/* Waits until every request that has arrived whole is answered, for at most TIMEOUT_MS. OK or
 * BUSY. */
ARY_MUST_CHECK enum ary_status ary_server_drain(struct ary_server *server, uint64_t timeout_ms);

/* Takes SERVER (NULL is fine): closes every connection and ends the loops. Waits for what is still
 * parked, which nobody may have forgotten. */
void ary_server_stop(struct ary_server *server);

#endif
