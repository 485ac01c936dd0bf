/* SPDX-License-Identifier: MIT */
#include "http/deadline.h"

#include <string.h>

#include "env/net.h"

/* How often peers are looked at: what they left behind is not held for long, and one look a second
 * at each costs next to nothing. */
enum { LOOK_MS = 1000 };

/* Those in which the next thing to happen is that bytes come in. */
static const enum ary_deadline_kind waiting_kinds[] = { ARY_DEADLINE_HEADER, ARY_DEADLINE_BODY,
							ARY_DEADLINE_IDLE };

void ary_deadlines_init(struct ary_deadlines *deadlines, const struct ary_server_options *options)
{
	memset(deadlines, 0, sizeof(*deadlines));
	deadlines->queues[ARY_DEADLINE_HEADER].length_ms = options->header_timeout_ms;
	deadlines->queues[ARY_DEADLINE_BODY].length_ms = options->body_timeout_ms;
	deadlines->queues[ARY_DEADLINE_REPLY].length_ms = options->reply_timeout_ms;
	deadlines->queues[ARY_DEADLINE_IDLE].length_ms = options->idle_timeout_ms;
}

void ary_deadline_init(struct ary_deadline *deadline, int fd)
{
	memset(deadline, 0, sizeof(*deadline));
	deadline->kind = ARY_DEADLINE_KINDS;
	deadline->fd = fd;
}

void ary_deadline_set(struct ary_deadlines *deadlines, struct ary_deadline *deadline,
		      enum ary_deadline_kind kind, uint64_t now_ms)
{
	struct ary_deadline_queue *queue = &deadlines->queues[kind];

	ary_deadline_clear(deadlines, deadline);
	deadline->kind = kind;
	deadline->was_at_end = false;
	deadline->at_ms = now_ms + queue->length_ms;
	deadline->previous = queue->last;
	if (queue->last)
		queue->last->next = deadline;
	else
		queue->first = deadline;
	queue->last = deadline;
}

void ary_deadline_clear(struct ary_deadlines *deadlines, struct ary_deadline *deadline)
{
	struct ary_deadline_queue *queue;

	if (deadline->kind == ARY_DEADLINE_KINDS)
		return;
	queue = &deadlines->queues[deadline->kind];
	if (deadline->previous)
		deadline->previous->next = deadline->next;
	else
		queue->first = deadline->next;
	if (deadline->next)
		deadline->next->previous = deadline->previous;
	else
		queue->last = deadline->previous;
	deadline->previous = NULL;
	deadline->next = NULL;
	deadline->kind = ARY_DEADLINE_KINDS;
}

static bool has_waiting(const struct ary_deadlines *deadlines)
{
	for (size_t i = 0; i < sizeof(waiting_kinds) / sizeof(waiting_kinds[0]); i++)
		if (deadlines->queues[waiting_kinds[i]].first)
			return true;
	return false;
}

/* When peers are to be looked at next; only while there are any. */
static uint64_t next_look_ms(const struct ary_deadlines *deadlines)
{
	return deadlines->looked_ms + LOOK_MS;
}

static int64_t rest_ms(uint64_t at_ms, uint64_t now_ms)
{
	return at_ms > now_ms ? (int64_t)(at_ms - now_ms) : 0;
}

int64_t ary_deadlines_wait_ms(const struct ary_deadlines *deadlines, uint64_t now_ms)
{
	int64_t wait_ms = -1;

	for (int kind = 0; kind < ARY_DEADLINE_KINDS; kind++) {
		const struct ary_deadline *first = deadlines->queues[kind].first;

		if (first && (wait_ms < 0 || rest_ms(first->at_ms, now_ms) < wait_ms))
			wait_ms = rest_ms(first->at_ms, now_ms);
	}
	if (has_waiting(deadlines) && rest_ms(next_look_ms(deadlines), now_ms) < wait_ms)
		wait_ms = rest_ms(next_look_ms(deadlines), now_ms);
	return wait_ms;
}

void ary_deadlines_expire(struct ary_deadlines *deadlines, uint64_t now_ms)
{
	for (int kind = 0; kind < ARY_DEADLINE_KINDS; kind++) {
		struct ary_deadline_queue *queue = &deadlines->queues[kind];

		while (queue->first && queue->first->at_ms <= now_ms) {
			int fd = queue->first->fd;

			ary_deadline_clear(deadlines, queue->first);
			ary_net_shutdown(fd);
		}
	}
}

static void drop_gone_of(struct ary_deadlines *deadlines, enum ary_deadline_kind kind)
{
	struct ary_deadline *next = deadlines->queues[kind].first;

	while (next) {
		struct ary_deadline *deadline = next;
		bool was_at_end = deadline->was_at_end;

		next = deadline->next;
		deadline->was_at_end = ary_net_is_at_end(deadline->fd);
		if (!deadline->was_at_end || !was_at_end)
			continue;
		ary_deadline_clear(deadlines, deadline);
		ary_net_shutdown(deadline->fd);
	}
}

void ary_deadlines_drop_gone(struct ary_deadlines *deadlines, uint64_t now_ms)
{
	if (now_ms < next_look_ms(deadlines))
		return;
	deadlines->looked_ms = now_ms;
	for (size_t i = 0; i < sizeof(waiting_kinds) / sizeof(waiting_kinds[0]); i++)
		drop_gone_of(deadlines, waiting_kinds[i]);
}
