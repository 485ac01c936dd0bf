/* SPDX-License-Identifier: MIT */
/* Sorts many handles by their keys, and finds where each key differs from the one before.
 *
 * Most comparisons are of 8 bytes that lie beside the handle; a key itself is read once for each 8
 * bytes that it shares with others.
 * Threads: one caller, and one more thread while it sorts very many. */
#ifndef ARY_INDEX_SORT_H
#define ARY_INDEX_SORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "index/arena.h"

struct ary_sort_item {
	uint64_t word; /* while sorting: 8 bytes of the key, the first one highest */
	uint32_t handle;
	uint16_t key_size;
	uint16_t diff; /* as in a run; the first item's has no meaning */
};

/* Makes ITEM that of HANDLE, whose key is KEY, for ary_sort_items. */
void ary_sort_fill(struct ary_sort_item *item, uint32_t handle, struct ary_bytes key);

/* As ary_sort_fill for COUNT items whose handles are set. */
void ary_sort_fill_all(const struct ary_arena *arena, struct ary_sort_item *items, size_t count);

/* Sorts ITEMS, which are as ary_sort_fill leaves them, and sets `diff`. Keys must not be equal. */
void ary_sort_items(const struct ary_arena *arena, struct ary_sort_item *items, size_t count);

#endif
