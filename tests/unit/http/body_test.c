/* SPDX-License-Identifier: MIT */
/* Promise: a body's memory is counted to the byte, grows with what came in and not past what can
 * come, and what is refused leaves the body and the count as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "http/body.h"

static struct ary_bytes some(size_t size)
{
	static uint8_t bytes[4096];

	memset(bytes, 'b', sizeof(bytes));
	assert_true(size <= sizeof(bytes));
	return (struct ary_bytes){ bytes, size };
}

static void test_count_is_the_memory(void **state)
{
	struct ary_budget flight;
	struct ary_buf body = { 0 };
	size_t received = 0;

	(void)state;
	ary_budget_init(&flight, UINT64_MAX);
	while (received < 10000) {
		size_t piece = received + 700 <= 10000 ? 700 : 10000 - received;

		assert_int_equal(ary_body_append(&body, some(piece), 10000, &flight), ARY_OK);
		received += piece;
		assert_int_equal(body.size, received);
		assert_int_equal(ary_budget_used(&flight), body.capacity);
		assert_true(body.capacity <= 2 * received);
	}
	assert_int_equal(body.capacity, 10000);
	assert_int_equal(body.data[9999], 'b');
	ary_body_release(&body, &flight);
	assert_int_equal(ary_budget_used(&flight), 0);
}

static void test_what_does_not_fit_is_refused(void **state)
{
	struct ary_budget flight;
	struct ary_buf body = { 0 };

	(void)state;
	ary_budget_init(&flight, 1000);
	assert_int_equal(ary_body_append(&body, some(1001), 1001, &flight), ARY_BUSY);
	assert_int_equal(ary_budget_used(&flight), 0);
	assert_int_equal(ary_body_append(&body, some(999), 1001, &flight), ARY_OK);
	assert_int_equal(ary_body_append(&body, some(2), 1001, &flight), ARY_BUSY);
	assert_int_equal(body.size, 999);
	assert_int_equal(ary_budget_used(&flight), 999);
	assert_int_equal(ary_body_append(&body, some(1), 1000, &flight), ARY_OK);
	assert_int_equal(ary_budget_used(&flight), 1000);
	ary_body_release(&body, &flight);
	assert_int_equal(ary_budget_used(&flight), 0);
}

static void test_memory_that_ran_out_is_not_counted(void **state)
{
	struct ary_budget flight;
	struct ary_buf body = { 0 };
	enum ary_status status;

	(void)state;
	ary_budget_init(&flight, 1000);
	assert_int_equal(ary_body_append(&body, some(10), 1000, &flight), ARY_OK);
	ary_alloc_fail_at(1, 1);
	status = ary_body_append(&body, some(100), 1000, &flight);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(status, ARY_NO_MEMORY);
	assert_int_equal(body.size, 10);
	assert_int_equal(ary_budget_used(&flight), 10);
	ary_body_release(&body, &flight);
}

static void test_room_that_is_set_aside_counts_at_once(void **state)
{
	struct ary_budget flight;
	struct ary_buf body = { 0 };

	(void)state;
	ary_budget_init(&flight, 1000);
	assert_int_equal(ary_body_reserve(&body, 1001, &flight), ARY_BUSY);
	assert_int_equal(ary_budget_used(&flight), 0);
	assert_int_equal(ary_body_reserve(&body, 1000, &flight), ARY_OK);
	assert_int_equal(ary_budget_used(&flight), 1000);
	assert_int_equal(ary_body_append(&body, some(1000), 1000, &flight), ARY_OK);
	assert_int_equal(ary_budget_used(&flight), 1000);
	ary_body_release(&body, &flight);
	assert_int_equal(ary_budget_used(&flight), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room_that_is_set_aside_counts_at_once),
		cmocka_unit_test(test_count_is_the_memory),
		cmocka_unit_test(test_what_does_not_fit_is_refused),
		cmocka_unit_test(test_memory_that_ran_out_is_not_counted),
	};

	return cmocka_run_group_tests_name("http/body", tests, NULL, NULL);
}
