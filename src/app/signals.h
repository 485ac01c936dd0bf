/* SPDX-License-Identifier: MIT */
/* The signals that end a server, as something to wait for. A thread of its own takes them, so that
 * a second one ends the process even when the first one's orderly way hangs.
 *
 * Threads: post belongs to any, the others to one. */
#ifndef ARY_APP_SIGNALS_H
#define ARY_APP_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "env/thread.h"

struct ary_signals {
	struct ary_thread thread;
	sigset_t set;
	struct ary_mutex mutex;
	struct ary_cond cond;
	unsigned taken;  /* signals so far; under `mutex`, like what follows */
	bool posted;
	bool ending;
};

/* Blocks SIGTERM, SIGINT and, unless it is ignored, SIGHUP in this thread and those that it
 * starts from now on, and takes them. Comes before any other thread. BUSY: no thread to be had. */
ARY_MUST_CHECK enum ary_status ary_signals_start(struct ary_signals *signals,
						 struct ary_error *err);

/* Lets a wait end without a signal. */
void ary_signals_post(struct ary_signals *signals);

/* Waits until a signal has come (true), or something was posted (false). */
bool ary_signals_wait(struct ary_signals *signals);

/* Waits until something was posted, for at most TIMEOUT_MS. False: the time was up. */
bool ary_signals_wait_post(struct ary_signals *signals, uint64_t timeout_ms);

/* Waits TIMEOUT_MS. */
void ary_signals_pause(struct ary_signals *signals, uint64_t timeout_ms);

/* Ends the thread. From now on signals stay blocked and wait for nobody. */
void ary_signals_stop(struct ary_signals *signals);

#endif
