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
/* More are not let wait for a compaction, however long it takes. */
enum { WAITING_MAX = 64 };

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

/* How far somebody who asks wants it to go. */
static enum ary_compaction_effort effort_of(bool full)
{
	return full ? ARY_EFFORT_FULL : ARY_EFFORT_ASKED;
}

/* From here on a compaction is under way, for whoever looks, and the thread has it to do. */
static void begin_report_locked(struct ary_store *store, enum ary_compaction_effort effort,
				const struct ary_logs_sum *sum)
	ARY_REQUIRES(&store->compactor.lock)
{
	struct ary_compactor *compactor = &store->compactor;
	compactor->effort = effort;
	compactor->wanted = ARY_EFFORT_NONE;
	compactor->cancelled = false;
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
	ary_cond_signal(&compactor->work);
}

/* Begins a compaction; or, where the one that runs is not enough, has one follow it. */
static void want_locked(struct ary_store *store, enum ary_compaction_effort effort,
			const struct ary_logs_sum *sum)
	ARY_REQUIRES(&store->compactor.lock)
{
	struct ary_compactor *compactor = &store->compactor;
	if (compactor->report.state != ARY_COMPACTION_RUNNING)
		begin_report_locked(store, effort, sum);
	else if ((compactor->cancelled || compactor->effort < effort) &&
		 compactor->wanted < effort)
		compactor->wanted = effort;
}

static void want(struct ary_store *store, enum ary_compaction_effort effort)
{
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	ary_mutex_lock(&store->compactor.lock);
	want_locked(store, effort, &sum);
	ary_mutex_unlock(&store->compactor.lock);
}

/* Nothing paid: it is not asked again before more is stale than these bytes. */
static void keep_quiet(struct ary_compactor *compactor, uint64_t stale_bytes)
{
	compactor->quiet_stale_bytes = stale_bytes + stale_bytes / QUIET_PART + 1;
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
	bool may_start = compactor->report.state != ARY_COMPACTION_RUNNING &&
			 (compactor->report.status == ARY_OK || now >= compactor->retry_ns);
	ary_mutex_unlock(&compactor->lock);
	if (!may_start)
		return;
	if (ary_round_pays(store))
		want(store, ARY_EFFORT_AUTOMATIC);
	else
		keep_quiet(compactor, stale_bytes);
}

static void answer(struct ary_compaction_request *request, enum ary_status status, const char *why)
{
	request->report = (struct ary_compaction_report){.state = ARY_COMPACTION_IDLE};
	request->report.status = ary_fail(&request->report.error, status, "%s", why);
	request->done(request);
}

static void answer_shutdown(struct ary_compaction_request *requests)
{
	while (requests != NULL) {
		struct ary_compaction_request *request = requests;
		requests = request->next;
		answer(request, ARY_SHUTDOWN, "the store is closing");
	}
}

void ary_store_compact(struct ary_store *store, struct ary_compaction_request *request)
{
	struct ary_compactor *compactor = &store->compactor;
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	ary_mutex_lock(&store->compactor.lock);
	bool stopping = compactor->stopping;
	bool crowded = compactor->waiting_count >= WAITING_MAX;
	if (!stopping && !crowded) {
		request->next = compactor->waiting;
		compactor->waiting = request;
		compactor->waiting_count++;
		want_locked(store, effort_of(request->full), &sum);
	}
	ary_mutex_unlock(&store->compactor.lock);
	if (stopping)
		answer(request, ARY_SHUTDOWN, "the store is closing");
	else if (crowded)
		answer(request, ARY_BUSY, "too many wait for a compaction");
}

void ary_store_compact_start(struct ary_store *store, bool full)
{
	want(store, effort_of(full));
}

/* Puts LIST before *TO. */
static void move(struct ary_compaction_request **list, struct ary_compaction_request **to)
{
	while (*list != NULL) {
		struct ary_compaction_request *request = *list;
		*list = request->next;
		request->next = *to;
		*to = request;
	}
}

void ary_store_compact_refuse(struct ary_store *store)
{
	struct ary_compactor *compactor = &store->compactor;
	struct ary_compaction_request *requests = NULL;
	ary_mutex_lock(&compactor->lock);
	move(&compactor->waiting, &requests);
	move(&compactor->leaving, &requests);
	compactor->waiting_count = 0;
	ary_mutex_unlock(&compactor->lock);
	answer_shutdown(requests);
}

