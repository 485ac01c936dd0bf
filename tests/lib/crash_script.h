/* SPDX-License-Identifier: MIT */
/* A seeded script of writes, values that end, batches, rotations, compactions, restarts, kills and
 * failing calls on the real store over a simulated machine, whose power is cut before every call
 * that changes something: a fork of the machine goes on from there, the script too.
 *
 * The store's threads are real. The script waits for each step, so that one thread at a time
 * makes calls, and a seed means the same in every run.
 * Threads: one. */
#ifndef ARY_TESTS_LIB_CRASH_SCRIPT_H
#define ARY_TESTS_LIB_CRASH_SCRIPT_H

#include "lib/crash_check.h"

/* Runs script SEED; adds to FIGURES. Answers whether all was right; WHY says what was not. */
bool crash_script_run(uint64_t seed, crash_bug bug, struct crash_figures *figures,
		      char why[ORACLE_WHY_BYTES]);

#endif
