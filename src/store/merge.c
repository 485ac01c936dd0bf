/* SPDX-License-Identifier: MIT */
#include "store/merge.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "format/name.h"
#include "format/record.h"
#include "segment/scan.h"
#include "store/appender.h"
#include "store/commit.h"
#include "store/rotate.h"
#include "store/takeover.h"

enum { COPY_BUFFER_BYTES = 1 << 20 };

/* A merge under way. */
struct merge {
	struct ary_store *store;
	struct ary_log **logs;         /* what is merged, oldest first; still in the table */
	size_t count;
	struct ary_segment *output;
	struct ary_buf buffer;         /* lines not yet appended to the output */
	uint64_t lines;                /* in the output, buffered ones too */
	uint64_t overhead_bytes;
	uint64_t seal_seq;             /* of the newest log's own Seal line */
	enum ary_status status;        /* of the job */
	struct ary_error *err;
};

static uint64_t newest_number(const struct merge *merge)
{
	return ary_segment_log(merge->logs[merge->count - 1]->segment);
}

/* Job: seals the active log if that brings anything, and notes what there is to merge. */
static void gather(struct ary_store *store, struct ary_job *job)
{
	struct merge *merge = job->context;
	merge->status = atomic_load(&store->read_only) ? ary_store_ready(store, merge->err)
						       : ARY_OK;
	const struct ary_log *active = store->committer.active;
	if (merge->status == ARY_OK && active != NULL && ary_log_stale_bytes(active) > 0)
		merge->status = ary_rotate_now(store, merge->err);
	if (merge->status != ARY_OK)
		return;
	uint64_t stale_bytes = 0;
	merge->logs = ary_alloc((store->logs.count + 1) * sizeof(struct ary_log *));
	for (size_t i = 0; i < store->logs.count && store->logs.ordered[i]->sealed; i++) {
		merge->logs[merge->count++] = store->logs.ordered[i];
		stale_bytes += ary_log_stale_bytes(store->logs.ordered[i]);
	}
	if (stale_bytes == 0)
		merge->count = 0;
}

static enum ary_status flush(struct merge *merge, struct ary_error *err)
{
	enum ary_status status =
		ary_segment_append(merge->output, ary_buf_view(&merge->buffer), err);
	merge->buffer.size = 0;
	return status;
}

static enum ary_status put_control_line(struct merge *merge, const struct ary_record *record,
					struct ary_error *err)
{
	size_t before = merge->buffer.size;
	if (ary_record_encode(record, &merge->buffer) != ARY_OK)
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a compaction");
	merge->overhead_bytes += merge->buffer.size - before;
	merge->lines++;
	return ARY_OK;
}

static enum ary_status put_base_line(struct merge *merge, struct ary_error *err)
{
	const struct ary_record record = {
		.seq = merge->logs[0]->seq_first,
		.time_ms = ary_wall_ms(merge->store->options.env),
		.op = ARY_OP_BASE,
		.version = ARY_FORMAT_VERSION,
		.log = newest_number(merge),
		.base = ary_segment_log(merge->logs[0]->segment),
	};
	return put_control_line(merge, &record, err);
}

static enum ary_status put_seal_line(struct merge *merge, struct ary_error *err)
{
	const struct ary_record record = {
		.seq = merge->seal_seq,
		.time_ms = ary_wall_ms(merge->store->options.env),
		.op = ARY_OP_SEAL,
		.has_durable = true,
		.durable_bytes = ary_segment_durable_bytes(merge->output),
		.lines = merge->lines,
	};
	return put_control_line(merge, &record, err);
}

/* Whether LINE still is what its key holds. */
static bool is_live(struct merge *merge, const struct ary_record *record)
{
	struct ary_entry entry;
	return record->op == ARY_OP_SET &&
	       ary_index_get(merge->store->index, record->key, &entry) &&
	       entry.seq == record->seq;
}

