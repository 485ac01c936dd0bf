/* SPDX-License-Identifier: MIT */
/* The compaction thread: runs a round of merges when asked or when enough is stale, one at a time,
 * and answers all who asked meanwhile with the same report.
 *
 * Threads: start and stop belong to open and close. */
#ifndef ARY_STORE_COMPACT_H
#define ARY_STORE_COMPACT_H

#include "store/store_private.h"

ARY_MUST_CHECK enum ary_status ary_compact_start(struct ary_store *store, struct ary_error *err);

/* Cancels a merge under way and ends the thread; requests are answered SHUTDOWN. Does nothing when
 * it does not run. */
void ary_compact_stop(struct ary_store *store);

/* Starts a compaction if the stale bytes have reached the threshold, and it would find logs that
 * pay. Threads: the commit thread's. */
void ary_compact_consider(struct ary_store *store);

#endif
