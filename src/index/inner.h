/* SPDX-License-Identifier: MIT */
/* An inner node of the tree, and the way through it.
 *
 * Beside each key stands a word: the four bytes behind those that all keys of the node share. They
 * nearly always tell where another key belongs, all of them in a few instructions, and no key has
 * to be looked at. Where a word is the wanted key's own, the keys themselves tell, as in a leaf.
 * Leaves have no words, which would cost four bytes a key.
 * Threads: as tree.h. */
#ifndef ARY_INDEX_INNER_H
#define ARY_INDEX_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "index/arena.h"
#include "index/run.h"
#include "index/tree.h"

/* run.handles[i] is the first key below children[i + 1]. */
struct ary_inner {
	struct ary_run run;
	uint32_t skip; /* all keys of the run share so many bytes, or more */
	int32_t words[ARY_RUN_KEYS_MAX]; /* the largest one where there is no key */
	uint32_t children[ARY_RUN_KEYS_MAX + 1];
};

static inline struct ary_inner *ary_inner_at(const struct ary_tree *tree, uint32_t handle)
{
	return ary_arena_at(tree->arena, handle);
}

/* A new node, empty; room must have been ensured. */
uint32_t ary_inner_take(struct ary_tree *tree);

/* Makes the words of NODE's keys anew, as whoever changed its run by itself must. */
void ary_inner_note_words(const struct ary_tree *tree, struct ary_inner *node);

/* Inserts the key of HANDLE at INDEX, where it must belong. Children are the caller's. */
void ary_inner_insert_key(const struct ary_tree *tree, struct ary_inner *node, unsigned index,
			  uint32_t handle);

void ary_inner_remove_key(struct ary_inner *node, unsigned index);

/* Asks the processor for node HANDLE, of either kind. */
void ary_inner_prefetch(const struct ary_tree *tree, uint32_t handle);

/* Which child of NODE holds KEY if any does. *SHARED is how many bytes of KEY are known to be those
 * of all keys below NODE, 0 at the root; it becomes that of the child. */
unsigned ary_inner_child_of(const struct ary_tree *tree, const struct ary_inner *node,
			    struct ary_bytes key, size_t *shared);

/* As ary_inner_child_of, by the words alone. False: they do not tell, nothing is changed. */
bool ary_inner_child_by_words(const struct ary_tree *tree, const struct ary_inner *node,
			      struct ary_bytes key, size_t *shared, unsigned *child_out);

/* As ary_inner_child_of, by the keys, with what ary_run_guess answered. */
unsigned ary_inner_child_near(const struct ary_tree *tree, const struct ary_inner *node,
			      struct ary_bytes key, unsigned guess, size_t *shared);

#endif
