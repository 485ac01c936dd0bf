/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing. The hash itself is not stored: 8 bytes a slot would cost
 * more than a tenth of the index, and it is only needed again when a shard grows or a key goes,
 * where it is made anew from the key. One byte of it is: at a load of 0.8 a miss passes 13 slots,
 * and without the tag each of them would be a cache miss to compare keys. */
#include "index/table.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"
#include "index/blob.h"

enum {
	CAPACITY_MIN = 16,
	SLOT_BYTES = sizeof(uint32_t) + sizeof(uint8_t),
	PREFETCH_SLOTS = 16,
};

static struct ary_table_shard *shard_of(struct ary_table *table, uint64_t hash)
{
	return &table->shards[hash >> 58];
}

/* Where the search for HASH starts: its low half scaled to the capacity, which need not be a
 * power of two, so that a shard can grow by half. */
static uint32_t home_of(uint64_t hash, uint32_t capacity)
{
	return (uint32_t)(((hash & UINT32_MAX) * capacity) >> 32);
}

static uint8_t tag_of(uint64_t hash)
{
	uint8_t tag = (uint8_t)(hash >> 40);

	return tag != 0 ? tag : 1;
}

static uint32_t slot_after(uint32_t slot, uint32_t capacity)
{
	return slot + 1 < capacity ? slot + 1 : 0;
}

static uint64_t hash_of(const struct ary_table *table, uint32_t handle)
{
	return ary_hash(table->secret, ary_blob_key(table->arena, handle));
}

void ary_table_init(struct ary_table *table, const struct ary_arena *arena,
		    const struct ary_hash_secret *secret)
{
	*table = (struct ary_table){ .arena = arena, .secret = secret };
	for (unsigned i = 0; i < ARY_TABLE_SHARDS; i++)
		ary_rwlock_init(&table->shards[i].lock);
}

void ary_table_release(struct ary_table *table)
{
	for (unsigned i = 0; i < ARY_TABLE_SHARDS; i++) {
		ary_rwlock_release(&table->shards[i].lock);
		if (!table->shards[i].adopted)
			free(table->shards[i].handles);
	}
}

void ary_table_lock_read(struct ary_table *table, uint64_t hash)
{
	ary_rwlock_read(&shard_of(table, hash)->lock);
}

void ary_table_lock_write(struct ary_table *table, uint64_t hash)
{
	ary_rwlock_write(&shard_of(table, hash)->lock);
}

void ary_table_unlock(struct ary_table *table, uint64_t hash)
{
	ary_rwlock_unlock(&shard_of(table, hash)->lock);
}

void ary_table_prefetch(const struct ary_table *table, uint64_t hash)
{
	const struct ary_table_shard *shard = &table->shards[hash >> 58];

	if (shard->capacity == 0)
		return;
	__builtin_prefetch(&shard->tags[home_of(hash, shard->capacity)]);
	__builtin_prefetch(&shard->handles[home_of(hash, shard->capacity)]);
}

void ary_table_prefetch_blob(const struct ary_table *table, uint64_t hash)
{
	const struct ary_table_shard *shard = &table->shards[hash >> 58];
	uint8_t tag = tag_of(hash);

	if (shard->capacity == 0)
		return;
	for (uint32_t slot = home_of(hash, shard->capacity); shard->tags[slot] != 0;
	     slot = slot_after(slot, shard->capacity)) {
		if (shard->tags[slot] != tag)
			continue;
		__builtin_prefetch(ary_blob_at(table->arena, shard->handles[slot]));
		return;
	}
}

/* The slot of KEY; the shard's capacity when it is not there. */
static uint32_t find_slot(const struct ary_table *table, struct ary_bytes key, uint64_t hash)
{
	const struct ary_table_shard *shard = &table->shards[hash >> 58];
	uint8_t tag = tag_of(hash);

	if (shard->capacity == 0)
		return 0;
	__builtin_prefetch(&shard->handles[home_of(hash, shard->capacity)]);
	for (uint32_t slot = home_of(hash, shard->capacity); shard->tags[slot] != 0;
	     slot = slot_after(slot, shard->capacity)) {
		if (shard->tags[slot] == tag &&
		    ary_bytes_equal(ary_blob_key(table->arena, shard->handles[slot]), key))
			return slot;
	}
	return shard->capacity;
}

uint32_t ary_table_find(const struct ary_table *table, struct ary_bytes key, uint64_t hash)
{
	const struct ary_table_shard *shard = &table->shards[hash >> 58];
	uint32_t slot = find_slot(table, key, hash);

	return slot < shard->capacity ? shard->handles[slot] : 0;
}

static void place(struct ary_table_shard *shard, uint32_t handle, uint64_t hash)
{
	uint32_t slot = home_of(hash, shard->capacity);

	while (shard->tags[slot] != 0)
		slot = slot_after(slot, shard->capacity);
	shard->tags[slot] = tag_of(hash);
	shard->handles[slot] = handle;
}

static void place_all(const struct ary_table *table, const struct ary_table_shard *from,
		      struct ary_table_shard *to)
{
	for (uint32_t slot = 0; slot < from->capacity; slot++) {
		uint32_t ahead = slot + PREFETCH_SLOTS;

		if (ahead < from->capacity && from->tags[ahead] != 0)
			__builtin_prefetch(ary_blob_at(table->arena, from->handles[ahead]));
		if (from->tags[slot] != 0)
			place(to, from->handles[slot], hash_of(table, from->handles[slot]));
	}
}

/* The writer is the only one who changes a shard, so it fills the new room while readers go on
 * with the old, and takes the lock only to exchange them. */
