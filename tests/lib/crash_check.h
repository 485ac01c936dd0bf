/* SPDX-License-Identifier: MIT */
/* Opens the real store on what a crash left, and holds it against the oracle.
 *
 * Threads: one at a time, any. */
#ifndef ARY_TESTS_LIB_CRASH_CHECK_H
#define ARY_TESTS_LIB_CRASH_CHECK_H

#include "lib/crash_oracle.h"
#include "lib/sim_crash.h"
#include "lib/sim_env.h"

/* Hashes seen before; all zero is empty. */
struct crash_set {
	uint64_t *slots; /* 0 where empty; owned */
	size_t capacity;
	size_t count;
};

/* Whether HASH is new; it is not from now on. */
bool crash_set_add(struct crash_set *set, uint64_t hash);
void crash_set_release(struct crash_set *set);

/* What was done, over many scripts. */
struct crash_figures {
	uint64_t scripts;
	uint64_t writes;
	uint64_t points;        /* calls before which the power was cut */
	uint64_t exhaustive;    /* of them, how many had all their states looked at */
	uint64_t states;        /* before equal ones were dropped */
	uint64_t recovery_cuts; /* states of cuts during a recovery */
	uint64_t kills;         /* kill -9, each followed by a power failure */
	uint64_t opens;
	_Atomic uint64_t by_checkpoint; /* of them, how many read no line; counted once the store
					 * is open, and its threads may look at states, too */
	struct crash_set images; /* distinct states */
	struct crash_set checks; /* distinct states, each under what it had to hold */
};

/* What stands between a store and the simulated machine: a seeded bug, or NULL. */
typedef enum sim_verdict (*crash_bug)(struct sim_call *call);

struct crash_check {
	const struct ary_store_options *options; /* of the run: mode, sizes */
	const struct oracle *oracle;
	crash_bug bug;
	struct sim_random random;
	struct crash_figures *figures;
	bool failed;
	char why[ORACLE_WHY_BYTES];
};

/* Fails CHECK, which keeps its first reason. */
void crash_check_fail(struct crash_check *check, const char *format, ...) ARY_PRINTF(2, 3);

/* All states that a power failure may leave of DISK: each must open, hold at least what had to
 * survive and at most what was issued, take a write, and keep it through a second cut. */
void crash_check_power(struct crash_check *check, const struct sim_disk *disk);

/* A process killed now: the store must open with all that was acknowledged, and what it then
 * serves must survive a power failure. */
void crash_check_kill(struct crash_check *check, const struct sim_disk *disk);

/* Opens a store on SIM. False: it did not open, and CHECK has failed. */
bool crash_check_open(struct crash_check *check, struct sim_env *sim,
		      const struct ary_store_options *options, struct ary_store **out);

/* Compacts, waits and answers the report. */
struct ary_compaction_report crash_compact(struct ary_store *store, bool full);

/* Ends STORE on SIM as a killed process would. */
void crash_abandon(struct sim_env *sim, struct ary_store *store);

#endif
