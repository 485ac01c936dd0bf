/* SPDX-License-Identifier: MIT */
/* The logs of one store: which there are, in order, and how much in each still counts.
 *
 * Threads: the commit thread alone changes the table (recovery before it starts), and so reads it
 * without the lock. Any thread may take a segment by its slot, and sum up; both hold the lock
 * for a moment and do no I/O. Counters are atomic, and exact on the commit thread: a compaction's
 * plan, and which tombstones it may drop, rest on them. Others read them for figures. */
#ifndef ARY_STORE_LOGS_H
#define ARY_STORE_LOGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "env/thread.h"
#include "segment/segment.h"

/* One log. Its stale bytes are those of its file that are neither live nor overhead. */
struct ary_log {
	struct ary_segment *segment; /* one reference */
	bool sealed;
	bool merged;                 /* a compaction made it: begins with a Base or Merge line */
	uint64_t seq_first;          /* of its first line; 0 while it has none */
	uint64_t base;               /* the lowest number it stands for; its own, if not merged */
	uint64_t cleaned;            /* what the first line says, if it is merged */
	uint64_t lines;
	_Atomic uint64_t live_bytes;      /* of lines that hold a present value, or a part
					   * that counts */
	_Atomic uint64_t tombstone_bytes; /* of Rm and Expire lines */
	_Atomic uint64_t mark_bytes;      /* of Mark lines */
	_Atomic uint64_t overhead_bytes;  /* of first lines and Seals: no compaction drops them */
	_Atomic uint64_t bytes;           /* of the file, as far as committed */
};

struct ary_logs {
	struct ary_mutex lock;
	struct ary_log **ordered;    /* by number; the last one may be active */
	size_t count;
	size_t ordered_capacity;
	struct ary_log **by_slot;    /* NULL where the log is gone; slots are never used again */
	size_t slot_count;
	size_t slot_capacity;
	_Atomic uint32_t slot_next;
};

/* What all logs hold together. */
struct ary_logs_sum {
	uint64_t logs;
	uint64_t bytes;
	uint64_t live_bytes;
	uint64_t stale_bytes;
};

void ary_logs_init(struct ary_logs *logs);
/* Lets go of every segment. */
void ary_logs_release(struct ary_logs *logs);

/* A slot that no segment has had. Threads: any. */
uint32_t ary_logs_slot(struct ary_logs *logs);

/* SLOT is a segment's, from another run: it is given to none. For who opens the store. */
void ary_logs_use_slot(struct ary_logs *logs, uint32_t slot);

/* Adds SEGMENT (takes the reference) behind the others. Returns borrowed until it is replaced. */
struct ary_log *ary_logs_append(struct ary_logs *logs, struct ary_segment *segment);

/* The log whose segment has SLOT, or NULL. For the changing thread only. Returns borrowed. */
struct ary_log *ary_logs_find(struct ary_logs *logs, uint32_t slot);

/* SIZE bytes in the log with SLOT, which must be there, are live no longer. For the changing thread
 * only. */
void ary_logs_count_stale(struct ary_logs *logs, uint32_t slot, uint32_t size);

/* The last log, or NULL. For the changing thread only. Returns borrowed. */
struct ary_log *ary_logs_last(struct ary_logs *logs);

/* A reference to the segment with SLOT, owned; NULL when it is gone, and then the index has
 * newer words. Threads: any. */
struct ary_segment *ary_logs_ref(struct ary_logs *logs, uint32_t slot);

/* Makes LOG (taken) findable by its slot without a place in the order: a merge being taken over. */
void ary_logs_announce(struct ary_logs *logs, struct ary_log *log);

/* Puts LOG, announced before, in the place of COUNT logs from FIRST on, which are let go of. */
void ary_logs_replace(struct ary_logs *logs, const struct ary_log *first, size_t count,
		      struct ary_log *log);

/* Threads: any. */
void ary_logs_sum(struct ary_logs *logs, struct ary_logs_sum *out);

uint64_t ary_log_stale_bytes(const struct ary_log *log);

/* Bytes of Set lines whose key has another value, or none, and of parts that do not count: where it
 * is 0, the log is clean (FORMAT.md, "Compaction"). */
uint64_t ary_log_dead_bytes(const struct ary_log *log);

#endif
