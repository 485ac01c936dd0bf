/* SPDX-License-Identifier: MIT */
#include "store/recover.h"

#include <inttypes.h>

#include "base/diag.h"
#include "store/checkpoint.h"
#include "store/replay.h"
#include "store/replay_parts.h"
#include "store/witness.h"

/* How far the sequence jumps when a crash may have taken back numbers that were handed out. */
static const uint64_t SEQ_JUMP = UINT64_C(1) << 32;

/* Writes a log's end back and cuts what follows. Where that leaves open what is on the disk, it is
 * a failure like others: nothing was served from it, and the next open reads it anew. */
static enum ary_status repair(struct ary_segment *segment, uint64_t from, uint64_t end,
			      struct ary_error *err)
{
	enum ary_status status = ary_segment_repair(segment, from, end, err);
	return status == ARY_UNCERTAIN ? ary_fail(err, ARY_IO, "%s", err->text) : status;
}

/* A log that was sealed just before a crash may not have been synced: its successor, still
 * without a line, does not prove that it was. A merge was synced before it got its name. */
static enum ary_status settle_previous(struct ary_replay *replay, struct ary_error *err)
{
	const struct ary_logs *logs = &replay->store->logs;
	if (logs->count < 2 || logs->ordered[logs->count - 1]->lines > 0)
		return ARY_OK;
	struct ary_log *previous = logs->ordered[logs->count - 2];
	if (previous->merged)
		return ARY_OK;
	const struct ary_scan_report *report = &replay->previous;
	enum ary_status status =
		repair(previous->segment, report->durable_bytes, report->end, err);
	if (status == ARY_OK)
		ary_witness_note(replay->store, ary_segment_log(previous->segment), report->end,
				 report->seq_last);
	return status;
}

/* Makes the end of the last log what was read of it, durably, before anything is served from it. */
static enum ary_status settle_last(struct ary_replay *replay, struct ary_error *err)
{
	struct ary_store *store = replay->store;
	struct ary_log *last = ary_logs_last(&store->logs);
	if (last == NULL)
		return ARY_OK;
	const struct ary_scan_report *report = &replay->report;
	if (!last->sealed)
		store->committer.active = last;
	if (report->torn) {
		store->recovered_torn_bytes = report->bytes - report->end;
		ary_diag(ARY_DIAG_WARN, "torn_tail_cut", "log=%s offset=%" PRIu64 " bytes=%" PRIu64
			 " seq_last=%" PRIu64, replay->name, report->end,
			 report->bytes - report->end, report->seq_last);
	}
	/* After a clean close as well: a later write may have been refused and undone, and the
	 * process killed before the cut was synced; unsynced, it could come back. */
	enum ary_status status = settle_previous(replay, err);
	if (status == ARY_OK)
		status = repair(last->segment, report->durable_bytes, report->end, err);
	if (status == ARY_OK)
		ary_witness_note(store, ary_segment_log(last->segment), report->end,
				 report->seq_last);
	return status;
}

/* Holds what was read against WATERMARK. A tail that is cut after this ends no earlier than what
 * it states, so that it never states what was cut. */
static enum ary_status hear_witness(const struct ary_replay *replay,
				    const struct ary_inventory *inventory, struct ary_error *err)
{
	struct ary_store *store = replay->store;
	size_t count = inventory->log_count;
	const uint64_t *highest = count > 0 ? &inventory->logs[count - 1] : NULL;
	const struct ary_scan_report *report = &replay->report;
	struct ary_watermark mark;
	enum ary_status status = ary_witness_read(store->root, &mark, err);
	if (status == ARY_OK)
		status = ary_witness_check_log(&mark, highest, err);
	if (status == ARY_OK && replay->log != NULL && !replay->log->sealed)
		status = ary_witness_check_end(&mark, replay->rules.number, report->end,
					       report->seq_last, err);
	/* The last log may be an unused one: empty, and not read. */
	if (status == ARY_OK && count > 0 && replay->log != NULL &&
	    *highest != replay->rules.number)
		status = ary_witness_check_end(&mark, *highest, 0, replay->seq, err);
	if (status != ARY_OK)
		return status;
	if (mark.durable_bytes == 0 && count > 0)
		ary_diag(ARY_DIAG_INFO, "no_watermark", "log=%" PRIu64, *highest);
	ary_witness_start(store, &mark);
	return ARY_OK;
}

/* Where the numbers go on, and whether this run must write down that it began. */
static void settle_seq(struct ary_replay *replay)
{
	struct ary_committer *committer = &replay->store->committer;
	bool fresh = replay->store->logs.count == 0;
	bool strict = replay->store->options.durability == ARY_DURABILITY_ALWAYS;
	bool jump = !fresh && !replay->rules.clean && !replay->rules.strict;
	committer->seq = replay->seq + (jump ? SEQ_JUMP : 0);
	committer->seq_stored = replay->rules.seq_last;
	replay->store->recovered_clean = replay->rules.clean;
	replay->store->recovered_strict = replay->rules.strict;
	committer->mark_due = jump || (!fresh && !(strict && replay->rules.strict));
	atomic_store(&replay->store->counters.seq, replay->seq);
}

static enum ary_status remove_unused(struct ary_store *store, uint64_t number,
				     struct ary_error *err)
{
	char name[ARY_NAME_BYTES];
	ary_name_log(number, name);
	enum ary_status status = ary_dir_unlink(store->dir, name, err);
	return status == ARY_OK ? ary_dir_sync(store->dir, err) : status;
}

enum ary_status ary_recover(struct ary_store *store, struct ary_error *err)
{
	struct ary_inventory inventory;
	enum ary_status status = ary_inventory_take(store->dir, &inventory, err);
	if (status != ARY_OK)
		return status;
	struct ary_resume resume;
	bool unused = false;
	status = ary_checkpoint_load(store, &inventory, &resume, err);
	struct ary_replay replay = {
		.store = store,
		.total_bytes = inventory.bytes - resume.bytes,
		.rules = {.strict = true},
		.seq = resume.seq,
	};
	if (status == ARY_OK)
		status = ary_replay_all(&replay, &inventory, &resume, &unused, err);
	if (status == ARY_OK)
		status = hear_witness(&replay, &inventory, err);
	/* What is wrong with the lines goes first: those that are missing may have replaced a value
	 * whose parts are gone. */
	if (status == ARY_OK)
		status = ary_rules_end_all(&replay.rules, err);
	if (status == ARY_OK)
		status = ary_replay_parts_end(&replay, err);
	if (status == ARY_OK)
		status = ary_inventory_clean(store->dir, &inventory, err);
	if (status == ARY_OK && unused)
		status = remove_unused(store, inventory.logs[inventory.log_count - 1], err);
	if (status == ARY_OK)
		status = settle_last(&replay, err);
	if (status == ARY_OK)
		settle_seq(&replay);
	if (status == ARY_OK && inventory.foreign_count > 0)
		ary_diag(ARY_DIAG_WARN, "foreign_files", "count=%zu", inventory.foreign_count);
	ary_inventory_release(&inventory);
	return status;
}
