/* SPDX-License-Identifier: MIT */
/* The keys that are put while an index is filled in bulk, as they must be to be sorted: noted while
 * they are at hand, as looking all of them up again takes as long as sorting them does.
 *
 * Threads: the writer's.
 * Limits: 16 bytes a key, and as many again that are not touched. */
#ifndef ARY_INDEX_GATHER_H
#define ARY_INDEX_GATHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "index/sort.h"

/* All zero, it gathers nothing. */
struct ary_gather {
	struct ary_sort_item *items;
	size_t count;
	size_t capacity;
	bool whole; /* the items are all keys there are */
};

/* Begins with no key. */
void ary_gather_begin(struct ary_gather *gather);

/* HANDLE with KEY is new. Where there is no memory to note it, what was gathered is dropped. */
void ary_gather_add(struct ary_gather *gather, uint32_t handle, struct ary_bytes key);

/* Some key is gone, or it is over: frees everything, and gathers nothing from here on. */
void ary_gather_drop(struct ary_gather *gather);

#endif
