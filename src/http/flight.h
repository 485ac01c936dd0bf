/* SPDX-License-Identifier: MIT */
/* How many requests are under way in all loops of a server, and waiting for none.
 *
 * Threads: enter and leave any; wait one at a time. */
#ifndef ARY_HTTP_FLIGHT_H
#define ARY_HTTP_FLIGHT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "env/thread.h"

struct ary_flight {
	atomic_size_t count;
	atomic_bool watched; /* somebody waits: the last one out must signal */
	struct ary_mutex mutex;
	struct ary_cond empty;
};

void ary_flight_init(struct ary_flight *flight);
void ary_flight_release(struct ary_flight *flight);

void ary_flight_enter(struct ary_flight *flight);
void ary_flight_leave(struct ary_flight *flight);

/* Waits until nothing is under way. False: TIMEOUT_MS was over first. */
bool ary_flight_wait(struct ary_flight *flight, uint64_t timeout_ms);

#endif
