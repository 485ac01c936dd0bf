/* SPDX-License-Identifier: MIT */
/* Puts what a replay reads into the index, some changes at a time. Where there is much to read, it
 * does so on a thread of its own, while the caller reads on: each waits for memory in another way,
 * and together they take little more time than one.
 *
 * Threads: the functions belong to open's thread. Between ary_loader_start and ary_loader_drain
 * the index, and the counters of stale bytes, are the loader's; the table of logs must not change.
 * Limits: 16 batches of 1024 changes, or of 256 KiB of keys where those are long. */
#ifndef ARY_STORE_LOADER_H
#define ARY_STORE_LOADER_H

#include "store/store_private.h"

struct ary_load_batch;

struct ary_loader {
	struct ary_store *store;
	bool threaded;
	struct ary_load_batch *batches; /* a ring; NULL until there is a change */
	uint64_t filled;                /* batches so far; the one being filled is next */
	struct ary_thread thread;
	/* Only where threaded: */
	struct ary_mutex lock;
	struct ary_cond changed;        /* of what follows, which is under `lock` */
	uint64_t given;                 /* batches that the thread may apply */
	uint64_t applied;
	uint64_t awaited;               /* the caller is woken when so many are left */
	bool ending;
	enum ary_status status;         /* of the first failure; after it nothing is applied */
};

/* Begins loading into STORE's index, which must be between ary_index_bulk_begin and its end.
 * THREADED: on a thread of its own, if there is one to be had. */
void ary_loader_start(struct ary_loader *loader, struct ary_store *store, bool threaded);

/* Puts ENTRY under KEY (copied), the value of which ends at EXPIRES_MS if the entry says that it
 * ends, or, where ENTRY is NULL, removes KEY; some time before the end of ary_loader_drain.
 * NO_MEMORY: this change, or one before it, could not be made. */
ARY_MUST_CHECK enum ary_status ary_loader_add(struct ary_loader *loader, struct ary_bytes key,
					      const struct ary_entry *entry, uint64_t expires_ms);

/* Waits until all changes are made. NO_MEMORY: not all of them could be. */
ARY_MUST_CHECK enum ary_status ary_loader_drain(struct ary_loader *loader);

/* Ends the thread and frees everything; what was not drained may be lost. */
void ary_loader_stop(struct ary_loader *loader);

#endif
