/* SPDX-License-Identifier: MIT */
/* The store's time, by which values expire: the machine's clock, but never before the time of a
 * line that is in the log, nor before a time at which somebody was told that a value is over: there
 * may be no line yet that ends it. So what a reader was told is over, stays over, whoever sets the
 * clock back, and with that line after a restart too; until the clock has caught up, this time
 * stands still. A merge, which may drop the line with the latest time, writes its own lines at this
 * time.
 *
 * Threads: any. Units: milliseconds since 1970. */
#ifndef ARY_STORE_CLOCK_H
#define ARY_STORE_CLOCK_H

#include "store/store_private.h"

/* What time it is. */
uint64_t ary_clock_now_ms(struct ary_store *store);

/* A line of TIME_MS is in the log, or was found there; or something was told as of TIME_MS. */
void ary_clock_note(struct ary_store *store, uint64_t time_ms);

/* Whether a value that ends at EXPIRES_MS (0: never) is over at NOW_MS. */
bool ary_clock_is_over(uint64_t expires_ms, uint64_t now_ms);

/* As ary_clock_is_over, for who tells somebody: what is over stays so. */
bool ary_clock_tell_over(struct ary_store *store, uint64_t expires_ms, uint64_t now_ms);

#endif
