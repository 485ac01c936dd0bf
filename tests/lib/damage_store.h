/* SPDX-License-Identifier: MIT */
/* A store that a seed makes, all in memory: groups of many sizes, deletes, binary values,
 * rotations, compactions, restarts and kills; and what was written into it.
 *
 * Whatever goes wrong ends the test program. Threads: one. */
#ifndef ARY_TESTS_LIB_DAMAGE_STORE_H
#define ARY_TESTS_LIB_DAMAGE_STORE_H

#include "lib/crash_oracle.h"
#include "lib/image.h"
#include "lib/sim_crash.h"
#include "store/store.h"

/* How the last run ends. */
enum damage_ending {
	DAMAGE_CLOSED,    /* in order */
	DAMAGE_WITNESSED, /* killed, when WATERMARK was up to date; durability always */
	DAMAGE_KILLED,    /* killed, when it was not; durability always */
	DAMAGE_ENDINGS,
};

struct damage_store {
	struct memory_env *env; /* NULL once it has ended; owned */
	struct ary_store *store;
	struct ary_store_options options;
	struct sim_random random;
	struct oracle oracle;
	uint64_t seqs[ORACLE_WRITES_MAX + 1]; /* of each write, from 1 */
	size_t group_start;                   /* so many writes came before the last group */
};

/* Makes the store of SEED and leaves it open. */
void damage_store_begin(struct damage_store *self, uint64_t seed, enum damage_ending ending);

/* Ends it; OUT (all zero) is what is on disk then. */
void damage_store_end(struct damage_store *self, enum damage_ending ending, struct image *out);

/* How many writes have a seq of at most SEQ. */
size_t damage_store_writes(const struct damage_store *self, uint64_t seq);
/* What the lines of IMAGE up to SEQ make. After a merge that is no state that ever was, where it
 * rests on a later line. */
void damage_store_replay(const struct damage_store *self, const struct image *image, uint64_t seq,
			 struct oracle_state *out);

#endif
