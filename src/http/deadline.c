/* SPDX-License-Identifier: MIT */
#include "http/deadline.h"

#include <string.h>

#include "env/net.h"

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

int64_t ary_deadlines_wait_ms(const struct ary_deadlines *deadlines, uint64_t now_ms)
{
	int64_t wait_ms = -1;

	for (int kind = 0; kind < ARY_DEADLINE_KINDS; kind++) {
		const struct ary_deadline *first = deadlines->queues[kind].first;
		int64_t rest_ms;

		if (!first)
			continue;
		rest_ms = first->at_ms > now_ms ? (int64_t)(first->at_ms - now_ms) : 0;
		if (wait_ms < 0 || rest_ms < wait_ms)
			wait_ms = rest_ms;
	}
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
