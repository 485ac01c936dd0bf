/* SPDX-License-Identifier: MIT */
#include "index/blob.h"

#include <string.h>

#include "base/check.h"

_Static_assert(sizeof(struct ary_blob) == 24, "the memory target counts on 24 bytes an entry");
_Static_assert(sizeof(struct ary_blob) + ARY_INDEX_KEY_BYTES_MAX <= ARY_ARENA_BLOCK_BYTES_MAX,
	       "every key fits into a block");

uint32_t ary_blob_create(struct ary_arena *arena, struct ary_bytes key,
			 const struct ary_entry *entry)
{
	uint32_t handle = ary_arena_take(arena, ary_blob_bytes(key.size));
	struct ary_blob *blob = ary_blob_at(arena, handle);

	blob->key_size = (uint16_t)key.size;
	if (key.size > 0)
		memcpy(blob->key, key.data, key.size);
	ary_blob_write(blob, entry);
	return handle;
}

void ary_blob_destroy(struct ary_arena *arena, uint32_t handle)
{
	ary_arena_give(arena, handle, ary_blob_bytes(ary_blob_at(arena, handle)->key_size));
}

void ary_blob_read(const struct ary_blob *blob, struct ary_entry *out)
{
	out->seq = blob->seq_ends >> 1;
	out->ends = (blob->seq_ends & 1) != 0;
	out->location.offset = (uint64_t)blob->offset_high << 32 | blob->offset_low;
	out->location.size = blob->size;
	out->location.slot = blob->slot;
}

void ary_blob_write(struct ary_blob *blob, const struct ary_entry *entry)
{
	ARY_CHECK(entry->location.offset >> 48 == 0 && entry->seq >> 63 == 0);
	blob->seq_ends = entry->seq << 1 | (entry->ends ? 1 : 0);
	blob->offset_low = (uint32_t)entry->location.offset;
	blob->offset_high = (uint16_t)(entry->location.offset >> 32);
	blob->size = entry->location.size;
	blob->slot = entry->location.slot;
}
