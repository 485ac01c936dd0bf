/* SPDX-License-Identifier: MIT */
/* Searching and inserting. A full inner node is split on the way down, so that its parent always
 * has room and an insertion passes each level once. */
#include "index/tree.h"

#include <string.h>

#include "base/check.h"
#include "index/blob.h"
#include "index/tree_private.h"

enum {
	HALF = ARY_RUN_KEYS_MAX / 2,
	/* Splitting the last leaf for a key behind all others leaves it nearly full: keys that
	 * come in order would otherwise leave every leaf half empty. */
	TAIL = ARY_RUN_KEYS_MAX - ARY_RUN_KEYS_MAX / 16,
};

void ary_tree_init(struct ary_tree *tree, struct ary_arena *arena)
{
	*tree = (struct ary_tree){ .arena = arena };
}

/* Each key may split a leaf. Each may also split a node on every inner level and add a root; but a
 * node that was just split or joined takes at least a quarter of its room before it is full
 * again, so for many keys the nodes there are, and one more for each quarter of keys and level, are
 * the lesser bound. */
uint64_t ary_tree_insert_units(const struct ary_tree *tree, uint64_t keys)
{
	uint64_t levels = tree->height + UINT64_C(1);
	uint64_t singly = keys * levels;
	uint64_t jointly = tree->inner_count + (levels + 1) * (keys / (ARY_RUN_KEYS_MAX / 4) + 2);
	uint64_t inner = singly < jointly ? singly : jointly;

	return keys * ary_arena_block_units(tree->arena, sizeof(struct ary_leaf)) +
	       inner * ary_arena_block_units(tree->arena, sizeof(struct ary_inner));
}

struct ary_cursor ary_tree_seek(const struct ary_tree *tree, struct ary_bytes from, bool after)
{
	struct ary_spot spot;
	uint32_t handle = tree->root;
	size_t shared = 0;

	if (handle == 0)
		return (struct ary_cursor){ 0 };
	for (uint32_t level = tree->height; level > 0; level--) {
		const struct ary_inner *node = ary_inner_at(tree, handle);

		handle = node->children[ary_inner_child_of(tree, node, from, &shared)];
	}
	const struct ary_leaf *leaf = ary_leaf_at(tree, handle);

	ary_run_find(tree->arena, &leaf->run, from, &spot);
	return (struct ary_cursor){ leaf, spot.index + (spot.found && after) };
}

uint32_t ary_tree_next(const struct ary_tree *tree, struct ary_cursor *cursor)
{
	while (cursor->leaf != NULL && cursor->index >= cursor->leaf->run.count) {
		uint32_t next = cursor->leaf->next;

		cursor->leaf = next != 0 ? ary_leaf_at(tree, next) : NULL;
		cursor->index = 0;
	}
	return cursor->leaf != NULL ? cursor->leaf->run.handles[cursor->index++] : 0;
}

uint32_t ary_tree_take_leaf(struct ary_tree *tree)
{
	uint32_t handle = ary_arena_take(tree->arena, sizeof(struct ary_leaf));

	memset(ary_leaf_at(tree, handle), 0, sizeof(struct ary_leaf));
	return handle;
}

/* Guesses where KEY belongs in RUN, and asks for the key to compare it with. */
static unsigned guess_ahead(const struct ary_tree *tree, const struct ary_run *run,
			    struct ary_bytes key)
{
	unsigned guess = ary_run_guess(run, key);

	if (run->count > 0)
		__builtin_prefetch(ary_blob_at(tree->arena, run->handles[guess]));
	return guess;
}

/* One step of KEY down the tree, from the inner node where NEAR says it is, if the words of that
 * tell. Else the key of its guess is asked for. */
static void step_by_words(const struct ary_tree *tree, struct ary_bytes key,
			  struct ary_tree_near *near, size_t *shared)
{
	const struct ary_inner *node = ary_inner_at(tree, near->leaf);
	unsigned child;

	near->guessed = !ary_inner_child_by_words(tree, node, key, shared, &child);
	if (near->guessed) {
		near->guess = guess_ahead(tree, &node->run, key);
		return;
	}
	near->leaf = node->children[child];
	ary_inner_prefetch(tree, near->leaf);
}

/* The same step by that guess. */
static void step_by_guess(const struct ary_tree *tree, struct ary_bytes key,
			  struct ary_tree_near *near, size_t *shared)
{
	const struct ary_inner *node = ary_inner_at(tree, near->leaf);

	near->leaf = node->children[ary_inner_child_near(tree, node, key, near->guess, shared)];
	ary_inner_prefetch(tree, near->leaf);
}

void ary_tree_find_leaves(const struct ary_tree *tree, const struct ary_bytes *keys, size_t count,
			  struct ary_tree_near *near_out)
{
	size_t shared[ARY_TREE_SIDE_BY_SIDE_MAX] = { 0 };

	ARY_CHECK(count <= ARY_TREE_SIDE_BY_SIDE_MAX);
	for (size_t i = 0; i < count; i++)
		near_out[i] = (struct ary_tree_near){ .leaf = tree->root };
	if (tree->root == 0)
		return;
	for (uint32_t level = tree->height; level > 0; level--) {
		for (size_t i = 0; i < count; i++)
			step_by_words(tree, keys[i], &near_out[i], &shared[i]);
		for (size_t i = 0; i < count; i++) {
			if (near_out[i].guessed)
				step_by_guess(tree, keys[i], &near_out[i], &shared[i]);
		}
	}
	for (size_t i = 0; i < count; i++) {
		struct ary_tree_near *near = &near_out[i];

		near->guess = guess_ahead(tree, &ary_leaf_at(tree, near->leaf)->run, keys[i]);
		near->guessed = true;
	}
}

