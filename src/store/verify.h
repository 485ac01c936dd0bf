/* SPDX-License-Identifier: MIT */
/* Reads every line of every log that counts, values too, by the rules by which recovery reads
 * them, and says what it found. Changes nothing on disk, and makes nothing.
 *
 * Threads: one verification, one thread; several may share a directory.
 * Limits: memory as of one scan and of one line. */
#ifndef ARY_STORE_VERIFY_H
#define ARY_STORE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "env/env.h"
#include "format/name.h"
#include "store/store.h"

/* What one log holds. Where it is damaged, what comes before that. */
struct ary_verified_log {
	char name[ARY_NAME_BYTES];
	uint64_t bytes;         /* of the file */
	uint64_t lines;
	uint64_t sets;
	uint64_t removes;       /* Rm and Expire lines */
	uint64_t end;           /* the offset after the last line that counts */
	uint64_t torn_bytes;    /* what follows it, and would be cut off by an open */
	bool unused;            /* made for a rotation that did not happen; an open removes it */
	enum ary_status status; /* OK; CORRUPT: damaged or missing; UNSUPPORTED, IO, NO_MEMORY */
	struct ary_error error; /* why it is not OK */
};

/* All logs together. */
struct ary_verify_report {
	uint64_t logs;
	uint64_t bytes;
	uint64_t lines;
	uint64_t sets;
	uint64_t removes;
	uint64_t torn_bytes;
	uint64_t bad_logs;      /* what was told that is not OK: the store does not open */
	uint64_t leftover_files; /* of a compaction; an open removes them */
	uint64_t foreign_files; /* in the logs' folder, and not ours */
	struct ary_error first; /* of the first bad log, if there is one */
};

/* Called for each log, in order. */
typedef void (*ary_verify_found)(void *context, const struct ary_verified_log *log);

struct ary_verify_options {
	struct ary_env *env;
	const char *path;            /* the store's directory */
	ary_verify_found found;
	ary_store_progress progress; /* may be NULL */
	void *context;               /* of both */
};

/* Verifies the store. OK: it was read, whatever was found.
 * NOT_FOUND: no such directory, or no store in it. LOCKED: a process has it, or had it meanwhile.
 * IO, NO_MEMORY: it could not be listed. */
ARY_MUST_CHECK enum ary_status ary_store_verify(const struct ary_verify_options *options,
						struct ary_verify_report *out,
						struct ary_error *err);

#endif
