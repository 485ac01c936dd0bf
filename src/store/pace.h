/* SPDX-License-Identifier: MIT */
/* Holds a compaction back to `compact_bytes_per_second`.
 *
 * Threads: the compaction thread's. */
#ifndef ARY_STORE_PACE_H
#define ARY_STORE_PACE_H

#include "store/store_private.h"

/* BYTES were read or written: waits until that is paid off, or the compaction is cancelled. */
void ary_pace(struct ary_store *store, uint64_t bytes);

#endif
