/* SPDX-License-Identifier: MIT */
#include "store/compact.h"

#include <inttypes.h>

#include "base/diag.h"
#include "store/commit.h"
#include "store/round.h"

/* Half of the log being stale is reason enough once it is this much. */
static const uint64_t HALF_STALE_BYTES_MIN = 4 << 20;
/* So is this much when the disk is full. */
static const uint64_t FULL_STALE_BYTES_MIN = 1 << 20;
/* After a failed compaction the next one that starts by itself waits this long. */
static const uint64_t RETRY_NS = UINT64_C(30000000000);
/* Where nothing paid, it is not asked again before there is one more of so many parts of it. */
enum { QUIET_PART = 8 };

/* Whether so much is stale that something should be done. */
static bool is_due(struct ary_store *store, uint64_t *stale_bytes_out)
{
	uint64_t threshold = store->options.compact_stale_bytes;
	struct ary_logs_sum sum;
	if (threshold == 0)
		return false;
	ary_logs_sum(&store->logs, &sum);
	*stale_bytes_out = sum.stale_bytes;
	if (sum.stale_bytes >= threshold)
		return true;
	if (atomic_load(&store->disk_full) && sum.stale_bytes >= FULL_STALE_BYTES_MIN)
		return true;
	return sum.stale_bytes >= HALF_STALE_BYTES_MIN && sum.stale_bytes >= sum.bytes / 2;
}

void ary_compact_consider(struct ary_store *store)
{
	struct ary_compactor *compactor = &store->compactor;
	uint64_t stale_bytes;
	if (atomic_load(&store->read_only) || !is_due(store, &stale_bytes) ||
	    stale_bytes < compactor->quiet_stale_bytes)
		return;
	uint64_t now = ary_monotonic_ns(store->options.env);
	ary_mutex_lock(&compactor->lock);
	bool may_start = compactor->wanted == ARY_EFFORT_NONE &&
			 compactor->report.state != ARY_COMPACTION_RUNNING &&
			 (compactor->report.status == ARY_OK || now >= compactor->retry_ns);
	ary_mutex_unlock(&compactor->lock);
	if (!may_start)
		return;
	if (!ary_round_pays(store)) {
		compactor->quiet_stale_bytes = stale_bytes + stale_bytes / QUIET_PART + 1;
		return;
	}
	ary_mutex_lock(&compactor->lock);
	if (compactor->wanted == ARY_EFFORT_NONE)
		compactor->wanted = ARY_EFFORT_AUTOMATIC;
	ary_cond_signal(&compactor->work);
	ary_mutex_unlock(&compactor->lock);
}

/* How far somebody who asks wants it to go. */
static enum ary_compaction_effort effort_of(bool full)
{
	return full ? ARY_EFFORT_FULL : ARY_EFFORT_ASKED;
}

static void refuse(struct ary_compaction_request *request)
{
	request->report = (struct ary_compaction_report){.state = ARY_COMPACTION_IDLE};
	request->report.status =
		ary_fail(&request->report.error, ARY_SHUTDOWN, "the store is closing");
	request->done(request);
}

void ary_store_compact(struct ary_store *store, struct ary_compaction_request *request)
{
	struct ary_compactor *compactor = &store->compactor;
	ary_mutex_lock(&compactor->lock);
	bool stopping = compactor->stopping;
	if (!stopping) {
		request->next = compactor->waiting;
		compactor->waiting = request;
		ary_cond_signal(&compactor->work);
	}
	ary_mutex_unlock(&compactor->lock);
	if (!stopping)
		return;
	refuse(request);
}

void ary_store_compaction_report(struct ary_store *store, struct ary_compaction_report *out)
{
	struct ary_compactor *compactor = &store->compactor;
	ary_mutex_lock(&compactor->lock);
	*out = compactor->report;
	if (out->state == ARY_COMPACTION_RUNNING) {
		out->scanned_bytes = atomic_load(&compactor->scanned_bytes);
		out->written_bytes = atomic_load(&compactor->written_bytes);
		out->records_kept = atomic_load(&compactor->records_kept);
		out->records_dropped = atomic_load(&compactor->records_dropped);
		out->duration_ms = (ary_monotonic_ns(store->options.env) -
				    compactor->started_ns) / 1000000;
	}
	ary_mutex_unlock(&compactor->lock);
}

