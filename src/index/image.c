/* SPDX-License-Identifier: MIT */
/* The data are the arena's chunks, of the last of which only what is used, unless there are many;
 * and behind them the slots of the table's shards. */
#include "index/image.h"

#include <string.h>

#include "base/check.h"
#include "index/blob.h"
#include "index/index_private.h"
#include "index/tree_private.h"

/* What the data depend on, beside the version: where any of these is another, they mean nothing. */
enum { LAYOUT_WORDS = 10 };

struct shard_head {
	uint32_t capacity;
	uint32_t count;
};

struct image_head {
	uint64_t layout[LAYOUT_WORDS];
	struct ary_hash_secret secret;
	uint64_t count;
	uint32_t root;
	uint32_t height;
	uint32_t inner_count;
	uint32_t chunk_used;
	uint32_t next_unit;
	uint32_t units_left;
	uint32_t class_head[ARY_ARENA_CLASSES_MAX];
	uint64_t class_bits[ARY_ARENA_CLASSES_MAX / 64];
	struct shard_head shards[ARY_TABLE_SHARDS];
};

/* To be raised by whoever changes what bytes of arena, table or tree mean. */
enum { LAYOUT_VERSION = 2 };

/* Behind so many chunks the last one is whole too: that is little more then, and spares its
 * copy. */
enum { WHOLE_CHUNKS_MIN = 8 };

/* What of an arena is in the data. */
struct extent {
	uint32_t chunks;    /* whole ones */
	size_t last_bytes;  /* of one more; 0: there is none */
};

static struct extent extent_of(uint32_t chunk_used, uint32_t units_left)
{
	if (chunk_used == 0)
		return (struct extent){ .chunks = 0 };
	if (chunk_used > WHOLE_CHUNKS_MIN)
		return (struct extent){ .chunks = chunk_used };
	return (struct extent){
		.chunks = chunk_used - 1,
		.last_bytes = (ARY_ARENA_CHUNK_UNITS - (size_t)units_left) * ARY_ARENA_UNIT_BYTES,
	};
}

static uint64_t extent_bytes(struct extent extent)
{
	return (uint64_t)extent.chunks * ARY_ARENA_CHUNK_BYTES + extent.last_bytes;
}

static void fill_layout(const struct ary_arena *arena, uint64_t out[LAYOUT_WORDS])
{
	const uint64_t layout[LAYOUT_WORDS] = {
		LAYOUT_VERSION,
		UINT64_C(0x0807060504030201),
		sizeof(struct image_head),
		sizeof(struct ary_blob),
		sizeof(struct ary_leaf),
		sizeof(struct ary_inner),
		ARY_RUN_KEYS_MAX,
		ARY_RUN_POSITIONS_PER_BYTE,
		ARY_ARENA_CHUNK_BYTES,
		arena->class_count,
	};

	memcpy(out, layout, sizeof(layout));
}

/* Slots begin at addresses that fit them. */
static uint64_t shard_room(uint32_t capacity)
{
	return (ary_table_shard_bytes(capacity) + 7) / 8 * 8;
}

bool ary_image_head(struct ary_index *index, struct ary_buf *out)
{
	const struct ary_arena *arena = &index->arena;
	struct image_head head = {
		.secret = index->secret,
		.count = ary_index_count(index),
		.root = index->tree.root,
		.height = index->tree.height,
		.inner_count = index->tree.inner_count,
		.chunk_used = arena->chunk_used,
		.next_unit = arena->next_unit,
		.units_left = arena->units_left,
	};

	ARY_CHECK(!index->bulk && index->reserved_keys == 0);
	fill_layout(arena, head.layout);
	memcpy(head.class_head, arena->class_head, sizeof(head.class_head));
	memcpy(head.class_bits, arena->class_bits, sizeof(head.class_bits));
	for (unsigned i = 0; i < ARY_TABLE_SHARDS; i++) {
		head.shards[i].capacity = index->table.shards[i].capacity;
		head.shards[i].count = index->table.shards[i].count;
	}
	return ary_buf_append(out, (struct ary_bytes){(const uint8_t *)&head, sizeof(head)});
}

