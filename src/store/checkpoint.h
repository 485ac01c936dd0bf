/* SPDX-License-Identifier: MIT */
/* The file CHECKPOINT: the index, and what else a replay finds out, as they were when the store was
 * closed, so that the next open reads of the logs only what was appended since. It is a cache: it
 * is used where it is whole and the logs are those it was made of, and else ignored; the store
 * without it is the same store. docs/FORMAT.md, "The file CHECKPOINT".
 *
 * Threads: open's and close's, but for ary_checkpoint_drop. */
#ifndef ARY_STORE_CHECKPOINT_H
#define ARY_STORE_CHECKPOINT_H

#include "store/inventory.h"
#include "store/rules.h"
#include "store/store_private.h"

/* Where a replay goes on. All zero: at the beginning. */
struct ary_resume {
	size_t log_count;       /* logs that are in the table; the last one may have more lines */
	uint64_t bytes;         /* of their lines that need not be read */
	uint64_t seq;           /* of the last of these */
	struct ary_rules rules; /* of the last log, but for its name */
};

/* Uses the checkpoint, if there is one for the logs of INVENTORY: puts logs, index, ends and parts
 * into STORE, which has none. *OUT is all zero where there is none, or it is not to be used; that
 * is told, and changes nothing. NO_MEMORY: STORE may only be closed. */
ARY_MUST_CHECK enum ary_status ary_checkpoint_load(struct ary_store *store,
						   const struct ary_inventory *inventory,
						   struct ary_resume *out,
						   struct ary_error *err);

/* The store is closed in order, and its last line is a clean Mark, which is durable: leaves a
 * checkpoint, if the next open would gain by it. A failure is told, and is nobody's error. */
void ary_checkpoint_leave(struct ary_store *store);

/* The logs are about to become others, or are damaged: removes the checkpoint. Threads: any. */
void ary_checkpoint_drop(struct ary_store *store);

#endif
