/* SPDX-License-Identifier: MIT */
/* Puts lines together and stores them: one write, and one sync where the mode asks for it.
 *
 * Use: begin, line (any number), commit. Between begin and commit nothing is on disk, and
 * another begin forgets what was put together.
 * Threads: the commit thread's. */
#ifndef ARY_STORE_APPENDER_H
#define ARY_STORE_APPENDER_H

#include "format/record.h"
#include "store/store_private.h"

/* What is being put together. */
struct ary_append {
	uint64_t time_ms;        /* of every line in it */
	uint64_t seq_before;     /* of the store, to go back to if nothing is stored */
	uint64_t lines;
	uint64_t tombstone_bytes; /* of its tombstones, Mark lines, and first lines and Seals */
	uint64_t mark_bytes;
	uint64_t overhead_bytes;
	bool sync;               /* must be durable whatever the mode */
	enum ary_durability durability; /* of the mode, or stronger: of one of its writes */
	bool opened;             /* holds the run's opening Mark */
};

/* Begins a group for the active log, which must be there. A new log's Log line and a due Mark
 * come first in it. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_append_begin(struct ary_store *store,
						struct ary_append *append);

/* Adds the line of RECORD, whose seq, time and watermark are set here.
 * NO_MEMORY: it was not added. */
ARY_MUST_CHECK enum ary_status ary_append_line(struct ary_store *store, struct ary_append *append,
					       struct ary_record *record);

/* Appends the group to the active log and makes it as durable as the mode, or one of its lines,
 * asks.
 * *OFFSET_OUT is where the group begins in the file.
 * NO_SPACE, IO: nothing is stored; after IO the store is read-only. UNCERTAIN: unknown, and the
 * store is read-only. */
ARY_MUST_CHECK enum ary_status ary_append_commit(struct ary_store *store,
						 const struct ary_append *append,
						 uint64_t *offset_out, struct ary_error *err);

/* Forgets a group that was begun and not committed; its seqs are free again. */
void ary_append_forget(struct ary_store *store, const struct ary_append *append);

/* Makes everything appended so far durable. UNCERTAIN: it failed, and the store is read-only. */
ARY_MUST_CHECK enum ary_status ary_append_sync(struct ary_store *store, struct ary_error *err);

#endif
