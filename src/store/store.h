/* SPDX-License-Identifier: MIT */
/* The engine: a key-value store over an append-only log. Start here.
 *
 * One commit thread is the only writer of log and index: writers queue, it takes all that wait,
 * checks preconditions, appends, makes durable, updates the index and answers. Readers take no
 * lock across I/O and wait for nobody.
 *
 * Threads: every function but open and close may be called from any thread at any time between
 * them. `done` callbacks run on the commit thread (or, when a request is refused at once, on the
 * caller's) and must not block nor call functions that wait. */
#ifndef ARY_STORE_STORE_H
#define ARY_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "env/env.h"
#include "format/record.h"
#include "index/key_range.h"

struct ary_store;
struct ary_upload;

/* When a write is acknowledged; the stronger comes later. */
enum ary_durability {
	ARY_DURABILITY_NEVER,    /* after write(2); the system decides when it reaches the disk */
	ARY_DURABILITY_INTERVAL, /* after write(2); synced `sync_interval_ms` later at most */
	ARY_DURABILITY_ALWAYS,   /* after it is on disk (fdatasync), one sync for a whole group */
};

/* "always", "interval", "never"; returns borrowed until for ever. */
const char *ary_durability_name(enum ary_durability durability);

/* Recovery's progress, for readiness: how many of how many bytes are replayed. */
typedef void (*ary_store_progress)(void *context, uint64_t done_bytes, uint64_t total_bytes);

struct ary_store_options {
	/* Affects what is kept. */
	struct ary_env *env;
	const char *path;               /* the store's directory */
	bool create;                    /* make it when it is not there */
	bool prove_logs;                /* lines that CHECKPOINT stands for are proved beside all
					 * else: for who stays */
	bool leave_ended;               /* no line is written of values whose time is over: for who
					 * only reads; they are not there all the same */
	enum ary_durability durability;
	uint64_t sync_interval_ms;      /* for ARY_DURABILITY_INTERVAL, a write's own too */
	/* Limits. */
	uint64_t key_bytes_max;
	uint64_t value_bytes_max;
	uint64_t part_bytes;            /* of one part of a large value: 1 byte to 1 MiB; where
					 * small writes come, one waits for few of them */
	uint64_t queue_bytes_max;       /* of writes waiting; more are answered BUSY, but for what
					 * belongs to an upload */
	uint64_t disk_reserve_bytes;    /* when less is free, only deletes are taken (NO_SPACE) */
	/* Affects performance. */
	uint64_t rotate_bytes;          /* a log is sealed once it has at least this many, or a
					 * quarter of what is free on the disk (but 1 MiB) */
	uint64_t compact_stale_bytes;   /* compaction starts itself at this many; 0: never */
	uint64_t compact_percent;       /* of a log must be stale for it to be rewritten then */
	uint64_t compact_bytes_per_second; /* read and written by it; 0: no limit */
	uint64_t merge_bytes_max;       /* of several logs that a compaction makes one */
	uint64_t batch_bytes_max;       /* of one group */
	uint64_t gather_us_max;         /* a group waits no longer for as many writes as the last
					 * one had, and for half of its sync at most; 0: never */
	uint64_t map_bytes_max;         /* of each log's file, so that reading a short value takes
					 * no system call; 0: none */
	uint64_t checkpoint_bytes_min;  /* of the logs, which an open would have to read: from so
					 * many on CHECKPOINT is used and left; 0: never */
	uint64_t watermark_interval_ms; /* WATERMARK is written no more often while running */
	/* Who is told. May be NULL. */
	ary_store_progress progress;
	void *progress_context;
};

/* Fills OUT with the production defaults; env is posix, path NULL, create false. */
void ary_store_options_default(struct ary_store_options *out);

/* Opens the store, replaying its log. Returns owned.
 * NOT_FOUND: no such directory, or no store in it, and not `create`. LOCKED: another process has
 * it; names the pid. CORRUPT: damage inside confirmed data; names file, offset and seq, and nothing
 * was changed. UNSUPPORTED: a later format version. IO, NO_SPACE, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_store_open(const struct ary_store_options *options,
					      struct ary_store **out, struct ary_error *err);

/* Takes STORE (NULL is fine). Answers what is queued, stops a compaction, syncs, writes a closing
 * mark, unlocks. Answers the failure of the last sync, if it failed; the store is gone all the
 * same. */
