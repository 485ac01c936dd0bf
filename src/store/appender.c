/* SPDX-License-Identifier: MIT */
#include "store/appender.h"

#include "store/clock.h"
#include "store/witness.h"

static enum ary_status put_log_line(struct ary_store *store, struct ary_append *append)
{
	struct ary_record record = {
		.op = ARY_OP_LOG,
		.version = ARY_FORMAT_VERSION,
		.log = ary_segment_log(store->committer.active->segment),
		.durability = ary_bytes_of(ary_durability_name(store->options.durability)),
	};
	append->sync = true;
	return ary_append_line(store, append, &record);
}

static enum ary_status put_mark(struct ary_store *store, struct ary_append *append)
{
	struct ary_record record = {
		.op = ARY_OP_MARK,
		.durability = ary_bytes_of(ary_durability_name(store->options.durability)),
	};
	append->sync = true;
	append->opened = true;
	return ary_append_line(store, append, &record);
}

enum ary_status ary_append_begin(struct ary_store *store, struct ary_append *append)
{
	struct ary_committer *committer = &store->committer;
	*append = (struct ary_append){
		.time_ms = ary_clock_now_ms(store),
		.seq_before = committer->seq,
		.durability = store->options.durability,
	};
	committer->batch.size = 0;
	enum ary_status status = ARY_OK;
	if (committer->active->lines == 0)
		status = put_log_line(store, append);
	if (status == ARY_OK && committer->mark_due)
		status = put_mark(store, append);
	if (status != ARY_OK)
		ary_append_forget(store, append);
	return status;
}

/* SIZE bytes of a line of OP: what they are, if they are not a value's. */
static void count_line(struct ary_append *append, enum ary_op op, uint64_t size)
{
	switch (op) {
	case ARY_OP_RM:
	case ARY_OP_EXPIRE:
		append->tombstone_bytes += size;
		break;
	case ARY_OP_MARK:
		append->mark_bytes += size;
		break;
	case ARY_OP_LOG:
	case ARY_OP_SEAL:
		append->overhead_bytes += size;
		break;
	case ARY_OP_SET:
	case ARY_OP_PART:
	case ARY_OP_BASE:
	case ARY_OP_MERGE:
	case ARY_OP_UNKNOWN:
		break;
	}
}

enum ary_status ary_append_line(struct ary_store *store, struct ary_append *append,
				struct ary_record *record)
{
	struct ary_committer *committer = &store->committer;
	record->seq = committer->seq + 1;
	record->time_ms = append->time_ms;
	if (append->lines == 0) {
		record->durable_bytes = ary_segment_durable_bytes(committer->active->segment);
		record->has_durable = record->durable_bytes > 0;
	}
	size_t before = committer->batch.size;
	enum ary_status status = ary_record_encode(record, &committer->batch);
	if (status != ARY_OK)
		return status;
	count_line(append, record->op, committer->batch.size - before);
	committer->seq++;
	append->lines++;
	return ARY_OK;
}

void ary_append_forget(struct ary_store *store, const struct ary_append *append)
{
	store->committer.seq = append->seq_before;
	store->committer.batch.size = 0;
}

/* The group is in the file: the log has grown by it. */
static void account(struct ary_store *store, const struct ary_append *append)
{
	struct ary_committer *committer = &store->committer;
	struct ary_log *log = committer->active;
	if (log->lines == 0)
		log->seq_first = append->seq_before + 1;
	log->lines += append->lines;
	atomic_fetch_add(&log->tombstone_bytes, append->tombstone_bytes);
	atomic_fetch_add(&log->mark_bytes, append->mark_bytes);
	atomic_fetch_add(&log->overhead_bytes, append->overhead_bytes);
	atomic_fetch_add(&log->bytes, committer->batch.size);
	atomic_fetch_add(&store->counters.appended_bytes, committer->batch.size);
	committer->seq_stored = committer->seq;
	ary_clock_note(store, append->time_ms);
	atomic_store(&store->counters.seq, committer->seq);
	uint64_t size = committer->batch.size;
	committer->space_free_bytes -= size < committer->space_free_bytes
					       ? size
					       : committer->space_free_bytes;
	if (append->opened)
		committer->mark_due = false;
	committer->wrote = true;
}

static void set_dirty(struct ary_store *store, const struct ary_append *append)
{
	struct ary_committer *committer = &store->committer;
	committer->dirty = true;
	if (append->durability != ARY_DURABILITY_INTERVAL || committer->sync_promised)
		return;
	committer->sync_promised = true;
	committer->sync_due_ns = ary_monotonic_ns(store->options.env) +
				 store->options.sync_interval_ms * 1000000;
}

enum ary_status ary_append_sync(struct ary_store *store, struct ary_error *err)
{
	struct ary_segment *segment = store->committer.active->segment;
	enum ary_status status = ary_segment_sync(segment, err);
	if (status != ARY_OK) {
		ary_store_latch(store, err);
		return status;
	}
	store->committer.dirty = false;
	store->committer.sync_promised = false;
	ary_witness_note(store, ary_segment_log(segment), ary_segment_durable_bytes(segment),
			 atomic_load(&store->counters.seq));
	atomic_fetch_add(&store->counters.syncs, 1);
	return ARY_OK;
}

enum ary_status ary_append_commit(struct ary_store *store, const struct ary_append *append,
				  uint64_t *offset_out, struct ary_error *err)
{
	struct ary_committer *committer = &store->committer;
	struct ary_segment *segment = committer->active->segment;
	uint64_t offset = ary_segment_bytes(segment);
	enum ary_status status =
		ary_segment_append(segment, ary_buf_view(&committer->batch), err);
	if (status != ARY_OK) {
		/* A full disk passes; anything else may be a disk that has begun to die. */
		if (status != ARY_NO_SPACE)
			ary_store_latch(store, err);
		return status;
	}
	committer->times.written_ns = ary_monotonic_ns(store->options.env);
	account(store, append);
	set_dirty(store, append);
	if (append->sync || append->durability == ARY_DURABILITY_ALWAYS) {
		status = ary_append_sync(store, err);
		if (status != ARY_OK)
			return status;
		committer->times.synced_ns = ary_monotonic_ns(store->options.env);
	}
	*offset_out = offset;
	return ARY_OK;
}
