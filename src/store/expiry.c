/* SPDX-License-Identifier: MIT */
#include "store/expiry.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"

/* The place of what is taken out of the heap. */
#define NO_PLACE SIZE_MAX

/* What malloc adds to an entry, about. */
enum { ENTRY_OVERHEAD_BYTES = 8 };

static struct ary_ending **heap_of(const struct ary_expiry *expiry)
{
	return (struct ary_ending **)(void *)expiry->heap.data;
}

static struct ary_ending **table_of(const struct ary_expiry *expiry)
{
	return (struct ary_ending **)(void *)expiry->table.data;
}

static size_t place_count(const struct ary_expiry *expiry)
{
	return expiry->table.size / sizeof(struct ary_ending *);
}

static size_t heap_count(const struct ary_expiry *expiry)
{
	return expiry->heap.size / sizeof(struct ary_ending *);
}

void ary_expiry_init(struct ary_expiry *expiry)
{
	*expiry = (struct ary_expiry){.count = 0};
	ary_mutex_init(&expiry->lock);
}

void ary_expiry_release(struct ary_expiry *expiry)
{
	for (size_t i = 0; i < place_count(expiry); i++) {
		struct ary_ending *ending = table_of(expiry)[i];
		while (ending != NULL) {
			struct ary_ending *next = ending->next;
			free(ending);
			ending = next;
		}
	}
	ary_buf_release(&expiry->heap);
	ary_buf_release(&expiry->table);
	ary_mutex_release(&expiry->lock);
}

/* ---- The table: linear hashing, so that it grows by one place at a time ---- */

static uint64_t hash_of(uint64_t seq)
{
	return seq * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}

/* Where SEQ belongs: as if there were a round number of places, the last of which share those of
 * half of it while they are not there yet. */
static size_t place_of(const struct ary_expiry *expiry, uint64_t seq)
{
	size_t place = (size_t)hash_of(seq) & (expiry->round - 1);
	return place < place_count(expiry) ? place : place - expiry->round / 2;
}

/* One more place: what belongs there moves from where it was. There is room for it. */
static void add_place(struct ary_expiry *expiry)
{
	struct ary_ending **table = table_of(expiry);
	size_t added = place_count(expiry);
	table[added] = NULL;
	expiry->table.size += sizeof(*table);
	if (added == expiry->round)
		expiry->round *= 2;
	if (added == 0) {
		expiry->round = 1;
		return;
	}
	struct ary_ending **at = &table[added - expiry->round / 2];
	while (*at != NULL) {
		struct ary_ending *ending = *at;
		if (place_of(expiry, ending->seq) != added) {
			at = &ending->next;
			continue;
		}
		*at = ending->next;
		ending->next = table[added];
		table[added] = ending;
	}
}

/* The link to the entry of SEQ, or to where none is. The table has a place. */
static struct ary_ending **find(const struct ary_expiry *expiry, uint64_t seq)
{
	struct ary_ending **at = &table_of(expiry)[place_of(expiry, seq)];
	while (*at != NULL && (*at)->seq != seq)
		at = &(*at)->next;
	return at;
}

/* ---- The heap ---- */

static void put_at(struct ary_expiry *expiry, size_t place, struct ary_ending *ending)
{
	heap_of(expiry)[place] = ending;
	ending->place = place;
}

/* Puts ENDING at PLACE, which is free, or above it. */
static void rise(struct ary_expiry *expiry, size_t place, struct ary_ending *ending)
{
	while (place > 0) {
		struct ary_ending *above = heap_of(expiry)[(place - 1) / 2];
		if (above->expires_ms <= ending->expires_ms)
			break;
		put_at(expiry, place, above);
		place = (place - 1) / 2;
	}
	put_at(expiry, place, ending);
}

/* Puts ENDING at PLACE, which is free, or below it. */
static void sink(struct ary_expiry *expiry, size_t place, struct ary_ending *ending)
{
	size_t count = heap_count(expiry);
	struct ary_ending **heap = heap_of(expiry);
	for (;;) {
		size_t below = 2 * place + 1;
		if (below + 1 < count && heap[below + 1]->expires_ms < heap[below]->expires_ms)
			below++;
		if (below >= count || heap[below]->expires_ms >= ending->expires_ms)
			break;
		put_at(expiry, place, heap[below]);
		place = below;
	}
	put_at(expiry, place, ending);
}

static void add_to_heap(struct ary_expiry *expiry, struct ary_ending *ending)
{
	expiry->heap.size += sizeof(ending);
	rise(expiry, heap_count(expiry) - 1, ending);
}

static void take_from_heap(struct ary_expiry *expiry, struct ary_ending *ending)
{
	size_t place = ending->place;
	expiry->heap.size -= sizeof(ending);
	struct ary_ending *last = heap_of(expiry)[heap_count(expiry)];
	ending->place = NO_PLACE;
	if (last == ending)
		return;
	/* The last one takes its place, and may be too early or too late there. */
	if (place > 0 && heap_of(expiry)[(place - 1) / 2]->expires_ms > last->expires_ms)
		rise(expiry, place, last);
	else
		sink(expiry, place, last);
}

/* ---- Entries ---- */

