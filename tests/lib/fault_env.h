/* SPDX-License-Identifier: MIT */
/* An environment that fails on demand: it passes every call on to another one, counts it, and fails
 * the n-th call of a kind that a test has chosen, once or from then on.
 *
 * Threads: any, also with handles in use; faults may be set at any time. At most
 * FAULT_RULES_MAX faults at once. Everything opened must be closed before destroy. */
#ifndef ARY_TESTS_LIB_FAULT_ENV_H
#define ARY_TESTS_LIB_FAULT_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env/env.h"

enum { FAULT_RULES_MAX = 8 };

enum fault_kind {
	FAULT_DIR_OPEN,
	FAULT_DIR_LIST,
	FAULT_DIR_SYNC,
	FAULT_DIR_RENAME,
	FAULT_DIR_UNLINK,
	FAULT_DIR_LOCK,
	FAULT_DIR_LOCK_SHARED,
	FAULT_DIR_SPACE,
	FAULT_FILE_OPEN,   /* of a file that exists */
	FAULT_FILE_CREATE, /* with ARY_OPEN_CREATE_NEW */
	FAULT_FILE_CLOSE,
	FAULT_FILE_SIZE,
	FAULT_FILE_READ,
	FAULT_FILE_WRITE,
	FAULT_FILE_TRUNCATE,
	FAULT_FILE_SYNC,
	FAULT_RANDOM,
	FAULT_KINDS, /* how many there are; as a kind: any of those above */
	/* These cannot fail; they are counted only. */
	FAULT_DIR_CLOSE = FAULT_KINDS + 1,
	FAULT_WALL_MS,
	FAULT_MONOTONIC_NS,
	FAULT_COUNTS, /* how many kinds are counted, with those that fail */
};

/* What to fail. */
struct fault {
	enum fault_kind kind;
	/* Only calls on this name count: of the file, of the file that is renamed, or the path of a
	 * directory that is opened. NULL: every call. Borrowed until the reset. */
	const char *name;
	unsigned long nth;       /* the how manieth call from now on fails; 1 is the next */
	bool forever;            /* and every later one */
	int os_errno;            /* 0: EIO */
	/* A write that fails still takes this many bytes; a read that fails hands out this many and
	 * answers OK, as at the end of a file, when `short_read` is set. */
	size_t short_bytes;
	bool short_read;
	/* The call is made, and its success is not told: as when the answer is lost. */
	bool after;
};

struct fault_env;

/* Called before each call is made, on the thread that makes it, with no lock held: it may wait, and
 * may set faults. NAME as in struct fault. */
typedef void (*fault_hook)(void *context, enum fault_kind kind, const char *name);

/* Wraps INNER, borrowed until destroy. Returns owned. */
struct fault_env *fault_env_create(struct ary_env *inner);
void fault_env_destroy(struct fault_env *fault_env);

/* The environment to hand out; returns borrowed until destroy. */
struct ary_env *fault_env_env(struct fault_env *fault_env);

/* Syncs that do not fail are answered without being made, for tests that make very many and take
 * no power away. To be called before anything is opened; the reset does not end it. */
void fault_env_skip_syncs(struct fault_env *fault_env);

/* Adds FAULT to those that wait. */
void fault_env_fail(struct fault_env *fault_env, struct fault fault);

/* Forgets all faults, the hook, and what space and clocks were set; counts begin anew. */
void fault_env_reset(struct fault_env *fault_env);

/* How many calls of KIND there were since the reset (FAULT_KINDS: of all that can fail), and how
 * many of all calls failed by a fault. */
unsigned long fault_env_calls(struct fault_env *fault_env, enum fault_kind kind);
unsigned long fault_env_fired(struct fault_env *fault_env);

/* HOOK may be NULL: none. */
void fault_env_set_hook(struct fault_env *fault_env, fault_hook hook, void *context);

/* From now on ary_dir_space answers these. */
void fault_env_set_space(struct fault_env *fault_env, uint64_t free_bytes, uint64_t total_bytes);

/* From now on ary_monotonic_ns answers so much more; it does after the reset, too. */
void fault_env_pass_time(struct fault_env *fault_env, uint64_t ns);

/* From now on ary_wall_ms answers this. */
void fault_env_set_wall_ms(struct fault_env *fault_env, uint64_t wall_ms);

/* Lets the monotonic clock stand still, or go on again, where it would be else. Waits take as long
 * as ever. */
void fault_env_hold_clock(struct fault_env *fault_env, bool hold);

#endif
