/* SPDX-License-Identifier: MIT */
/* Blocks of memory behind 32-bit handles: half the size of a pointer, and a block never moves.
 *
 * A handle counts units of 8 bytes through chunks of 2 MiB; 0 is no block. Freed blocks go to a
 * list of their size and are used again. A larger free block is cut before a new chunk is begun.
 * Threads: one writer; any thread may call ary_arena_at for a handle that a lock published to it,
 * and ary_arena_memory_bytes.
 * Limits: 32 GiB; a block has at most ARY_ARENA_BLOCK_BYTES_MAX; free blocks are not joined, and
 * chunks in use are returned only by release. */
#ifndef ARY_INDEX_ARENA_H
#define ARY_INDEX_ARENA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	ARY_ARENA_UNIT_BYTES = 8,
	ARY_ARENA_CHUNK_SHIFT = 18,
	ARY_ARENA_CHUNK_UNITS = 1 << ARY_ARENA_CHUNK_SHIFT,
	ARY_ARENA_CHUNK_BYTES = ARY_ARENA_CHUNK_UNITS * ARY_ARENA_UNIT_BYTES,
	ARY_ARENA_CHUNKS_MAX = 1 << (32 - ARY_ARENA_CHUNK_SHIFT),
	ARY_ARENA_BLOCK_UNITS_MAX = 8200,
	ARY_ARENA_BLOCK_BYTES_MAX = ARY_ARENA_BLOCK_UNITS_MAX * ARY_ARENA_UNIT_BYTES,
	ARY_ARENA_CLASSES_MAX = 256,
};

struct ary_arena {
	uint64_t **chunks;            /* ARY_ARENA_CHUNKS_MAX of them, NULL where there is none */
	_Atomic uint32_t chunk_count; /* chunks held; those from chunk_used on are untouched */
	uint32_t chunk_used;
	uint32_t adopted; /* so many chunks, the first ones, are somebody else's memory */
	uint32_t next_unit;  /* the first unit never used, in the last used chunk */
	uint32_t units_left; /* from there to that chunk's end */
	uint32_t class_count;
	uint32_t class_units[ARY_ARENA_CLASSES_MAX];   /* rising */
	uint32_t class_head[ARY_ARENA_CLASSES_MAX];    /* first free block, 0: none */
	uint64_t class_bits[ARY_ARENA_CLASSES_MAX / 64]; /* set where there is a free block */
};

/* Aborts when memory is out (the list of chunks has the program's size). */
void ary_arena_init(struct ary_arena *arena);
void ary_arena_release(struct ary_arena *arena);

/* The units that a block of SIZE bytes takes. */
uint32_t ary_arena_block_units(const struct ary_arena *arena, size_t size);

/* Makes sure that blocks of UNITS in all (sums of ary_arena_block_units) can be taken without
 * failing. False: out of memory, nothing changed. */
ARY_MUST_CHECK bool ary_arena_ensure(struct ary_arena *arena, uint64_t units);

/* Gives back untouched chunks beyond the first. */
void ary_arena_trim(struct ary_arena *arena);

/* Takes a block of SIZE bytes, not zeroed, aligned to 8. Room must have been ensured. */
uint32_t ary_arena_take(struct ary_arena *arena, size_t size);

/* Frees the block HANDLE, which was taken with SIZE. No reader may still see it. */
void ary_arena_give(struct ary_arena *arena, uint32_t handle, size_t size);

uint64_t ary_arena_memory_bytes(const struct ary_arena *arena);

/* Makes what begins at CHUNKS that of ARENA, which has nothing: COUNT chunks, as if they had been
 * used up, and of one more the first LAST_BYTES (0: there is none), of which it makes a copy.
 * Borrows the COUNT until ary_arena_release; they may be changed. False: no memory, nothing
 * changed. */
ARY_MUST_CHECK bool ary_arena_adopt(struct ary_arena *arena, uint8_t *chunks, uint32_t count,
				    size_t last_bytes);

/* The block HANDLE; returns borrowed until it is given back. */
static inline void *ary_arena_at(const struct ary_arena *arena, uint32_t handle)
{
	return arena->chunks[handle >> ARY_ARENA_CHUNK_SHIFT] +
	       (handle & (ARY_ARENA_CHUNK_UNITS - 1));
}

#endif
