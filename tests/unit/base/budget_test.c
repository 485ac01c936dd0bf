/* SPDX-License-Identifier: MIT */
/* Promise: the bound holds to the unit, and what is given back is
 * there again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/budget.h"

static void test_bound_holds_to_the_unit(void **state)
{
	struct ary_budget budget;

	(void)state;
	ary_budget_init(&budget, 10);
	assert_true(ary_budget_take(&budget, 7));
	assert_true(ary_budget_fits(&budget, 3));
	assert_false(ary_budget_fits(&budget, 4));
	assert_false(ary_budget_take(&budget, 4));
	assert_int_equal(ary_budget_used(&budget), 7);
	assert_true(ary_budget_take(&budget, 3));
	assert_true(ary_budget_take(&budget, 0));
	assert_false(ary_budget_take(&budget, 1));
	assert_false(ary_budget_take(&budget, UINT64_MAX));
	ary_budget_give(&budget, 10);
	assert_int_equal(ary_budget_used(&budget), 0);
	assert_true(ary_budget_take(&budget, 10));
}

static void test_what_was_charged_past_the_bound_is_waited_for(void **state)
{
	struct ary_budget budget;

	(void)state;
	ary_budget_init(&budget, 10);
	ary_budget_charge(&budget, 12);
	assert_int_equal(ary_budget_used(&budget), 12);
	assert_false(ary_budget_take(&budget, 0));
	assert_false(ary_budget_fits(&budget, 1));
	ary_budget_give(&budget, 3);
	assert_true(ary_budget_take(&budget, 1));
	assert_false(ary_budget_take(&budget, 1));
}

static void test_what_is_too_large_is_had_alone(void **state)
{
	struct ary_budget budget;

	(void)state;
	ary_budget_init(&budget, 10);
	assert_true(ary_budget_take(&budget, 1));
	assert_false(ary_budget_take_alone(&budget, 11));
	assert_int_equal(ary_budget_used(&budget), 1);
	ary_budget_give(&budget, 1);
	assert_true(ary_budget_take_alone(&budget, 11));
	assert_false(ary_budget_take(&budget, 1));
	assert_false(ary_budget_take_alone(&budget, 1));
	ary_budget_give(&budget, 11);
	assert_int_equal(ary_budget_used(&budget), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound_holds_to_the_unit),
		cmocka_unit_test(test_what_was_charged_past_the_bound_is_waited_for),
		cmocka_unit_test(test_what_is_too_large_is_had_alone),
	};

	return cmocka_run_group_tests_name("base/budget", tests, NULL, NULL);
}