/* Room for as many further entries as are made, and one. */
static bool reserve_locked(struct ary_expiry *expiry) ARY_REQUIRES(&expiry->lock)
{
	size_t all = (expiry->count + expiry->made + 1) * sizeof(struct ary_ending *);
	return ary_buf_reserve(&expiry->heap, all - expiry->heap.size) &&
	       (all <= expiry->table.size ||
		ary_buf_reserve(&expiry->table, all - expiry->table.size));
}

struct ary_ending *ary_expiry_make(struct ary_expiry *expiry, struct ary_bytes key,
				   uint64_t expires_ms)
{
	struct ary_ending *ending = ary_try_alloc(sizeof(*ending) + key.size);
	if (ending == NULL)
		return NULL;
	*ending = (struct ary_ending){
		.expires_ms = expires_ms, .place = NO_PLACE, .key_size = key.size};
	memcpy(ending->key, key.data, key.size);
	ary_mutex_lock(&expiry->lock);
	bool reserved = reserve_locked(expiry);
	expiry->made += reserved;
	ary_mutex_unlock(&expiry->lock);
	if (reserved)
		return ending;
	free(ending);
	return NULL;
}

void ary_expiry_forget(struct ary_expiry *expiry, struct ary_ending *ending)
{
	if (ending == NULL)
		return;
	ary_mutex_lock(&expiry->lock);
	expiry->made--;
	ary_mutex_unlock(&expiry->lock);
	free(ending);
}

void ary_expiry_add(struct ary_expiry *expiry, struct ary_ending *ending, uint64_t seq)
{
	ary_mutex_lock(&expiry->lock);
	expiry->made--;
	expiry->count++;
	expiry->key_bytes += ending->key_size;
	if (place_count(expiry) < expiry->count)
		add_place(expiry);
	ending->seq = seq;
	struct ary_ending **at = find(expiry, seq);
	ARY_CHECK(*at == NULL);
	ending->next = NULL;
	*at = ending;
	add_to_heap(expiry, ending);
	ary_mutex_unlock(&expiry->lock);
}

void ary_expiry_remove(struct ary_expiry *expiry, uint64_t seq)
{
	ary_mutex_lock(&expiry->lock);
	ARY_CHECK(expiry->count > 0);
	struct ary_ending **at = find(expiry, seq);
	struct ary_ending *ending = *at;
	ARY_CHECK(ending != NULL);
	*at = ending->next;
	if (ending->place != NO_PLACE)
		take_from_heap(expiry, ending);
	expiry->count--;
	expiry->key_bytes -= ending->key_size;
	ary_mutex_unlock(&expiry->lock);
	free(ending);
}

bool ary_expiry_get(struct ary_expiry *expiry, uint64_t seq, uint64_t *expires_ms_out)
{
	ary_mutex_lock(&expiry->lock);
	const struct ary_ending *ending = expiry->count > 0 ? *find(expiry, seq) : NULL;
	if (ending != NULL)
		*expires_ms_out = ending->expires_ms;
	ary_mutex_unlock(&expiry->lock);
	return ending != NULL;
}

uint64_t ary_expiry_next_ms(struct ary_expiry *expiry)
{
	ary_mutex_lock(&expiry->lock);
	uint64_t next_ms = heap_count(expiry) > 0 ? heap_of(expiry)[0]->expires_ms : UINT64_MAX;
	ary_mutex_unlock(&expiry->lock);
	return next_ms;
}

struct ary_ending *ary_expiry_take(struct ary_expiry *expiry, uint64_t now_ms)
{
	struct ary_ending *ending = NULL;
	ary_mutex_lock(&expiry->lock);
	if (heap_count(expiry) > 0 && heap_of(expiry)[0]->expires_ms <= now_ms) {
		ending = heap_of(expiry)[0];
		take_from_heap(expiry, ending);
	}
	ary_mutex_unlock(&expiry->lock);
	return ending;
}

void ary_expiry_put_back(struct ary_expiry *expiry, struct ary_ending *ending)
{
	ary_mutex_lock(&expiry->lock);
	add_to_heap(expiry, ending);
	ary_mutex_unlock(&expiry->lock);
}

bool ary_expiry_visit(struct ary_expiry *expiry, ary_expiry_visitor visit, void *context)
{
	bool going_on = true;
	ary_mutex_lock(&expiry->lock);
	for (size_t i = 0; going_on && i < place_count(expiry); i++) {
		for (const struct ary_ending *ending = table_of(expiry)[i];
		     going_on && ending != NULL; ending = ending->next)
			going_on = visit(context, ending);
	}
	ary_mutex_unlock(&expiry->lock);
	return going_on;
}

struct ary_bytes ary_ending_key(const struct ary_ending *ending)
{
	return (struct ary_bytes){ending->key, ending->key_size};
}

uint64_t ary_expiry_count(struct ary_expiry *expiry)
{
	ary_mutex_lock(&expiry->lock);
	uint64_t count = expiry->count;
	ary_mutex_unlock(&expiry->lock);
	return count;
}

uint64_t ary_expiry_memory_bytes(struct ary_expiry *expiry)
{
	ary_mutex_lock(&expiry->lock);
	uint64_t bytes = expiry->heap.capacity + expiry->table.capacity + expiry->key_bytes +
			 expiry->count * (sizeof(struct ary_ending) + ENTRY_OVERHEAD_BYTES);
	ary_mutex_unlock(&expiry->lock);
	return bytes;
}
