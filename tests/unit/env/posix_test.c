/* SPDX-License-Identifier: MIT */
/* Promise: clocks run, and random bytes are not the same twice. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "env/env.h"

static void test_wall_clock_is_that_of_the_system(void **state)
{
	uint64_t before = (uint64_t)time(NULL);
	uint64_t wall_ms = ary_wall_ms(ary_env_posix());
	uint64_t after = (uint64_t)time(NULL);

	(void)state;
	/* time() may lag by the tick of the kernel. */
	assert_true(wall_ms / 1000 >= before);
	assert_true(wall_ms / 1000 <= after + 1);
}

static void test_monotonic_clock_never_runs_backwards(void **state)
{
	uint64_t first = ary_monotonic_ns(ary_env_posix());
	uint64_t last = first;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t now = ary_monotonic_ns(ary_env_posix());

		assert_true(now >= last);
		last = now;
	}
	assert_true(last > first);
}

static void test_random_bytes_differ_each_time(void **state)
{
	uint8_t first[1000] = { 0 };
	uint8_t second[1000] = { 0 };
	unsigned seen[256] = { 0 };
	unsigned values = 0;

	(void)state;
	assert_int_equal(ary_random(ary_env_posix(), first, sizeof(first), NULL), ARY_OK);
	assert_int_equal(ary_random(ary_env_posix(), second, sizeof(second), NULL), ARY_OK);
	assert_memory_not_equal(first, second, sizeof(first));
	for (size_t i = 0; i < sizeof(first); i++)
		values += seen[first[i]]++ == 0;
	assert_in_range(values, 200, 256);
	assert_int_equal(ary_random(ary_env_posix(), NULL, 0, NULL), ARY_OK);
}

static void test_random_fills_no_more_than_asked(void **state)
{
	uint8_t bytes[64] = { 0 };
	const uint8_t zeroes[32] = { 0 };

	(void)state;
	assert_int_equal(ary_random(ary_env_posix(), bytes, 32, NULL), ARY_OK);
	assert_memory_equal(bytes + 32, zeroes, 32);
	assert_memory_not_equal(bytes, zeroes, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wall_clock_is_that_of_the_system),
		cmocka_unit_test(test_monotonic_clock_never_runs_backwards),
		cmocka_unit_test(test_random_bytes_differ_each_time),
		cmocka_unit_test(test_random_fills_no_more_than_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