/* From here on a compaction is under way, for whoever looks; unless one was already. */
static void begin_report_locked(struct ary_store *store, enum ary_compaction_effort effort,
				const struct ary_logs_sum *sum)
	ARY_REQUIRES(&store->compactor.lock)
{
	struct ary_compactor *compactor = &store->compactor;
	if (compactor->report.state == ARY_COMPACTION_RUNNING)
		return;
	compactor->effort = effort;
	atomic_store(&compactor->cancel, compactor->stopping);
	atomic_store(&compactor->scanned_bytes, 0);
	atomic_store(&compactor->written_bytes, 0);
	atomic_store(&compactor->records_kept, 0);
	atomic_store(&compactor->records_dropped, 0);
	compactor->report = (struct ary_compaction_report){
		.state = ARY_COMPACTION_RUNNING,
		.runs = compactor->report.runs,
		.full = effort == ARY_EFFORT_FULL,
		.status = compactor->report.status,
		.logs_before = sum->logs,
		.bytes_before = sum->bytes,
	};
	compactor->started_ns = ary_monotonic_ns(store->options.env);
}

void ary_store_compact_start(struct ary_store *store, bool full)
{
	struct ary_compactor *compactor = &store->compactor;
	enum ary_compaction_effort effort = effort_of(full);
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	ary_mutex_lock(&store->compactor.lock);
	bool runs = compactor->report.state == ARY_COMPACTION_RUNNING;
	begin_report_locked(store, effort, &sum);
	if ((!runs || compactor->effort < effort) && compactor->wanted < effort)
		compactor->wanted = effort;
	ary_cond_signal(&compactor->work);
	ary_mutex_unlock(&store->compactor.lock);
}

bool ary_store_compact_cancel(struct ary_store *store)
{
	struct ary_compactor *compactor = &store->compactor;
	ary_mutex_lock(&compactor->lock);
	bool running = compactor->report.state == ARY_COMPACTION_RUNNING;
	if (running) {
		atomic_store(&compactor->cancel, true);
		compactor->wanted = ARY_EFFORT_NONE;
	}
	ary_cond_signal(&compactor->work);
	ary_mutex_unlock(&compactor->lock);
	return running;
}

static enum ary_compaction_effort begin_report(struct ary_store *store,
					       enum ary_compaction_effort effort)
{
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	ary_mutex_lock(&store->compactor.lock);
	begin_report_locked(store, effort, &sum);
	effort = store->compactor.effort;
	ary_mutex_unlock(&store->compactor.lock);
	return effort;
}

static void say_how_it_went(const struct ary_compaction_report *report)
{
	char quoted[ARY_DIAG_QUOTED_BYTES];
	if (report->status == ARY_OK)
		ary_diag(ARY_DIAG_INFO, "compacted",
			 "logs_before=%" PRIu64 " logs_after=%" PRIu64 " bytes_before=%" PRIu64
			 " bytes_after=%" PRIu64 " ms=%" PRIu64,
			 report->logs_before, report->logs_after, report->bytes_before,
			 report->bytes_after, report->duration_ms);
	else if (report->status != ARY_CANCELLED)
		ary_diag(ARY_DIAG_ERROR, "compaction_failed", "error=%s",
			 ary_diag_quote(report->error.text, quoted));
}

static void finish_report_locked(struct ary_store *store, const struct ary_logs_sum *sum,
				 const struct ary_error *err)
	ARY_REQUIRES(&store->compactor.lock)
{
	struct ary_compactor *compactor = &store->compactor;
	struct ary_compaction_report *report = &compactor->report;
	uint64_t now = ary_monotonic_ns(store->options.env);
	report->state = ARY_COMPACTION_IDLE;
	report->runs++;
	report->status = err->status;
	report->error = *err;
	report->logs_after = sum->logs;
	report->bytes_after = sum->bytes;
	report->scanned_bytes = atomic_load(&compactor->scanned_bytes);
	report->written_bytes = atomic_load(&compactor->written_bytes);
	report->records_kept = atomic_load(&compactor->records_kept);
	report->records_dropped = atomic_load(&compactor->records_dropped);
	report->duration_ms = (now - compactor->started_ns) / 1000000;
	compactor->retry_ns = now + RETRY_NS;
}

