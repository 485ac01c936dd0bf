/* SPDX-License-Identifier: MIT */
#include "store/commit.h"

#include "store/appender.h"
#include "store/compact.h"
#include "store/expire.h"
#include "store/group.h"
#include "store/queue.h"
#include "store/witness.h"

/* Whether the commit thread has what it waits for: any write at all, or enough for a group. */
static bool is_enough_locked(const struct ary_store *store) ARY_REQUIRES(&store->queue.lock)
{
	const struct ary_queue *queue = &store->queue;
	uint64_t bytes_max = store->options.batch_bytes_max;
	/* What has come beside parts will not have more of them in its group. */
	if (queue->wants_parts)
		return queue->writes.first != NULL || queue->part_count >= queue->wanted ||
		       queue->part_bytes >= bytes_max;
	return queue->count - queue->part_count >= queue->wanted || queue->bytes >= bytes_max;
}

/* What belongs to an upload is never told to come later: its client may have sent a GiB by now. Its
 * writes are in memory that its owner accounts for. */
static bool has_room_locked(const struct ary_store *store, const struct ary_write *write)
	ARY_REQUIRES(&store->queue.lock)
{
	const struct ary_queue *queue = &store->queue;
	return write->upload != NULL || queue->bytes == 0 ||
	       queue->bytes + ary_queue_write_bytes(write) <= store->options.queue_bytes_max;
}

static void put_locked(struct ary_store *store, struct ary_write *write)
	ARY_REQUIRES(&store->queue.lock)
{
	ary_queue_put_locked(store, write);
	if (is_enough_locked(store))
		ary_cond_signal(&store->queue.work);
}

void ary_commit_enqueue(struct ary_store *store, struct ary_write *write)
{
	struct ary_queue *queue = &store->queue;
	enum ary_status refused = ARY_OK;
	if (write->timing != NULL)
		*write->timing = (struct ary_write_timing){
			.queued_at_ns = ary_monotonic_ns(store->options.env)};
	ary_mutex_lock(&store->queue.lock);
	if (queue->stopping)
		refused = ARY_SHUTDOWN;
	else if (!has_room_locked(store, write))
		refused = ARY_BUSY;
	else
		put_locked(store, write);
	ary_mutex_unlock(&store->queue.lock);
	if (refused != ARY_OK) {
		write->status = ary_fail(&write->error, refused, refused == ARY_BUSY
					 ? "too many writes are waiting"
					 : "the store is closing");
		write->done(write);
	}
}

void ary_commit_run_job(struct ary_store *store, struct ary_job *job)
{
	struct ary_queue *queue = &store->queue;
	job->finished = false;
	ary_mutex_lock(&queue->lock);
	job->next = queue->jobs;
	queue->jobs = job;
	ary_cond_signal(&queue->work);
	while (!job->finished)
		ary_cond_wait(&queue->job_done, &queue->lock);
	ary_mutex_unlock(&queue->lock);
}

void ary_commit_wake(struct ary_store *store)
{
	struct ary_queue *queue = &store->queue;
	ary_mutex_lock(&queue->lock);
	queue->parts_due = true;
	ary_cond_signal(&queue->work);
	ary_mutex_unlock(&queue->lock);
}

