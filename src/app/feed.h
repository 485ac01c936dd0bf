/* SPDX-License-Identifier: MIT */
/* The lines of one input, in order, with their numbers.
 *
 * Threads: one. Limits: memory grows with the longest line, up to ARY_FOREIGN_LINE_BYTES_MAX. */
#ifndef ARY_APP_FEED_H
#define ARY_APP_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "env/input.h"

struct ary_feed {
	const char *path;
	uint64_t line;      /* number of the last line taken; the first is 1 */
	/* Private. */
	struct ary_input *input;
	struct ary_buf window;
	size_t start;       /* of what is yet to be taken */
	size_t searched;    /* of the window; there is no newline between the two */
	bool ended;         /* nothing more to read */
};

/* Opens PATH (borrowed), "-" being standard input. Close after OK only. NOT_FOUND, IO. */
ARY_MUST_CHECK enum ary_status ary_feed_open(const char *path, struct ary_feed *out,
					     struct ary_error *err);

/* The next line, newline included; a last line without one gets one. *OUT borrows until the next
 * call; it is empty at the end. TOO_LARGE: the line is too long. IO, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_feed_next(struct ary_feed *feed, struct ary_bytes *out,
					     struct ary_error *err);

void ary_feed_close(struct ary_feed *feed);

#endif
