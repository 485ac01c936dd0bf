/* SPDX-License-Identifier: MIT */
/* What happened to a store's logs, in order, and syncs that can be held up.
 *
 * Threads: any. */
#ifndef ARY_TESTS_LIB_RECORDER_H
#define ARY_TESTS_LIB_RECORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "env/thread.h"
#include "lib/fault_env.h"
#include "lib/write_batch.h"
#include "store/store.h"

enum { RECORDER_EVENTS_MAX = 10000 };

/* Events: 'w' a write to a log, 's' a sync of one, 'd' an answer. */
struct recorder {
	struct ary_mutex lock;
	struct ary_cond cond;
	char events[RECORDER_EVENTS_MAX + 1];
	size_t count;
	bool hold;    /* syncs wait */
	bool holding; /* one does */
};

void recorder_init(struct recorder *recorder);
void recorder_release(struct recorder *recorder);

/* Of a fault_env, with the recorder as context. */
void recorder_hook(void *context, enum fault_kind kind, const char *name);

/* Of a write_batch, with the recorder as context. */
void recorder_note_done(void *context, const struct ary_write *write);

void recorder_forget(struct recorder *recorder);
size_t recorder_count(struct recorder *recorder, char event);

/* From now on syncs wait, or no more; and waits until one does. */
void recorder_hold(struct recorder *recorder, bool hold);
void recorder_await_hold(struct recorder *recorder);

/* Submits WRITE, and waits until its sync is held. */
void recorder_submit_held(struct recorder *recorder, struct ary_store *store,
			  struct ary_write *write);
/* Submits the writes of BATCH from number FROM on, the first one held until the others wait behind
 * it; and waits until all are answered. */
void recorder_submit_behind(struct recorder *recorder, struct ary_store *store,
			    struct write_batch *batch, size_t from);

#endif
