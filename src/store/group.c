/* SPDX-License-Identifier: MIT */
#include "store/group.h"

#include <inttypes.h>

#include "store/appender.h"
#include "store/apply.h"
#include "store/expire.h"
#include "store/rotate.h"
#include "store/upload_group.h"

/* How many writes ahead of the one being decided the index is told of. */
enum { PREFETCH_WRITES = 8 };

/* Free space is looked at no more often than this. */
static const uint64_t SPACE_AGE_NS_MAX = 50000000;

/* A log takes at most this part of what is free on the disk, but is never sealed for that while it
 * is smaller: a compaction needs room beside the log that it rewrites, on a full disk too. */
enum { LOG_PART_MAX = 4 };
static const uint64_t LOG_BYTES_MIN = 1 << 20;

/* Looks at the free space, unless that was done a moment before NOW_NS. */
static void look_at_space(struct ary_store *store, uint64_t now_ns)
{
	struct ary_committer *committer = &store->committer;
	if (committer->space_checked_ns != 0 &&
	    now_ns - committer->space_checked_ns <= SPACE_AGE_NS_MAX)
		return;
	uint64_t free_bytes = UINT64_MAX;
	uint64_t total_bytes;
	/* A system that cannot tell will say so when the disk is full. */
	if (ary_dir_space(store->dir, &free_bytes, &total_bytes, NULL) != ARY_OK)
		free_bytes = UINT64_MAX;
	committer->space_free_bytes = free_bytes;
	committer->space_checked_ns = now_ns;
}

/* Whether MORE bytes would eat into the space that is kept for deletes and compaction. */
static bool is_space_low(const struct ary_store *store, uint64_t more)
{
	uint64_t free_bytes = store->committer.space_free_bytes;
	uint64_t reserve = store->options.disk_reserve_bytes;
	return free_bytes < reserve || free_bytes - reserve < more;
}

/* A write was refused for want of space. Where a quota is full, free space is no sign that it has
 * passed, so it is not looked at again at once. */
static void set_disk_full(struct ary_store *store)
{
	store->committer.space_probe_ns =
		ary_monotonic_ns(store->options.env) + ARY_SPACE_PROBE_MS * UINT64_C(1000000);
	atomic_store(&store->disk_full, true);
}

void ary_group_probe_space(struct ary_store *store)
{
	uint64_t now_ns = ary_monotonic_ns(store->options.env);
	if (now_ns < store->committer.space_probe_ns)
		return;
	look_at_space(store, now_ns);
	if (!is_space_low(store, store->options.batch_bytes_max))
		atomic_store(&store->disk_full, false);
}

/* When the value of WRITE is over, if it is written at TIME_MS. */
static uint64_t expires_ms(const struct ary_write *write, uint64_t time_ms)
{
	if (write->ttl_ms == 0)
		return write->expires_ms;
	return time_ms < ARY_SEQ_MAX - write->ttl_ms ? time_ms + write->ttl_ms : ARY_SEQ_MAX;
}

/* What WRITE says, as a line of APPEND; what its upload says is not in it yet. */
static struct ary_record record_of(const struct ary_append *append, const struct ary_write *write)
{
	if (write->op == ARY_WRITE_REMOVE)
		return (struct ary_record){.op = ARY_OP_RM, .key = write->key};
	if (write->op == ARY_WRITE_PART)
		return (struct ary_record){.op = ARY_OP_PART, .value = write->value};
	return (struct ary_record){
		.op = ARY_OP_SET,
		.key = write->key,
		.value = write->value,
		.type = write->type,
		.encoding = write->encoding,
		.expires_ms = expires_ms(write, append->time_ms),
		.meta = write->meta,
		.sha256 = write->sha256,
	};
}

/* Encodes the line of WRITE, which is RECORD, into the group. */
static enum ary_status put_encoded(struct ary_store *store, struct ary_append *append,
				   const struct ary_write *write, struct ary_record *record)
{
	if (write->upload == NULL)
		return ary_append_line(store, append, record);
	uint64_t seq = store->committer.seq + 1;
	enum ary_status status = ary_upload_fill(store, write, seq, record);
	if (status == ARY_OK)
		status = ary_append_line(store, append, record);
	if (status == ARY_OK)
		ary_upload_decided(store, write, seq);
	return status;
}

/* As put_encoded, once there is memory for what becomes of it: *ENDING_OUT (owned) is for a value
 * that ends. */
