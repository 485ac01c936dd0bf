/* SPDX-License-Identifier: MIT */
#include "index/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "env/pages.h"

/* Blocks up to here have lists of their exact size: keys of up to 1 KiB waste only the rounding
 * to 8 bytes. Above, sizes rise by an eighth. */
enum { EXACT_UNITS_MAX = 160 };

static uint32_t next_class_units(uint32_t units)
{
	if (units < EXACT_UNITS_MAX)
		return units + 1;
	units += units / 8;
	return units < ARY_ARENA_BLOCK_UNITS_MAX ? units : ARY_ARENA_BLOCK_UNITS_MAX;
}

_Static_assert((int)ARY_ARENA_CHUNK_BYTES % (int)ARY_PAGES_LARGE_BYTES == 0,
	       "chunks are made of large pages");

void ary_arena_init(struct ary_arena *arena)
{
	*arena = (struct ary_arena){ 0 };
	arena->chunks = ary_alloc(ARY_ARENA_CHUNKS_MAX * sizeof(*arena->chunks));
	for (uint32_t units = 0; units < ARY_ARENA_BLOCK_UNITS_MAX;) {
		units = next_class_units(units);
		ARY_CHECK(arena->class_count < ARY_ARENA_CLASSES_MAX);
		arena->class_units[arena->class_count++] = units;
	}
}

void ary_arena_release(struct ary_arena *arena)
{
	for (uint32_t i = arena->adopted; i < arena->chunk_count; i++)
		ary_pages_give(arena->chunks[i], ARY_ARENA_CHUNK_BYTES);
	free(arena->chunks);
	*arena = (struct ary_arena){ 0 };
}

/* The smallest class that holds UNITS. */
static uint32_t class_above(const struct ary_arena *arena, uint32_t units)
{
	if (units <= EXACT_UNITS_MAX)
		return units - 1;
	uint32_t class = EXACT_UNITS_MAX;

	while (arena->class_units[class] < units)
		class++;
	return class;
}

/* The largest class that fits into UNITS. */
static uint32_t class_below(const struct ary_arena *arena, uint32_t units)
{
	if (units >= ARY_ARENA_BLOCK_UNITS_MAX)
		return arena->class_count - 1;
	uint32_t class = class_above(arena, units);

	return arena->class_units[class] == units ? class : class - 1;
}

static uint32_t class_of_size(const struct ary_arena *arena, size_t size)
{
	ARY_CHECK(size > 0 && size <= ARY_ARENA_BLOCK_BYTES_MAX);
	return class_above(arena, (uint32_t)((size + ARY_ARENA_UNIT_BYTES - 1) /
					     ARY_ARENA_UNIT_BYTES));
}

uint32_t ary_arena_block_units(const struct ary_arena *arena, size_t size)
{
	return arena->class_units[class_of_size(arena, size)];
}

static void push(struct ary_arena *arena, uint32_t class, uint32_t handle)
{
	*(uint32_t *)ary_arena_at(arena, handle) = arena->class_head[class];
	arena->class_head[class] = handle;
	arena->class_bits[class / 64] |= UINT64_C(1) << (class % 64);
}

static uint32_t pop(struct ary_arena *arena, uint32_t class)
{
	uint32_t handle = arena->class_head[class];

	if (handle == 0)
		return 0;
	arena->class_head[class] = *(const uint32_t *)ary_arena_at(arena, handle);
	if (arena->class_head[class] == 0)
		arena->class_bits[class / 64] &= ~(UINT64_C(1) << (class % 64));
	return handle;
}

/* Puts UNITS of unused memory on the lists, in as large blocks as there are classes for. */
static void push_span(struct ary_arena *arena, uint32_t handle, uint32_t units)
{
	while (units > 0) {
		uint32_t class = class_below(arena, units);

		push(arena, class, handle);
		handle += arena->class_units[class];
		units -= arena->class_units[class];
	}
}

/* The first class from CLASS on that has a free block; class_count when none has. */
static uint32_t class_with_block(const struct ary_arena *arena, uint32_t class)
{
	while (class < arena->class_count) {
		uint64_t bits = arena->class_bits[class / 64] >> (class % 64);

		if (bits != 0)
			return class + (uint32_t)__builtin_ctzll(bits);
		class = (class / 64 + 1) * 64;
	}
	return arena->class_count;
}

static uint32_t cut_larger(struct ary_arena *arena, uint32_t units)
{
	uint32_t class = class_with_block(arena, class_above(arena, units));

	if (class == arena->class_count)
		return 0;
	uint32_t handle = pop(arena, class);

	push_span(arena, handle + units, arena->class_units[class] - units);
	return handle;
}

/* Look-ups jump about, so that each would wait for where a page is, too; and a growing index would
 * ask the system for each small page. The first chunk has small ones all the same: a small index
 * does not touch most of it. */
