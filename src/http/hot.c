/* SPDX-License-Identifier: MIT */
#include "http/hot.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"

/* What an answer takes beside its body and the values of its header: what the library notes of the
 * whole, and of each field, with its name. */
enum { NOTES_BYTES = 512, FIELD_NOTES_BYTES = 128 };

/* No more than this makes sense: it would be slower than reading again. */
enum { COUNT_MAX = 1 << 20 };

void ary_hot_init(struct ary_hot *hot, uint64_t bytes_max)
{
	uint64_t count_max = bytes_max / ARY_HOT_ANSWER_BYTES_MAX;
	size_t count = 1;

	*hot = (struct ary_hot){ 0 };
	if (count_max == 0)
		return;
	while (count * 2 <= count_max && count < COUNT_MAX)
		count *= 2;
	hot->answers = ary_alloc(count * sizeof(hot->answers[0]));
	hot->count = count;
}

bool ary_hot_fits(const struct ary_hot *hot, uint64_t bytes, size_t field_count)
{
	return hot->count > 0 && bytes <= ARY_HOT_ANSWER_BYTES_MAX &&
	       bytes + NOTES_BYTES + field_count * FIELD_NOTES_BYTES <= ARY_HOT_ANSWER_BYTES_MAX;
}

static struct ary_hot_answer *place_of(const struct ary_hot *hot, uint64_t seq)
{
	return &hot->answers[seq & (hot->count - 1)];
}

struct MHD_Response *ary_hot_find(const struct ary_hot *hot, uint64_t seq, uint64_t now_ms)
{
	const struct ary_hot_answer *answer;

	if (hot->count == 0)
		return NULL;
	answer = place_of(hot, seq);
	return answer->seq == seq && answer->time_ms <= now_ms ? answer->made : NULL;
}

static void forget(struct ary_hot_answer *answer)
{
	if (answer->made)
		MHD_destroy_response(answer->made);
	*answer = (struct ary_hot_answer){ 0 };
}

void ary_hot_keep(struct ary_hot *hot, uint64_t seq, uint64_t time_ms, struct MHD_Response *made)
{
	struct ary_hot_answer *answer;

	ARY_CHECK(hot->count > 0 && seq != 0);
	answer = place_of(hot, seq);
	forget(answer);
	*answer = (struct ary_hot_answer){ .seq = seq, .time_ms = time_ms, .made = made };
}

void ary_hot_release(struct ary_hot *hot)
{
	for (size_t i = 0; i < hot->count; i++)
		forget(&hot->answers[i]);
	free(hot->answers);
	*hot = (struct ary_hot){ 0 };
}
