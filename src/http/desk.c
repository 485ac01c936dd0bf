/* SPDX-License-Identifier: MIT */
#include "http/desk.h"

#include <stdlib.h>

#include "base/alloc.h"

/* More are free only after so many requests at once. */
enum { FREE_MAX = 128 };

static void destroy(struct ary_desk *desk)
{
	ary_buf_release(&desk->target);
	free(desk->fields);
	free(desk);
}

static struct ary_desk *create(void)
{
	struct ary_desk *desk = ary_try_alloc(sizeof(*desk));

	if (desk)
		memset(desk, 0, offsetof(struct ary_desk, call));
	return desk;
}

struct ary_desk *ary_desks_take(struct ary_desks *desks)
{
	struct ary_desk *desk = desks->first;

	if (!desk)
		return create();
	desks->first = desk->next;
	desks->count--;
	desk->target.size = 0;
	desk->has_target = false;
	desk->has_call = false;
	return desk;
}

void ary_desks_give(struct ary_desks *desks, struct ary_desk *desk)
{
	if (!desk)
		return;
	if (desks->count == FREE_MAX) {
		destroy(desk);
		return;
	}
	desk->next = desks->first;
	desks->first = desk;
	desks->count++;
}

void ary_desks_release(struct ary_desks *desks)
{
	while (desks->first) {
		struct ary_desk *desk = desks->first;

		desks->first = desk->next;
		destroy(desk);
	}
	desks->count = 0;
}
