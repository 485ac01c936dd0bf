/* SPDX-License-Identifier: MIT */
/* What can go wrong, by name: a code for programs, one line of text for people.
 *
 * Threads: everything here works on the caller's own memory. */
#ifndef ARY_BASE_STATUS_H
#define ARY_BASE_STATUS_H

#include "base/attr.h"

/* One row per status: name, short text. The codes are for one process only, never stored. */
#define ARY_STATUS_TABLE(row) \
	row(OK, "ok") \
	row(NOT_FOUND, "not found") \
	row(INVALID, "invalid argument") \
	row(TOO_LARGE, "too large") \
	row(CONFLICT, "precondition failed") \
	row(EXISTS, "exists already") \
	row(BUSY, "busy, try again later") \
	row(LOCKED, "locked by another process") \
	row(READ_ONLY, "the store is read-only") \
	row(NO_SPACE, "no space left on the device") \
	row(NO_MEMORY, "out of memory") \
	row(CORRUPT, "damaged data") \
	row(IO, "input/output error") \
	row(UNCERTAIN, "outcome unknown") \
	row(CANCELLED, "cancelled") \
	row(SHUTDOWN, "shutting down") \
	row(UNSUPPORTED, "unsupported")

enum ary_status {
#define ARY_STATUS_ROW(name, text) ARY_##name,
	ARY_STATUS_TABLE(ARY_STATUS_ROW)
#undef ARY_STATUS_ROW
};

enum { ARY_ERROR_TEXT_BYTES = 256 };

/* Why an operation failed. `text` is one line without a newline, cut to fit. */
struct ary_error {
	enum ary_status status;
	int os_errno; /* 0 when the operating system had no part in it */
	char text[ARY_ERROR_TEXT_BYTES];
};

/* The short text of STATUS; returns borrowed until for ever. */
const char *ary_status_text(enum ary_status status);

/* The name of STATUS ("NOT_FOUND"); returns borrowed until for ever. */
const char *ary_status_name(enum ary_status status);

/* Fills ERR (may be NULL) with a text made from FORMAT and answers STATUS, so that
 * `return ary_fail(err, ARY_CORRUPT, "...")` is one statement. */
ARY_COLD enum ary_status ary_fail(struct ary_error *err, enum ary_status status, const char *format,
				  ...) ARY_PRINTF(3, 4);

/* As ary_fail, for a failed system call: derives the status from OS_ERRNO (ENOSPC, EDQUOT, EFBIG:
 * NO_SPACE; ENOENT: NOT_FOUND; EEXIST: EXISTS; ENOMEM: NO_MEMORY; EMFILE, ENFILE: BUSY; others: IO)
 * and appends the system's own text. */
ARY_COLD enum ary_status ary_fail_errno(struct ary_error *err, int os_errno, const char *format,
					...) ARY_PRINTF(3, 4);

/* Puts a context made from FORMAT and ": " before the text of ERR (may be NULL). Answers
 * ERR's status, or OTHERWISE when ERR is NULL. */
ARY_COLD enum ary_status ary_error_wrap(struct ary_error *err, enum ary_status otherwise,
					const char *format, ...) ARY_PRINTF(3, 4);

#endif