static enum ary_status copy_line(void *context, const struct ary_scan_line *line,
				 struct ary_error *err)
{
	struct merge *merge = context;
	struct ary_compactor *compactor = &merge->store->compactor;
	if (atomic_load_explicit(&compactor->cancel, memory_order_relaxed))
		return ary_fail(err, ARY_CANCELLED, "the compaction was cancelled");
	atomic_fetch_add_explicit(&compactor->scanned_bytes, line->line.size,
				  memory_order_relaxed);
	if (!is_live(merge, line->record)) {
		atomic_fetch_add_explicit(&compactor->records_dropped, 1, memory_order_relaxed);
		return ARY_OK;
	}
	atomic_fetch_add_explicit(&compactor->records_kept, 1, memory_order_relaxed);
	if (!ary_buf_append(&merge->buffer, line->line))
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a compaction");
	merge->lines++;
	return merge->buffer.size >= COPY_BUFFER_BYTES ? flush(merge, err) : ARY_OK;
}

/* Copies what counts of LOG, every line's checksum verified on the way. */
static enum ary_status copy_log(struct merge *merge, const struct ary_log *log,
				struct ary_error *err)
{
	char name[ARY_NAME_BYTES];
	ary_name_log(ary_segment_log(log->segment), name);
	struct ary_scan_report report;
	enum ary_status status = ary_scan(ary_segment_file(log->segment), name,
					  log->seq_first - 1, copy_line, merge, &report, err);
	if (status != ARY_OK)
		return status;
	/* A file that has become shorter since it was sealed is damaged, too. */
	if (report.torn || report.lines != log->lines)
		return ary_fail(err, ARY_CORRUPT, "%s: damaged at offset %" PRIu64 ", after seq %"
				PRIu64, name, report.end, report.seq_last);
	merge->seal_seq = report.seq_last;
	return ARY_OK;
}

static enum ary_status flush_and_sync(struct merge *merge, struct ary_error *err)
{
	enum ary_status status = flush(merge, err);
	return status == ARY_OK ? ary_segment_sync(merge->output, err) : status;
}

/* Writes the whole output, durable. Its Seal confirms all before it, so that no damage can pass
 * for a torn tail. */
static enum ary_status write_output(struct merge *merge, struct ary_error *err)
{
	enum ary_status status = put_base_line(merge, err);
	for (size_t i = 0; status == ARY_OK && i < merge->count; i++)
		status = copy_log(merge, merge->logs[i], err);
	if (status == ARY_OK)
		status = flush_and_sync(merge, err);
	if (status == ARY_OK)
		status = put_seal_line(merge, err);
	if (status == ARY_OK)
		status = flush_and_sync(merge, err);
	/* Of the output nothing is known then, but the store does not rest on it. */
	return status == ARY_UNCERTAIN ? ARY_IO : status;
}

/* Job: makes durable what the merge rests on. It left lines out because of later writes; if a power
 * failure took those back, their keys would hold neither value. */
static void secure(struct ary_store *store, struct ary_job *job)
{
	struct merge *merge = job->context;
	merge->status = atomic_load(&store->read_only) ? ary_store_ready(store, merge->err)
						       : ARY_OK;
	if (merge->status == ARY_OK && store->committer.dirty)
		merge->status = ary_append_sync(store, merge->err);
}

/* Gives the output the name of the newest log it replaces: from here on it is the truth. */
static enum ary_status commit_output(struct merge *merge, struct ary_error *err)
{
	char from[ARY_NAME_BYTES];
	char to[ARY_NAME_BYTES];
	ary_name_temporary(newest_number(merge), from);
	ary_name_log(newest_number(merge), to);
	struct ary_dir *dir = merge->store->dir;
	enum ary_status status = ary_dir_rename(dir, from, to, err);
	if (status == ARY_OK)
		status = ary_dir_sync(dir, err);
	/* Whether the new name is durable is unknown now; both outcomes are whole, but writing
	 * on would build on one of them. */
	if (status == ARY_OK)
		return ARY_OK;
	ary_store_latch(merge->store, err);
	return ARY_READ_ONLY;
}

