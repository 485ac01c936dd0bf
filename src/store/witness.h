/* SPDX-License-Identifier: MIT */
/* The file WATERMARK, a witness of how far the log was durable: docs/FORMAT.md, "The file
 * WATERMARK". It can make an open refuse, where damage would pass for a torn tail; it never adds
 * or changes data, and may be missing.
 *
 * It is written after the sync of what it states, never before, and seldom synced: so it is behind
 * the log's disk or level with it, whatever a crash leaves of either.
 * Threads: read and check are open's and verify's. The others are the commit thread's, or
 * open's before it runs and close's after it. */
#ifndef ARY_STORE_WITNESS_H
#define ARY_STORE_WITNESS_H

#include "format/watermark.h"
#include "store/store_private.h"

/* Reads the file in ROOT. *OUT is all zero where there is none, or none that is intact.
 * IO, NO_MEMORY: it may say something, and nobody knows what. */
ARY_MUST_CHECK enum ary_status ary_witness_read(struct ary_dir *root, struct ary_watermark *out,
						struct ary_error *err);

/* CORRUPT: MARK names a log above HIGHEST, which is that of the last log, NULL where there is none;
 * it is missing. The text begins with its name. */
ARY_MUST_CHECK enum ary_status ary_witness_check_log(const struct ary_watermark *mark,
						     const uint64_t *highest,
						     struct ary_error *err);

/* CORRUPT: MARK says that log LOG, which does not end in a Seal line, had more than END bytes; the
 * line before END has SEQ_LAST. Of other logs it says nothing. */
ARY_MUST_CHECK enum ary_status ary_witness_check_end(const struct ary_watermark *mark, uint64_t log,
						     uint64_t end, uint64_t seq_last,
						     struct ary_error *err);

/* MARK is what the file says. */
void ary_witness_start(struct ary_store *store, const struct ary_watermark *mark);

/* The first BYTES of LOG are durable from now on, up to the line of SEQ. Cheap. */
void ary_witness_note(struct ary_store *store, uint64_t log, uint64_t bytes, uint64_t seq);

/* Whether there is something to write, at `due_ns` or after it. */
bool ary_witness_pending(const struct ary_store *store);

/* Writes what is pending and due. A failure is told to people, and is nobody's error. */
void ary_witness_write_if_due(struct ary_store *store);

/* Writes what is pending, and makes the file durable: at a close, and before a merge counts, which
 * rests on what it states. Failures as above. */
void ary_witness_settle(struct ary_store *store);

#endif
