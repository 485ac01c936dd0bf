/* SPDX-License-Identifier: MIT */
/* Removing. A node that falls below a quarter is joined with a neighbour below the same parent, or
 * takes some of its keys; neither needs memory, so a removal cannot fail. */
#include <string.h>

#include "base/check.h"
#include "index/blob.h"
#include "index/tree.h"
#include "index/tree_private.h"

enum {
	KEYS_MIN = ARY_RUN_KEYS_MAX / 4,
	/* Joined nodes keep some room, so that the next insertion does not split them again. */
	JOINED_MAX = ARY_RUN_KEYS_MAX / 4 * 3,
	/* 2^32 keys in nodes of at least 8 children need 11 levels. */
	LEVELS_MAX = 12,
};

/* The inner nodes from the root down to a leaf, and which child was taken. */
struct path {
	struct ary_inner *nodes[LEVELS_MAX];
	unsigned children[LEVELS_MAX];
};

/* Two neighbours and the key of PARENT between them. */
struct pair {
	struct ary_inner *parent;
	unsigned index; /* of that key, and of the left child */
	bool leaves;
	struct ary_run *left_run;
	struct ary_run *right_run;
};

static uint32_t walk_down(const struct ary_tree *tree, struct ary_bytes key, struct path *path)
{
	uint32_t handle = tree->root;
	size_t shared = 0;

	ARY_CHECK(tree->height <= LEVELS_MAX);
	for (uint32_t i = 0; i < tree->height; i++) {
		path->nodes[i] = ary_inner_at(tree, handle);
		path->children[i] = ary_inner_child_of(tree, path->nodes[i], key, &shared);
		handle = path->nodes[i]->children[path->children[i]];
	}
	return handle;
}

/* Puts HANDLE's key in the place of the one at INDEX; it must belong there. */
static void replace_key(const struct ary_tree *tree, struct ary_inner *node, unsigned index,
			uint32_t handle)
{
	ary_inner_remove_key(node, index);
	ary_inner_insert_key(tree, node, index, handle);
}

/* The first key below the last child on PATH is FIRST now; it stands in the lowest node where the
 * path does not take the first child. */
static void replace_first(const struct ary_tree *tree, const struct path *path, uint32_t first)
{
	for (uint32_t i = tree->height; i-- > 0;) {
		if (path->children[i] == 0)
			continue;
		replace_key(tree, path->nodes[i], path->children[i] - 1, first);
		return;
	}
}

static void append(const struct ary_tree *tree, struct ary_run *run, uint32_t handle)
{
	ary_run_insert_at(tree->arena, run, run->count, handle);
}

/* The first key of the right leaf goes to the end of the left one. */
static void leaf_to_left(const struct ary_tree *tree, const struct pair *pair)
{
	append(tree, pair->left_run, pair->right_run->handles[0]);
	ary_run_remove(pair->right_run, 0);
}

static void leaf_to_right(const struct ary_tree *tree, const struct pair *pair)
{
	unsigned last = pair->left_run->count - 1U;

	ary_run_insert_at(tree->arena, pair->right_run, 0, pair->left_run->handles[last]);
	ary_run_remove(pair->left_run, last);
}

/* The parent's key goes down to the left with the first child of the right, whose first key goes
 * up in its place. The parent's differences are put right afterwards, once. */
static void inner_to_left(const struct ary_tree *tree, const struct pair *pair)
{
	struct ary_inner *left = (struct ary_inner *)pair->left_run;
	struct ary_inner *right = (struct ary_inner *)pair->right_run;
	uint32_t *separator = &pair->parent->run.handles[pair->index];

	append(tree, &left->run, *separator);
	left->children[left->run.count] = right->children[0];
	*separator = right->run.handles[0];
	memmove(right->children, right->children + 1,
		right->run.count * sizeof(right->children[0]));
	ary_run_remove(&right->run, 0);
}

static void inner_to_right(const struct ary_tree *tree, const struct pair *pair)
{
	struct ary_inner *left = (struct ary_inner *)pair->left_run;
	struct ary_inner *right = (struct ary_inner *)pair->right_run;
	uint32_t *separator = &pair->parent->run.handles[pair->index];

	memmove(right->children + 1, right->children,
		(right->run.count + UINT64_C(1)) * sizeof(right->children[0]));
	right->children[0] = left->children[left->run.count];
	ary_run_insert_at(tree->arena, &right->run, 0, *separator);
	*separator = left->run.handles[left->run.count - 1];
	ary_run_remove(&left->run, left->run.count - 1U);
}

