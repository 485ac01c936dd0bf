/* SPDX-License-Identifier: MIT */
/* One file of the log, open: appended to by one thread, read by many, closed by whoever lets go
 * of it last.
 *
 * Threads: append, sync and repair belong to one thread at a time (the commit thread, or recovery
 * before it starts). read_line, ref and unref: any thread. */
#ifndef ARY_SEGMENT_SEGMENT_H
#define ARY_SEGMENT_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "env/env.h"

struct ary_segment;

/* Creates the file of log LOG (EXISTS when there is one) without making its name durable.
 * TEMPORARY gives it its temporary name. Returns owned: one reference.
 * SLOT is the caller's name for this object, for as long as it lives. */
ARY_MUST_CHECK enum ary_status ary_segment_create(struct ary_dir *dir, uint64_t log, bool temporary,
						  uint32_t slot, struct ary_segment **out,
						  struct ary_error *err);

/* Opens the file of log LOG for reading and writing. Returns owned: one reference. */
ARY_MUST_CHECK enum ary_status ary_segment_open(struct ary_dir *dir, uint64_t log, uint32_t slot,
						struct ary_segment **out, struct ary_error *err);

/* Lets lines in the first BYTES of the file be read from memory (env.h, ary_file_map); 0: none.
 * Once, right after it was created or opened. */
void ary_segment_map(struct ary_segment *segment, uint64_t bytes);

struct ary_segment *ary_segment_ref(struct ary_segment *segment);

/* Takes one reference (NULL is fine); the last one closes the file. */
void ary_segment_unref(struct ary_segment *segment);

uint64_t ary_segment_log(const struct ary_segment *segment);
uint32_t ary_segment_slot(const struct ary_segment *segment);

/* Bytes appended so far, and how many of them are known to be durable. */
uint64_t ary_segment_bytes(const struct ary_segment *segment);
uint64_t ary_segment_durable_bytes(const struct ary_segment *segment);

/* Returns borrowed until the last unref. */
struct ary_file *ary_segment_file(struct ary_segment *segment);

/* Writes BYTES at the end. On a failure it cuts the file back to where it was and syncs that, so
 * that nothing of a refused write can come back, and answers what went wrong (NO_SPACE, IO).
 * UNCERTAIN: the cut failed too, what is on disk is unknown, and nothing more may be written. */
ARY_MUST_CHECK enum ary_status ary_segment_append(struct ary_segment *segment,
						  struct ary_bytes bytes, struct ary_error *err);

/* Makes everything appended durable. UNCERTAIN: it failed (whatever the cause), is never retried,
 * and nothing more may be written. */
ARY_MUST_CHECK enum ary_status ary_segment_sync(struct ary_segment *segment, struct ary_error *err);

/* For recovery: makes [0, END) the durable contents. Writes [from, END) back over itself (after a
 * failed sync the kernel may hold it as clean without having stored it), cuts at END and syncs.
 * CORRUPT: the file ends before END. UNCERTAIN: cut or sync failed. IO, NO_SPACE, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_segment_repair(struct ary_segment *segment, uint64_t from,
						  uint64_t end, struct ary_error *err);

/* Reads the line of SIZE bytes at OFFSET into OUT (emptied first).
 * CORRUPT: the file ends before it. IO, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_segment_read_line(struct ary_segment *segment, uint64_t offset,
						     uint32_t size, struct ary_buf *out,
						     struct ary_error *err);

#endif