static enum ary_status put_line(struct ary_store *store, struct ary_append *append,
				const struct ary_write *write, struct ary_record *record,
				struct ary_ending **ending_out)
{
	struct ary_ending *ending = NULL;
	if (record->op == ARY_OP_SET &&
	    ary_index_reserve(store->index, write->key, write->key_hash) != ARY_OK)
		return ARY_NO_MEMORY;
	if (record->expires_ms != 0) {
		ending = ary_expiry_make(&store->expiry, record->key, record->expires_ms);
		if (ending == NULL)
			return ARY_NO_MEMORY;
	}
	enum ary_status status = put_encoded(store, append, write, record);
	if (status == ARY_OK)
		*ending_out = ending;
	else
		ary_expiry_forget(&store->expiry, ending);
	return status;
}

/* Whether WRITE may happen after the group's writes so far; *PRESENT_OUT is what its key has. */
static enum ary_status check(struct ary_store *store, const struct ary_append *append,
			     struct ary_write *write, struct ary_present *present_out)
{
	*present_out = (struct ary_present){.exists = false};
	if (write->op != ARY_WRITE_PART) {
		*present_out = ary_apply_present(store, write, append->time_ms);
		enum ary_status status = ary_apply_check(write, *present_out);
		if (status != ARY_OK)
			return ary_fail(&write->error, status, "%s", ary_status_text(status));
	}
	return write->upload == NULL ? ARY_OK : ary_upload_check(store, write, &write->error);
}

/* What WRITE gets is what it asks for or what the store does anyway; its group gets that too. */
static void promise(const struct ary_store *store, struct ary_append *append,
		    struct ary_write *write)
{
	if (write->durability < store->options.durability)
		write->durability = store->options.durability;
	if (append->durability < write->durability)
		append->durability = write->durability;
}

/* Decides WRITE and, if it may happen, adds it to the group. */
static enum ary_status take_write(struct ary_store *store, struct ary_append *append,
				  struct ary_write *write)
{
	struct ary_committer *committer = &store->committer;
	struct ary_error *err = &write->error;
	struct ary_present present;
	enum ary_status status = check(store, append, write, &present);
	if (status != ARY_OK)
		return status;
	struct ary_record record = record_of(append, write);
	uint64_t size_max = ary_record_line_bytes_max(&record);
	if (write->op != ARY_WRITE_REMOVE &&
	    is_space_low(store, committer->batch.size + size_max)) {
		set_disk_full(store);
		return ary_fail(err, ARY_NO_SPACE,
				"less than %" PRIu64 " bytes are free, which are kept for deletes",
				store->options.disk_reserve_bytes + size_max);
	}
	size_t offset = committer->batch.size;
	struct ary_ending *ending = NULL;
	status = put_line(store, append, write, &record, &ending);
	if (status != ARY_OK)
		return ary_fail(err, status, "the write cannot become a line of the log: %s",
				ary_status_text(status));
	promise(store, append, write);
	const struct ary_pending pending = {
		.write = write,
		.seq = committer->seq,
		.offset = offset,
		/* cppcheck-suppress duplicateExpression ; put_line has made it grow */
		.size = (uint32_t)(committer->batch.size - offset),
		.expires_ms = record.expires_ms,
		.ending = ending,
		.replaced = present.exists,
	};
	ary_overlay_add(&committer->overlay, &pending);
	write->time_ms = append->time_ms;
	return ARY_OK;
}

static void prefetch(struct ary_store *store, struct ary_write **ahead)
{
	if (*ahead == NULL)
		return;
	ary_index_prefetch(store->index, (*ahead)->key_hash);
	*ahead = (*ahead)->next;
}

/* Decides all of WRITES, while memory brings what the index has of those that follow. */
static void take_writes(struct ary_store *store, struct ary_append *append,
			struct ary_write *writes)
{
	struct ary_write *ahead = writes;
	look_at_space(store, store->committer.times.begun_ns);
	for (unsigned i = 0; i < PREFETCH_WRITES; i++)
		prefetch(store, &ahead);
	for (struct ary_write *write = writes; write != NULL; write = write->next) {
		prefetch(store, &ahead);
		write->status = take_write(store, append, write);
	}
}

/* At how many bytes a log is sealed. */
static uint64_t log_bytes_max(const struct ary_store *store)
{
	const struct ary_committer *committer = &store->committer;
	uint64_t part = committer->space_free_bytes / LOG_PART_MAX;
	if (committer->space_checked_ns == 0 || part >= store->options.rotate_bytes)
		return store->options.rotate_bytes;
	if (part < LOG_BYTES_MIN)
		part = LOG_BYTES_MIN;
	return part < store->options.rotate_bytes ? part : store->options.rotate_bytes;
}

