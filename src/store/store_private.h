/* SPDX-License-Identifier: MIT */
/* What the files of this floor share: the store's parts, grouped by who may touch them. */
#ifndef ARY_STORE_STORE_PRIVATE_H
#define ARY_STORE_STORE_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "env/env.h"
#include "env/thread.h"
#include "format/watermark.h"
#include "index/index.h"
#include "store/expiry.h"
#include "store/logs.h"
#include "store/overlay.h"
#include "store/parts.h"
#include "store/store.h"

/* Something that only the commit thread may do, asked for by another thread, which waits. */
struct ary_job {
	void (*run)(struct ary_store *store, struct ary_job *job);
	void *context;
	bool finished;
	struct ary_job *next;
};

/* Writes that wait, in their order. */
struct ary_write_list {
	struct ary_write *first;
	struct ary_write *last;
};

/* The queue in front of the commit thread: two lines, so that what is small waits neither for the
 * parts of large values nor for the room that they take. A part depends on nothing but the ones
 * before it, which stand before it; all other writes keep their order. All of it under
 * `lock`. */
struct ary_queue {
	struct ary_mutex lock;
	struct ary_cond work;     /* there is something to do */
	struct ary_cond job_done;
	struct ary_write_list writes;
	struct ary_write_list parts;    /* of uploads */
	size_t count;             /* of the writes in both */
	size_t part_count;        /* of those that are parts */
	size_t wanted;            /* with less the commit thread need not be woken; or 0 */
	bool wants_parts;         /* and parts count */
	uint64_t bytes;           /* of the writes in it and of the group being committed */
	uint64_t part_bytes;      /* the same, of parts; not in `bytes` */
	struct ary_job *jobs;
	bool parts_due;           /* there may be uploads to drop */
	bool stopping;
};

/* The file WATERMARK: what it says, and what it could say. */
struct ary_witness {
	struct ary_file *file;       /* NULL: not opened yet */
	bool created;                /* by this run: its name may not be durable */
	bool dirty;                  /* written by this run, not synced */
	bool failed;                 /* and it has been said */
	uint64_t due_ns;             /* not written before this */
	struct ary_watermark stated; /* by the file */
	struct ary_watermark known;  /* since the last sync */
};

/* How many values one group may end. */
enum { ARY_GROUP_ENDED_MAX = 256 };

/* When the group being committed, or the last one, was begun, written and synced; 0: it was not. */
struct ary_group_times {
	uint64_t begun_ns;
	uint64_t written_ns;
	uint64_t synced_ns;
};

/* From one moment to a later one; a moment of 0 did not come. */
static inline uint64_t ary_between_ns(uint64_t from_ns, uint64_t to_ns)
{
	return from_ns != 0 && to_ns > from_ns ? to_ns - from_ns : 0;
}

/* The commit thread's own; nobody else reads or writes it while that thread runs. */
struct ary_committer {
	struct ary_thread thread;
	uint64_t seq;                 /* the last one used, or jumped over */
	uint64_t seq_stored;          /* of the last line that is in a log */
	struct ary_log *active;       /* appended to; NULL: the next group begins a log */
	struct ary_segment *next;     /* created for the coming rotation, still empty; owned */
	bool rotation_postponed;      /* and it has been said */
	bool mark_due;                /* the run's first group begins with a Mark, and is synced */
	bool wrote;                   /* this run has appended something */
	bool dirty;                   /* appended, not synced */
	bool sync_promised;           /* of what is dirty something is to be synced in time */
	uint64_t sync_due_ns;         /* when that is */
	uint64_t space_checked_ns;    /* when free space was last looked at */
	uint64_t space_free_bytes;    /* what was found then, less what was appended since */
	uint64_t space_probe_ns;      /* a full disk is not looked at again before this */
	struct ary_witness witness;
	struct ary_ending *ended[ARY_GROUP_ENDED_MAX]; /* whose lines are in the group; borrowed */
	size_t ended_count;
	uint64_t expire_retry_ns;     /* nothing is ended before this, after a failure */
	uint64_t expire_due_ns;       /* no group is made for what is over before this; 0: nothing
				       * is, as far as is known */
	struct ary_group_times times;
	size_t group_writes;          /* of no upload, in the last one */
	size_t group_parts;
	uint64_t writes_ns;           /* when the last one with other writes began; 0: none did */
	uint64_t plain_sync_ns;       /* how long the sync of one without parts takes */
	struct ary_buf batch;         /* the lines of one group */
	struct ary_overlay overlay;   /* what the group's writes so far will have done */
};

