/* SPDX-License-Identifier: MIT */
/* Standard input, output and error of the commands that people and scripts run.
 *
 * Output goes through stdio; its failures are found at the end, by ary_console_finish.
 * Threads: one, but for ary_console_progress. */
#ifndef ARY_APP_CONSOLE_H
#define ARY_APP_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/command.h"
#include "base/attr.h"
#include "base/bytes.h"
#include "base/status.h"

/* Prints `aryavarth: ` and a line made from FORMAT to standard error. Answers CODE. */
enum ary_exit ary_complain(enum ary_exit code, const char *format, ...) ARY_PRINTF(2, 3);

/* Writes BYTES to standard output as they are. */
void ary_console_write(struct ary_bytes bytes);

/* Whether standard output still takes what is written. */
bool ary_console_good(void);

/* Adds a newline when standard output is a terminal, so that the prompt begins a line. */
void ary_console_end_line(void);

/* Reads the next SIZE bytes of standard input into OUT (emptied first), fewer only at its end.
 * IO, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_console_read_some(size_t size, struct ary_buf *out,
						     struct ary_error *err);

/* Shows on a terminal at standard error that DONE of TOTAL bytes of WHAT are through; at the end,
 * and for work too short to be worth it, nothing. */
void ary_console_progress(const char *what, uint64_t done_bytes, uint64_t total_bytes);

/* Flushes standard output. Answers CODE, or ARY_EXIT_STORE, having said why, when something that
 * was printed did not get out. */
enum ary_exit ary_console_finish(enum ary_exit code);

#endif
