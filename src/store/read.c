/* SPDX-License-Identifier: MIT */
/* Reading: a look-up, one read of the file, its checksum; and listing in key order. */
#include <inttypes.h>

#include "base/block.h"
#include "format/record.h"
#include "store/clock.h"
#include "store/store.h"
#include "store/store_private.h"

/* How often a count takes the lock of the index in one call. */
enum { COUNT_TURNS = 4 };

/* The segment (owned) of ENTRY, which the index has for KEY; or else of what it has since. False:
 * KEY is gone. */
static bool take_segment(struct ary_store *store, struct ary_bytes key, struct ary_entry *entry,
			 struct ary_segment **segment)
{
	/* A segment that is gone by the time it is asked for was merged, and the index has known
	 * better since before it went: looking again finds the new place. */
	for (;;) {
		*segment = ary_logs_ref(&store->logs, entry->location.slot);
		if (*segment != NULL)
			return true;
		if (!ary_index_get(store->index, key, entry))
			return false;
	}
}

/* What the line that VALUE owns says. */
static void take_record(struct ary_value *value, const struct ary_record *record)
{
	value->value = record->value;
	value->large = record->large;
	value->size = record->large.count > 0 ? record->large.size : record->value.size;
	value->type = record->type;
	value->encoding = record->encoding;
	value->meta = record->meta;
	value->sha256 = record->sha256;
	value->expires_ms = record->expires_ms;
	value->seq = record->seq;
	value->time_ms = record->time_ms;
}

/* Reads ENTRY's line into VALUE and proves that it is what the index says. */
static enum ary_status read_value(struct ary_segment *segment, struct ary_bytes key,
				  const struct ary_entry *entry, struct ary_value *value,
				  struct ary_error *err)
{
	enum ary_status status = ary_segment_read_line(segment, entry->location.offset,
						       entry->location.size, &value->line, err);
	/* A disk that finds no space to read is not full but broken. */
	if (status == ARY_NO_SPACE)
		return ary_fail(err, ARY_IO, "cannot read log %" PRIu64 ", offset %" PRIu64,
				ary_segment_log(segment), entry->location.offset);
	if (status != ARY_OK)
		return status;
	struct ary_record record;
	status = ary_record_decode(ary_buf_view(&value->line), &value->scratch, &record, err);
	if (status == ARY_OK && (record.op != ARY_OP_SET || record.seq != entry->seq ||
				 !ary_bytes_equal(record.key, key)))
		status = ary_fail(err, ARY_CORRUPT, "the line is another write's");
	if (status != ARY_OK)
		return ary_error_wrap(err, status, "%" PRIu64 ".log, offset %" PRIu64 ", seq %"
				      PRIu64, ary_segment_log(segment), entry->location.offset,
				      entry->seq);
	take_record(value, &record);
	return ARY_OK;
}

/* As read_value; NOT_FOUND where its time is over, whether or not a line says so yet. */
static enum ary_status read_present(struct ary_store *store, struct ary_segment *segment,
				    struct ary_bytes key, const struct ary_entry *entry,
				    struct ary_value *value, struct ary_error *err)
{
	enum ary_status status = read_value(segment, key, entry, value, err);
	/* The clock is looked at for values that end only. */
	if (status == ARY_OK && value->expires_ms != 0 &&
	    ary_clock_tell_over(store, value->expires_ms, ary_clock_now_ms(store)))
		return ary_fail(err, ARY_NOT_FOUND, "Key not found");
	return status;
}

static bool holds_nothing(void *context, uint64_t seq)
{
	(void)context;
	(void)seq;
	return false;
}

enum ary_status ary_store_get(struct ary_store *store, struct ary_bytes key, struct ary_value *out,
			      struct ary_error *err)
{
	return ary_store_get_unless(store, key, holds_nothing, NULL, out, err);
}

/* How a value is asked for. */
struct asking {
	ary_store_holds holds;
	void *context;
};

/* Reads what KEY has. *GONE_OUT: it was large, and has another value since, or none. */
static enum ary_status try_get(struct ary_store *store, struct ary_bytes key,
			       const struct asking *asking, struct ary_value *out, bool *gone_out,
			       struct ary_error *err)
{
	struct ary_entry entry;
	struct ary_segment *segment;
	*gone_out = false;
	if (!ary_index_get(store->index, key, &entry))
		return ary_fail(err, ARY_NOT_FOUND, "Key not found");
	/* What ends must be looked at. */
	if (!entry.ends && asking->holds(asking->context, entry.seq)) {
		ary_block_clear(out, sizeof(*out));
		out->seq = entry.seq;
		return ARY_OK;
	}
	if (!take_segment(store, key, &entry, &segment))
		return ary_fail(err, ARY_NOT_FOUND, "Key not found");
	struct ary_value value;
	ary_block_clear(&value, sizeof(value));
	enum ary_status status = read_present(store, segment, key, &entry, &value, err);
	ary_segment_unref(segment);
	if (status == ARY_OK && value.large.count > 0)
		value.upload = ary_parts_hold(&store->parts, value.seq);
	bool gone = status == ARY_OK && value.large.count > 0 && value.upload == NULL;
	if (status != ARY_OK || gone)
		ary_value_release(&value);
	else
		ary_block_copy(out, &value, sizeof(value));
	*gone_out = gone;
	return status;
}

