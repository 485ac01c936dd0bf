/* SPDX-License-Identifier: MIT */
/* The built program, $ARYAVARTH, run once to its end.
 *
 * Whatever cannot be set up fails the test that runs. Threads: any. */
#ifndef TESTS_LIB_PROGRAM_H
#define TESTS_LIB_PROGRAM_H

#include <stddef.h>

/* What came of a run. */
struct program {
	int status;     /* its exit status, or 128 and the signal that ended it */
	char *out;      /* standard output, terminated */
	size_t out_size;
	char *err;      /* standard error, terminated */
	long rss_bytes; /* the most memory that it had */
};

/* Runs `aryavarth WORD...` (NULL-terminated) with INPUT (NULL: none) as standard input, and fills
 * PROGRAM; release it. */
void program_run(struct program *program, const char *input, const char *const *words);

/* As program_run, but drops standard output: `out` is NULL. */
void program_run_silent(struct program *program, const char *const *words);

void program_release(struct program *program);

#endif
