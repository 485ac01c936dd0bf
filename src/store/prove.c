/* SPDX-License-Identifier: MIT */
#include "store/prove.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "format/name.h"
#include "segment/scan.h"
#include "store/pace.h"

static bool is_stopping(struct ary_prover *prover)
{
	return atomic_load_explicit(&prover->stopping, memory_order_relaxed);
}

static void wait_until(struct ary_store *store, uint64_t due_ns)
{
	struct ary_prover *prover = &store->prover;
	uint64_t now_ns = ary_monotonic_ns(store->options.env);
	ary_mutex_lock(&prover->lock);
	while (now_ns < due_ns && !is_stopping(prover)) {
		(void)ary_cond_wait_ms(&prover->stop, &prover->lock,
				       (due_ns - now_ns) / 1000000 + 1);
		now_ns = ary_monotonic_ns(store->options.env);
	}
	ary_mutex_unlock(&prover->lock);
}

/* A log being proved. */
struct proof {
	struct ary_store *store;
	const struct ary_unproved_log *log;
};

/* That LINE came here proves it. */
static enum ary_status pass_line(void *context, const struct ary_scan_line *line,
				 struct ary_error *err)
{
	struct proof *proof = context;
	struct ary_prover *prover = &proof->store->prover;
	uint64_t due_ns = 0;
	if (is_stopping(prover) || line->offset >= proof->log->bytes)
		return ary_fail(err, ARY_CANCELLED, "that is all");
	prover->bytes += line->line.size;
	due_ns = ary_pace_until(&prover->pace_due_ns, proof->store, line->line.size);
	if (due_ns > 0)
		wait_until(proof->store, due_ns);
	return ARY_OK;
}

/* CORRUPT: the log is damaged. CANCELLED: the thread is to end. */
static enum ary_status prove_log(struct ary_store *store, const struct ary_unproved_log *log,
				 struct ary_error *err)
{
	char name[ARY_NAME_BYTES];
	const struct ary_scan_start start = {.seq = log->seq_first - 1};
	struct proof proof = {store, log};
	struct ary_scan_report report;
	ary_name_log(ary_segment_log(log->segment), name);
	enum ary_status status = ary_scan(ary_segment_file(log->segment), name, start, pass_line,
					  &proof, &report, err);
	if (status == ARY_CANCELLED)
		return is_stopping(&store->prover) ? status : ARY_OK;
	if (status == ARY_OK && report.end < log->bytes)
		return ary_fail(err, ARY_CORRUPT, "%s: damaged at offset %" PRIu64 ", after seq %"
				PRIu64, name, report.end, report.seq_last);
	return status;
}

static void tell_failure(struct ary_store *store, const struct ary_error *err)
{
	char quoted[ARY_DIAG_QUOTED_BYTES];
	ary_diag(ARY_DIAG_ERROR, err->status == ARY_CORRUPT ? "damage_found" : "proof_failed",
		 "error=%s", ary_diag_quote(err->text, quoted));
	if (err->status == ARY_CORRUPT)
		ary_store_latch(store, err);
}

static void run(void *context)
{
	struct ary_store *store = context;
	struct ary_prover *prover = &store->prover;
	struct ary_error err = {.status = ARY_OK};
	enum ary_status status = ARY_OK;
	for (size_t i = 0; status == ARY_OK && i < prover->log_count; i++)
		status = prove_log(store, &prover->logs[i], &err);
	if (status == ARY_OK)
		ary_diag(ARY_DIAG_INFO, "logs_proved", "logs=%zu bytes=%" PRIu64,
			 prover->log_count, prover->bytes);
	else if (status != ARY_CANCELLED)
		tell_failure(store, &err);
}

/* Takes a hold of all logs: a compaction may replace them meanwhile. */
static void collect(struct ary_store *store)
{
	struct ary_prover *prover = &store->prover;
	prover->log_count = store->checkpoint.log_count;
	prover->logs = ary_alloc(prover->log_count * sizeof(*prover->logs));
	for (size_t i = 0; i < prover->log_count; i++) {
		const struct ary_log *log = store->logs.ordered[i];
		bool is_last = i + 1 == prover->log_count;
		prover->logs[i] = (struct ary_unproved_log){
			.segment = ary_segment_ref(log->segment),
			.seq_first = log->seq_first,
			.bytes = is_last ? store->checkpoint.last_bytes
					 : atomic_load(&log->bytes),
		};
	}
}

static void release(struct ary_prover *prover)
{
	for (size_t i = 0; i < prover->log_count; i++)
		ary_segment_unref(prover->logs[i].segment);
	free(prover->logs);
	ary_mutex_release(&prover->lock);
	ary_cond_release(&prover->stop);
	prover->started = false;
}

void ary_prove_start(struct ary_store *store)
{
	struct ary_prover *prover = &store->prover;
	struct ary_error err;
	char quoted[ARY_DIAG_QUOTED_BYTES];
	if (store->checkpoint.log_count == 0 || !store->options.prove_logs)
		return;
	ary_mutex_init(&prover->lock);
	ary_cond_init(&prover->stop);
	collect(store);
	prover->started = true;
	if (ary_thread_start(&prover->thread, "proof", run, store, &err) == ARY_OK)
		return;
	ary_diag(ARY_DIAG_WARN, "proof_failed", "error=%s", ary_diag_quote(err.text, quoted));
	release(prover);
}

void ary_prove_stop(struct ary_store *store)
{
	struct ary_prover *prover = &store->prover;
	if (!prover->started)
		return;
	ary_mutex_lock(&prover->lock);
	atomic_store(&prover->stopping, true);
	ary_cond_signal(&prover->stop);
	ary_mutex_unlock(&prover->lock);
	ary_thread_join(&prover->thread);
	release(prover);
}