enum ary_status ary_store_close(struct ary_store *store, struct ary_error *err);

/* ---- Reading ---- */

/* A value as read. Owns its memory; views borrow until it is released. */
struct ary_value {
	struct ary_bytes value; /* empty when it is large: then it is read by store/upload.h */
	uint64_t size;         /* of the value, large or not */
	/* As the write of it said; empty or 0 where it did not. */
	struct ary_bytes type;
	struct ary_bytes encoding;
	struct ary_bytes meta;
	struct ary_bytes sha256;
	uint64_t expires_ms;
	uint64_t seq;
	uint64_t time_ms;
	struct ary_buf line;    /* private: the line as read */
	struct ary_buf scratch; /* private: what had to be unescaped */
	struct ary_record_large large; /* private: of a large value */
	struct ary_upload *upload;     /* private: NULL when it is not large */
	struct ary_buf part_line;      /* private: as `line` and `scratch`, of the part read last */
	struct ary_buf part_scratch;
};

/* Longer values are written in parts, by store/upload.h. */
#define ARY_VALUE_INLINE_BYTES_MAX (UINT64_C(4) << 20)

/* Reads KEY's value, if its time is not over; of a large one, all but its bytes, which stay where
 * they are until OUT is released, whatever becomes of KEY. *OUT need not be initialised; release it
 * after OK only, and before the store is closed.
 * NOT_FOUND. CORRUPT: the line fails its checksum or is another key's. IO, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_store_get(struct ary_store *store, struct ary_bytes key,
					     struct ary_value *out, struct ary_error *err);

/* Asked by the store, under no lock, whether the caller already holds the value with SEQ. */
typedef bool (*ary_store_holds)(void *context, uint64_t seq);

/* As ary_store_get, but where HOLDS says yes nothing is read: OUT has its seq and no value. It is
 * not asked of a value that ends. */
ARY_MUST_CHECK enum ary_status ary_store_get_unless(struct ary_store *store, struct ary_bytes key,
						    ary_store_holds holds, void *context,
						    struct ary_value *out, struct ary_error *err);

void ary_value_release(struct ary_value *value);

/* Called for each key in byte order; KEY borrows until it returns; must not call the store.
 * Returning false ends the listing. */
typedef bool (*ary_store_visit)(void *context, struct ary_bytes key, uint64_t seq);

/* Visits up to LIMIT keys that begin with PREFIX and are greater than AFTER (empty: from the
 * first). What is visited is one moment's state; a key whose time is over then is not. Writes that
 * add or remove keys wait for all of it: it is for who has the store for himself. */
void ary_store_list(struct ary_store *store, struct ary_bytes prefix, struct ary_bytes after,
		    uint64_t limit, ary_store_visit visit, void *context);

/* A call of ary_store_scan looks at no more keys: about 100 us under the lock of the index. */
enum { ARY_SCAN_KEYS_MAX = 1024 };

/* How far a scan came. All zero before the first one; `last` is the caller's to release. */
struct ary_scanned {
	uint64_t keys;       /* that were looked at, visited or not */
	bool is_cut;         /* that was all it may: behind `last` there may be more */
	struct ary_buf last; /* then: the key that was looked at last */
};

/* Visits the keys of RANGE, in its order, and leaves out those whose time is over, of which there
 * may be any number that no line has ended yet; so it also ends after ARY_SCAN_KEYS_MAX keys, and
 * tells in SCANNED where another call goes on. What is visited is one moment's state, and writes
 * that add or remove keys wait meanwhile. Getting to the first key takes as long as a few look-ups,
 * wherever it is. NO_MEMORY: what was visited was, but it is not known where to go on. */
ARY_MUST_CHECK enum ary_status ary_store_scan(struct ary_store *store,
					      const struct ary_key_range *range,
					      ary_store_visit visit, void *context,
					      struct ary_scanned *scanned);

/* How far a count came. All zero before it begins; `from` is the caller's to release. */
struct ary_counted {
	uint64_t keys;
	bool is_done;
	struct ary_buf from; /* private: where it goes on */
};

