/* SPDX-License-Identifier: MIT */
/* One compaction: merges the sealed logs into one, beside traffic and crash-safe at every point.
 * docs/FORMAT.md, "Compaction", is its protocol.
 *
 * Memory does not grow with the data: lines stream through one buffer, and moved locations are
 * handed over in batches by reading the new file again. Readers keep the old files open until
 * they have done with them. Threads: the compaction thread's. */
#ifndef ARY_STORE_MERGE_H
#define ARY_STORE_MERGE_H

#include "store/store_private.h"

/* Seals the active log and merges all sealed ones. OK also when nothing is stale.
 * NO_SPACE, IO, NO_MEMORY, BUSY, CORRUPT, CANCELLED: the store is as it was before, but that the
 * active log may be sealed. READ_ONLY, UNCERTAIN: the store is, or is now, read-only. */
ARY_MUST_CHECK enum ary_status ary_merge_run(struct ary_store *store, struct ary_error *err);

#endif
