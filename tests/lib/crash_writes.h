/* SPDX-License-Identifier: MIT */
/* The state of a crash script, and its writes: values, removals, uploads, values that end.
 *
 * Threads: as crash_script.h; answers come on the store's commit thread. */
#ifndef ARY_TESTS_LIB_CRASH_WRITES_H
#define ARY_TESTS_LIB_CRASH_WRITES_H

#include "lib/crash_check.h"
#include "store/upload.h"

enum {
	BATCH_MAX = 6,
	LIFETIME_MS_MAX = 1000, /* of values that end; nor does more time pass at once */
};

/* When a compaction, seen from its calls, has other writes beside it. */
enum beside { BESIDE_NOTHING, BESIDE_CREATE, BESIDE_RENAME, BESIDE_UNLINK };

struct script;

/* A write under way. */
struct step_write {
	struct ary_write write;
	struct script *script;
	size_t number; /* in the order of all writes: the state after it */
	bool is_always; /* the run's mode, or what the write asked for */
	char key[ORACLE_KEY_BYTES];
	uint8_t value[ORACLE_VALUE_BYTES_MAX];
};

/* A value on its way to the store in parts, over many steps. */
struct script_upload {
	struct ary_upload *upload; /* NULL: there is none */
	uint32_t serial;
	struct ary_bytes value;
	uint8_t bytes[ORACLE_VALUE_BYTES_MAX];
	size_t stored;             /* of it */
	size_t sent;               /* and what is under way */
	size_t pending;            /* parts under way */
	bool failed;               /* one of these was not stored, so none that follows is */
	bool naming;               /* the Set is under way */
};

/* Writes that are waited for together. */
struct step {
	struct step_write writes[BATCH_MAX];
	size_t submitted;
	size_t gated;        /* still to submit, while the first is being written: the next group */
	size_t done;
	struct ary_mutex lock;
	struct ary_cond cond;
};

struct script {
	struct crash_check check;
	struct oracle oracle;
	struct sim_env sim;
	struct ary_store_options options;
	struct ary_store *store;
	struct sim_random random;
	struct step *step;          /* under way; NULL: none */
	bool sync_under_way;        /* a log's; all that was acknowledged before is durable after */
	size_t sync_covers;
	unsigned fail_sync;         /* the how manieth from now fails; 0: none */
	unsigned fail_write;        /* likewise, for want of space */
	enum beside beside;
	bool compacting;
	struct script_upload large;
};

/* Whether a write is durable once it is answered. */
bool crash_writes_always(const struct script *script);

/* Notes that the first COUNT writes are on the disk. */
void crash_writes_note_durable(struct script *script, size_t count);

/* Submits the next write of the step under way: any key, or a piece of the upload. */
void crash_writes_submit(struct script *script);

/* The upload, of which nothing is under way, ends here, whatever became of it. */
void crash_writes_close_upload(struct script *script);

#endif
