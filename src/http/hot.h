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
	struct MHD_Response *made;
};

/* One place for each remainder of the seq; a later answer takes the place of the one before. */
struct ary_hot {
	struct ary_hot_answer *answers;
	size_t count; /* a power of two, or 0 */
};

/* Keeps answers of at most BYTES_MAX in all: none when that is less than one may take. Aborts when
 * memory is out (it happens at the start). */
void ary_hot_init(struct ary_hot *hot, uint64_t bytes_max);

/* Whether an answer that takes BYTES beside its head can be kept. */
bool ary_hot_fits(const struct ary_hot *hot, uint64_t bytes);

/* The answer for SEQ, or NULL; returns borrowed until the next ary_hot_keep. */
struct MHD_Response *ary_hot_find(const struct ary_hot *hot, uint64_t seq);

/* Takes MADE, the answer for SEQ (which is not 0); one that fits. */
void ary_hot_keep(struct ary_hot *hot, uint64_t seq, struct MHD_Response *made);

/* Lets all of them go. */
void ary_hot_release(struct ary_hot *hot);

#endif
