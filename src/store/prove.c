/* SPDX-License-Identifier: MIT */
#include "store/prove.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "format/name.h"
#include "segment/scan.h"
#include "store/checkpoint.h"
#include "store/pace.h"

/* So short that nobody who wants to change the memory of the process waits long for a slice. */
enum { POPULATE_BYTES = 1 << 20 };

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

/* Waits as one does who has read BYTES, at the pace of a compaction. */
static void rest(struct ary_store *store, uint64_t bytes)
{
	uint64_t due_ns = ary_pace_until(&store->prover.pace_due_ns, store, bytes);
	if (due_ns > 0)
		wait_until(store, due_ns);
}

/* Brings in the pages in which the index lies, until all are there, the system has no way to, or
 * the thread is to end. Those that a write has changed are the process's own by then, and stay. */
static void populate(struct ary_store *store)
{
	const struct ary_file_copy *copy = &store->checkpoint.copy;
	size_t offset = 0;
	while (offset < copy->bytes && !is_stopping(&store->prover)) {
		size_t left = copy->bytes - offset;
		size_t bytes = left < POPULATE_BYTES ? left : POPULATE_BYTES;
		if (!ary_file_copy_populate(copy, offset, bytes))
			return;
		offset += bytes;
		rest(store, bytes);
	}
}

/* That LINE came here proves it. */
static enum ary_status pass_line(void *context, const struct ary_scan_line *line,
				 struct ary_error *err)
{
	struct ary_store *store = context;
	struct ary_prover *prover = &store->prover;
	if (is_stopping(prover))
		return ary_fail(err, ARY_CANCELLED, "the store is closing");
	prover->bytes += line->line.size;
	rest(store, line->line.size);
	return ARY_OK;
}

/* CORRUPT: the log is damaged. CANCELLED: the thread is to end. */
static enum ary_status prove_segment(struct ary_store *store, const struct ary_unproved_log *log,
				     struct ary_segment *segment, struct ary_error *err)
{
	char name[ARY_NAME_BYTES];
	const struct ary_scan_start start = {.seq = log->seq_first - 1, .end = log->bytes};
	struct ary_scan_report report;
	ary_name_log(ary_segment_log(segment), name);
	enum ary_status status = ary_scan(ary_segment_file(segment), name, start, pass_line, store,
					  &report, err);
	return status == ARY_OK ? ary_scan_check_whole(&report, name, log->lines, err) : status;
}

static void tell_failure(struct ary_store *store, const struct ary_error *err)
{
	char quoted[ARY_DIAG_QUOTED_BYTES];
	bool is_damage = err->status == ARY_CORRUPT;
	ary_diag(ARY_DIAG_ERROR, is_damage ? "damage_found" : "proof_failed", "error=%s",
		 ary_diag_quote(err->text, quoted));
	if (!is_damage)
		return;
	ary_store_latch(store, err);
	ary_checkpoint_drop(store);
}

/* Whether to go on. One that is gone was read, and proved, by the merge that took its place; one
 * that cannot be read says nothing of the others. */
static bool prove_log(struct ary_store *store, const struct ary_unproved_log *log)
{
	struct ary_error err;
	struct ary_segment *segment = ary_logs_ref(&store->logs, log->slot);
	if (segment == NULL)
		return true;
	enum ary_status status = prove_segment(store, log, segment, &err);
	/* Held no longer: a file that a merge has replaced takes room until then. */
	ary_segment_unref(segment);
	if (status != ARY_OK && status != ARY_CANCELLED)
		tell_failure(store, &err);
	return status != ARY_CANCELLED && status != ARY_CORRUPT;
}

static void run(void *context)
{
	struct ary_store *store = context;
	struct ary_prover *prover = &store->prover;
	size_t done = 0;
	populate(store);
	while (done < prover->log_count && prove_log(store, &prover->logs[done]))
		done++;
	if (done == prover->log_count)
		ary_diag(ARY_DIAG_INFO, "logs_proved", "logs=%zu bytes=%" PRIu64, done,
			 prover->bytes);
}

void ary_prove_prepare(struct ary_store *store)
{
	struct ary_prover *prover = &store->prover;
	const struct ary_checkpoint *checkpoint = &store->checkpoint;
	if (checkpoint->log_count == 0 || !store->options.prove_logs)
		return;
	prover->log_count = checkpoint->log_count;
	prover->logs = ary_alloc(prover->log_count * sizeof(*prover->logs));
	for (size_t i = 0; i < prover->log_count; i++) {
		const struct ary_log *log = store->logs.ordered[i];
		bool is_last = i + 1 == prover->log_count;
		prover->logs[i] = (struct ary_unproved_log){
			.slot = ary_segment_slot(log->segment),
			.seq_first = log->seq_first,
			.bytes = is_last ? checkpoint->last_bytes : atomic_load(&log->bytes),
			.lines = is_last ? checkpoint->last_lines : log->lines,
		};
	}
}

void ary_prove_start(struct ary_store *store)
{
	struct ary_prover *prover = &store->prover;
	struct ary_error err;
	char quoted[ARY_DIAG_QUOTED_BYTES];
	if (prover->log_count == 0)
		return;
	ary_mutex_init(&prover->lock);
	ary_cond_init(&prover->stop);
	prover->started =
		ary_thread_start(&prover->thread, "proof", run, store, &err) == ARY_OK;
	if (prover->started)
		return;
	ary_diag(ARY_DIAG_WARN, "proof_failed", "error=%s", ary_diag_quote(err.text, quoted));
	ary_mutex_release(&prover->lock);
	ary_cond_release(&prover->stop);
}

void ary_prove_stop(struct ary_store *store)
{
	struct ary_prover *prover = &store->prover;
	if (prover->started) {
		ary_mutex_lock(&prover->lock);
		atomic_store(&prover->stopping, true);
		ary_cond_signal(&prover->stop);
		ary_mutex_unlock(&prover->lock);
		ary_thread_join(&prover->thread);
		ary_mutex_release(&prover->lock);
		ary_cond_release(&prover->stop);
	}
	free(prover->logs);
	prover->logs = NULL;
	prover->log_count = 0;
}