enum ary_status ary_store_get_unless(struct ary_store *store, struct ary_bytes key,
				     ary_store_holds holds, void *context, struct ary_value *out,
				     struct ary_error *err)
{
	const struct asking asking = {.holds = holds, .context = context};
	enum ary_status status;
	bool gone;
	atomic_fetch_add_explicit(&store->counters.reads, 1, memory_order_relaxed);
	/* What the index had is retired only after it has something else. */
	do
		status = try_get(store, key, &asking, out, &gone, err);
	while (status == ARY_OK && gone);
	return status;
}

void ary_value_release(struct ary_value *value)
{
	if (value->upload != NULL)
		ary_parts_unhold(value->upload);
	ary_buf_release(&value->line);
	ary_buf_release(&value->scratch);
	ary_buf_release(&value->part_line);
	ary_buf_release(&value->part_scratch);
	ary_block_clear(value, sizeof(*value));
}

/* The keys whose time is over are passed over. */
struct scan {
	struct ary_store *store;
	uint64_t now_ms;
	ary_store_visit visit;
	void *context;
};

static bool is_over(const struct scan *scan, const struct ary_entry *entry)
{
	uint64_t expires_ms;
	return entry->ends &&
	       ary_expiry_get(&scan->store->expiry, entry->seq, &expires_ms) &&
	       ary_clock_tell_over(scan->store, expires_ms, scan->now_ms);
}

static bool visit_entry(void *context, struct ary_bytes key, const struct ary_entry *entry)
{
	struct scan *scan = context;
	if (is_over(scan, entry))
		return true;
	return scan->visit(scan->context, key, entry->seq);
}

struct listing {
	struct ary_bytes prefix;
	uint64_t left;
	ary_store_visit visit;
	void *context;
};

static bool visit_within(void *context, struct ary_bytes key, uint64_t seq)
{
	struct listing *listing = context;
	if (listing->left == 0 || !ary_bytes_start_with(key, listing->prefix))
		return false;
	listing->left--;
	return listing->visit(listing->context, key, seq);
}

void ary_store_list(struct ary_store *store, struct ary_bytes prefix, struct ary_bytes after,
		    uint64_t limit, ary_store_visit visit, void *context)
{
	struct listing listing = {
		.prefix = prefix,
		.left = limit,
		.visit = visit,
		.context = context,
	};
	bool from_prefix = ary_bytes_compare(after, prefix) < 0;
	struct ary_key_range range = {.from = from_prefix ? prefix : after, .after = !from_prefix};
	struct scan scan = {.store = store,
			    .now_ms = ary_clock_now_ms(store),
			    .visit = visit_within,
			    .context = &listing};
	ary_index_page(store->index, &range, visit_entry, &scan);
}

struct bounded_scan {
	struct scan scan;
	struct ary_scanned *scanned;
	bool failed;
};

static bool visit_bounded(void *context, struct ary_bytes key, const struct ary_entry *entry)
{
	struct bounded_scan *bounded = context;
	struct ary_scanned *scanned = bounded->scanned;
	scanned->keys++;
	if (!visit_entry(&bounded->scan, key, entry))
		return false;
	if (scanned->keys < ARY_SCAN_KEYS_MAX)
		return true;
	scanned->is_cut = true;
	bounded->failed = !ary_buf_append(&scanned->last, key);
	return false;
}

enum ary_status ary_store_scan(struct ary_store *store, const struct ary_key_range *range,
			       ary_store_visit visit, void *context, struct ary_scanned *scanned)
{
	struct bounded_scan bounded = {.scan = {.store = store,
						.now_ms = ary_clock_now_ms(store),
						.visit = visit,
						.context = context},
				       .scanned = scanned};
	scanned->keys = 0;
	scanned->is_cut = false;
	scanned->last.size = 0;
	ary_index_page(store->index, range, visit_bounded, &bounded);
	return bounded.failed ? ARY_NO_MEMORY : ARY_OK;
}

enum ary_status ary_store_count(struct ary_store *store, const struct ary_key_range *range,
				struct ary_counted *counted)
{
	enum ary_status status = ARY_OK;
	for (int i = 0; status == ARY_OK && !counted->is_done && i < COUNT_TURNS; i++) {
		struct ary_key_range rest = *range;
		if (counted->from.size > 0) {
			rest.from = ary_buf_view(&counted->from);
			rest.after = false;
		}
		status = ary_index_count_some(store->index, &rest, &counted->from, &counted->keys);
		counted->is_done = status == ARY_OK && counted->from.size == 0;
	}
	return status;
}