/* The file CHECKPOINT, as far as it was looked at. */
struct ary_checkpoint {
	_Atomic bool kept;         /* there may be one that is to go when the logs change */
	_Atomic bool stands;       /* for the logs as they are, but for what they have more */
	uint64_t bytes;            /* of the logs' lines that it stands for */
	size_t log_count;          /* of those that the open did not read; or 0 */
	uint64_t last_bytes;       /* of the last of them, as far as it is not read */
	uint64_t last_lines;
	struct ary_file_copy copy; /* the index lies in it */
};

/* A log whose lines no one has read yet. */
struct ary_unproved_log {
	uint32_t slot;
	uint64_t seq_first;
	uint64_t bytes;
	uint64_t lines; /* in them */
};

/* Who reads them, store/prove.h. */
struct ary_prover {
	struct ary_thread thread;
	bool started;
	struct ary_unproved_log *logs; /* owned */
	size_t log_count;
	uint64_t bytes;                /* the thread's own: proved so far */
	uint64_t pace_due_ns;          /* the thread's own */
	struct ary_mutex lock;
	struct ary_cond stop;          /* signalled for the end */
	_Atomic bool stopping;
};

/* How far a compaction goes: each rewrites what the one before does, and more. */
enum ary_compaction_effort {
	ARY_EFFORT_NONE,
	ARY_EFFORT_AUTOMATIC,
	ARY_EFFORT_ASKED,
	ARY_EFFORT_FULL,
};

/* The compaction thread and those who wait for it; all but `thread` under `lock`. */
struct ary_compactor {
	struct ary_thread thread;
	bool broken;               /* the thread's own: a merge was not taken over; no more */
	uint64_t pace_due_ns;      /* the thread's own: when all it read and wrote is paid off */
	uint64_t quiet_stale_bytes; /* the commit thread's own: with less, nothing pays */
	struct ary_mutex lock;
	struct ary_cond work;      /* signalled for a wish, a cancellation, the end */
	struct ary_compaction_request *waiting; /* for the run under way, or for the next */
	struct ary_compaction_request *leaving; /* waited when the run under way was cancelled */
	size_t waiting_count;                   /* of both */
	enum ary_compaction_effort effort;      /* of the run under way; its report says RUNNING */
	enum ary_compaction_effort wanted;      /* of the run that is to follow it; or NONE */
	bool cancelled;                         /* the run under way was, by request */
	bool stopping;
	struct ary_compaction_report report;
	uint64_t started_ns;                    /* the run under way */
	uint64_t retry_ns;                      /* not by itself before this, after a failure */
	_Atomic bool cancel;
	_Atomic uint64_t scanned_bytes;
	_Atomic uint64_t written_bytes;
	_Atomic uint64_t records_kept;
	_Atomic uint64_t records_dropped;
};

struct ary_counters {
	_Atomic uint64_t reads;
	_Atomic uint64_t sets;
	_Atomic uint64_t removes;
	_Atomic uint64_t expired;
	_Atomic uint64_t groups;
	_Atomic uint64_t syncs;
	_Atomic uint64_t appended_bytes;
	_Atomic uint64_t seq;
};

struct ary_store {
	/* Constant after open. */
	struct ary_store_options options;
	struct ary_dir *root;
	struct ary_dir *dir;        /* the folder of the logs */
	struct ary_file *lock_file;
	uint64_t recovered_records;
	uint64_t recovered_torn_bytes;
	uint64_t recovery_ms;
	bool recovered_clean;       /* the last line that was there is a clean Mark */
	bool recovered_strict;      /* the last run was in mode `always` */

	/* With locks of their own. */
	struct ary_index *index;
	struct ary_expiry expiry;   /* of the keys in the index whose values end */
	struct ary_logs logs;
	struct ary_parts parts;
	struct ary_queue queue;
	struct ary_compactor compactor;
	struct ary_checkpoint checkpoint; /* open's and close's */
	struct ary_prover prover;

	struct ary_committer committer;

	struct ary_counters counters;
	_Atomic uint64_t last_ms;   /* the latest time of a line, or told; see clock.h */
	_Atomic bool disk_full;
	_Atomic bool read_only;
	struct ary_mutex fault_lock;
	struct ary_error fault;     /* under fault_lock: why read_only is set */
};

/* Lets values in SEGMENT, just created or opened, be read from memory, as the options say. */
void ary_store_map(struct ary_store *store, struct ary_segment *segment);

/* Latches the store read-only for the reason in ERR; the first reason stays. Threads: any. */
void ary_store_latch(struct ary_store *store, const struct ary_error *err);

#endif