uint64_t ary_image_data_bytes(struct ary_index *index)
{
	uint64_t bytes =
		extent_bytes(extent_of(index->arena.chunk_used, index->arena.units_left));

	for (unsigned i = 0; i < ARY_TABLE_SHARDS; i++)
		bytes += shard_room(index->table.shards[i].capacity);
	return bytes;
}

static bool write_shard(const struct ary_table_shard *shard, ary_image_sink sink, void *context)
{
	static const uint8_t zeros[8] = {0};
	uint64_t bytes = ary_table_shard_bytes(shard->capacity);

	return bytes == 0 ||
	       (sink(context, (struct ary_bytes){(const uint8_t *)shard->handles, bytes}) &&
		sink(context, (struct ary_bytes){zeros, shard_room(shard->capacity) - bytes}));
}

bool ary_image_write(struct ary_index *index, ary_image_sink sink, void *context)
{
	const struct ary_arena *arena = &index->arena;
	struct extent extent = extent_of(arena->chunk_used, arena->units_left);
	bool taken = true;

	for (uint32_t i = 0; taken && i < arena->chunk_used; i++) {
		size_t bytes = i < extent.chunks ? ARY_ARENA_CHUNK_BYTES : extent.last_bytes;

		taken = sink(context, (struct ary_bytes){(const uint8_t *)arena->chunks[i], bytes});
	}
	for (unsigned i = 0; taken && i < ARY_TABLE_SHARDS; i++)
		taken = write_shard(&index->table.shards[i], sink, context);
	return taken;
}

/* Reads HEAD; whether it is one of this program for DATA_BYTES. */
static bool read_head(struct ary_bytes bytes, const struct ary_arena *arena, uint64_t data_bytes,
		      struct image_head *out)
{
	uint64_t layout[LAYOUT_WORDS];
	uint64_t room;

	if (bytes.size != sizeof(*out))
		return false;
	memcpy(out, bytes.data, sizeof(*out));
	fill_layout(arena, layout);
	if (memcmp(out->layout, layout, sizeof(layout)) != 0 ||
	    out->chunk_used > ARY_ARENA_CHUNKS_MAX || out->units_left > ARY_ARENA_CHUNK_UNITS)
		return false;
	room = extent_bytes(extent_of(out->chunk_used, out->units_left));
	for (unsigned i = 0; i < ARY_TABLE_SHARDS; i++)
		room += shard_room(out->shards[i].capacity);
	return room == data_bytes;
}

/* False: no memory. */
static bool adopt(struct ary_index *index, const struct image_head *head, uint8_t *data)
{
	struct ary_arena *arena = &index->arena;
	struct extent extent = extent_of(head->chunk_used, head->units_left);

	if (!ary_arena_adopt(arena, data, extent.chunks, extent.last_bytes))
		return false;
	arena->next_unit = head->next_unit;
	arena->units_left = head->units_left;
	memcpy(arena->class_head, head->class_head, sizeof(head->class_head));
	memcpy(arena->class_bits, head->class_bits, sizeof(head->class_bits));
	data += extent_bytes(extent);
	for (unsigned i = 0; i < ARY_TABLE_SHARDS; i++) {
		const struct shard_head *shard = &head->shards[i];

		if (shard->capacity > 0)
			ary_table_adopt(&index->table, i, data, shard->capacity, shard->count);
		data += shard_room(shard->capacity);
	}
	index->tree.root = head->root;
	index->tree.height = head->height;
	index->tree.inner_count = head->inner_count;
	atomic_store(&index->count, head->count);
	return true;
}

struct ary_index *ary_image_open(struct ary_bytes head, uint8_t *data, uint64_t data_bytes)
{
	struct image_head own = { .count = 0 };
	struct ary_index *index = ary_index_create(&own.secret);

	if (read_head(head, &index->arena, data_bytes, &own) && adopt(index, &own, data)) {
		index->secret = own.secret;
		return index;
	}
	ary_index_destroy(index);
	return NULL;
}
