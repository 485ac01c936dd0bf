/* SPDX-License-Identifier: MIT */
#include "store/apply.h"

#include "base/check.h"

struct ary_present ary_apply_present(struct ary_store *store, struct ary_bytes key)
{
	const struct ary_pending *pending = ary_overlay_find(&store->committer.overlay, key);
	if (pending != NULL) {
		bool exists = pending->write->op == ARY_WRITE_SET;
		return (struct ary_present){.exists = exists, .seq = exists ? pending->seq : 0};
	}
	struct ary_entry entry;
	if (!ary_index_get(store->index, key, &entry))
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

void ary_apply_pending(struct ary_store *store, struct ary_log *log, uint64_t offset,
		       const struct ary_pending *pending)
{
	const struct ary_write *write = pending->write;
	struct ary_entry old;
	bool had = false;
	if (write->op == ARY_WRITE_REMOVE) {
		had = ary_index_remove(store->index, write->key, &old);
		atomic_fetch_add(&store->counters.removes, 1);
	} else {
		const struct ary_entry entry = {
			.seq = pending->seq,
			.location = {.offset = offset,
				     .size = pending->size,
				     .slot = ary_segment_slot(log->segment)},
		};
		/* Room was reserved before the line was written. */
		ARY_CHECK(ary_index_put(store->index, write->key, &entry, &had, &old) == ARY_OK);
		atomic_fetch_add(&log->live_bytes, pending->size);
		atomic_fetch_add(&store->counters.sets, 1);
	}
	if (had)
		ary_logs_count_stale(&store->logs, old.location.slot, old.location.size);
}
