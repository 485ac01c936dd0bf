/* SPDX-License-Identifier: MIT */
/* One thread that drives one event loop of the library.
 *
 * The library's own epoll thread blocks with work at hand when exactly k x 128 connections are
 * ready; waiting on its epoll descriptor from outside and running it without a timeout does not.
 * Threads: start, quiesce and stop belong to one thread. */
#ifndef ARY_HTTP_LOOP_H
#define ARY_HTTP_LOOP_H

#include "http/exchange.h"
#include "http/server.h"

struct ary_loop;

struct ary_loop_options {
	const struct ary_server_options *server;
	struct ary_api *api;          /* borrowed until stop */
	struct ary_flight *flight;    /* borrowed until stop */
	struct ary_budget *places;    /* borrowed until stop */
	int listen_fd;                /* borrowed until the loop is quiesced */
	unsigned connections_max;     /* of this loop */
};

/* Starts a loop that accepts from the listening socket. Returns owned. BUSY, IO, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_loop_start(const struct ary_loop_options *options,
					      struct ary_loop **out, struct ary_error *err);

/* Asks LOOP to accept no more; ary_loop_quiesced waits until it has let go of the socket. */
void ary_loop_quiesce(struct ary_loop *loop);
void ary_loop_quiesced(struct ary_loop *loop);

/* Takes LOOP (NULL is fine), which was quiesced: closes its connections and ends its thread. What
 * is still parked is waited for. */
void ary_loop_stop(struct ary_loop *loop);

#endif
