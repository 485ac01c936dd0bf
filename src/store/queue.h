/* SPDX-License-Identifier: MIT */
/* The queue in front of the commit thread: what stands in it, and which of that the next group has.
 *
 * Threads: whoever holds its lock. */
#ifndef ARY_STORE_QUEUE_H
#define ARY_STORE_QUEUE_H

#include "store/store_private.h"

/* What WRITE counts for in the queue's bounds: its bytes, and the memory beside them. */
uint64_t ary_queue_write_bytes(const struct ary_write *write);

bool ary_queue_is_part(const struct ary_write *write);

/* WRITE stands at the end of its line. */
void ary_queue_put_locked(struct ary_store *store, struct ary_write *write)
	ARY_REQUIRES(&store->queue.lock);

/* Takes the next group's writes, a list, off the queue of STORE; NULL: there are none. Where other
 * writes come, every second group has parts at most, so that who waits for a small write waits for
 * one group of them, the one under way or that of its own, and uploads go on all the same. Their
 * bytes count until the group is stored. Threads: the commit thread's. */
struct ary_write *ary_queue_take_locked(struct ary_store *store) ARY_REQUIRES(&store->queue.lock);

/* The group that ary_queue_take_locked answered last, and COMMITTER's times are about, is stored.
 * Threads: the commit thread's. */
void ary_queue_note_group(struct ary_committer *committer);

#endif
