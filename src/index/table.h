/* SPDX-License-Identifier: MIT */
/* Look-up: from a key to the handle of its blob, in shards so that readers rarely meet the writer.
 *
 * Threads: one writer. It changes a shard only under that shard's write lock, but may read without
 * one; other threads hold the shard's read lock while they find and while they use the blob.
 * Limits: memory of a shard is given back by ary_table_shrink only. */
#ifndef ARY_INDEX_TABLE_H
#define ARY_INDEX_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "env/thread.h"
#include "index/arena.h"

enum { ARY_TABLE_SHARDS = 64 };

struct ary_table_shard {
	struct ary_rwlock lock;
	/* One allocation: `capacity` handles, then as many tags. A tag is 8 bits of the key's
	 * hash, never 0; tag 0 is an empty slot. */
	uint32_t *handles;
	uint8_t *tags;
	uint32_t capacity;
	uint32_t count;
	uint32_t reserved; /* slots promised beyond count */
	bool adopted;      /* the allocation is somebody else's */
};

struct ary_table {
	const struct ary_arena *arena;
	const struct ary_hash_secret *secret;
	_Atomic uint64_t memory_bytes;
	struct ary_table_shard shards[ARY_TABLE_SHARDS];
};

/* A walk through all slots; zeroed, it is at the first. */
struct ary_table_cursor {
	uint32_t shard;
	uint32_t slot;
};

/* Borrows ARENA and SECRET until ary_table_release. */
void ary_table_init(struct ary_table *table, const struct ary_arena *arena,
		    const struct ary_hash_secret *secret);
void ary_table_release(struct ary_table *table);

/* The lock of the shard of HASH. */
void ary_table_lock_read(struct ary_table *table, uint64_t hash);
void ary_table_lock_write(struct ary_table *table, uint64_t hash);
void ary_table_unlock(struct ary_table *table, uint64_t hash);

/* The handle of KEY, whose hash is HASH; 0 when it is not there. */
uint32_t ary_table_find(const struct ary_table *table, struct ary_bytes key, uint64_t hash);

/* Asks the processor for what ary_table_find of HASH looks at first. */
void ary_table_prefetch(const struct ary_table *table, uint64_t hash);

/* The same, once that is there, for the entry that HASH most likely is that of. */
void ary_table_prefetch_blob(const struct ary_table *table, uint64_t hash);

/* Makes room for one more key with HASH than is there and reserved; readers go on meanwhile. The
 * writer calls it without the lock. False: out of memory, nothing changed. */
ARY_MUST_CHECK bool ary_table_ensure(struct ary_table *table, uint64_t hash);

/* Makes room for KEYS keys in all, while there are none, as far as there is memory: a hint. */
void ary_table_expect(struct ary_table *table, uint64_t keys);

/* Gives back room where less than half of it is used, as far as there is memory to move. */
void ary_table_shrink(struct ary_table *table);

/* The handle at CURSOR or the next one behind it, where CURSOR goes on; 0 behind the last. Shards
 * must not change meanwhile. */
uint32_t ary_table_next(const struct ary_table *table, struct ary_table_cursor *cursor);

/* Reserves the room that ary_table_ensure made. */
void ary_table_reserve(struct ary_table *table, uint64_t hash);
void ary_table_unreserve(struct ary_table *table);

/* Adds HANDLE, whose key is not there yet; there must be room. */
void ary_table_insert_locked(struct ary_table *table, uint32_t handle, uint64_t hash);

/* Removes KEY, which must be there. */
void ary_table_remove_locked(struct ary_table *table, struct ary_bytes key, uint64_t hash);

/* What the slots of a shard of CAPACITY take. */
uint64_t ary_table_shard_bytes(uint32_t capacity);

/* Makes SLOTS, those that shard I of another table had with CAPACITY and COUNT, those of shard I,
 * which has none. Borrows them until ary_table_release; they may be changed. */
void ary_table_adopt(struct ary_table *table, unsigned i, void *slots, uint32_t capacity,
		     uint32_t count);

uint64_t ary_table_memory_bytes(const struct ary_table *table);

#endif