static void to_left(const struct ary_tree *tree, const struct pair *pair)
{
	if (pair->leaves)
		leaf_to_left(tree, pair);
	else
		inner_to_left(tree, pair);
}

static void to_right(const struct ary_tree *tree, const struct pair *pair)
{
	if (pair->leaves)
		leaf_to_right(tree, pair);
	else
		inner_to_right(tree, pair);
}

static void share(const struct ary_tree *tree, const struct pair *pair)
{
	while (pair->left_run->count + 1 < pair->right_run->count)
		to_left(tree, pair);
	while (pair->right_run->count + 1 < pair->left_run->count)
		to_right(tree, pair);
	uint32_t first = pair->leaves ? pair->right_run->handles[0]
				      : pair->parent->run.handles[pair->index];

	replace_key(tree, pair->parent, pair->index, first);
	if (pair->leaves)
		return;
	ary_inner_note_words(tree, (struct ary_inner *)pair->left_run);
	ary_inner_note_words(tree, (struct ary_inner *)pair->right_run);
}

/* Ends the right node of PAIR, which is empty but for an inner node's last child. */
static void drop_right(struct ary_tree *tree, const struct pair *pair)
{
	struct ary_inner *parent = pair->parent;
	uint32_t *children = parent->children + pair->index + 1;
	size_t behind = (size_t)parent->run.count - pair->index - 1;
	uint32_t right = *children;

	memmove(children, children + 1, behind * sizeof(*children));
	ary_inner_remove_key(parent, pair->index);
	if (pair->leaves) {
		((struct ary_leaf *)pair->left_run)->next = ary_leaf_at(tree, right)->next;
		ary_arena_give(tree->arena, right, sizeof(struct ary_leaf));
		return;
	}
	ary_arena_give(tree->arena, right, sizeof(struct ary_inner));
	tree->inner_count--;
}

static void join(struct ary_tree *tree, const struct pair *pair)
{
	while (pair->right_run->count > 0)
		to_left(tree, pair);
	if (!pair->leaves) {
		struct ary_inner *left = (struct ary_inner *)pair->left_run;
		struct ary_inner *right = (struct ary_inner *)pair->right_run;

		append(tree, &left->run, pair->parent->run.handles[pair->index]);
		left->children[left->run.count] = right->children[0];
		ary_inner_note_words(tree, left);
	}
	drop_right(tree, pair);
}

/* Joins child CHILD of PARENT with a neighbour, or evens them out, when it has too few keys. */
static void refill(struct ary_tree *tree, struct ary_inner *parent, unsigned child, bool leaves)
{
	/* A node of either kind begins with its run. */
	const struct ary_run *run = ary_arena_at(tree->arena, parent->children[child]);

	if (run->count >= KEYS_MIN)
		return;
	unsigned index = child > 0 ? child - 1 : 0;
	struct pair pair = {
		.parent = parent,
		.index = index,
		.leaves = leaves,
		.left_run = ary_arena_at(tree->arena, parent->children[index]),
		.right_run = ary_arena_at(tree->arena, parent->children[index + 1]),
	};

	if (pair.left_run->count + pair.right_run->count < JOINED_MAX)
		join(tree, &pair);
	else
		share(tree, &pair);
}

static void shrink_root(struct ary_tree *tree)
{
	struct ary_inner *root = ary_inner_at(tree, tree->root);

	if (tree->height == 0 || root->run.count > 0)
		return;
	uint32_t child = root->children[0];

	ary_arena_give(tree->arena, tree->root, sizeof(struct ary_inner));
	tree->root = child;
	tree->height--;
	tree->inner_count--;
}

void ary_tree_remove(struct ary_tree *tree, uint32_t handle)
{
	struct ary_bytes key = ary_blob_key(tree->arena, handle);
	struct path path = { 0 };
	struct ary_spot spot;
	struct ary_leaf *leaf = ary_leaf_at(tree, walk_down(tree, key, &path));

	ary_run_find(tree->arena, &leaf->run, key, &spot);
	ARY_CHECK(spot.found && leaf->run.handles[spot.index] == handle);
	ary_run_remove(&leaf->run, spot.index);
	if (spot.index == 0 && leaf->run.count > 0)
		replace_first(tree, &path, leaf->run.handles[0]);
	for (uint32_t i = tree->height; i-- > 0;)
		refill(tree, path.nodes[i], path.children[i], i + 1 == tree->height);
	shrink_root(tree);
}
