/* SPDX-License-Identifier: MIT */
/* Which states a power failure may leave of a disk: all of them where they are few, otherwise
 * nothing of what was not synced, all of it, and mixes drawn by a seed.
 *
 * Threads: one at a time. */
#ifndef ARY_TESTS_LIB_SIM_CRASH_H
#define ARY_TESTS_LIB_SIM_CRASH_H

#include "lib/sim_disk.h"

/* A generator of its own (splitmix64), so that a seed means the same everywhere. */
struct sim_random {
	uint64_t state;
};

/* A number below BELOW, which is not 0. */
uint64_t sim_draw(struct sim_random *random, uint64_t below);

struct sim_crash_options {
	uint64_t exhaustive_max; /* up to so many states, all of them */
	unsigned mixes;          /* else so many mixes, beside all and none */
	struct sim_random *random;
};

/* Called with each state: everything on it is durable. STATE is released after it returns.
 * Returning false ends the enumeration. */
typedef bool (*sim_crash_visit)(void *context, struct sim_disk *state);

/* Visits states of DISK, which may be visited more than once where they are equal. Answers whether
 * all there are were. */
bool sim_crash_states(const struct sim_disk *disk, const struct sim_crash_options *options,
		      sim_crash_visit visit, void *context);

/* Makes OUT (all zero) one state of DISK, drawn at random. */
void sim_crash_draw(const struct sim_disk *disk, struct sim_random *random, struct sim_disk *out);

/* A hash of the names and contents of a state. */
uint64_t sim_crash_hash(const struct sim_disk *state);

#endif