/* Who waits now hears of it when the run ends; who comes later waits for the next one. */
bool ary_store_compact_cancel(struct ary_store *store)
{
	struct ary_compactor *compactor = &store->compactor;
	ary_mutex_lock(&compactor->lock);
	bool running = compactor->report.state == ARY_COMPACTION_RUNNING;
	if (running) {
		compactor->cancelled = true;
		compactor->wanted = ARY_EFFORT_NONE;
		atomic_store(&compactor->cancel, true);
		move(&compactor->waiting, &compactor->leaving);
		ary_cond_signal(&compactor->work);
	}
	ary_mutex_unlock(&compactor->lock);
	return running;
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

/* Takes those whom the run answers: who waited when it was cancelled; else who wanted no more than
 * it did, and when it failed, everybody. */
static struct ary_compaction_request *take_answered_locked(struct ary_store *store)
	ARY_REQUIRES(&store->compactor.lock)
{
	struct ary_compactor *compactor = &store->compactor;
	struct ary_compaction_request *answered = NULL;
	struct ary_compaction_request **at = &compactor->waiting;
	bool failed = compactor->report.status != ARY_OK;
	while (*at != NULL && !compactor->cancelled) {
		struct ary_compaction_request *request = *at;
		if (!failed && effort_of(request->full) > compactor->effort) {
			at = &request->next;
			continue;
		}
		*at = request->next;
		request->next = answered;
		answered = request;
	}
	move(&compactor->leaving, &answered);
	for (const struct ary_compaction_request *request = answered; request != NULL;
	     request = request->next)
		compactor->waiting_count--;
	return answered;
}

/* Tells those who ANSWERED how the run went, which went as far as EFFORT. */
static void tell_answered(struct ary_compaction_request *answered,
			  enum ary_compaction_effort effort,
			  const struct ary_compaction_report *report)
{
	while (answered != NULL) {
		struct ary_compaction_request *request = answered;
		answered = request->next;
		request->report = *report;
		if (report->status == ARY_OK && effort_of(request->full) > effort)
			request->report.status =
				ary_fail(&request->report.error, ARY_CANCELLED,
					 "the compaction was cancelled before it began");
		request->done(request);
	}
}

/* Ends the report, answers those who waited for it, and begins what is to follow. */
static void end_report(struct ary_store *store, const struct ary_error *err)
{
	struct ary_compactor *compactor = &store->compactor;
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	ary_mutex_lock(&store->compactor.lock);
	finish_report_locked(store, &sum, err);
	struct ary_compaction_report copy = compactor->report;
	enum ary_compaction_effort effort = compactor->effort;
	struct ary_compaction_request *answered = take_answered_locked(store);
	bool stopping = compactor->stopping;
	/* Whoever is answered a failure need not be followed by what he wanted. */
	if (compactor->waiting == NULL && copy.status != ARY_OK && !compactor->cancelled)
		compactor->wanted = ARY_EFFORT_NONE;
	if (compactor->wanted != ARY_EFFORT_NONE && !stopping)
		begin_report_locked(store, compactor->wanted, &sum);
	ary_mutex_unlock(&store->compactor.lock);
	say_how_it_went(&copy);
	if (copy.status == ARY_CANCELLED && stopping)
		copy.status = ary_fail(&copy.error, ARY_SHUTDOWN, "the store is closing");
	tell_answered(answered, effort, &copy);
}

/* Waits for a compaction to be begun. False: the thread is to end. */
static bool wait_for_run(struct ary_compactor *compactor)
{
	ary_mutex_lock(&compactor->lock);
	while (compactor->report.state != ARY_COMPACTION_RUNNING && !compactor->stopping)
		ary_cond_wait(&compactor->work, &compactor->lock);
	bool goes_on = !compactor->stopping;
	ary_mutex_unlock(&compactor->lock);
	return goes_on;
}

/* Job: what became stale during a run was not looked at while it ran. Where the run found nothing,
 * looking again would start the next one at once. */
static void consider_again(struct ary_store *store, struct ary_job *job)
{
	struct ary_logs_sum sum;
	const bool *selected = job->context;
	store->compactor.quiet_stale_bytes = 0;
	if (!*selected) {
		ary_logs_sum(&store->logs, &sum);
		keep_quiet(&store->compactor, sum.stale_bytes);
	}
	ary_compact_consider(store);
}

static void run(void *context)
{
	struct ary_store *store = context;
	struct ary_compactor *compactor = &store->compactor;
	while (wait_for_run(compactor)) {
		struct ary_error err = {.status = ARY_OK};
		bool selected = false;
		compactor->pace_due_ns = 0;
		err.status = ary_round_run(store, compactor->effort, &selected, &err);
		end_report(store, &err);
		struct ary_job job = {.run = consider_again, .context = &selected};
		ary_commit_run_job(store, &job);
	}
	ary_store_compact_refuse(store);
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
