/* SPDX-License-Identifier: MIT */
/* After a merge: the index learns where the lines are now, batch by batch, by reading the new
 * file again; then the merged logs leave the table.
 *
 * Threads: the compaction thread's; the changes happen as jobs of the commit thread. */
#ifndef ARY_STORE_TAKEOVER_H
#define ARY_STORE_TAKEOVER_H

#include "store/store_private.h"

/* Puts LOG (taken) in the place of COUNT logs from FIRST on. On a failure (IO, CORRUPT, NO_MEMORY)
 * the old logs stay, and stay open, beside LOG; both are right. */
ARY_MUST_CHECK enum ary_status ary_takeover_run(struct ary_store *store,
						const struct ary_log *first, size_t count,
						struct ary_log *log, struct ary_error *err);

#endif
