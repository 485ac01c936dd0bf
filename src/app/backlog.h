/* SPDX-License-Identifier: MIT */
/* Writes that are held until a server has answered them, and the order in which they may be sent:
 * as they came, but one waits until the one before it to the same key has ended.
 *
 * Threads: one. Limits: 256 writes and 16 MiB, or one write that is larger. */
#ifndef ARY_APP_BACKLOG_H
#define ARY_APP_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "app/pipeline.h"
#include "base/bytes.h"

struct ary_backlog;

/* A write that is held: waiting to be sent, or sent and not ended. */
struct ary_held {
	struct ary_pipeline_item item; /* its views borrow from here until the end */
	uint64_t number;          /* rises in the order of ary_backlog_hold */
	uint64_t put_off_seconds; /* the caller's; begins as 0 */
	/* Private. */
	struct ary_buf bytes;     /* of the item's views */
	bool in_use;
	struct ary_held *behind;  /* the next one to the same key */
	struct ary_held *next;    /* of those that may be sent, or of those not in use */
};

/* Returns owned. */
struct ary_backlog *ary_backlog_create(void);

/* Takes BACKLOG and all that it holds (NULL is fine). */
void ary_backlog_destroy(struct ary_backlog *backlog);

/* Whether a further write of BYTES may be held. */
bool ary_backlog_has_room(const struct ary_backlog *backlog, uint64_t bytes);

/* How many are held. */
size_t ary_backlog_count(const struct ary_backlog *backlog);

/* Copies ITEM; there is room for it. False: out of memory. */
ARY_MUST_CHECK bool ary_backlog_hold(struct ary_backlog *backlog,
				     const struct ary_pipeline_item *item);

/* Whether there is a write that may be sent. */
bool ary_backlog_is_ready(const struct ary_backlog *backlog);

/* Takes the first write that may be sent out of the line; there is one. It stays held, and stays
 * where it is, until ary_backlog_end. */
struct ary_held *ary_backlog_next(struct ary_backlog *backlog);

/* Puts HELD, which was taken and not carried out, back into the line, before those that came after
 * it. */
void ary_backlog_return(struct ary_backlog *backlog, struct ary_held *held);

/* Ends HELD, which was taken: the next one to its key may be sent. */
void ary_backlog_end(struct ary_backlog *backlog, struct ary_held *held);

#endif
