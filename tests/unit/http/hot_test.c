/* SPDX-License-Identifier: MIT */
/* Promise: an answer is found by its own seq only, until another one takes its place; there are no
 * more of them than the bytes given allow, and none is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/hot.h"

enum { PLACES = 8, TIME_MS = 1000, NOW_MS = 2000 };

static char body[] = "x";
static unsigned freed;

static void count_freed(void *context)
{
	(void)context;
	freed++;
}

static struct MHD_Response *make(void)
{
	struct MHD_Response *made = MHD_create_response_from_buffer_with_free_callback_cls(
		1, body, count_freed, NULL);

	assert_non_null(made);
	return made;
}

static void test_an_answer_is_found_by_its_seq(void **state)
{
	struct MHD_Response *first = make();
	struct MHD_Response *second = make();
	struct ary_hot hot;

	(void)state;
	freed = 0;
	ary_hot_init(&hot, PLACES * ARY_HOT_ANSWER_BYTES_MAX);
	assert_null(ary_hot_find(&hot, 0, NOW_MS));
	assert_null(ary_hot_find(&hot, 3, NOW_MS));
	ary_hot_keep(&hot, 3, TIME_MS, first);
	ary_hot_keep(&hot, 4, TIME_MS, second);
	assert_ptr_equal(ary_hot_find(&hot, 3, NOW_MS), first);
	assert_ptr_equal(ary_hot_find(&hot, 4, NOW_MS), second);
	assert_null(ary_hot_find(&hot, 3 + PLACES, NOW_MS));
	ary_hot_release(&hot);
	assert_int_equal(freed, 2);
	assert_null(ary_hot_find(&hot, 3, NOW_MS));
}

static void test_a_later_answer_takes_the_place(void **state)
{
	struct MHD_Response *later = make();
	struct ary_hot hot;

	(void)state;
	freed = 0;
	ary_hot_init(&hot, PLACES * ARY_HOT_ANSWER_BYTES_MAX);
	ary_hot_keep(&hot, 5, TIME_MS, make());
	ary_hot_keep(&hot, 5 + PLACES, TIME_MS, later);
	assert_int_equal(freed, 1);
	assert_null(ary_hot_find(&hot, 5, NOW_MS));
	assert_ptr_equal(ary_hot_find(&hot, 5 + PLACES, NOW_MS), later);
	ary_hot_release(&hot);
}

/* Whatever is put in, no more than this many stay. */
static unsigned answers_kept(uint64_t bytes_max)
{
	struct ary_hot hot;
	unsigned kept;

	freed = 0;
	ary_hot_init(&hot, bytes_max);
	for (uint64_t seq = 1; seq <= 100 && ary_hot_fits(&hot, 1, 7); seq++)
		ary_hot_keep(&hot, seq, TIME_MS, make());
	kept = ary_hot_fits(&hot, 1, 7) ? 100 - freed : 0;
	ary_hot_release(&hot);
	assert_int_equal(freed, kept > 0 ? 100 : 0);
	return kept;
}

static void test_no_more_are_kept_than_fit(void **state)
{
	(void)state;
	assert_int_equal(answers_kept(0), 0);
	assert_int_equal(answers_kept(ARY_HOT_ANSWER_BYTES_MAX - 1), 0);
	assert_int_equal(answers_kept(ARY_HOT_ANSWER_BYTES_MAX), 1);
	assert_int_equal(answers_kept(8 * ARY_HOT_ANSWER_BYTES_MAX - 1), 4);
	assert_int_equal(answers_kept(8 * ARY_HOT_ANSWER_BYTES_MAX), 8);
}

/* The clock may be set back. */
static void test_an_answer_of_later_is_not_found(void **state)
{
	struct ary_hot hot;

	(void)state;
	ary_hot_init(&hot, ARY_HOT_ANSWER_BYTES_MAX);
	ary_hot_keep(&hot, 1, TIME_MS, make());
	assert_null(ary_hot_find(&hot, 1, TIME_MS - 1));
	assert_non_null(ary_hot_find(&hot, 1, TIME_MS));
	ary_hot_release(&hot);
}

static void test_long_answers_do_not_fit(void **state)
{
	struct ary_hot hot;

	(void)state;
	ary_hot_init(&hot, ARY_HOT_ANSWER_BYTES_MAX);
	assert_true(ary_hot_fits(&hot, 1024, 7));
	assert_false(ary_hot_fits(&hot, ARY_HOT_ANSWER_BYTES_MAX, 7));
	assert_false(ary_hot_fits(&hot, UINT64_MAX, 7));
	/* Each field costs, however short it is. */
	assert_false(ary_hot_fits(&hot, 1024, 40));
	ary_hot_release(&hot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_is_found_by_its_seq),
		cmocka_unit_test(test_a_later_answer_takes_the_place),
		cmocka_unit_test(test_no_more_are_kept_than_fit),
		cmocka_unit_test(test_an_answer_of_later_is_not_found),
		cmocka_unit_test(test_long_answers_do_not_fit),
	};

	return cmocka_run_group_tests_name("http/hot", tests, NULL, NULL);
}
