/* SPDX-License-Identifier: MIT */
/* A machine in memory: an environment over a simulated disk, with a clock and random bytes that
 * are the same in every run.
 *
 * It has one folder for logs, `DIR/logs` for any DIR, the one around it, both always there, and
 * one lock.
 * Threads: any, one call at a time being carried out; the hook is called with no lock held and may
 * use the store that made the call. Everything opened must be closed before release. */
#ifndef ARY_TESTS_LIB_SIM_ENV_H
#define ARY_TESTS_LIB_SIM_ENV_H

#include <stdatomic.h>

#include "env/env.h"
#include "env/thread.h"
#include "lib/sim_disk.h"

/* Calls that change something, and the opening of a file that may be changed. */
enum sim_op {
	SIM_OP_OPEN,
	SIM_OP_CREATE,
	SIM_OP_WRITE,
	SIM_OP_TRUNCATE,
	SIM_OP_SYNC,
	SIM_OP_DIR_SYNC,
	SIM_OP_RENAME,
	SIM_OP_UNLINK,
};

/* A call that is about to be made. */
struct sim_call {
	enum sim_op op;
	struct sim_disk *disk; /* the hook may change it */
	const char *name;      /* of the file as it was opened, on the disk; NULL of a DIR_SYNC */
	const char *to;        /* RENAME */
	int inode;             /* OPEN, WRITE, TRUNCATE, SYNC */
	uint64_t offset;       /* WRITE; the new size of a TRUNCATE */
	struct ary_bytes data; /* WRITE */
	bool recovering;       /* as the environment's */
	bool fails;            /* set by a hook for those that it asks */
	size_t short_bytes;    /* set by a hook that fails a WRITE: so many are taken */
};

enum sim_verdict {
	SIM_DO,
	SIM_SKIP,       /* answered OK, and not made */
	SIM_FAIL_IO,
	SIM_FAIL_SPACE,
};

typedef enum sim_verdict (*sim_hook)(void *context, struct sim_call *call);

struct sim_env {
	struct ary_env env;
	struct sim_disk disk;
	struct ary_mutex lock;  /* guards the disk while a call is carried out */
	sim_hook hook;          /* may be NULL; not to be changed during a call */
	void *hook_context;
	_Atomic bool frozen;    /* the power is off: changes are answered OK and not made */
	bool locked;
	_Atomic bool recovering; /* said by the test: a store is being opened on it */
	_Atomic uint64_t wall_ms;
	_Atomic uint64_t monotonic_ns;
	uint64_t random_state;
};

/* With an empty disk. */
void sim_env_init(struct sim_env *sim);
void sim_env_release(struct sim_env *sim);

#endif
