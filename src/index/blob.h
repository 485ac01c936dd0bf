/* SPDX-License-Identifier: MIT */
/* One entry as it lies in the arena: 24 bytes, then the key.
 *
 * Threads: the key and its size never change while the blob lives, so a thread that keeps it alive
 * (by the tree's or the shard's lock) reads them freely. The other fields need the shard's lock. */
#ifndef ARY_INDEX_BLOB_H
#define ARY_INDEX_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "index/arena.h"
#include "index/index.h"

/* key_size is a field of its own, not packed with a part of the location: readers of the key hold
 * no lock against a writer of the location. */
struct ary_blob {
	uint64_t seq_ends; /* the seq, and in the lowest bit whether it ends */
	uint32_t offset_low;
	uint32_t size;
	uint32_t slot;
	uint16_t offset_high;
	uint16_t key_size;
	uint8_t key[];
};

static inline size_t ary_blob_bytes(size_t key_size)
{
	return sizeof(struct ary_blob) + key_size;
}

static inline struct ary_blob *ary_blob_at(const struct ary_arena *arena, uint32_t handle)
{
	return ary_arena_at(arena, handle);
}

/* The key of blob HANDLE; returns borrowed until it is given back. */
static inline struct ary_bytes ary_blob_key(const struct ary_arena *arena, uint32_t handle)
{
	const struct ary_blob *blob = ary_blob_at(arena, handle);

	return (struct ary_bytes){ blob->key, blob->key_size };
}

/* Takes a blob of ARENA (room must have been ensured) for a copy of KEY with ENTRY. */
uint32_t ary_blob_create(struct ary_arena *arena, struct ary_bytes key,
			 const struct ary_entry *entry);

void ary_blob_destroy(struct ary_arena *arena, uint32_t handle);

void ary_blob_read(const struct ary_blob *blob, struct ary_entry *out);
void ary_blob_write(struct ary_blob *blob, const struct ary_entry *entry);

#endif