static bool resize(struct ary_table *table, struct ary_table_shard *shard, uint32_t capacity)
{
	struct ary_table_shard other = { .capacity = capacity };

	other.handles = ary_try_alloc_zeroed((size_t)capacity * SLOT_BYTES);
	if (other.handles == NULL)
		return false;
	other.tags = (uint8_t *)(other.handles + capacity);
	place_all(table, shard, &other);

	uint32_t *old = shard->adopted ? NULL : shard->handles;
	/* Unsigned: what becomes less wraps around, and so does the sum. */
	uint64_t more = ((uint64_t)capacity - shard->capacity) * SLOT_BYTES;

	ary_rwlock_write(&shard->lock);
	shard->handles = other.handles;
	shard->tags = other.tags;
	shard->capacity = capacity;
	shard->adopted = false;
	ary_rwlock_unlock(&shard->lock);
	atomic_fetch_add_explicit(&table->memory_bytes, more, memory_order_relaxed);
	free(old);
	return true;
}

bool ary_table_ensure(struct ary_table *table, uint64_t hash)
{
	struct ary_table_shard *shard = shard_of(table, hash);
	uint64_t wanted = (uint64_t)shard->count + shard->reserved + 1;
	uint64_t capacity = shard->capacity;

	if (wanted * 5 <= capacity * 4)
		return true;
	capacity += capacity / 2;
	if (capacity < CAPACITY_MIN)
		capacity = CAPACITY_MIN;
	if (capacity * 4 < wanted * 5)
		capacity = wanted * 5 / 4 + 1;
	return capacity <= UINT32_MAX && resize(table, shard, (uint32_t)capacity);
}

void ary_table_expect(struct ary_table *table, uint64_t keys)
{
	uint64_t each = keys / ARY_TABLE_SHARDS;
	/* Keys do not fall evenly: a sixteenth more, so that no shard grows just before its end. */
	uint64_t capacity = (each + each / 16) * 5 / 4 + CAPACITY_MIN;

	if (keys == 0 || capacity > UINT32_MAX)
		return;
	for (unsigned i = 0; i < ARY_TABLE_SHARDS; i++) {
		if (!resize(table, &table->shards[i], (uint32_t)capacity))
			return;
	}
}

void ary_table_shrink(struct ary_table *table)
{
	for (unsigned i = 0; i < ARY_TABLE_SHARDS; i++) {
		struct ary_table_shard *shard = &table->shards[i];
		uint32_t needed = shard->count + shard->count / 2 + CAPACITY_MIN;

		if (shard->capacity / 2 <= shard->count || needed >= shard->capacity)
			continue;
		if (!resize(table, shard, needed))
			return;
	}
}

uint32_t ary_table_next(const struct ary_table *table, struct ary_table_cursor *cursor)
{
	for (; cursor->shard < ARY_TABLE_SHARDS; cursor->shard++) {
		const struct ary_table_shard *shard = &table->shards[cursor->shard];

		while (cursor->slot < shard->capacity) {
			uint32_t slot = cursor->slot++;

			if (shard->tags[slot] != 0)
				return shard->handles[slot];
		}
		cursor->slot = 0;
	}
	return 0;
}

void ary_table_reserve(struct ary_table *table, uint64_t hash)
{
	shard_of(table, hash)->reserved++;
}

void ary_table_unreserve(struct ary_table *table)
{
	for (unsigned i = 0; i < ARY_TABLE_SHARDS; i++)
		table->shards[i].reserved = 0;
}

void ary_table_insert_locked(struct ary_table *table, uint32_t handle, uint64_t hash)
{
	struct ary_table_shard *shard = shard_of(table, hash);

	/* One slot must stay empty, or a search would never end. */
	ARY_CHECK(shard->count + 1 < shard->capacity);
	place(shard, handle, hash);
	shard->count++;
}

/* Fills the hole with the next key of its chain that may stand there, and so on: no slot is ever
 * marked as deleted, so searches do not grow longer with the keys that went. */
void ary_table_remove_locked(struct ary_table *table, struct ary_bytes key, uint64_t hash)
{
	struct ary_table_shard *shard = shard_of(table, hash);
	uint32_t hole = find_slot(table, key, hash);

	ARY_CHECK(hole < shard->capacity);
	for (uint32_t slot = slot_after(hole, shard->capacity); shard->tags[slot] != 0;
	     slot = slot_after(slot, shard->capacity)) {
		uint32_t home = home_of(hash_of(table, shard->handles[slot]), shard->capacity);
		bool stays = hole < slot ? hole < home && home <= slot
					 : hole < home || home <= slot;

		if (stays)
			continue;
		shard->tags[hole] = shard->tags[slot];
		shard->handles[hole] = shard->handles[slot];
		hole = slot;
	}
	shard->tags[hole] = 0;
	shard->count--;
}

uint64_t ary_table_shard_bytes(uint32_t capacity)
{
	return (uint64_t)capacity * SLOT_BYTES;
}

void ary_table_adopt(struct ary_table *table, unsigned i, void *slots, uint32_t capacity,
		     uint32_t count)
{
	struct ary_table_shard *shard = &table->shards[i];

	ARY_CHECK(shard->handles == NULL);
	shard->handles = slots;
	shard->tags = (uint8_t *)(shard->handles + capacity);
	shard->capacity = capacity;
	shard->count = count;
	shard->adopted = true;
	atomic_fetch_add_explicit(&table->memory_bytes, ary_table_shard_bytes(capacity),
				  memory_order_relaxed);
}

uint64_t ary_table_memory_bytes(const struct ary_table *table)
{
	return atomic_load_explicit(&table->memory_bytes, memory_order_relaxed);
}
