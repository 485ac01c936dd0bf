/* SPDX-License-Identifier: MIT */
/* Many writes to one store, in order, without waiting for each: the store takes those that wait as
 * one group, and syncs once for all of them.
 *
 * Threads: one uses it; answers come on the store's.
 * Limits: 2048 writes and 16 MiB under way, or one write that is larger. */
#ifndef ARY_APP_PIPELINE_H
#define ARY_APP_PIPELINE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "store/store.h"

struct ary_pipeline;

/* One write, and where it came from. */
struct ary_pipeline_item {
	enum ary_write_op op;
	struct ary_bytes key;
	struct ary_bytes value;
	struct ary_bytes type;
	const char *path;  /* borrowed until destroy */
	uint64_t line;
};

/* Writes to STORE, borrowed until destroy. Returns owned. */
struct ary_pipeline *ary_pipeline_create(struct ary_store *store);

/* Copies ITEM and queues it, once there is room. Anything but OK: it was not queued, and an earlier
 * one has failed, which drain will tell; or NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_pipeline_put(struct ary_pipeline *pipeline,
						const struct ary_pipeline_item *item,
						struct ary_error *err);

/* Waits until all that were queued are answered; *DONE_OUT is how many ended well, as the removal
 * of a key that is not there does. OK, or how the first other one ended: a status of ary_write; the
 * text begins with its path and line. */
enum ary_status ary_pipeline_drain(struct ary_pipeline *pipeline, uint64_t *done_out,
				   struct ary_error *err);

/* Takes PIPELINE, which is drained (NULL is fine). */
void ary_pipeline_destroy(struct ary_pipeline *pipeline);

#endif