static bool add_chunk(struct ary_arena *arena)
{
	uint32_t count = atomic_load_explicit(&arena->chunk_count, memory_order_relaxed);

	if (count == ARY_ARENA_CHUNKS_MAX)
		return false;
	arena->chunks[count] = ary_pages_try_take(ARY_ARENA_CHUNK_BYTES);
	if (arena->chunks[count] == NULL)
		return false;
	if (count > 0)
		ary_pages_prefer_large(arena->chunks[count], ARY_ARENA_CHUNK_BYTES);
	atomic_store_explicit(&arena->chunk_count, count + 1, memory_order_relaxed);
	return true;
}

static void trim_to(struct ary_arena *arena, uint32_t keep)
{
	uint32_t count = atomic_load_explicit(&arena->chunk_count, memory_order_relaxed);

	while (count > keep) {
		count--;
		ary_pages_give(arena->chunks[count], ARY_ARENA_CHUNK_BYTES);
		arena->chunks[count] = NULL;
	}
	atomic_store_explicit(&arena->chunk_count, count, memory_order_relaxed);
}

/* What can surely be taken, however the sizes fall: each chunk may end in a rest that is smaller
 * than the largest block. Free blocks are a bonus that is not counted. */
static uint64_t units_available(const struct ary_arena *arena)
{
	uint64_t spare = arena->chunk_count - arena->chunk_used;
	uint64_t units = spare * (ARY_ARENA_CHUNK_UNITS - ARY_ARENA_BLOCK_UNITS_MAX);

	if (arena->units_left > ARY_ARENA_BLOCK_UNITS_MAX)
		units += arena->units_left - ARY_ARENA_BLOCK_UNITS_MAX;
	return units;
}

bool ary_arena_ensure(struct ary_arena *arena, uint64_t units)
{
	uint32_t before = arena->chunk_count;

	while (units_available(arena) < units) {
		if (!add_chunk(arena)) {
			trim_to(arena, before);
			return false;
		}
	}
	return true;
}

void ary_arena_trim(struct ary_arena *arena)
{
	if (arena->chunk_count > arena->chunk_used + 1)
		trim_to(arena, arena->chunk_used + 1);
}

static void begin_chunk(struct ary_arena *arena)
{
	push_span(arena, arena->next_unit, arena->units_left);
	arena->next_unit = arena->chunk_used << ARY_ARENA_CHUNK_SHIFT;
	arena->units_left = ARY_ARENA_CHUNK_UNITS;
	if (arena->chunk_used == 0) {
		/* Handle 0 is no block. */
		arena->next_unit++;
		arena->units_left--;
	}
	arena->chunk_used++;
}

uint32_t ary_arena_take(struct ary_arena *arena, size_t size)
{
	uint32_t class = class_of_size(arena, size);
	uint32_t units = arena->class_units[class];
	uint32_t handle = pop(arena, class);

	if (handle == 0 && arena->units_left < units)
		handle = cut_larger(arena, units);
	if (handle != 0)
		return handle;
	if (arena->units_left < units) {
		ARY_CHECK(arena->chunk_used < arena->chunk_count);
		begin_chunk(arena);
	}
	handle = arena->next_unit;
	arena->next_unit += units;
	arena->units_left -= units;
	return handle;
}

void ary_arena_give(struct ary_arena *arena, uint32_t handle, size_t size)
{
	push(arena, class_of_size(arena, size), handle);
}

bool ary_arena_adopt(struct ary_arena *arena, uint8_t *chunks, uint32_t count, size_t last_bytes)
{
	uint8_t *last = NULL;

	ARY_CHECK(arena->chunk_count == 0 && last_bytes <= ARY_ARENA_CHUNK_BYTES &&
		  count + (last_bytes > 0) <= ARY_ARENA_CHUNKS_MAX);
	if (last_bytes > 0) {
		last = ary_pages_try_take(ARY_ARENA_CHUNK_BYTES);
		if (last == NULL)
			return false;
		memcpy(last, chunks + (size_t)count * ARY_ARENA_CHUNK_BYTES, last_bytes);
	}
	for (uint32_t i = 0; i < count; i++)
		arena->chunks[i] = (uint64_t *)(void *)(chunks + (size_t)i * ARY_ARENA_CHUNK_BYTES);
	if (last != NULL)
		arena->chunks[count] = (uint64_t *)(void *)last;
	arena->adopted = count;
	arena->chunk_used = count + (last != NULL);
	atomic_store_explicit(&arena->chunk_count, arena->chunk_used, memory_order_relaxed);
	return true;
}

uint64_t ary_arena_memory_bytes(const struct ary_arena *arena)
{
	return ARY_ARENA_CHUNKS_MAX * sizeof(*arena->chunks) +
	       atomic_load_explicit(&arena->chunk_count, memory_order_relaxed) *
		       (uint64_t)ARY_ARENA_CHUNK_BYTES;
}