/* Counts on in RANGE, the same each time, for about a millisecond: some ten thousand keys or more,
 * between which keys may come and go. A key whose time is over counts until its value is ended, as
 * in the figures. NO_MEMORY: it can be tried again. */
ARY_MUST_CHECK enum ary_status ary_store_count(struct ary_store *store,
					       const struct ary_key_range *range,
					       struct ary_counted *counted);

/* ---- Writing ---- */

enum ary_match { ARY_MATCH_NONE, ARY_MATCH_ANY, ARY_MATCH_LIST };

/* A set of seqs that a key's present one is held against. ANY is "*": any present value. */
struct ary_match_set {
	enum ary_match kind;
	const uint64_t *seqs; /* borrowed by the write until `done` */
	size_t count;
};

enum ary_write_op {
	ARY_WRITE_SET,
	ARY_WRITE_REMOVE,
	ARY_WRITE_PART, /* the next piece, `value`, of `upload`; neither key nor conditions */
};

/* How long a write took, where somebody asks; in nanoseconds, 0: it did not come to that. */
struct ary_write_timing {
	uint64_t queue_ns;  /* until its group was begun */
	uint64_t append_ns; /* from there until the group was written */
	uint64_t sync_ns;   /* and from there until it was synced */
	uint64_t queued_at_ns; /* private to the store */
};

/* One write, allocated by the caller and borrowed by the store until `done`. */
struct ary_write {
	/* The command. All views are borrowed until `done`. */
	enum ary_write_op op;
	struct ary_bytes key;
	struct ary_bytes value;
	struct ary_bytes type;     /* Content-Type, printable ASCII, or empty */
	struct ary_bytes encoding; /* Content-Encoding, printable ASCII, or empty */
	struct ary_bytes meta;     /* made by format/meta.h, or empty */
	struct ary_bytes sha256;   /* 32 bytes, taken for true, or empty */
	/* When the value's time is over: at a time since 1970, or so long after the commit. At most
	 * one of both; none: never. */
	uint64_t expires_ms;
	uint64_t ttl_ms;
	/* Part: what it is a piece of. Set: NULL, or what was uploaded is the value, and `value` is
	 * empty. store/upload.h */
	struct ary_upload *upload;
	uint64_t part;             /* Part: how many come before it */
	/* Preconditions, decided at the commit (RFC 9110 section 13.1): the key's present seq must
	 * be in `if_match` (NONE: no condition) and must not be in `if_none_match`. */
	struct ary_match_set if_match;
	struct ary_match_set if_none_match;
	/* At least this durable; the store's own counts where it is stronger. */
	enum ary_durability durability;
	/* Filled before `done`, borrowed until then; NULL: nobody asks, and no clock is read. */
	struct ary_write_timing *timing;

	/* Called exactly once; the write is the caller's again when it is. */
	void (*done)(struct ary_write *write);
	void *context;

	/* The answer. OK; NOT_FOUND: remove of a missing key without if_match; CONFLICT: a
	 * precondition did not hold; TOO_LARGE, INVALID; BUSY: the queue is full, or there are no
	 * more files; NO_SPACE, NO_MEMORY, IO, EXISTS (of a new log's file): not stored; READ_ONLY:
	 * a write or sync failed earlier; UNCERTAIN: it may or may not have been stored;
	 * SHUTDOWN. */
	enum ary_status status;
	struct ary_error error;
	uint64_t seq;     /* OK: the seq of this write */
	uint64_t time_ms; /* OK, of a set: when it was written, as the value says it */
	bool replaced;    /* OK: there was a value before */
	/* OK, of a set: `expires_ms` is when the value's time is over, or 0. */
	/* OK: `durability` is what was kept to. */

	/* Private to the floors that carry it. */
	uint64_t key_hash; /* the index's, of `key` */
	struct ary_write *next;
	void (*replica_done)(struct ary_write *write);
	void *replica_context;
};

/* Queues WRITE. Its answer comes by `done`, possibly before this returns. */
void ary_store_submit(struct ary_store *store, struct ary_write *write);

/* Queues WRITE and waits for it; its `done` and `context` are used by this call. Answers its
 * status. */
enum ary_status ary_store_write(struct ary_store *store, struct ary_write *write);