/* Adds a Seal line when this group fills the log and the next one is ready. Whether it did. */
static bool seal_if_full(struct ary_store *store, struct ary_append *append)
{
	const struct ary_committer *committer = &store->committer;
	uint64_t bytes = ary_segment_bytes(committer->active->segment) + committer->batch.size;
	return bytes >= log_bytes_max(store) && ary_rotate_prepare(store) &&
	       ary_rotate_seal(store, append) == ARY_OK;
}

/* The group is stored: readers may see it, and its writers be told. */
static void apply(struct ary_store *store, uint64_t offset)
{
	struct ary_committer *committer = &store->committer;
	const struct ary_overlay *overlay = &committer->overlay;
	ary_expire_apply(store);
	bool stored_bytes = ary_apply_group(store, committer->active, offset);
	for (size_t i = 0; i < overlay->count; i++) {
		overlay->pending[i].write->seq = overlay->pending[i].seq;
		overlay->pending[i].write->replaced = overlay->pending[i].replaced;
		overlay->pending[i].write->expires_ms = overlay->pending[i].expires_ms;
	}
	if (stored_bytes)
		atomic_store(&store->disk_full, false);
	atomic_fetch_add(&store->counters.groups, 1);
}

/* The group comes to nothing. Whether it would have ended values. */
static bool abandon(struct ary_store *store)
{
	struct ary_overlay *overlay = &store->committer.overlay;
	for (size_t i = 0; i < overlay->count; i++) {
		ary_expiry_forget(&store->expiry, overlay->pending[i].ending);
		if (overlay->pending[i].write->upload != NULL)
			ary_upload_undecided(overlay->pending[i].write);
	}
	return ary_expire_give_back(store);
}

/* None of the group is stored, or nobody knows. Answers that rested on it (a precondition decided
 * against a write before it) fall with it. */
static void fail_all(struct ary_write *writes, const struct ary_error *err)
{
	for (struct ary_write *write = writes; write != NULL; write = write->next) {
		write->status = err->status;
		write->error = *err;
		if (write->upload != NULL)
			ary_upload_undecided(write);
	}
}

static enum ary_status commit(struct ary_store *store, struct ary_append *append,
			      struct ary_error *err)
{
	bool sealed = seal_if_full(store, append);
	uint64_t offset;
	enum ary_status status = ary_append_commit(store, append, &offset, err);
	if (status != ARY_OK)
		return status;
	apply(store, offset);
	if (sealed)
		ary_rotate_finish(store);
	return ARY_OK;
}

/* Puts the group together and stores it. *ENDED_OUT: it failed, and would have ended values. */
static enum ary_status try_group(struct ary_store *store, struct ary_write *writes,
				 bool *ended_out, struct ary_error *err)
{
	struct ary_committer *committer = &store->committer;
	struct ary_append append;
	*ended_out = false;
	if (ary_append_begin(store, &append) != ARY_OK)
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a group of writes");
	ary_overlay_clear(&committer->overlay);
	ary_expire_put(store, &append);
	take_writes(store, &append, writes);
	enum ary_status status = ARY_OK;
	if (committer->overlay.count == 0 && committer->ended_count == 0)
		ary_append_forget(store, &append);
	else
		status = commit(store, &append, err);
	if (status != ARY_OK)
		*ended_out = abandon(store);
	ary_index_unreserve(store->index);
	return status;
}

void ary_group_commit(struct ary_store *store, struct ary_write *writes)
{
	struct ary_error err = {.status = ARY_OK};
	bool ended = false;
	uint64_t expired = atomic_load(&store->counters.expired);
	enum ary_status status = atomic_load(&store->read_only) ? ary_store_ready(store, &err)
								: ARY_OK;
	if (status == ARY_OK)
		status = ary_rotate_begin(store, &err);
	if (status == ARY_OK)
		status = try_group(store, writes, &ended, &err);
	/* A removal may fit where it does not together with what else would have ended. */
	if (status == ARY_NO_SPACE && ended && writes != NULL)
		status = try_group(store, writes, &ended, &err);
	if (writes == NULL && atomic_load(&store->counters.expired) == expired)
		ary_expire_rest(store);
	if (status == ARY_OK)
		return;
	if (status == ARY_NO_SPACE)
		set_disk_full(store);
	fail_all(writes, &err);
}
