/* SPDX-License-Identifier: MIT */
/* Lines of a log for tests, made by hand: any body gets the right checksum, so that what is refused
 * is refused for what it says.
 *
 * Memory that is out ends the test program. Threads: any. */
#ifndef ARY_TESTS_LIB_LINES_H
#define ARY_TESTS_LIB_LINES_H

#include <stdint.h>

#include "base/bytes.h"

/* Appends BODY (`{"seq":1,...`, up to where the trailer begins) and its trailer. */
void lines_seal(struct ary_buf *out, struct ary_bytes body);

/* As lines_seal, from a format. */
void lines_sealf(struct ary_buf *out, const char *format, ...) ARY_PRINTF(2, 3);

/* Appends a Set of VALUE to KEY. DURABLE below 0: the line states none. */
void lines_set(struct ary_buf *out, uint64_t seq, int64_t durable, const char *key,
	       const char *value);

/* Repeats BYTE COUNT times. */
void lines_fill(struct ary_buf *out, uint8_t byte, size_t count);

#endif
