/* SPDX-License-Identifier: MIT */
/* Answers to GETs that a loop has sent, and may send again: what costs most of a GET is to read the
 * value and to compose the head. They are found by the value's seq, which no other value ever has,
 * so that none can be out of date; whether a key still has that seq, the index knows.
 *
 * Threads: the loop's. */
#ifndef ARY_HTTP_HOT_H
#define ARY_HTTP_HOT_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a kept answer may take, its body's line and its head counted; longer ones are not kept. */
enum { ARY_HOT_ANSWER_BYTES_MAX = 4096 };

struct ary_hot_answer {
	uint64_t seq; /* 0: none */
	uint64_t time_ms;
	struct MHD_Response *made;
};

/* One place for each remainder of the seq; a later answer takes the place of the one before. */
struct ary_hot {
	struct ary_hot_answer *answers;
	size_t count; /* a power of two, or 0 */
};

/* Keeps answers of at most BYTES_MAX in all, which is rounded down to a power of two; none when
 * that is less than one may take. Aborts when memory is out (it happens at the start). */
void ary_hot_init(struct ary_hot *hot, uint64_t bytes_max);

/* Whether an answer can be kept whose body and FIELD_COUNT header values take BYTES. */
bool ary_hot_fits(const struct ary_hot *hot, uint64_t bytes, size_t field_count);

/* The answer for SEQ, unless it is one of after NOW_MS: its Last-Modified would be later than the
 * Date that is put beside it (RFC 9110 section 8.8.2.1). NULL: none. Returns borrowed until the
 * next ary_hot_keep. */
struct MHD_Response *ary_hot_find(const struct ary_hot *hot, uint64_t seq, uint64_t now_ms);

/* Takes MADE, the answer for SEQ (which is not 0) and its value of TIME_MS; one that fits. */
void ary_hot_keep(struct ary_hot *hot, uint64_t seq, uint64_t time_ms, struct MHD_Response *made);

/* Lets all of them go. */
void ary_hot_release(struct ary_hot *hot);

#endif
