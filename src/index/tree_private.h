/* SPDX-License-Identifier: MIT */
/* What inserting, removing and building share: the inner node, new nodes and the way to a leaf.
 * Threads: as tree.h. */
#ifndef ARY_INDEX_TREE_PRIVATE_H
#define ARY_INDEX_TREE_PRIVATE_H

#include "index/tree.h"

/* run.handles[i] is the first key below children[i + 1]. */
struct ary_inner {
	struct ary_run run;
	uint32_t children[ARY_RUN_KEYS_MAX + 1];
};

static inline struct ary_inner *ary_inner_at(const struct ary_tree *tree, uint32_t handle)
{
	return ary_arena_at(tree->arena, handle);
}

static inline struct ary_leaf *ary_leaf_at(const struct ary_tree *tree, uint32_t handle)
{
	return ary_arena_at(tree->arena, handle);
}

/* A new node, empty; room must have been ensured. */
uint32_t ary_tree_take_leaf(struct ary_tree *tree);
uint32_t ary_tree_take_inner(struct ary_tree *tree);

/* Which child of NODE holds KEY if any does. */
unsigned ary_inner_child_of(const struct ary_tree *tree, const struct ary_inner *node,
			    struct ary_bytes key);

#endif
