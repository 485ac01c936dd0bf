/* SPDX-License-Identifier: MIT */
/* What inserting, removing and building share: leaves.
 * Threads: as tree.h. */
#ifndef ARY_INDEX_TREE_PRIVATE_H
#define ARY_INDEX_TREE_PRIVATE_H

#include "index/inner.h"
#include "index/tree.h"

static inline struct ary_leaf *ary_leaf_at(const struct ary_tree *tree, uint32_t handle)
{
	return ary_arena_at(tree->arena, handle);
}

/* A new leaf, empty; room must have been ensured. */
uint32_t ary_tree_take_leaf(struct ary_tree *tree);

#endif
