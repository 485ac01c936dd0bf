/* SPDX-License-Identifier: MIT */
#include "store/compact.h"

#include <inttypes.h>

#include "base/diag.h"
#include "store/merge.h"

/* Half of the log being stale is reason enough once it is this much. */
static const uint64_t HALF_STALE_BYTES_MIN = 4 << 20;
/* After a failed compaction the next one that starts by itself waits this long. */
static const uint64_t RETRY_NS = UINT64_C(30000000000);

static bool is_worth_it(struct ary_store *store)
{
	uint64_t threshold = store->options.compact_stale_bytes;
	if (threshold == 0)
		return false;
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	if (sum.stale_bytes >= threshold)
		return true;
	return sum.stale_bytes >= HALF_STALE_BYTES_MIN && sum.stale_bytes >= sum.bytes / 2;
}

void ary_compact_consider(struct ary_store *store)
{
	struct ary_compactor *compactor = &store->compactor;
	if (atomic_load(&store->read_only) || !is_worth_it(store))
		return;
	uint64_t now = ary_monotonic_ns(store->options.env);
	ary_mutex_lock(&compactor->lock);
	bool may_start = compactor->report.status == ARY_OK || now >= compactor->retry_ns;
	bool running = compactor->report.state == ARY_COMPACTION_RUNNING;
	if (!compactor->wanted && !running && may_start) {
		compactor->wanted = true;
		ary_cond_signal(&compactor->work);
	}
	ary_mutex_unlock(&compactor->lock);
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
		out->records_kept = atomic_load(&compactor->records_kept);
		out->records_dropped = atomic_load(&compactor->records_dropped);
		out->duration_ms = (ary_monotonic_ns(store->options.env) -
				    compactor->started_ns) / 1000000;
	}
	ary_mutex_unlock(&compactor->lock);
}

/* From here on a compaction is under way, for whoever looks; unless one was already. */
static void begin_report_locked(struct ary_store *store, const struct ary_logs_sum *sum)
	ARY_REQUIRES(&store->compactor.lock)
{
	struct ary_compactor *compactor = &store->compactor;
	if (compactor->report.state == ARY_COMPACTION_RUNNING)
		return;
	atomic_store(&compactor->scanned_bytes, 0);
	atomic_store(&compactor->records_kept, 0);
	atomic_store(&compactor->records_dropped, 0);
	compactor->report = (struct ary_compaction_report){
		.state = ARY_COMPACTION_RUNNING,
		.runs = compactor->report.runs,
		.status = compactor->report.status,
		.logs_before = sum->logs,
		.bytes_before = sum->bytes,
	};
	compactor->started_ns = ary_monotonic_ns(store->options.env);
}

void ary_store_compact_start(struct ary_store *store)
{
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	ary_mutex_lock(&store->compactor.lock);
	if (store->compactor.report.state != ARY_COMPACTION_RUNNING) {
		begin_report_locked(store, &sum);
		store->compactor.wanted = true;
		ary_cond_signal(&store->compactor.work);
	}
	ary_mutex_unlock(&store->compactor.lock);
}

static void begin_report(struct ary_store *store)
{
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	ary_mutex_lock(&store->compactor.lock);
	begin_report_locked(store, &sum);
	ary_mutex_unlock(&store->compactor.lock);
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

/* Ends the report and answers everyone who waits. */
static void end_report(struct ary_store *store, const struct ary_error *err)
{
	struct ary_compactor *compactor = &store->compactor;
	struct ary_logs_sum sum;
	ary_logs_sum(&store->logs, &sum);
	ary_mutex_lock(&compactor->lock);
	struct ary_compaction_report *report = &compactor->report;
	uint64_t now = ary_monotonic_ns(store->options.env);
	report->state = ARY_COMPACTION_IDLE;
	report->runs++;
	report->status = err->status;
	report->error = *err;
	report->logs_after = sum.logs;
	report->bytes_after = sum.bytes;
	report->scanned_bytes = atomic_load(&compactor->scanned_bytes);
	report->records_kept = atomic_load(&compactor->records_kept);
	report->records_dropped = atomic_load(&compactor->records_dropped);
	report->duration_ms = (now - compactor->started_ns) / 1000000;
	compactor->retry_ns = now + RETRY_NS;
	struct ary_compaction_report copy = *report;
	struct ary_compaction_request *waiting = compactor->waiting;
	compactor->waiting = NULL;
	ary_mutex_unlock(&compactor->lock);
	say_how_it_went(&copy);
	if (copy.status == ARY_CANCELLED)
		copy.status = ary_fail(&copy.error, ARY_SHUTDOWN, "the store is closing");
	while (waiting != NULL) {
		struct ary_compaction_request *request = waiting;
		waiting = request->next;
		request->report = copy;
		request->done(request);
	}
}

static bool wait_for_wish(struct ary_compactor *compactor)
{
	ary_mutex_lock(&compactor->lock);
	while (!compactor->wanted && compactor->waiting == NULL && !compactor->stopping)
		ary_cond_wait(&compactor->work, &compactor->lock);
	bool go_on = !compactor->stopping;
	compactor->wanted = false;
	ary_mutex_unlock(&compactor->lock);
	return go_on;
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

static void run(void *context)
{
	struct ary_store *store = context;
	while (wait_for_wish(&store->compactor)) {
		struct ary_error err = {.status = ARY_OK};
		begin_report(store);
		err.status = ary_merge_run(store, &err);
		end_report(store, &err);
		/* What became stale during the run was not looked at while it ran. */
		ary_compact_consider(store);
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
	atomic_store(&compactor->cancel, true);
	ary_mutex_lock(&compactor->lock);
	compactor->stopping = true;
	ary_cond_signal(&compactor->work);
	ary_mutex_unlock(&compactor->lock);
	ary_thread_join(&compactor->thread);
}
