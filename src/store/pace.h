/* SPDX-License-Identifier: MIT */
/* Holds those who read and write in the background back to `compact_bytes_per_second`. */
#ifndef ARY_STORE_PACE_H
#define ARY_STORE_PACE_H

#include "store/store_private.h"

/* BYTES were read or written by the thread that owns *PACE_DUE_NS, at first 0: when that is paid
 * off; 0: it need not wait. */
uint64_t ary_pace_until(uint64_t *pace_due_ns, struct ary_store *store, uint64_t bytes);

/* BYTES were read or written by a compaction: waits until that is paid off, or it is cancelled.
 * Threads: the compaction thread's. */
void ary_pace(struct ary_store *store, uint64_t bytes);

#endif
