/* SPDX-License-Identifier: MIT */
#include "index/inner.h"

#include <string.h>

#include "index/blob.h"

enum { CACHE_LINE_BYTES = 64 };

static const int32_t NO_WORD = INT32_MAX;

/* The bytes of KEY from AT on, which is not behind its end, as if zeros followed. One bit is turned
 * round, so that words compare with their sign, as processors do with several at once. */
static int32_t word_at(struct ary_bytes key, size_t at)
{
	uint32_t word = 0;

	for (size_t i = at; i < at + sizeof(word); i++)
		word = word << 8 | (i < key.size ? key.data[i] : 0U);
	return (int32_t)(word ^ UINT32_C(0x80000000));
}

/* How many bytes all keys of NODE surely share. */
static size_t shared_bytes(const struct ary_inner *node)
{
	unsigned least = ARY_RUN_UNKNOWN;

	if (node->run.count < 2)
		return 0;
	for (unsigned i = 1; i < node->run.count; i++)
		least = node->run.diffs[i] < least ? node->run.diffs[i] : least;
	return least / ARY_RUN_POSITIONS_PER_BYTE;
}

static void clear_words(struct ary_inner *node, unsigned from)
{
	for (unsigned i = from; i < ARY_RUN_KEYS_MAX; i++)
		node->words[i] = NO_WORD;
}

uint32_t ary_inner_take(struct ary_tree *tree)
{
	uint32_t handle = ary_arena_take(tree->arena, sizeof(struct ary_inner));
	struct ary_inner *node = ary_inner_at(tree, handle);

	memset(node, 0, sizeof(*node));
	clear_words(node, 0);
	tree->inner_count++;
	return handle;
}

void ary_inner_note_words(const struct ary_tree *tree, struct ary_inner *node)
{
	node->skip = (uint32_t)shared_bytes(node);
	for (unsigned i = 0; i < node->run.count; i++)
		node->words[i] = word_at(ary_blob_key(tree->arena, node->run.handles[i]),
					 node->skip);
	clear_words(node, node->run.count);
}

void ary_inner_insert_key(const struct ary_tree *tree, struct ary_inner *node, unsigned index,
			  uint32_t handle)
{
	size_t behind = (size_t)node->run.count - index;

	ary_run_insert_at(tree->arena, &node->run, index, handle);
	if (shared_bytes(node) != node->skip) {
		ary_inner_note_words(tree, node);
		return;
	}
	memmove(node->words + index + 1, node->words + index, behind * sizeof(node->words[0]));
	node->words[index] = word_at(ary_blob_key(tree->arena, handle), node->skip);
}

void ary_inner_remove_key(struct ary_inner *node, unsigned index)
{
	ary_run_remove(&node->run, index);
	memmove(node->words + index, node->words + index + 1,
		(node->run.count - (size_t)index) * sizeof(node->words[0]));
	clear_words(node, node->run.count);
}

void ary_inner_prefetch(const struct ary_tree *tree, uint32_t handle)
{
	const char *node = ary_arena_at(tree->arena, handle);

	for (size_t at = 0; at < sizeof(struct ary_leaf); at += CACHE_LINE_BYTES)
		__builtin_prefetch(node + at);
}

/* Whether KEY, of which *SHARED bytes are known to be those of all keys of NODE, has all bytes that
 * NODE's words leave out. */
static bool has_skipped(const struct ary_tree *tree, const struct ary_inner *node,
			struct ary_bytes key, size_t shared)
{
	if (node->skip <= shared)
		return true;
	const uint8_t *bytes = ary_blob_at(tree->arena, node->run.handles[0])->key;

	return key.size >= node->skip &&
	       memcmp(key.data + shared, bytes + shared, node->skip - shared) == 0;
}

/* The way goes on at CHILD: what lies between two keys has all bytes that these share. */
static void note_shared(const struct ary_inner *node, unsigned child, size_t *shared)
{
	if (child > 0 && child < node->run.count)
		*shared = node->run.diffs[child] / ARY_RUN_POSITIONS_PER_BYTE;
}

bool ary_inner_child_by_words(const struct ary_tree *tree, const struct ary_inner *node,
			      struct ary_bytes key, size_t *shared, unsigned *child_out)
{
	unsigned less = 0;

	if (!has_skipped(tree, node, key, *shared))
		return false;
	int32_t word = word_at(key, node->skip);

	for (unsigned i = 0; i < ARY_RUN_KEYS_MAX; i++)
		less += node->words[i] < word;
	if (less < node->run.count && node->words[less] == word)
		return false;
	note_shared(node, less, shared);
	*child_out = less;
	return true;
}

unsigned ary_inner_child_near(const struct ary_tree *tree, const struct ary_inner *node,
			      struct ary_bytes key, unsigned guess, size_t *shared)
{
	struct ary_spot spot;

	ary_run_find_near(tree->arena, &node->run, key, guess, &spot);
	unsigned child = spot.found ? spot.index + 1 : spot.index;

	note_shared(node, child, shared);
	return child;
}

/* By the keys themselves, the child is mostly one of the two beside the guess. Both are asked for
 * before the guess is compared, so that the processor waits for key and child at the same time. */
unsigned ary_inner_child_of(const struct ary_tree *tree, const struct ary_inner *node,
			    struct ary_bytes key, size_t *shared)
{
	unsigned child;

	if (ary_inner_child_by_words(tree, node, key, shared, &child))
		return child;
	unsigned guess = ary_run_guess(&node->run, key);

	ary_inner_prefetch(tree, node->children[guess]);
	ary_inner_prefetch(tree, node->children[guess + 1]);
	return ary_inner_child_near(tree, node, key, guess, shared);
}
