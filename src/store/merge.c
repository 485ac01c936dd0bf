/* SPDX-License-Identifier: MIT */
#include "store/merge.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "format/name.h"
#include "format/record.h"
#include "segment/scan.h"
#include "store/appender.h"
#include "store/checkpoint.h"
#include "store/clock.h"
#include "store/commit.h"
#include "store/pace.h"
#include "store/takeover.h"
#include "store/witness.h"

enum { COPY_BUFFER_BYTES = 1 << 20 };

/* A merge under way. */
struct work {
	struct ary_store *store;
	const struct ary_merge *merge;
	struct ary_segment *output;
	struct ary_buf buffer;         /* lines not yet appended to the output */
	uint64_t lines;                /* in the output, buffered ones too */
	uint64_t tombstone_bytes;      /* in the output; and of first line and Seal */
	uint64_t overhead_bytes;
	uint64_t seal_seq;             /* of the newest log's own Seal line */
	enum ary_status status;        /* of the job */
	struct ary_error *err;
};

static uint64_t number_of(const struct work *work, size_t i)
{
	return ary_segment_log(work->merge->logs[i]->segment);
}

static uint64_t newest_number(const struct work *work)
{
	return number_of(work, work->merge->count - 1);
}

static enum ary_status flush(struct work *work, struct ary_error *err)
{
	uint64_t bytes = work->buffer.size;
	enum ary_status status =
		ary_segment_append(work->output, ary_buf_view(&work->buffer), err);
	work->buffer.size = 0;
	if (status != ARY_OK)
		return status;
	atomic_fetch_add_explicit(&work->store->compactor.written_bytes, bytes,
				  memory_order_relaxed);
	ary_pace(work->store, bytes);
	return ARY_OK;
}

static enum ary_status put_control_line(struct work *work, const struct ary_record *record,
					struct ary_error *err)
{
	size_t before = work->buffer.size;
	if (ary_record_encode(record, &work->buffer) != ARY_OK)
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a compaction");
	work->overhead_bytes += work->buffer.size - before;
	work->lines++;
	return ARY_OK;
}

static enum ary_status put_first_line(struct work *work, struct ary_error *err)
{
	const struct ary_record record = {
		.seq = work->merge->logs[0]->seq_first,
		.time_ms = ary_clock_now_ms(work->store),
		.op = work->merge->lowest ? ARY_OP_BASE : ARY_OP_MERGE,
		.version = ARY_FORMAT_VERSION,
		.log = newest_number(work),
		.base = work->merge->logs[0]->base,
		.cleaned = work->merge->seq,
	};
	return put_control_line(work, &record, err);
}

static enum ary_status put_seal_line(struct work *work, struct ary_error *err)
{
	const struct ary_record record = {
		.seq = work->seal_seq,
		.time_ms = ary_clock_now_ms(work->store),
		.op = ARY_OP_SEAL,
		.has_durable = true,
		.durable_bytes = ary_segment_durable_bytes(work->output),
		.lines = work->lines,
	};
	return put_control_line(work, &record, err);
}

/* What hides a value in a lower log. */
static bool is_tombstone(const struct ary_record *record)
{
	return record->op == ARY_OP_RM || record->op == ARY_OP_EXPIRE;
}

/* Whether a tombstone, RECORD, may still hide something in a lower log. */
static bool hides(const struct work *work, const struct ary_record *record)
{
	struct ary_entry entry;
	if (work->merge->lowest || record->seq <= work->merge->clean_seq)
		return false;
	/* A later value hides what lies below it as well. */
	return !ary_index_get(work->store->index, record->key, &entry) ||
	       entry.seq < record->seq;
}

/* Whether the line of RECORD still counts. */
static bool is_needed(const struct work *work, const struct ary_record *record)
{
	struct ary_entry entry;
	if (is_tombstone(record))
		return hides(work, record);
	if (record->op == ARY_OP_PART)
		return ary_parts_counts(&work->store->parts, record->upload, record->part);
	return record->op == ARY_OP_SET &&
	       ary_index_get(work->store->index, record->key, &entry) &&
	       entry.seq == record->seq;
}

