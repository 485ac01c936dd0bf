/* SPDX-License-Identifier: MIT */
/* Cuts one file into lines, whatever is in it.
 *
 * Threads: one reader, one thread.
 * Limits: memory grows with the longest line, and stops at 16 MiB: what has no newline within
 * ARY_RECORD_LINE_BYTES_MAX is reported once and skipped to its end. */
#ifndef ARY_SEGMENT_LINES_H
#define ARY_SEGMENT_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "env/env.h"

enum ary_line_kind {
	ARY_LINE_WHOLE, /* with its newline */
	ARY_LINE_LONG,  /* longer than any line may be; no bytes */
	ARY_LINE_CUT,   /* the file ends before a newline; no bytes */
	ARY_LINE_NONE,  /* the file ends here */
};

struct ary_line {
	enum ary_line_kind kind;
	uint64_t offset;
	struct ary_bytes bytes; /* borrows until the next call */
};

/* A window of the file: [start, size) of DATA is yet to be read, [start, searched) of it has no
 * newline. */
struct ary_lines {
	struct ary_file *file;
	const char *name;
	uint64_t file_bytes; /* when it was opened; what is appended later is not seen */
	uint64_t data_offset;
	uint8_t *data;
	size_t capacity;
	size_t start;
	size_t searched;
	size_t size;
	bool skipping; /* the rest of a LONG line */
};

/* Begins at OFFSET of FILE, which is read as if it ended at END (0: where it does). Borrows FILE
 * and NAME (for messages) until close. IO, also when the file ends before either; NO_MEMORY:
 * nothing to close. */
ARY_MUST_CHECK enum ary_status ary_lines_open(struct ary_lines *lines, struct ary_file *file,
					      const char *name, uint64_t offset, uint64_t end,
					      struct ary_error *err);

/* The next line. IO: reading failed, or the file has become shorter. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_lines_next(struct ary_lines *lines, struct ary_line *out,
					      struct ary_error *err);

void ary_lines_close(struct ary_lines *lines);

#endif