/* Where a descent stands: at child INDEX of PARENT; PARENT is NULL at the root. */
struct place {
	struct ary_inner *parent;
	unsigned index;
};

/* Puts a new root above the root, so that it can be split like any other node. */
static void grow_root(struct ary_tree *tree, struct place *place)
{
	uint32_t handle = ary_inner_take(tree);

	place->parent = ary_inner_at(tree, handle);
	place->parent->children[0] = tree->root;
	place->index = 0;
	tree->root = handle;
	tree->height++;
}

/* Links RIGHT, whose first key is that of FIRST, behind the node at PLACE. */
static void link_right(struct ary_tree *tree, const struct place *place, uint32_t first,
		       uint32_t right)
{
	struct ary_inner *parent = place->parent;
	size_t behind = (size_t)parent->run.count - place->index;
	uint32_t *children = parent->children + place->index + 1;

	memmove(children + 1, children, behind * sizeof(*children));
	*children = right;
	ary_inner_insert_key(tree, parent, place->index, first);
}

/* Splits the full NODE at PLACE in halves. Answers the right one. */
static struct ary_inner *split_inner(struct ary_tree *tree, struct place *place,
				     struct ary_inner *node)
{
	if (place->parent == NULL)
		grow_root(tree, place);
	uint32_t handle = ary_inner_take(tree);
	struct ary_inner *right = ary_inner_at(tree, handle);

	ary_run_split(&node->run, HALF + 1, &right->run);
	memcpy(right->children, node->children + HALF + 1,
	       (right->run.count + UINT64_C(1)) * sizeof(right->children[0]));
	uint32_t middle = node->run.handles[HALF];

	node->run.count--;
	ary_inner_note_words(tree, node);
	ary_inner_note_words(tree, right);
	link_right(tree, place, middle, handle);
	return right;
}

static void split_leaf(struct ary_tree *tree, struct place *place, struct ary_leaf *leaf,
		       unsigned index)
{
	if (place->parent == NULL)
		grow_root(tree, place);
	uint32_t handle = ary_tree_take_leaf(tree);
	struct ary_leaf *right = ary_leaf_at(tree, handle);

	ary_run_split(&leaf->run, index, &right->run);
	right->next = leaf->next;
	leaf->next = handle;
	link_right(tree, place, right->run.handles[0], handle);
}

static void find_in_leaf(const struct ary_tree *tree, const struct ary_leaf *leaf, uint32_t handle,
			 struct ary_spot *out)
{
	ary_run_find(tree->arena, &leaf->run, ary_blob_key(tree->arena, handle), out);
	ARY_CHECK(!out->found);
}

/* Whether LEAF had to be split. */
static bool insert_into_leaf(struct ary_tree *tree, struct place *place, struct ary_leaf *leaf,
			     uint32_t handle)
{
	struct ary_spot spot;
	bool full = leaf->run.count == ARY_RUN_KEYS_MAX;

	find_in_leaf(tree, leaf, handle, &spot);
	if (full) {
		bool last = spot.index == ARY_RUN_KEYS_MAX && leaf->next == 0;
		unsigned split = last ? TAIL : HALF;

		split_leaf(tree, place, leaf, split);
		if (spot.index > split) {
			leaf = ary_leaf_at(tree, leaf->next);
			spot.index -= split;
		}
	}
	ary_run_insert(&leaf->run, &spot, handle);
	return full;
}

bool ary_tree_insert_near(struct ary_tree *tree, const struct ary_tree_near *near,
			  uint32_t handle)
{
	struct ary_leaf *leaf = ary_leaf_at(tree, near->leaf);
	struct ary_bytes key = ary_blob_key(tree->arena, handle);
	struct ary_spot spot;

	if (leaf->run.count == ARY_RUN_KEYS_MAX)
		return false;
	ary_run_find_near(tree->arena, &leaf->run, key,
			  near->guessed ? near->guess : ary_run_guess(&leaf->run, key), &spot);
	ARY_CHECK(!spot.found);
	ary_run_insert(&leaf->run, &spot, handle);
	return true;
}

uint32_t ary_tree_insert(struct ary_tree *tree, uint32_t handle)
{
	struct ary_bytes key = ary_blob_key(tree->arena, handle);
	struct place place = { 0 };
	size_t shared = 0;

	if (tree->root == 0)
		tree->root = ary_tree_take_leaf(tree);
	uint32_t node_handle = tree->root;

	for (uint32_t level = tree->height; level > 0; level--) {
		struct ary_inner *node = ary_inner_at(tree, node_handle);
		unsigned child = ary_inner_child_of(tree, node, key, &shared);

		if (node->run.count == ARY_RUN_KEYS_MAX) {
			struct ary_inner *right = split_inner(tree, &place, node);

			if (child > HALF) {
				node = right;
				child -= HALF + 1;
			}
		}
		place = (struct place){ node, child };
		node_handle = node->children[child];
	}
	bool split = insert_into_leaf(tree, &place, ary_leaf_at(tree, node_handle), handle);

	return split ? node_handle : 0;
}
