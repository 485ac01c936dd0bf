/* SPDX-License-Identifier: MIT */
#include "store/replay.h"

#include <inttypes.h>

#include "store/clock.h"
#include "store/replay_parts.h"

/* Progress is told once per this many bytes. */
enum { PROGRESS_BYTES = 1 << 20 };

/* How many keys the index is told to expect: short values make lines of this length. Where lines
 * are longer, or many are stale, it gives the room back; the bound keeps that room small. */
enum { LINE_BYTES_EXPECTED = 160, KEYS_EXPECTED_MAX = 16 << 20 };

static uint64_t keys_expected(const struct ary_replay *replay)
{
	uint64_t keys = replay->total_bytes / LINE_BYTES_EXPECTED;

	return keys < KEYS_EXPECTED_MAX ? keys : KEYS_EXPECTED_MAX;
}

/* From so many bytes on, starting a thread takes less time than it saves. */
static const uint64_t THREAD_BYTES_MIN = 8 << 20;

static enum ary_status fail_memory(struct ary_error *err)
{
	return ary_fail(err, ARY_NO_MEMORY, "no memory for the index");
}

/* Lets the loader make the change that LINE, a Set, Rm or Expire, is. */
static enum ary_status replay_change(struct ary_replay *replay, const struct ary_scan_line *line,
				     struct ary_error *err)
{
	bool is_set = line->record->op == ARY_OP_SET;
	const struct ary_entry entry = {
		.seq = line->record->seq,
		.location = {.offset = line->offset,
			     .size = (uint32_t)line->line.size,
			     .slot = ary_segment_slot(replay->log->segment)},
		.ends = line->record->expires_ms != 0,
	};
	if (is_set)
		replay->live_bytes += line->line.size;
	else
		replay->tombstone_bytes += line->line.size;
	if (ary_loader_add(&replay->loader, line->record->key, is_set ? &entry : NULL,
			   line->record->expires_ms) != ARY_OK)
		return fail_memory(err);
	return ARY_OK;
}

static void tell_progress(struct ary_replay *replay, size_t bytes)
{
	const struct ary_store_options *options = &replay->store->options;
	replay->done_bytes += bytes;
	if (options->progress == NULL || replay->done_bytes - replay->told_bytes < PROGRESS_BYTES)
		return;
	replay->told_bytes = replay->done_bytes;
	options->progress(options->progress_context, replay->done_bytes, replay->total_bytes);
}

static enum ary_status replay_line(void *context, const struct ary_scan_line *line,
				   struct ary_error *err)
{
	struct ary_replay *replay = context;
	enum ary_status status = ary_rules_line(&replay->rules, line, err);
	if (status != ARY_OK)
		return status;
	switch (line->record->op) {
	case ARY_OP_SET:
		if (line->record->large.count > 0)
			status = ary_replay_large(replay, line, err);
		if (status == ARY_OK)
			status = replay_change(replay, line, err);
		break;
	case ARY_OP_RM:
	case ARY_OP_EXPIRE:
		status = replay_change(replay, line, err);
		break;
	case ARY_OP_PART:
		status = ary_replay_part(replay, line, err);
		break;
	case ARY_OP_LOG:
	case ARY_OP_BASE:
	case ARY_OP_MERGE:
	case ARY_OP_SEAL:
		atomic_fetch_add(&replay->log->overhead_bytes, line->line.size);
		break;
	case ARY_OP_MARK:
		atomic_fetch_add(&replay->log->mark_bytes, line->line.size);
		break;
	case ARY_OP_UNKNOWN:
		break;
	}
	ary_clock_note(replay->store, line->record->time_ms);
	replay->store->recovered_records++;
	tell_progress(replay, line->line.size);
	return status;
}

/* What the lines said of the log as a whole. */
static void note_log(struct ary_replay *replay)
{
	replay->log->merged = replay->rules.merged;
	replay->log->base = replay->rules.base;
	replay->log->cleaned = replay->rules.cleaned;
	replay->log->sealed = replay->rules.sealed;
	replay->log->seq_first = replay->rules.seq_first;
	replay->log->lines = replay->rules.lines;
	atomic_store(&replay->log->bytes, replay->report.end);
	/* Lines of its own may have been counted as stale before: what is less than nothing wraps
	 * around, and is right again now. */
	atomic_fetch_add(&replay->log->live_bytes, replay->live_bytes);
	atomic_fetch_add(&replay->log->tombstone_bytes, replay->tombstone_bytes);
	replay->live_bytes = 0;
	replay->tombstone_bytes = 0;
}

