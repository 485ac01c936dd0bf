/* SPDX-License-Identifier: MIT */
#include "store/apply.h"

#include "base/check.h"
#include "store/clock.h"
#include "store/upload_group.h"

/* Whether the time of the value that ENTRY is of is over. */
static bool is_over(struct ary_store *store, const struct ary_entry *entry, uint64_t now_ms)
{
	uint64_t expires_ms;
	return entry->ends && ary_expiry_get(&store->expiry, entry->seq, &expires_ms) &&
	       ary_clock_tell_over(store, expires_ms, now_ms);
}

struct ary_present ary_apply_present(struct ary_store *store, const struct ary_write *write,
				     uint64_t now_ms)
{
	const struct ary_pending *pending =
		ary_overlay_find(&store->committer.overlay, write->key, write->key_hash);
	if (pending != NULL) {
		bool exists = pending->write->op == ARY_WRITE_SET &&
			      !ary_clock_is_over(pending->expires_ms, now_ms);
		return (struct ary_present){.exists = exists, .seq = exists ? pending->seq : 0};
	}
	struct ary_entry entry;
	if (!ary_index_get_own(store->index, write->key, write->key_hash, &entry) ||
	    is_over(store, &entry, now_ms))
		return (struct ary_present){.exists = false};
	return (struct ary_present){.exists = true, .seq = entry.seq};
}

/* Whether a key as PRESENT says is in SET. */
static bool is_in(const struct ary_match_set *set, struct ary_present present)
{
	if (!present.exists)
		return false;
	if (set->kind == ARY_MATCH_ANY)
		return true;
	for (size_t i = 0; i < set->count; i++) {
		if (set->seqs[i] == present.seq)
			return true;
	}
	return false;
}

enum ary_status ary_apply_check(const struct ary_write *write, struct ary_present present)
{
	if (write->if_match.kind != ARY_MATCH_NONE && !is_in(&write->if_match, present))
		return ARY_CONFLICT;
	if (write->if_none_match.kind != ARY_MATCH_NONE && is_in(&write->if_none_match, present))
		return ARY_CONFLICT;
	if (write->op == ARY_WRITE_REMOVE && !present.exists)
		return ARY_NOT_FOUND;
	return ARY_OK;
}

/* OLD is its key's value no more, and neither do its parts count, if it has any, nor its end. */
static void drop(struct ary_store *store, const struct ary_entry *old)
{
	ary_logs_count_stale(&store->logs, old->location.slot, old->location.size);
	ary_parts_retire(store, old->seq);
	if (old->ends)
		ary_expiry_remove(&store->expiry, old->seq);
}

enum ary_status ary_apply_puts(struct ary_store *store, struct ary_index_put *puts,
			       struct ary_ending *const *endings, size_t count)
{
	/* Whoever finds an entry that ends must find its end. */
	for (size_t i = 0; i < count; i++) {
		if (endings[i] != NULL)
			ary_expiry_add(&store->expiry, endings[i], puts[i].entry.seq);
	}
	enum ary_status status = ary_index_put_many(store->index, puts, count);
	for (size_t i = 0; status == ARY_OK && i < count; i++) {
		if (puts[i].had)
			drop(store, &puts[i].old);
	}
	return status;
}

void ary_apply_removal(struct ary_store *store, struct ary_bytes key)
{
	struct ary_entry old;
	if (ary_index_remove(store->index, key, &old))
		drop(store, &old);
}

/* Sets on their way into the index, together. */
struct sets {
	struct ary_index_put puts[ARY_INDEX_PUTS_MAX];
	struct ary_ending *endings[ARY_INDEX_PUTS_MAX];
	size_t count;
};

static void flush(struct ary_store *store, struct ary_log *log, struct sets *sets)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < sets->count; i++)
		bytes += sets->puts[i].entry.location.size;
	/* What one of these replaces may be another of these: first all of them count. */
	atomic_fetch_add(&log->live_bytes, bytes);
	atomic_fetch_add(&store->counters.sets, sets->count);
	/* Room was reserved before the lines were written. */
	ARY_CHECK(ary_apply_puts(store, sets->puts, sets->endings, sets->count) == ARY_OK);
	sets->count = 0;
}

static void add_set(struct sets *sets, const struct ary_pending *pending,
		    const struct ary_location *location)
{
	sets->endings[sets->count] = pending->ending;
	sets->puts[sets->count++] = (struct ary_index_put){
		.key = pending->write->key,
		.hash = pending->write->key_hash,
		.entry = {.seq = pending->seq,
			  .location = *location,
			  .ends = pending->ending != NULL},
	};
}

/* Applies PENDING, whose line is at LOCATION; Sets are gathered in SETS. */
static void apply_pending(struct ary_store *store, struct ary_log *log, struct sets *sets,
			  const struct ary_pending *pending, const struct ary_location *location)
{
	const struct ary_write *write = pending->write;
	bool is_set = write->op == ARY_WRITE_SET;
	if (!is_set || sets->count == ARY_INDEX_PUTS_MAX)
		flush(store, log, sets);
	if (write->op == ARY_WRITE_PART)
		atomic_fetch_add(&log->live_bytes, location->size);
	/* Before readers can find its Set. */
	if (write->upload != NULL)
		ary_upload_stored(store, write, pending->seq, location);
	if (is_set) {
		add_set(sets, pending, location);
	} else if (write->op == ARY_WRITE_REMOVE) {
		atomic_fetch_add(&store->counters.removes, 1);
		ary_apply_removal(store, write->key);
	}
}

bool ary_apply_group(struct ary_store *store, struct ary_log *log, uint64_t offset)
{
	const struct ary_overlay *overlay = &store->committer.overlay;
	struct sets sets;
	sets.count = 0;
	bool any_bytes = false;
	for (size_t i = 0; i < overlay->count; i++) {
		const struct ary_pending *pending = &overlay->pending[i];
		const struct ary_location location = {
			.offset = offset + pending->offset,
			.size = pending->size,
			.slot = ary_segment_slot(log->segment),
		};
		any_bytes = any_bytes || pending->write->op != ARY_WRITE_REMOVE;
		apply_pending(store, log, &sets, pending, &location);
	}
	flush(store, log, &sets);
	return any_bytes;
}
