/* SPDX-License-Identifier: MIT */
/* Bugs that a store could have, made between the real one and the simulated machine: a call that is
 * left out, made at another time, or made with other bytes. The crash test must find each.
 *
 * Threads: one at a time. */
#ifndef ARY_TESTS_LIB_CRASH_BUGS_H
#define ARY_TESTS_LIB_CRASH_BUGS_H

#include "lib/crash_check.h"

struct crash_bug_row {
	const char *name;
	crash_bug bug;
};

/* The table; *COUNT_OUT rows. Returns borrowed until for ever. */
const struct crash_bug_row *crash_bugs(size_t *count_out);

#endif