/* Takes those for whom the run was enough; the others wait for the next. One that failed or was
 * cancelled is enough for all: they are told so. */
static struct ary_compaction_request *take_answered_locked(struct ary_store *store)
	ARY_REQUIRES(&store->compactor.lock)
{
	struct ary_compactor *compactor = &store->compactor;
	struct ary_compaction_request *answered = NULL;
	struct ary_compaction_request **at = &compactor->waiting;
	bool for_all = compactor->report.status != ARY_OK;
	while (*at != NULL) {
		struct ary_compaction_request *request = *at;
		if (!for_all && effort_of(request->full) > compactor->effort) {
			at = &request->next;
			continue;
		}
		*at = request->next;
		request->next = answered;
		answered = request;
	}
	return answered;
}

/* Ends the report and answers those who waited for it. */
static void end_report(struct ary_store *store, const struct ary_error *err)
{
	struct ary_compactor *compactor = &store->compactor;
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	ary_mutex_lock(&store->compactor.lock);
	finish_report_locked(store, &sum, err);
	struct ary_compaction_report copy = compactor->report;
	struct ary_compaction_request *answered = take_answered_locked(store);
	bool stopping = compactor->stopping;
	ary_mutex_unlock(&store->compactor.lock);
	say_how_it_went(&copy);
	if (copy.status == ARY_CANCELLED && stopping)
		copy.status = ary_fail(&copy.error, ARY_SHUTDOWN, "the store is closing");
	while (answered != NULL) {
		struct ary_compaction_request *request = answered;
		answered = request->next;
		request->report = copy;
		request->done(request);
	}
}

/* Waits for somebody to want a compaction; NONE: the thread is to end. */
static enum ary_compaction_effort wait_for_wish(struct ary_compactor *compactor)
{
	ary_mutex_lock(&compactor->lock);
	while (compactor->wanted == ARY_EFFORT_NONE && compactor->waiting == NULL &&
	       !compactor->stopping)
		ary_cond_wait(&compactor->work, &compactor->lock);
	enum ary_compaction_effort effort = compactor->wanted;
	for (const struct ary_compaction_request *request = compactor->waiting; request != NULL;
	     request = request->next) {
		enum ary_compaction_effort own = effort_of(request->full);
		effort = own > effort ? own : effort;
	}
	compactor->wanted = ARY_EFFORT_NONE;
	if (compactor->stopping)
		effort = ARY_EFFORT_NONE;
	ary_mutex_unlock(&compactor->lock);
	return effort;
}

static void refuse_waiting(struct ary_compactor *compactor)
{
	ary_mutex_lock(&compactor->lock);
	struct ary_compaction_request *waiting = compactor->waiting;
	compactor->waiting = NULL;
	ary_mutex_unlock(&compactor->lock);
	while (waiting != NULL) {
		struct ary_compaction_request *request = waiting;
		waiting = request->next;
		refuse(request);
	}
}

/* Job: what became stale during a run was not looked at while it ran. */
static void consider_again(struct ary_store *store, struct ary_job *job)
{
	(void)job;
	store->compactor.quiet_stale_bytes = 0;
	ary_compact_consider(store);
}

static void run(void *context)
{
	struct ary_store *store = context;
	enum ary_compaction_effort effort;
	while ((effort = wait_for_wish(&store->compactor)) != ARY_EFFORT_NONE) {
		struct ary_error err = {.status = ARY_OK};
		effort = begin_report(store, effort);
		err.status = ary_round_run(store, effort, &err);
		end_report(store, &err);
		struct ary_job job = {.run = consider_again};
		ary_commit_run_job(store, &job);
	}
	refuse_waiting(&store->compactor);
}

enum ary_status ary_compact_start(struct ary_store *store, struct ary_error *err)
{
	return ary_thread_start(&store->compactor.thread, "compaction", run, store, err);
}

void ary_compact_stop(struct ary_store *store)
{
	struct ary_compactor *compactor = &store->compactor;
	ary_mutex_lock(&compactor->lock);
	compactor->stopping = true;
	atomic_store(&compactor->cancel, true);
	ary_cond_signal(&compactor->work);
	ary_mutex_unlock(&compactor->lock);
	ary_thread_join(&compactor->thread);
}
