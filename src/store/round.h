/* SPDX-License-Identifier: MIT */
/* One compaction: chooses the logs that pay (plan.h), and merges them, group by group (merge.h).
 *
 * Threads: the compaction thread's, but for ary_round_pays, which is the commit thread's. */
#ifndef ARY_STORE_ROUND_H
#define ARY_STORE_ROUND_H

#include "store/store_private.h"

/* Whether a compaction that starts by itself would find logs that pay. Touches no disk. */
bool ary_round_pays(struct ary_store *store);

/* Compacts as far as EFFORT goes; seals the active log first where that pays. OK also when nothing
 * pays; *SELECTED_OUT is set where something did. NO_SPACE: some of it did not fit on the disk, the
 * rest is done. IO, NO_MEMORY, BUSY,
 * CORRUPT, CANCELLED: what was merged before is done, the store holds what it held. READ_ONLY,
 * UNCERTAIN: the store is, or is now, read-only. */
ARY_MUST_CHECK enum ary_status ary_round_run(struct ary_store *store,
					     enum ary_compaction_effort effort,
					     bool *selected_out, struct ary_error *err);

#endif
