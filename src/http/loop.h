/* SPDX-License-Identifier: MIT */
/* One event loop of the library, and the thread that drives it.
 *
 * The library's own epoll thread blocks with work at hand when exactly k x 128 connections are
 * ready; waiting on its epoll descriptor from outside and running it without a timeout does not.
 * Threads: create, start, quiesce and stop belong to one thread; so do take and turn, which are for
 * loops without a thread of their own. */
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
	int listen_fd;                /* borrowed until the loop is quiesced; -1: none */
	unsigned connections_max;     /* of this loop */
};

/* Makes a loop that accepts from the listening socket. Returns owned. BUSY, IO, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_loop_create(const struct ary_loop_options *options,
					       struct ary_loop **out, struct ary_error *err);

/* Gives LOOP a thread that drives it. BUSY, NO_MEMORY: it has none, and can be stopped. */
ARY_MUST_CHECK enum ary_status ary_loop_start(struct ary_loop *loop, struct ary_error *err);

/* Takes connection FD (not blocking), as if LOOP had accepted it. False: it was closed. */
bool ary_loop_take(struct ary_loop *loop, int fd);

/* Waits at most WAIT_MS_MAX for something to do, and does it. */
void ary_loop_turn(struct ary_loop *loop, int wait_ms_max);

/* Asks LOOP to accept no more; ary_loop_quiesced waits until it has let go of the socket. */
void ary_loop_quiesce(struct ary_loop *loop);
void ary_loop_quiesced(struct ary_loop *loop);

/* Takes LOOP (NULL is fine), which was quiesced unless it has no thread or does not listen: closes
 * its connections and ends its thread. What is still parked is waited for; without a thread nothing
 * may be. */
void ary_loop_stop(struct ary_loop *loop);

#endif