/* Reads the log that is the table's last, from START on, where what its lines before it said is
 * known; MAY_TEAR: it may be the last one that was written to. */
static enum ary_status read_log(struct ary_replay *replay, struct ary_scan_start start,
				bool may_tear, struct ary_error *err)
{
	struct ary_segment *segment = ary_logs_last(&replay->store->logs)->segment;
	replay->previous = replay->report;
	replay->log = ary_logs_last(&replay->store->logs);
	enum ary_status status = ary_scan(ary_segment_file(segment), replay->name, start,
					  replay_line, replay, &replay->report, err);
	/* The table of logs changes only while the loader rests. */
	if (ary_loader_drain(&replay->loader) != ARY_OK && status == ARY_OK)
		status = fail_memory(err);
	if (status != ARY_OK)
		return status;
	if (replay->report.seq_seen > replay->seq)
		replay->seq = replay->report.seq_seen;
	note_log(replay);
	return ary_rules_end(&replay->rules, &replay->report, may_tear, err);
}

/* Reads one log. */
static enum ary_status replay_log(struct ary_replay *replay, uint64_t number, bool may_tear,
				  struct ary_error *err)
{
	struct ary_store *store = replay->store;
	struct ary_segment *segment;
	enum ary_status status = ary_segment_open(store->dir, number, ary_logs_slot(&store->logs),
						  &segment, err);
	if (status != ARY_OK)
		return status;
	ary_store_map(store, segment);
	ary_name_log(number, replay->name);
	(void)ary_logs_append(&store->logs, segment);
	ary_rules_begin(&replay->rules, replay->name, number);
	return read_log(replay, (struct ary_scan_start){.seq = replay->seq}, may_tear, err);
}

/* Reads what the last log that RESUME knows has more. */
static enum ary_status go_on(struct ary_replay *replay, const struct ary_resume *resume,
			     bool may_tear, struct ary_error *err)
{
	const struct ary_log *log = ary_logs_last(&replay->store->logs);
	const struct ary_scan_start start = {.offset = atomic_load(&log->bytes),
					     .seq = resume->seq};
	replay->rules = resume->rules;
	replay->rules.name = replay->name;
	ary_name_log(ary_segment_log(log->segment), replay->name);
	return read_log(replay, start, may_tear, err);
}

/* Reads all that RESUME does not know. */
static enum ary_status replay_logs(struct ary_replay *replay,
				   const struct ary_inventory *inventory,
				   const struct ary_resume *resume, bool *unused_out,
				   struct ary_error *err)
{
	size_t count = inventory->log_count;
	bool last_empty = false;
	enum ary_status status = ARY_OK;
	if (count > 1)
		status = ary_inventory_last_empty(replay->store->dir, inventory, &last_empty, err);
	for (size_t i = resume->log_count > 0 ? resume->log_count - 1 : 0;
	     status == ARY_OK && i < count; i++) {
		if (i + 1 == count && last_empty && !replay->log->sealed) {
			*unused_out = true;
			break;
		}
		bool may_tear = i + 1 == count || (i + 2 == count && last_empty);
		status = i < resume->log_count
				 ? go_on(replay, resume, may_tear, err)
				 : replay_log(replay, inventory->logs[i], may_tear, err);
	}
	return status;
}

enum ary_status ary_replay_all(struct ary_replay *replay, const struct ary_inventory *inventory,
			       const struct ary_resume *resume, bool *unused_out,
			       struct ary_error *err)
{
	/* Order is there already where the index is. */
	bool bulk = resume->log_count == 0;
	*unused_out = false;
	if (bulk)
		ary_index_bulk_begin(replay->store->index, keys_expected(replay));
	ary_loader_start(&replay->loader, replay->store, replay->total_bytes >= THREAD_BYTES_MIN);
	enum ary_status status = replay_logs(replay, inventory, resume, unused_out, err);
	ary_loader_stop(&replay->loader);
	if (status == ARY_OK && bulk && ary_index_bulk_end(replay->store->index) != ARY_OK)
		return fail_memory(err);
	return status;
}
