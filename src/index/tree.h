/* SPDX-License-Identifier: MIT */
/* Order: a B+-tree of handles, its nodes in the same arena as the blobs.
 *
 * The keys of an inner node are the first keys below its children (but its first child's), as
 * handles of the same blobs, so a key costs no second copy.
 * Threads: the caller's lock around everything; the writer may read without it. */
#ifndef ARY_INDEX_TREE_H
#define ARY_INDEX_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "index/arena.h"
#include "index/run.h"
#include "index/sort.h"

/* As many keys as ary_tree_find_leaves takes at once. */
enum { ARY_TREE_SIDE_BY_SIDE_MAX = 16 };

struct ary_tree {
	struct ary_arena *arena;
	uint32_t root; /* 0 until the first key */
	uint32_t height; /* inner nodes above a leaf */
	uint32_t inner_count;
};

struct ary_leaf {
	struct ary_run run;
	uint32_t next; /* the leaf behind it, or 0 */
};

/* A place between the keys, or at one. */
struct ary_cursor {
	const struct ary_leaf *leaf; /* NULL: behind the last key */
	unsigned index;
};

/* An empty tree; borrows ARENA. Its nodes go with the arena. */
void ary_tree_init(struct ary_tree *tree, struct ary_arena *arena);

/* The units of ARENA that inserting KEYS keys takes at most. */
uint64_t ary_tree_insert_units(const struct ary_tree *tree, uint64_t keys);

/* Inserts HANDLE, whose key is not there yet. ary_tree_insert_units must have been ensured.
 * Answers the leaf that it had to split, or 0. */
uint32_t ary_tree_insert(struct ary_tree *tree, uint32_t handle);

/* Where a key belongs that is not in the tree. */
struct ary_tree_near {
	uint32_t leaf; /* as long as that is not split and nothing is removed; 0: unknown */
	bool guessed;
	unsigned guess; /* of ary_run_guess, if GUESSED, as long as the leaf does not change */
};

/* Where each of COUNT KEYS belongs; unknown while the tree is empty. All go down the tree side by
 * side, so that the processor waits for the nodes of all at the same time. */
void ary_tree_find_leaves(const struct ary_tree *tree, const struct ary_bytes *keys, size_t count,
			  struct ary_tree_near *near_out);

/* As ary_tree_insert, for a key that belongs to the leaf of NEAR, which must be known. False: the
 * leaf is full, nothing is done. */
bool ary_tree_insert_near(struct ary_tree *tree, const struct ary_tree_near *near,
			  uint32_t handle);

/* The units of ARENA that ary_tree_build of KEYS keys takes at most. */
uint64_t ary_tree_build_units(const struct ary_tree *tree, uint64_t keys);

/* Builds TREE, which must be empty, from ITEMS as ary_sort_items leaves them. They are of no use
 * afterwards. ary_tree_build_units must have been ensured. */
void ary_tree_build(struct ary_tree *tree, struct ary_sort_item *items, size_t count);

/* Removes HANDLE, which must be there; its blob must still live. */
void ary_tree_remove(struct ary_tree *tree, uint32_t handle);

/* The first key >= FROM, or > FROM when AFTER; returns borrowed until the tree changes. */
struct ary_cursor ary_tree_seek(const struct ary_tree *tree, struct ary_bytes from, bool after);

/* The handle at CURSOR, which goes on by one; 0 behind the last key. */
uint32_t ary_tree_next(const struct ary_tree *tree, struct ary_cursor *cursor);

/* The place behind the last key < TO, or behind the last key of all when TO is empty; returns
 * borrowed until the tree changes. */
struct ary_cursor ary_tree_seek_back(const struct ary_tree *tree, struct ary_bytes to);

/* The handle before CURSOR, which goes back by one; 0 before the first key. */
uint32_t ary_tree_previous(const struct ary_tree *tree, struct ary_cursor *cursor);

/* How many keys there are from CURSOR to END, which is not before it. CURSOR goes on by LEAVES_MAX
 * leaves, and is behind the last key once it would be at END: the rest is for the next call. */
uint64_t ary_tree_count(const struct ary_tree *tree, struct ary_cursor *cursor,
			const struct ary_cursor *end, unsigned leaves_max);

#endif
