/* SPDX-License-Identifier: MIT */
/* A sorted run of handles in one node of the tree, searched by looking at one key only.
 *
 * Beside each handle stands where its key first differs from the one before. From these positions
 * alone follows the one key that shares most with a wanted one; comparing with it tells the rest.
 * A binary search would look at five keys, each a cache miss; storing pieces of the keys instead
 * would cost more memory, and help little where keys share prefixes.
 * Threads: whoever owns the node. */
#ifndef ARY_INDEX_RUN_H
#define ARY_INDEX_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "index/arena.h"

/* A position in a key. 0 says whether a byte is there at all, 1 to 8 are its bits from the highest;
 * positions that do not fit are all UNKNOWN. */
enum {
	ARY_RUN_KEYS_MAX = 32,
	ARY_RUN_POSITIONS_PER_BYTE = 16,
	ARY_RUN_UNKNOWN = UINT16_MAX,
};

struct ary_run {
	uint16_t count;
	uint16_t farthest; /* no position is beyond */
	uint16_t diffs[ARY_RUN_KEYS_MAX]; /* the first one has no meaning */
	uint32_t handles[ARY_RUN_KEYS_MAX];
};

/* Where a key is or belongs, and where it differs from its neighbours there. */
struct ary_spot {
	unsigned index; /* of the key, or of the first larger one */
	bool found;
	uint16_t before; /* these two: only when not found */
	uint16_t after;
};

/* Finds KEY in RUN. */
void ary_run_find(const struct ary_arena *arena, const struct ary_run *run, struct ary_bytes key,
		  struct ary_spot *out);

/* The index in RUN of the key that shares most with KEY, found without looking at any key; 0 when
 * only the keys can tell. */
unsigned ary_run_guess(const struct ary_run *run, struct ary_bytes key);

/* As ary_run_find, with what ary_run_guess answered. */
void ary_run_find_near(const struct ary_arena *arena, const struct ary_run *run,
		       struct ary_bytes key, unsigned guess, struct ary_spot *out);

/* Inserts HANDLE at SPOT; RUN must not be full. */
void ary_run_insert(struct ary_run *run, const struct ary_spot *spot, uint32_t handle);

/* As ary_run_insert at INDEX, comparing HANDLE's key with its neighbours'. */
void ary_run_insert_at(const struct ary_arena *arena, struct ary_run *run, unsigned index,
		       uint32_t handle);

void ary_run_remove(struct ary_run *run, unsigned index);

/* Moves the handles from INDEX on to EMPTY, which has none. */
void ary_run_split(struct ary_run *run, unsigned index, struct ary_run *empty);

#endif