/* ---- Compaction ---- */

enum ary_compaction_state { ARY_COMPACTION_IDLE, ARY_COMPACTION_RUNNING };

/* What a compaction did, or has done so far. */
struct ary_compaction_report {
	enum ary_compaction_state state;
	uint64_t runs;              /* compactions finished since the store was opened */
	bool full;                  /* it goes as far as a full request asks */
	enum ary_status status;     /* of the last one finished (OK when there was none) */
	uint64_t logs_before;       /* these describe the running one, or else the last one */
	uint64_t logs_after;
	uint64_t bytes_before;      /* of all logs, those that are left alone too */
	uint64_t bytes_after;
	uint64_t selected_logs;     /* that paid, or cost little beside those that did */
	uint64_t selected_bytes;
	uint64_t scanned_bytes;     /* progress: of selected_bytes */
	uint64_t written_bytes;     /* of the logs that take their place */
	uint64_t records_kept;
	uint64_t records_dropped;
	uint64_t duration_ms;
	struct ary_error error;
};

/* One caller's wish for a compaction, allocated by the caller, borrowed until `done`. */
struct ary_compaction_request {
	bool full; /* rewrites every log that holds anything stale, not only those that pay */
	void (*done)(struct ary_compaction_request *request);
	void *context;
	/* The answer. OK; NO_SPACE: some or all of it did not fit, or NO_MEMORY, IO, CORRUPT, BUSY
	 * (no more files, or too many wait): the store holds what it held; CANCELLED, by request;
	 * READ_ONLY; UNCERTAIN: sealing the log failed; SHUTDOWN. */
	struct ary_compaction_report report;
	struct ary_compaction_request *next; /* private to the floors that carry it */
};

/* Starts a compaction of the logs that pay: of which a quarter of `compact_percent` is stale, or of
 * all that hold anything stale where the request is `full`. Joins the one that runs, unless that
 * goes less far: then the next one is for it. `done` is called exactly once, on another
 * thread, or on this one when it is refused at once. */
void ary_store_compact(struct ary_store *store, struct ary_compaction_request *request);

/* As ary_store_compact, but waits for nobody: one is under way from here on, for whoever looks. */
void ary_store_compact_start(struct ary_store *store, bool full);

/* Asks the compaction that runs to stop soon; what it has finished stays, and what was to follow it
 * does not come. False: none runs. */
bool ary_store_compact_cancel(struct ary_store *store);

/* Answers SHUTDOWN, on this thread, to all who wait for a compaction; what runs goes on. */
void ary_store_compact_refuse(struct ary_store *store);

void ary_store_compaction_report(struct ary_store *store, struct ary_compaction_report *out);

/* ---- Watching ---- */

struct ary_stats {
	uint64_t keys;                /* with those whose time is over and that are not ended yet */
	uint64_t keys_with_expiry;
	uint64_t logs;
	uint64_t log_bytes;
	uint64_t live_bytes;          /* of lines that hold a present value, or a part of one or
				       * of an upload */
	uint64_t stale_bytes;         /* of lines that a compaction could drop */
	uint64_t seq;                 /* of the last write, or control line */
	uint64_t index_bytes;         /* of memory, what is kept about ends too */
	uint64_t reads;
	uint64_t sets;
	uint64_t removes;
	uint64_t expired;             /* values that were ended */
	uint64_t groups;              /* commits: the fewer per write, the more shared a sync */
	uint64_t syncs;
	uint64_t appended_bytes;
	uint64_t queue_bytes;
	uint64_t disk_free_bytes;
	uint64_t recovered_records;
	uint64_t recovered_torn_bytes; /* cut off the end at the last open */
	uint64_t recovery_ms;
	enum ary_durability durability;
	bool read_only;               /* a failed sync or an unknown outcome latched it */
	bool disk_full;               /* the last write was refused for want of space */
	struct ary_error fault;       /* why it is read-only */
};

void ary_store_stats(struct ary_store *store, struct ary_stats *out);

/* Whether writes are taken: OK, READ_ONLY or NO_SPACE with the reason. Cheap; touches no disk. */
enum ary_status ary_store_ready(struct ary_store *store, struct ary_error *err);

#endif
