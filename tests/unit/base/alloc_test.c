/* SPDX-License-Identifier: MIT */
/* Promise: tests can make exactly the N-th try for memory fail, or all from there on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static int try_once(void)
{
	void *pointer = ary_try_alloc(10);
	int got = pointer != NULL;

	free(pointer);
	return got;
}

static void test_program_sized_memory_is_zeroed(void **state)
{
	static const uint8_t zeroes[4096];
	uint8_t *bytes = ary_alloc(sizeof(zeroes));
	uint64_t *number = ARY_NEW(uint64_t);

	(void)state;
	assert_memory_equal(bytes, zeroes, sizeof(zeroes));
	assert_true(*number == 0);
	free(bytes);
	free(number);
}

static void test_size_zero_gives_a_pointer(void **state)
{
	void *pointer;

	(void)state;
	pointer = ary_try_alloc(0);
	assert_non_null(pointer);
	pointer = ary_try_realloc(pointer, 0);
	assert_non_null(pointer);
	free(pointer);
	pointer = ary_alloc(0);
	assert_non_null(pointer);
	free(pointer);
	pointer = ary_try_alloc_zeroed(0);
	assert_non_null(pointer);
	free(pointer);
}

static void test_only_the_nth_try_fails(void **state)
{
	(void)state;
	ary_alloc_fail_at(3, 0);
	assert_false(ary_alloc_failed());
	assert_true(try_once());
	assert_true(try_once());
	assert_false(try_once());
	assert_true(try_once());
	assert_true(try_once());
	assert_true(ary_alloc_failed());
}

static void test_all_tries_from_the_nth_fail_when_asked(void **state)
{
	(void)state;
	ary_alloc_fail_at(2, 1);
	assert_true(try_once());
	for (int i = 0; i < 5; i++)
		assert_false(try_once());
	ary_alloc_fail_at(0, 0);
	assert_true(try_once());
}

static void test_program_sized_memory_is_not_made_to_fail(void **state)
{
	char *copy;

	(void)state;
	ary_alloc_fail_at(1, 1);
	copy = ary_strdup("copy");
	ary_alloc_fail_at(0, 0);
	assert_string_equal(copy, "copy");
	free(copy);
}

static void test_failing_realloc_keeps_the_old_bytes(void **state)
{
	char *text = ary_try_alloc(8);
	char *longer;

	(void)state;
	assert_non_null(text);
	memcpy(text, "1234567", 8);
	ary_alloc_fail_at(1, 0);
	assert_null(ary_try_realloc(text, 4000));
	assert_string_equal(text, "1234567");
	longer = ary_try_realloc(text, 4000);
	assert_non_null(longer);
	assert_string_equal(longer, "1234567");
	free(longer);
}

/* Where there was something else, and where there was nothing before. */
static void test_zeroed_memory_is_zeroed(void **state)
{
	static const uint8_t zeroes[1 << 20];
	static const size_t sizes[] = { 1, 24, 4000, sizeof(zeroes) };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (int round = 0; round < 3; round++) {
			uint8_t *bytes = ary_try_alloc_zeroed(sizes[i]);

			assert_non_null(bytes);
			assert_memory_equal(bytes, zeroes, sizes[i]);
			memset(bytes, 0xee, sizes[i]);
			free(bytes);
		}
	}
}

static void test_zeroed_memory_fails_on_demand(void **state)
{
	void *pointer;

	(void)state;
	ary_alloc_fail_at(2, 0);
	assert_true(try_once());
	assert_false(ary_alloc_failed());
	assert_null(ary_try_alloc_zeroed(10));
	assert_true(ary_alloc_failed());
	pointer = ary_try_alloc_zeroed(10);
	assert_non_null(pointer);
	free(pointer);
	ary_alloc_fail_at(1, 1);
	for (int i = 0; i < 5; i++)
		assert_null(ary_try_alloc_zeroed(10));
	ary_alloc_fail_at(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_sized_memory_is_zeroed),
		cmocka_unit_test(test_size_zero_gives_a_pointer),
		cmocka_unit_test(test_only_the_nth_try_fails),
		cmocka_unit_test(test_all_tries_from_the_nth_fail_when_asked),
		cmocka_unit_test(test_program_sized_memory_is_not_made_to_fail),
		cmocka_unit_test(test_failing_realloc_keeps_the_old_bytes),
		cmocka_unit_test(test_zeroed_memory_is_zeroed),
		cmocka_unit_test(test_zeroed_memory_fails_on_demand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
