/* SPDX-License-Identifier: MIT */
/* The commit thread: takes all writes that wait, as one group, and answers them; between groups it
 * does the jobs that only it may do, and the syncs of `interval`.
 *
 * Threads: start and stop belong to open and close; the rest is for any thread but this one. */
#ifndef ARY_STORE_COMMIT_H
#define ARY_STORE_COMMIT_H

#include "store/store_private.h"

ARY_MUST_CHECK enum ary_status ary_commit_start(struct ary_store *store, struct ary_error *err);

/* Answers what is queued, then ends the thread. Does nothing when it does not run. */
void ary_commit_stop(struct ary_store *store);

/* Queues WRITE, or answers BUSY or SHUTDOWN at once. */
void ary_commit_enqueue(struct ary_store *store, struct ary_write *write);

/* Has JOB run on the commit thread and waits for its end. */
void ary_commit_run_job(struct ary_store *store, struct ary_job *job);

/* Tells the commit thread that there are uploads to drop. */
void ary_commit_wake(struct ary_store *store);

/* Bytes of writes that wait or are being committed. */
uint64_t ary_commit_queue_bytes(struct ary_store *store);

#endif