static enum ary_status copy_line(void *context, const struct ary_scan_line *line,
				 struct ary_error *err)
{
	struct work *work = context;
	struct ary_compactor *compactor = &work->store->compactor;
	if (atomic_load_explicit(&compactor->cancel, memory_order_relaxed))
		return ary_fail(err, ARY_CANCELLED, "the compaction was cancelled");
	atomic_fetch_add_explicit(&compactor->scanned_bytes, line->line.size,
				  memory_order_relaxed);
	ary_pace(work->store, line->line.size);
	if (!is_needed(work, line->record)) {
		atomic_fetch_add_explicit(&compactor->records_dropped, 1, memory_order_relaxed);
		return ARY_OK;
	}
	atomic_fetch_add_explicit(&compactor->records_kept, 1, memory_order_relaxed);
	if (!ary_buf_append(&work->buffer, line->line))
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a compaction");
	work->tombstone_bytes += is_tombstone(line->record) ? line->line.size : 0;
	work->lines++;
	return work->buffer.size >= COPY_BUFFER_BYTES ? flush(work, err) : ARY_OK;
}

/* Copies what counts of LOG, every line's checksum verified on the way. */
static enum ary_status copy_log(struct work *work, const struct ary_log *log,
				struct ary_error *err)
{
	char name[ARY_NAME_BYTES];
	ary_name_log(ary_segment_log(log->segment), name);
	struct ary_scan_report report;
	const struct ary_scan_start start = {.seq = log->seq_first - 1};
	enum ary_status status = ary_scan(ary_segment_file(log->segment), name, start,
					  copy_line, work, &report, err);
	if (status == ARY_OK)
		status = ary_scan_check_whole(&report, name, log->lines, err);
	if (status == ARY_OK)
		work->seal_seq = report.seq_last;
	return status;
}

static enum ary_status flush_and_sync(struct work *work, struct ary_error *err)
{
	enum ary_status status = flush(work, err);
	return status == ARY_OK ? ary_segment_sync(work->output, err) : status;
}

/* Writes the whole output, durable. Its Seal confirms all before it, so that no damage can pass
 * for a torn tail. */
static enum ary_status write_output(struct work *work, struct ary_error *err)
{
	enum ary_status status = put_first_line(work, err);
	for (size_t i = 0; status == ARY_OK && i < work->merge->count; i++)
		status = copy_log(work, work->merge->logs[i], err);
	if (status == ARY_OK)
		status = flush_and_sync(work, err);
	if (status == ARY_OK)
		status = put_seal_line(work, err);
	if (status == ARY_OK)
		status = flush_and_sync(work, err);
	/* Of the output nothing is known then, but the store does not rest on it. */
	return status == ARY_UNCERTAIN ? ARY_IO : status;
}

/* Job: makes durable what the merge rests on. It left lines out because of later writes; if a power
 * failure took those back, their keys would hold neither value. */
static void secure(struct ary_store *store, struct ary_job *job)
{
	struct work *work = job->context;
	work->status = atomic_load(&store->read_only) ? ary_store_ready(store, work->err)
						       : ARY_OK;
	if (work->status == ARY_OK && store->committer.dirty)
		work->status = ary_append_sync(store, work->err);
	/* If damage did, the tail must not pass for a torn one. */
	if (work->status == ARY_OK)
		ary_witness_settle(store);
}

/* Gives the output the name of the newest log it replaces: from here on it is the truth. */
static enum ary_status commit_output(struct work *work, struct ary_error *err)
{
	char from[ARY_NAME_BYTES];
	char to[ARY_NAME_BYTES];
	ary_name_temporary(newest_number(work), from);
	ary_name_log(newest_number(work), to);
	struct ary_dir *dir = work->store->dir;
	ary_checkpoint_drop(work->store);
	enum ary_status status = ary_dir_rename(dir, from, to, err);
	if (status == ARY_OK)
		status = ary_dir_sync(dir, err);
	/* Whether the new name is durable is unknown now; both outcomes are whole, but writing
	 * on would build on one of them. */
	if (status == ARY_OK)
		return ARY_OK;
	ary_store_latch(work->store, err);
	return ARY_READ_ONLY;
}

