/* SPDX-License-Identifier: MIT */
/* One group of writes, from preconditions to answers: decided, appended, made durable, put into the
 * index, answered, in this order, so that whatever a reader can see is as durable as promised.
 *
 * Threads: the commit thread's. */
#ifndef ARY_STORE_GROUP_H
#define ARY_STORE_GROUP_H

#include "store/store_private.h"

/* A full disk is looked at again after this. */
enum { ARY_SPACE_PROBE_MS = 1000 };

/* Commits WRITES (a list of at most ARY_GROUP_WRITES_MAX, in order; it may be empty) and fills in
 * every answer; calling `done` is the caller's. Values whose time is over are ended on the way. */
void ary_group_commit(struct ary_store *store, struct ary_write *writes);

/* Looks whether space has come back after a full disk. */
void ary_group_probe_space(struct ary_store *store);

#endif
