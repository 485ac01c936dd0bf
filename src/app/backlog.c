/* SPDX-License-Identifier: MIT */
#include "app/backlog.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"

enum {
	HELD_COUNT = 256,
	BYTES_MAX = 16 * 1024 * 1024,
	/* A write gives larger buffers back at its end. */
	KEPT_BYTES_MAX = 64 * 1024,
};

struct ary_backlog {
	struct ary_held *free;
	struct ary_held *first; /* in line */
	struct ary_held *last;
	uint64_t bytes;
	size_t count;
	uint64_t held_so_far;
	struct ary_held held[HELD_COUNT];
};

struct ary_backlog *ary_backlog_create(void)
{
	struct ary_backlog *backlog = ARY_NEW(struct ary_backlog);

	for (size_t i = 0; i < HELD_COUNT; i++) {
		backlog->held[i].next = backlog->free;
		backlog->free = &backlog->held[i];
	}
	return backlog;
}

void ary_backlog_destroy(struct ary_backlog *backlog)
{
	if (backlog == NULL)
		return;
	for (size_t i = 0; i < HELD_COUNT; i++)
		ary_buf_release(&backlog->held[i].bytes);
	free(backlog);
}

bool ary_backlog_has_room(const struct ary_backlog *backlog, uint64_t bytes)
{
	if (backlog->count == 0)
		return true;
	return backlog->free != NULL && backlog->bytes + bytes <= BYTES_MAX;
}

size_t ary_backlog_count(const struct ary_backlog *backlog)
{
	return backlog->count;
}

static void enqueue(struct ary_backlog *backlog, struct ary_held *held)
{
	held->next = NULL;
	if (backlog->last != NULL)
		backlog->last->next = held;
	else
		backlog->first = held;
	backlog->last = held;
}

/* The last of those to KEY, or NULL. */
static struct ary_held *find_last(struct ary_backlog *backlog, struct ary_bytes key)
{
	for (size_t i = 0; i < HELD_COUNT; i++) {
		struct ary_held *held = &backlog->held[i];

		if (held->in_use && held->behind == NULL &&
		    ary_bytes_equal(held->item.key, key))
			return held;
	}
	return NULL;
}

bool ary_backlog_hold(struct ary_backlog *backlog, const struct ary_pipeline_item *item)
{
	struct ary_held *before = find_last(backlog, item->key);
	struct ary_held *held = backlog->free;

	ARY_CHECK(held != NULL);
	if (!ary_pipeline_item_copy(item, &held->bytes, &held->item))
		return false;
	backlog->free = held->next;
	backlog->bytes += held->bytes.size;
	backlog->count++;
	held->number = backlog->held_so_far++;
	held->put_off_seconds = 0;
	held->behind = NULL;
	held->in_use = true;
	if (before != NULL)
		before->behind = held;
	else
		enqueue(backlog, held);
	return true;
}

bool ary_backlog_is_ready(const struct ary_backlog *backlog)
{
	return backlog->first != NULL;
}

struct ary_held *ary_backlog_next(struct ary_backlog *backlog)
{
	struct ary_held *held = backlog->first;

	ARY_CHECK(held != NULL);
	backlog->first = held->next;
	if (backlog->first == NULL)
		backlog->last = NULL;
	return held;
}

void ary_backlog_return(struct ary_backlog *backlog, struct ary_held *held)
{
	struct ary_held **at = &backlog->first;

	while (*at != NULL && (*at)->number < held->number)
		at = &(*at)->next;
	held->next = *at;
	*at = held;
	if (held->next == NULL)
		backlog->last = held;
}

void ary_backlog_end(struct ary_backlog *backlog, struct ary_held *held)
{
	if (held->behind != NULL)
		enqueue(backlog, held->behind);
	backlog->bytes -= held->bytes.size;
	backlog->count--;
	if (held->bytes.capacity > KEPT_BYTES_MAX)
		ary_buf_release(&held->bytes);
	held->in_use = false;
	held->next = backlog->free;
	backlog->free = held;
}