static void drop_output(struct work *work)
{
	char name[ARY_NAME_BYTES];
	ary_name_temporary(newest_number(work), name);
	struct ary_error err;
	char quoted[ARY_DIAG_QUOTED_BYTES];
	enum ary_status status = ary_dir_unlink(work->store->dir, name, &err);
	if (status != ARY_OK && status != ARY_NOT_FOUND)
		ary_diag(ARY_DIAG_WARN, "leftover_kept", "error=%s",
			 ary_diag_quote(err.text, quoted));
}

/* Removes the files of the COUNT logs MERGED. They no longer count, so a failure costs space only:
 * the next open removes them. */
static void remove_files(struct ary_store *store, struct ary_segment *const *merged, size_t count)
{
	struct ary_error err;
	char quoted[ARY_DIAG_QUOTED_BYTES];
	for (size_t i = 0; i < count; i++) {
		char name[ARY_NAME_BYTES];
		ary_name_log(ary_segment_log(merged[i]), name);
		if (ary_dir_unlink(store->dir, name, &err) != ARY_OK)
			ary_diag(ARY_DIAG_WARN, "leftover_kept", "error=%s",
				 ary_diag_quote(err.text, quoted));
	}
	if (ary_dir_sync(store->dir, &err) != ARY_OK)
		ary_store_latch(store, &err);
}

/* The output as a log of the table's. */
static struct ary_log *make_log(struct work *work)
{
	struct ary_log *log = ARY_NEW(struct ary_log);
	log->segment = ary_segment_ref(work->output);
	log->sealed = true;
	log->merged = true;
	log->base = work->merge->logs[0]->base;
	log->seq_first = work->merge->logs[0]->seq_first;
	log->cleaned = work->merge->seq;
	log->lines = work->lines;
	atomic_store(&log->tombstone_bytes, work->tombstone_bytes);
	atomic_store(&log->overhead_bytes, work->overhead_bytes);
	atomic_store(&log->bytes, ary_segment_bytes(work->output));
	return log;
}

/* Makes the committed output part of the store, and the merged logs history. */
static enum ary_status take_over(struct work *work, struct ary_error *err)
{
	size_t count = work->merge->count;
	struct ary_segment **merged = ary_alloc(count * sizeof(*merged));
	/* Closing one frees its space and its addresses, which may take long, and is not for the
	 * commit thread. */
	for (size_t i = 0; i < count; i++)
		merged[i] = ary_segment_ref(work->merge->logs[i]->segment);
	enum ary_status status = ary_takeover_run(work->store, work->merge->logs[0], count,
						  make_log(work), err);
	/* The newest one's name is the output's by now. */
	if (status == ARY_OK)
		remove_files(work->store, merged, count - 1);
	else
		work->store->compactor.broken = true;
	for (size_t i = 0; i < count; i++)
		ary_segment_unref(merged[i]);
	free(merged);
	return status;
}

static enum ary_status create_output(struct work *work, struct ary_error *err)
{
	struct ary_store *store = work->store;
	uint32_t slot = ary_logs_slot(&store->logs);
	enum ary_status status = ary_segment_create(store->dir, newest_number(work), true, slot,
						    &work->output, err);
	if (status == ARY_EXISTS) {
		/* What a compaction that failed could not remove. */
		drop_output(work);
		status = ary_segment_create(store->dir, newest_number(work), true, slot,
					    &work->output, err);
	}
	if (status == ARY_OK)
		ary_store_map(store, work->output);
	return status;
}

static enum ary_status merge(struct work *work, struct ary_error *err)
{
	enum ary_status status = create_output(work, err);
	if (status != ARY_OK)
		return status;
	status = write_output(work, err);
	if (status == ARY_OK) {
		struct ary_job job = {.run = secure, .context = work};
		ary_commit_run_job(work->store, &job);
		status = work->status;
	}
	if (status != ARY_OK) {
		drop_output(work);
		return status;
	}
	status = commit_output(work, err);
	return status == ARY_OK ? take_over(work, err) : status;
}

enum ary_status ary_merge_run(struct ary_store *store, const struct ary_merge *wanted,
			      struct ary_error *err)
{
	if (store->compactor.broken)
		return ary_fail(err, ARY_IO, "an earlier compaction could not be taken over; "
				"restart to compact again");
	struct work work = {.store = store, .merge = wanted, .err = err};
	enum ary_status status = merge(&work, err);
	ary_segment_unref(work.output);
	ary_buf_release(&work.buffer);
	return status;
}
