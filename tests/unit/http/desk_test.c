/* SPDX-License-Identifier: MIT */
/* Promise: the desk that was given back last is taken first, without anything of the request that
 * had it; of those that are free, only so many are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/desk.h"

enum { MANY = 200, FREE_MAX = 128 };

static void test_the_last_one_comes_first_and_empty(void **state)
{
	struct ary_desks desks = { 0 };
	struct ary_desk *first = ary_desks_take(&desks);
	struct ary_desk *second = ary_desks_take(&desks);

	(void)state;
	assert_non_null(first);
	assert_non_null(second);
	assert_ptr_not_equal(first, second);
	assert_true(ary_buf_append(&second->target, ary_bytes_of("/keys/a")));
	second->has_target = true;
	second->has_call = true;
	ary_desks_give(&desks, first);
	ary_desks_give(&desks, second);
	ary_desks_give(&desks, NULL);
	assert_int_equal(desks.count, 2);
	assert_ptr_equal(ary_desks_take(&desks), second);
	assert_int_equal(second->target.size, 0);
	assert_false(second->has_target);
	assert_false(second->has_call);
	assert_ptr_equal(ary_desks_take(&desks), first);
	assert_int_equal(desks.count, 0);
	ary_desks_give(&desks, first);
	ary_desks_give(&desks, second);
	ary_desks_release(&desks);
	assert_null(desks.first);
	assert_int_equal(desks.count, 0);
}

static void test_no_more_are_kept_than_are_of_use(void **state)
{
	struct ary_desks desks = { 0 };
	struct ary_desk *taken[MANY];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		taken[i] = ary_desks_take(&desks);
		assert_non_null(taken[i]);
	}
	for (size_t i = 0; i < MANY; i++)
		ary_desks_give(&desks, taken[i]);
	assert_int_equal(desks.count, FREE_MAX);
	ary_desks_release(&desks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_last_one_comes_first_and_empty),
		cmocka_unit_test(test_no_more_are_kept_than_are_of_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
