/* SPDX-License-Identifier: MIT */
/* Writes that are under way at the same time, for tests that must see them in one group.
 *
 * Threads: one; the store's answers come from any. */
#ifndef ARY_TESTS_LIB_WRITE_BATCH_H
#define ARY_TESTS_LIB_WRITE_BATCH_H

#include <stddef.h>

#include "env/thread.h"
#include "store/store.h"

enum { WRITE_BATCH_MAX = 3000, WRITE_BATCH_TEXT_BYTES = 24 };

struct write_batch {
	struct ary_write writes[WRITE_BATCH_MAX];
	char keys[WRITE_BATCH_MAX][WRITE_BATCH_TEXT_BYTES];
	char values[WRITE_BATCH_MAX][WRITE_BATCH_TEXT_BYTES];
	size_t count;
	struct ary_mutex lock;
	struct ary_cond cond;
	size_t done_count; /* under lock */
	void (*on_done)(void *context, const struct ary_write *write); /* may be NULL */
	void *on_done_context;
};

/* Returns owned. */
struct write_batch *write_batch_create(void);
/* Takes BATCH; all of it must be answered. */
void write_batch_destroy(struct write_batch *batch);

/* Adds a write (VALUE NULL: a removal; both are copied) without submitting it; returns borrowed. */
struct ary_write *write_batch_add(struct write_batch *batch, const char *key, const char *value);
/* The same for part NUMBER of UPLOAD; BYTES are borrowed. */
struct ary_write *write_batch_add_part(struct write_batch *batch, struct ary_upload *upload,
				       uint64_t number, struct ary_bytes bytes);
/* Submits the writes from number FROM on. */
void write_batch_submit(struct write_batch *batch, struct ary_store *store, size_t from);
/* Waits until all are answered. */
void write_batch_wait(struct write_batch *batch);

#endif