static void drop_output(struct merge *merge)
{
	char name[ARY_NAME_BYTES];
	ary_name_temporary(newest_number(merge), name);
	struct ary_error err;
	char quoted[ARY_DIAG_QUOTED_BYTES];
	enum ary_status status = ary_dir_unlink(merge->store->dir, name, &err);
	if (status != ARY_OK && status != ARY_NOT_FOUND)
		ary_diag(ARY_DIAG_WARN, "leftover_kept", "error=%s",
			 ary_diag_quote(err.text, quoted));
}

/* Removes the files below the newest one. They no longer count, so a failure costs space only:
 * the next open removes them. */
static void remove_old_files(struct ary_store *store, const uint64_t *numbers, size_t count)
{
	struct ary_error err;
	char quoted[ARY_DIAG_QUOTED_BYTES];
	for (size_t i = 0; i < count; i++) {
		char name[ARY_NAME_BYTES];
		ary_name_log(numbers[i], name);
		if (ary_dir_unlink(store->dir, name, &err) != ARY_OK)
			ary_diag(ARY_DIAG_WARN, "leftover_kept", "error=%s",
				 ary_diag_quote(err.text, quoted));
	}
	if (ary_dir_sync(store->dir, &err) != ARY_OK)
		ary_store_latch(store, &err);
}

/* Makes the committed output part of the store, and the merged logs history. */
static enum ary_status take_over(struct merge *merge, struct ary_error *err)
{
	size_t old_count = merge->count - 1;
	uint64_t *numbers = ary_alloc((old_count + 1) * sizeof(*numbers));
	for (size_t i = 0; i < old_count; i++)
		numbers[i] = ary_segment_log(merge->logs[i]->segment);
	struct ary_log *log = ARY_NEW(struct ary_log);
	log->segment = ary_segment_ref(merge->output);
	log->sealed = true;
	log->base = true;
	log->seq_first = merge->logs[0]->seq_first;
	log->lines = merge->lines;
	atomic_store(&log->overhead_bytes, merge->overhead_bytes);
	atomic_store(&log->bytes, ary_segment_bytes(merge->output));
	enum ary_status status = ary_takeover_run(merge->store, log, merge->count, err);
	if (status == ARY_OK)
		remove_old_files(merge->store, numbers, old_count);
	else
		merge->store->compactor.broken = true;
	free(numbers);
	return status;
}

/* Merges what was gathered. */
static enum ary_status merge_gathered(struct merge *merge, struct ary_error *err)
{
	struct ary_store *store = merge->store;
	enum ary_status status = ary_segment_create(store->dir, newest_number(merge), true,
						    ary_logs_slot(&store->logs), &merge->output,
						    err);
	if (status == ARY_EXISTS) {
		/* What a compaction that failed could not remove. */
		drop_output(merge);
		status = ary_segment_create(store->dir, newest_number(merge), true,
					    ary_logs_slot(&store->logs), &merge->output, err);
	}
	if (status != ARY_OK)
		return status;
	status = write_output(merge, err);
	if (status == ARY_OK) {
		struct ary_job job = {.run = secure, .context = merge};
		ary_commit_run_job(store, &job);
		status = merge->status;
	}
	if (status != ARY_OK) {
		drop_output(merge);
		return status;
	}
	status = commit_output(merge, err);
	return status == ARY_OK ? take_over(merge, err) : status;
}

enum ary_status ary_merge_run(struct ary_store *store, struct ary_error *err)
{
	if (store->compactor.broken)
		return ary_fail(err, ARY_IO, "an earlier compaction could not be taken over; "
				"restart to compact again");
	struct merge merge = {.store = store, .err = err};
	struct ary_job job = {.run = gather, .context = &merge};
	ary_commit_run_job(store, &job);
	enum ary_status status = merge.status;
	if (status == ARY_OK && merge.count > 0)
		status = merge_gathered(&merge, err);
	ary_segment_unref(merge.output);
	ary_buf_release(&merge.buffer);
	free(merge.logs);
	return status;
}
