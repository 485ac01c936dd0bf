/* SPDX-License-Identifier: MIT */
/* Building from the bottom up. Each level's nodes take the place of what they were made from, in
 * the same array: a node comes after its first item was read, and never before. */
#include "base/check.h"
#include "index/tree.h"
#include "index/tree_private.h"

enum {
	/* An eighth stays free. Full nodes would save a byte a key at a start, and lose it again
	 * and more with the first keys put after it, each of which would split a leaf. */
	LEAF_KEYS = ARY_RUN_KEYS_MAX - ARY_RUN_KEYS_MAX / 8,
	INNER_CHILDREN = LEAF_KEYS + 1,
};

static uint64_t node_count(uint64_t items, bool leaves)
{
	uint64_t each = leaves ? LEAF_KEYS : INNER_CHILDREN;

	return (items + each - 1) / each;
}

uint64_t ary_tree_build_units(const struct ary_tree *tree, uint64_t keys)
{
	uint64_t nodes = node_count(keys, true);
	uint64_t inner = 0;
	uint64_t units = nodes * ary_arena_block_units(tree->arena, sizeof(struct ary_leaf));

	while (nodes > 1) {
		nodes = node_count(nodes, false);
		inner += nodes;
	}
	return units + inner * ary_arena_block_units(tree->arena, sizeof(struct ary_inner));
}

static void fill_run(struct ary_run *run, const struct ary_sort_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		run->handles[i] = items[i].handle;
		run->diffs[i] = i > 0 ? items[i].diff : 0;
		if (run->diffs[i] > run->farthest)
			run->farthest = run->diffs[i];
	}
	run->count = (uint16_t)count;
}

static uint32_t make_leaf(struct ary_tree *tree, const struct ary_sort_item *items, size_t count)
{
	uint32_t handle = ary_tree_take_leaf(tree);

	fill_run(&ary_leaf_at(tree, handle)->run, items, count);
	return handle;
}

/* The words of ITEMS are the children. */
static uint32_t make_inner(struct ary_tree *tree, const struct ary_sort_item *items, size_t count)
{
	uint32_t handle = ary_inner_take(tree);
	struct ary_inner *node = ary_inner_at(tree, handle);

	fill_run(&node->run, items + 1, count - 1);
	for (size_t i = 0; i < count; i++)
		node->children[i] = (uint32_t)items[i].word;
	ary_inner_note_words(tree, node);
	return handle;
}

/* Two keys differ where the first two neighbours between them do. */
static uint16_t least_diff(const struct ary_sort_item *items, size_t count)
{
	uint16_t least = UINT16_MAX;

	for (size_t i = 0; i < count; i++)
		least = items[i].diff < least ? items[i].diff : least;
	return least;
}

/* Makes nodes of ITEMS, which are keys or the nodes below. Answers how many; in the place of the
 * first so many items stands of each its handle as the word, and its first key. The items are
 * shared out evenly, so that no node is left with too few. */
static size_t build_level(struct ary_tree *tree, struct ary_sort_item *items, size_t count,
			  bool leaves)
{
	size_t nodes = node_count(count, leaves);
	size_t start = 0;
	uint16_t diff = 0;

	for (size_t i = 0; i < nodes; i++) {
		size_t end = count * (i + 1) / nodes;
		uint32_t first = items[start].handle;
		uint32_t node = leaves ? make_leaf(tree, items + start, end - start)
				       : make_inner(tree, items + start, end - start);
		size_t to_next = end < count ? end - start : 0;
		uint16_t next_diff = least_diff(items + start + 1, to_next);

		if (leaves && i > 0)
			ary_leaf_at(tree, (uint32_t)items[i - 1].word)->next = node;
		items[i] = (struct ary_sort_item){ .word = node, .handle = first, .diff = diff };
		diff = next_diff;
		start = end;
	}
	return nodes;
}

void ary_tree_build(struct ary_tree *tree, struct ary_sort_item *items, size_t count)
{
	ARY_CHECK(tree->root == 0);
	if (count == 0)
		return;
	size_t nodes = build_level(tree, items, count, true);

	for (; nodes > 1; tree->height++)
		nodes = build_level(tree, items, nodes, false);
	tree->root = (uint32_t)items[0].word;
}
