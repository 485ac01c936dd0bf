/* SPDX-License-Identifier: MIT */
/* Going backwards, and counting. A leaf knows the one behind it but not the one before, which would
 * cost every key memory; to get there is one more way down, once for each leaf. */
#include "index/tree.h"

#include "index/blob.h"
#include "index/tree_private.h"

/* The last leaf below node HANDLE, which stands LEVELS above the leaves. */
static const struct ary_leaf *last_leaf(const struct ary_tree *tree, uint32_t handle,
					uint32_t levels)
{
	for (; levels > 0; levels--) {
		const struct ary_inner *node = ary_inner_at(tree, handle);

		handle = node->children[node->run.count];
	}
	return ary_leaf_at(tree, handle);
}

/* The leaf before the one in which KEY is, or NULL. */
static const struct ary_leaf *leaf_before(const struct ary_tree *tree, struct ary_bytes key)
{
	uint32_t handle = tree->root;
	uint32_t before = 0; /* the lowest node that is left of the way down, */
	uint32_t levels = 0; /* and how many levels it is above the leaves */
	size_t shared = 0;

	for (uint32_t level = tree->height; level > 0; level--) {
		const struct ary_inner *node = ary_inner_at(tree, handle);
		unsigned child = ary_inner_child_of(tree, node, key, &shared);

		if (child > 0) {
			before = node->children[child - 1];
			levels = level - 1;
		}
		handle = node->children[child];
	}
	return before != 0 ? last_leaf(tree, before, levels) : NULL;
}

struct ary_cursor ary_tree_seek_back(const struct ary_tree *tree, struct ary_bytes to)
{
	const struct ary_leaf *leaf;

	if (tree->root == 0 || to.size > 0)
		return ary_tree_seek(tree, to, false);
	leaf = last_leaf(tree, tree->root, tree->height);
	return (struct ary_cursor){ leaf, leaf->run.count };
}

uint32_t ary_tree_previous(const struct ary_tree *tree, struct ary_cursor *cursor)
{
	const struct ary_leaf *leaf = cursor->leaf;

	if (leaf != NULL && cursor->index == 0) {
		leaf = leaf->run.count > 0 ?
			       leaf_before(tree, ary_blob_key(tree->arena, leaf->run.handles[0])) :
			       NULL;
		*cursor = (struct ary_cursor){ leaf, leaf != NULL ? leaf->run.count : 0 };
	}
	return leaf != NULL ? leaf->run.handles[--cursor->index] : 0;
}

uint64_t ary_tree_count(const struct ary_tree *tree, struct ary_cursor *cursor,
			const struct ary_cursor *end, unsigned leaves_max)
{
	uint64_t count = 0;

	for (; cursor->leaf != NULL && cursor->leaf != end->leaf && leaves_max > 0; leaves_max--) {
		uint32_t next = cursor->leaf->next;

		count += cursor->leaf->run.count - cursor->index;
		cursor->leaf = next != 0 ? ary_leaf_at(tree, next) : NULL;
		cursor->index = 0;
	}
	if (cursor->leaf == end->leaf) {
		count += end->index > cursor->index ? end->index - cursor->index : 0;
		cursor->leaf = NULL;
	}
	return count;
}