uint64_t ary_commit_queue_bytes(struct ary_store *store)
{
	ary_mutex_lock(&store->queue.lock);
	uint64_t bytes = store->queue.bytes + store->queue.part_bytes;
	ary_mutex_unlock(&store->queue.lock);
	return bytes;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How long to wait for work: UINT64_MAX is for ever. */
static uint64_t wait_ms(struct ary_store *store)
{
	const struct ary_committer *committer = &store->committer;
	uint64_t due_ns = UINT64_MAX;
	if (committer->sync_promised && !atomic_load(&store->read_only))
		due_ns = committer->sync_due_ns;
	if (ary_witness_pending(store))
		due_ns = earlier(due_ns, committer->witness.due_ns);
	uint64_t ms = ary_expire_wait_ms(store);
	if (atomic_load(&store->disk_full))
		ms = earlier(ms, ARY_SPACE_PROBE_MS);
	if (due_ns == UINT64_MAX)
		return ms;
	uint64_t now = ary_monotonic_ns(store->options.env);
	return earlier(ms, now >= due_ns ? 1 : 1 + (due_ns - now) / 1000000);
}

static void wait_for_work_locked(struct ary_store *store) ARY_REQUIRES(&store->queue.lock)
{
	struct ary_queue *queue = &store->queue;
	while (queue->count == 0 && queue->jobs == NULL && !queue->parts_due &&
	       !queue->stopping) {
		uint64_t timeout_ms = wait_ms(store);
		if (timeout_ms == UINT64_MAX)
			ary_cond_wait(&queue->work, &store->queue.lock);
		else if (timeout_ms == 0 ||
			 !ary_cond_wait_ms(&queue->work, &store->queue.lock, timeout_ms))
			break;
	}
}

/* Those who have just been answered may be about to send their next writes. For as many as there
 * were it is worth waiting, as long as that takes less than the sync that it spares: otherwise a
 * few writes would have one of their own, and all others wait for the end of it. Parts count where
 * there was nothing else: they do not go in every group. */
static void gather_locked(struct ary_store *store) ARY_REQUIRES(&store->queue.lock)
{
	const struct ary_committer *committer = &store->committer;
	const struct ary_group_times *times = &committer->times;
	struct ary_queue *queue = &store->queue;
	uint64_t wait_us = earlier(ary_between_ns(times->written_ns, times->synced_ns) / 2000,
				   store->options.gather_us_max);
	if (wait_us == 0 || queue->count == 0)
		return;
	queue->wants_parts = committer->group_writes == 0;
	queue->wanted = queue->wants_parts ? committer->group_parts : committer->group_writes;
	bool in_time = true;
	while (in_time && !is_enough_locked(store) && queue->jobs == NULL && !queue->parts_due &&
	       !queue->stopping)
		in_time = ary_cond_wait_us(&queue->work, &store->queue.lock, wait_us);
	queue->wanted = 0;
}

static void run_jobs(struct ary_store *store, struct ary_job *jobs)
{
	while (jobs != NULL) {
		struct ary_job *job = jobs;
		jobs = job->next;
		job->run(store, job);
		ary_mutex_lock(&store->queue.lock);
		job->finished = true;
		ary_cond_broadcast(&store->queue.job_done);
		ary_mutex_unlock(&store->queue.lock);
	}
}

static void tell_times(const struct ary_group_times *times, struct ary_write *writes)
{
	for (struct ary_write *write = writes; write != NULL; write = write->next) {
		struct ary_write_timing *timing = write->timing;
		if (timing == NULL)
			continue;
		timing->queue_ns = ary_between_ns(timing->queued_at_ns, times->begun_ns);
		timing->append_ns = ary_between_ns(times->begun_ns, times->written_ns);
		timing->sync_ns = ary_between_ns(times->written_ns, times->synced_ns);
	}
}

static void commit_group(struct ary_store *store, struct ary_write *writes)
{
	struct ary_group_times *times = &store->committer.times;
	uint64_t bytes = 0;
	uint64_t part_bytes = 0;
	for (const struct ary_write *write = writes; write != NULL; write = write->next)
		*(ary_queue_is_part(write) ? &part_bytes : &bytes) += ary_queue_write_bytes(write);
	*times = (struct ary_group_times){.begun_ns = ary_monotonic_ns(store->options.env)};
	ary_group_commit(store, writes);
	if (writes != NULL)
		ary_queue_note_group(&store->committer);
	tell_times(times, writes);
	ary_mutex_lock(&store->queue.lock);
	store->queue.bytes -= bytes;
	store->queue.part_bytes -= part_bytes;
	ary_mutex_unlock(&store->queue.lock);
	while (writes != NULL) {
		/* After `done` the write is its owner's, and may be gone. */
		struct ary_write *write = writes;
		writes = write->next;
		write->done(write);
	}
	ary_compact_consider(store);
}

static void sync_if_due(struct ary_store *store)
{
	const struct ary_committer *committer = &store->committer;
	if (!committer->sync_promised || atomic_load(&store->read_only) ||
	    ary_monotonic_ns(store->options.env) < committer->sync_due_ns)
		return;
	struct ary_error err;
	/* A failure has latched the store, which says so; there is nobody else to tell. */
	(void)!ary_append_sync(store, &err);
}

static void drop_uploads(struct ary_store *store)
{
	if (ary_parts_drop_due(store))
		ary_compact_consider(store);
}

static void run(void *context)
{
	struct ary_store *store = context;
	struct ary_queue *queue = &store->queue;
	bool more = true;
	while (more) {
		ary_mutex_lock(&store->queue.lock);
		wait_for_work_locked(store);
		gather_locked(store);
		struct ary_job *jobs = queue->jobs;
		queue->jobs = NULL;
		bool parts_due = queue->parts_due;
		queue->parts_due = false;
		struct ary_write *writes = ary_queue_take_locked(store);
		more = !queue->stopping || jobs != NULL || writes != NULL;
		ary_mutex_unlock(&store->queue.lock);
		if (parts_due)
			drop_uploads(store);
		run_jobs(store, jobs);
		if (writes != NULL || ary_expire_wait_ms(store) == 0)
			commit_group(store, writes);
		sync_if_due(store);
		ary_witness_write_if_due(store);
		if (atomic_load(&store->disk_full))
			ary_group_probe_space(store);
	}
}

enum ary_status ary_commit_start(struct ary_store *store, struct ary_error *err)
{
	/* What was over before waits for nothing. */
	store->committer.expire_due_ns = 1;
	return ary_thread_start(&store->committer.thread, "commit", run, store, err);
}

void ary_commit_stop(struct ary_store *store)
{
	ary_mutex_lock(&store->queue.lock);
	store->queue.stopping = true;
	ary_cond_signal(&store->queue.work);
	ary_mutex_unlock(&store->queue.lock);
	ary_thread_join(&store->committer.thread);
}
