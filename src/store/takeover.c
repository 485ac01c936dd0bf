/* SPDX-License-Identifier: MIT */
#include "store/takeover.h"

#include "format/name.h"
#include "segment/scan.h"
#include "store/commit.h"
#include "store/pace.h"

/* Lines per job: the commit thread is held up for as long as these take. */
enum { BATCH_LINES = 512 };

/* One line's new place. Its key, if it has one, lies in the batch's `keys`. */
struct moved {
	uint64_t seq;
	uint64_t upload; /* of a part; 0: it is a Set */
	uint64_t part;
	size_t key_offset;
	size_t key_size;
	struct ary_location location;
};

struct takeover {
	struct ary_store *store;
	struct ary_log *log;
	const struct ary_log *first; /* of those that it replaces */
	size_t count;
	struct moved moved[BATCH_LINES];
	size_t moved_count;
	struct ary_buf keys;
};

/* Job: LOG can be found by its slot. */
static void announce(struct ary_store *store, struct ary_job *job)
{
	const struct takeover *takeover = job->context;
	ary_logs_announce(&store->logs, takeover->log);
}

/* Whether MOVED still counts, and is now known to be where it is. */
static bool relocate_line(const struct takeover *takeover, const struct moved *moved)
{
	struct ary_store *store = takeover->store;
	const struct ary_bytes key = {.data = takeover->keys.data + moved->key_offset,
				      .size = moved->key_size};
	if (moved->upload > 0)
		return ary_parts_relocate(&store->parts, moved->upload, moved->part,
					  &moved->location);
	return ary_index_relocate(store->index, key, moved->seq, &moved->location);
}

/* Job: moves the batch's lines, those that were not written again, or dropped, meanwhile. */
static void relocate(struct ary_store *store, struct ary_job *job)
{
	const struct takeover *takeover = job->context;
	(void)store;
	for (size_t i = 0; i < takeover->moved_count; i++) {
		const struct moved *moved = &takeover->moved[i];
		if (relocate_line(takeover, moved))
			atomic_fetch_add(&takeover->log->live_bytes, moved->location.size);
	}
}

/* Job: no entry points at the old logs any more. */
static void replace(struct ary_store *store, struct ary_job *job)
{
	const struct takeover *takeover = job->context;
	ary_logs_replace(&store->logs, takeover->first, takeover->count, takeover->log);
}

static void run_job(struct takeover *takeover,
		    void (*function)(struct ary_store *store, struct ary_job *job))
{
	struct ary_job job = {.run = function, .context = takeover};
	ary_commit_run_job(takeover->store, &job);
}

static void hand_over(struct takeover *takeover)
{
	run_job(takeover, relocate);
	takeover->moved_count = 0;
	takeover->keys.size = 0;
}

static enum ary_status note_line(void *context, const struct ary_scan_line *line,
				 struct ary_error *err)
{
	struct takeover *takeover = context;
	ary_pace(takeover->store, line->line.size);
	if (line->record->op != ARY_OP_SET && line->record->op != ARY_OP_PART)
		return ARY_OK;
	struct moved *moved = &takeover->moved[takeover->moved_count];
	moved->seq = line->record->seq;
	moved->upload = line->record->upload;
	moved->part = line->record->part;
	moved->key_offset = takeover->keys.size;
	moved->key_size = line->record->key.size;
	moved->location = (struct ary_location){
		.offset = line->offset,
		.size = (uint32_t)line->line.size,
		.slot = ary_segment_slot(takeover->log->segment),
	};
	if (!ary_buf_append(&takeover->keys, line->record->key))
		return ary_fail(err, ARY_NO_MEMORY, "no memory to take a compaction over");
	if (++takeover->moved_count == BATCH_LINES)
		hand_over(takeover);
	return ARY_OK;
}

enum ary_status ary_takeover_run(struct ary_store *store, const struct ary_log *first, size_t count,
				 struct ary_log *log, struct ary_error *err)
{
	struct takeover takeover = {.store = store, .log = log, .first = first, .count = count};
	run_job(&takeover, announce);
	char name[ARY_NAME_BYTES];
	ary_name_log(ary_segment_log(log->segment), name);
	struct ary_scan_report report;
	const struct ary_scan_start start = {.seq = log->seq_first - 1};
	enum ary_status status = ary_scan(ary_segment_file(log->segment), name, start,
					  note_line, &takeover, &report, err);
	if (status == ARY_OK && (report.torn || report.lines != log->lines))
		status = ary_fail(err, ARY_CORRUPT, "%s: what was just written reads back damaged",
				  name);
	if (status == ARY_OK) {
		hand_over(&takeover);
		run_job(&takeover, replace);
	}
	ary_buf_release(&takeover.keys);
	return status;
}
