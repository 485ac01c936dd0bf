/* SPDX-License-Identifier: MIT */
#include "store/logs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"

void ary_logs_init(struct ary_logs *logs)
{
	memset(logs, 0, sizeof(*logs));
	ary_mutex_init(&logs->lock);
}

static void release_log(struct ary_log *log)
{
	ary_segment_unref(log->segment);
	free(log);
}

void ary_logs_release(struct ary_logs *logs)
{
	for (size_t i = 0; i < logs->slot_count; i++) {
		if (logs->by_slot[i] != NULL)
			release_log(logs->by_slot[i]);
	}
	free(logs->ordered);
	free(logs->by_slot);
	ary_mutex_release(&logs->lock);
}

uint32_t ary_logs_slot(struct ary_logs *logs)
{
	return atomic_fetch_add(&logs->slot_next, 1);
}

void ary_logs_use_slot(struct ary_logs *logs, uint32_t slot)
{
	if (slot >= atomic_load(&logs->slot_next))
		atomic_store(&logs->slot_next, slot + 1);
}

/* Makes room for COUNT pointers in *ARRAY. The number of logs is the program's doing, so memory
 * running out here ends it. */
static void grow(struct ary_log ***array, size_t *capacity, size_t count)
{
	if (count <= *capacity)
		return;
	size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
	while (wanted < count)
		wanted *= 2;
	struct ary_log **bigger = ary_alloc(wanted * sizeof(*bigger));
	if (*capacity > 0)
		memcpy(bigger, *array, *capacity * sizeof(*bigger));
	free(*array);
	*array = bigger;
	*capacity = wanted;
}

static void set_slot_locked(struct ary_logs *logs, struct ary_log *log)
	ARY_REQUIRES(&logs->lock)
{
	size_t slot = ary_segment_slot(log->segment);
	grow(&logs->by_slot, &logs->slot_capacity, slot + 1);
	if (logs->slot_count < slot + 1)
		logs->slot_count = slot + 1;
	logs->by_slot[slot] = log;
}

struct ary_log *ary_logs_append(struct ary_logs *logs, struct ary_segment *segment)
{
	struct ary_log *log = ARY_NEW(struct ary_log);
	log->segment = segment;
	log->base = ary_segment_log(segment);
	ary_mutex_lock(&logs->lock);
	grow(&logs->ordered, &logs->ordered_capacity, logs->count + 1);
	logs->ordered[logs->count++] = log;
	set_slot_locked(logs, log);
	ary_mutex_unlock(&logs->lock);
	return log;
}

struct ary_log *ary_logs_find(struct ary_logs *logs, uint32_t slot)
{
	return slot < logs->slot_count ? logs->by_slot[slot] : NULL;
}

void ary_logs_count_stale(struct ary_logs *logs, uint32_t slot, uint32_t size)
{
	struct ary_log *log = ary_logs_find(logs, slot);
	ARY_CHECK(log != NULL);
	atomic_fetch_sub(&log->live_bytes, size);
}

struct ary_log *ary_logs_last(struct ary_logs *logs)
{
	return logs->count == 0 ? NULL : logs->ordered[logs->count - 1];
}

struct ary_segment *ary_logs_ref(struct ary_logs *logs, uint32_t slot)
{
	struct ary_segment *segment = NULL;
	ary_mutex_lock(&logs->lock);
	if (slot < logs->slot_count && logs->by_slot[slot] != NULL)
		segment = ary_segment_ref(logs->by_slot[slot]->segment);
	ary_mutex_unlock(&logs->lock);
	return segment;
}

void ary_logs_announce(struct ary_logs *logs, struct ary_log *log)
{
	ary_mutex_lock(&logs->lock);
	set_slot_locked(logs, log);
	ary_mutex_unlock(&logs->lock);
}

static void forget_locked(struct ary_logs *logs, struct ary_log *log) ARY_REQUIRES(&logs->lock)
{
	logs->by_slot[ary_segment_slot(log->segment)] = NULL;
}

/* Where LOG stands in the order. */
static size_t position(const struct ary_logs *logs, const struct ary_log *log)
{
	size_t i = 0;
	while (i < logs->count && logs->ordered[i] != log)
		i++;
	return i;
}

void ary_logs_replace(struct ary_logs *logs, const struct ary_log *first, size_t count,
		      struct ary_log *log)
{
	size_t at = position(logs, first);
	ARY_CHECK(count >= 1 && at + count <= logs->count);
	struct ary_log **gone = ary_alloc(count * sizeof(*gone));
	ary_mutex_lock(&logs->lock);
	memcpy(gone, logs->ordered + at, count * sizeof(*gone));
	for (size_t i = 0; i < count; i++)
		forget_locked(logs, gone[i]);
	logs->ordered[at] = log;
	memmove(logs->ordered + at + 1, logs->ordered + at + count,
		(logs->count - at - count) * sizeof(*logs->ordered));
	logs->count -= count - 1;
	ary_mutex_unlock(&logs->lock);
	for (size_t i = 0; i < count; i++)
		release_log(gone[i]);
	free(gone);
}

/* Counters change one by one while they are read, so a difference is never taken to be below 0. */
static uint64_t rest_of(const struct ary_log *log, uint64_t part)
{
	uint64_t bytes = atomic_load(&log->bytes);
	return bytes > part ? bytes - part : 0;
}

uint64_t ary_log_stale_bytes(const struct ary_log *log)
{
	return rest_of(log, atomic_load(&log->live_bytes) + atomic_load(&log->overhead_bytes));
}

uint64_t ary_log_dead_bytes(const struct ary_log *log)
{
	return rest_of(log, atomic_load(&log->live_bytes) + atomic_load(&log->overhead_bytes) +
			    atomic_load(&log->tombstone_bytes) +
			    atomic_load(&log->mark_bytes));
}

void ary_logs_sum(struct ary_logs *logs, struct ary_logs_sum *out)
{
	*out = (struct ary_logs_sum){0};
	ary_mutex_lock(&logs->lock);
	out->logs = logs->count;
	for (size_t i = 0; i < logs->count; i++) {
		const struct ary_log *log = logs->ordered[i];
		out->bytes += atomic_load(&log->bytes);
		out->live_bytes += atomic_load(&log->live_bytes);
		out->stale_bytes += ary_log_stale_bytes(log);
	}
	ary_mutex_unlock(&logs->lock);
}
