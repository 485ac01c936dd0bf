/* SPDX-License-Identifier: MIT */
/* One merge: sealed logs that are neighbours become one, beside traffic and crash-safe at every
 * point. docs/FORMAT.md, "Compaction", is its protocol.
 *
 * Memory does not grow with the data: lines stream through one buffer, and moved locations are
 * handed over in batches by reading the new file again. Readers keep the old files open until
 * they have done with them. Threads: the compaction thread's. */
#ifndef ARY_STORE_MERGE_H
#define ARY_STORE_MERGE_H

#include "store/store_private.h"

/* What is to become one. */
struct ary_merge {
	struct ary_log *const *logs; /* sealed, in the table, without one between; oldest first */
	size_t count;
	bool lowest;                 /* there is no lower log */
	uint64_t clean_seq;          /* every lower log is clean up to it */
	uint64_t seq;                /* all writes up to it are in the index */
};

/* Merges; afterwards the logs are gone, and one is in their place.
 * NO_SPACE, IO, NO_MEMORY, BUSY, CORRUPT, CANCELLED: the store holds what it held, and the files
 * are as they were, unless reading the new one back failed: then both stay open, and no merge is
 * run any more. READ_ONLY, UNCERTAIN: the store is, or is now, read-only. */
ARY_MUST_CHECK enum ary_status ary_merge_run(struct ary_store *store,
					     const struct ary_merge *wanted,
					     struct ary_error *err);

#endif
