/* SPDX-License-Identifier: MIT */
#include "index/gather.h"

#include <stdlib.h>

#include "base/alloc.h"

enum { FIRST_CAPACITY = 1024 };

void ary_gather_begin(struct ary_gather *gather)
{
	*gather = (struct ary_gather){ .whole = true };
}

static bool grow(struct ary_gather *gather)
{
	size_t capacity = gather->capacity > 0 ? gather->capacity * 2 : FIRST_CAPACITY;
	struct ary_sort_item *items =
		ary_try_realloc(gather->items, capacity * sizeof(*items));

	if (items == NULL)
		return false;
	gather->items = items;
	gather->capacity = capacity;
	return true;
}

void ary_gather_add(struct ary_gather *gather, uint32_t handle, struct ary_bytes key)
{
	if (!gather->whole)
		return;
	if (gather->count == gather->capacity && !grow(gather)) {
		ary_gather_drop(gather);
		return;
	}
	ary_sort_fill(&gather->items[gather->count++], handle, key);
}

void ary_gather_drop(struct ary_gather *gather)
{
	free(gather->items);
	*gather = (struct ary_gather){ 0 };
}
