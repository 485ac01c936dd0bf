/* SPDX-License-Identifier: MIT */
/* Many writes to one store, without waiting for each: to a directory or to a server, as a config
 * says. Those to the same key are carried out in their order.
 *
 * What goes wrong at open and close is told on standard error there.
 * Threads: one.
 * Limits: a directory has 2048 writes and 16 MiB under way, or one write that is larger; a server
 * is sent 32 at a time, of 256 that are held. */
#ifndef ARY_APP_PIPELINE_H
#define ARY_APP_PIPELINE_H

#include <stdint.h>

#include "app/command.h"
#include "app/config.h"
#include "base/bytes.h"
#include "base/status.h"
#include "store/store.h"

struct ary_pipeline;

/* One write, and where it came from. */
struct ary_pipeline_item {
	enum ary_write_op op;
	struct ary_bytes key;
	struct ary_bytes value;
	/* As in a write. */
	struct ary_bytes type;
	struct ary_bytes encoding;
	struct ary_bytes meta;
	struct ary_bytes sha256;
	uint64_t expires_ms;
	const char *path;  /* borrowed until close */
	uint64_t line;
};

/* Whether ITEM may be written to the store of CONFIG, as far as can be told without it. INVALID,
 * TOO_LARGE. */
ARY_MUST_CHECK enum ary_status ary_pipeline_check(const struct ary_config *config,
						  const struct ary_pipeline_item *item,
						  struct ary_error *err);

/* How many bytes ITEM's views have. */
uint64_t ary_pipeline_item_bytes(const struct ary_pipeline_item *item);

/* Copies ITEM to *OUT, and what its views borrow to BUF, which is emptied first and from which
 * those of OUT borrow. False: out of memory; OUT is as it was. */
ARY_MUST_CHECK bool ary_pipeline_item_copy(const struct ary_pipeline_item *item,
					   struct ary_buf *buf, struct ary_pipeline_item *out);

/* Opens the store of CONFIG (borrowed until close), making a directory that is missing. *OUT is
 * set, owned, when the answer is ARY_EXIT_OK. */
enum ary_exit ary_pipeline_open(const struct ary_config *config, struct ary_pipeline **out);

/* Copies ITEM and queues it, once there is room. Anything but OK: it was not queued, and an earlier
 * one has failed, which drain will tell; or NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_pipeline_put(struct ary_pipeline *pipeline,
						const struct ary_pipeline_item *item,
						struct ary_error *err);

/* The store that is written to, when it is in a directory; NULL: it is a server's. Borrowed until
 * close. */
struct ary_store *ary_pipeline_store(const struct ary_pipeline *pipeline);

/* Waits until nothing is under way any more; *DONE_OUT is how many ended well, as the removal of a
 * key that is not there does. OK, or how the first other one ended: a status of ary_write; the text
 * begins with its path and line. */
enum ary_status ary_pipeline_drain(struct ary_pipeline *pipeline, uint64_t *done_out,
				   struct ary_error *err);

/* Takes PIPELINE, which is drained. Answers CODE, or ARY_EXIT_STORE when what was written may not
 * be on disk. */
enum ary_exit ary_pipeline_close(struct ary_pipeline *pipeline, enum ary_exit code);

#endif
