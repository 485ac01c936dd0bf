/* SPDX-License-Identifier: MIT */
/* Promise: a store that is large enough to be loaded by two threads is opened as any other: every
 * change in its order, all counted; and memory that runs out meanwhile is told as that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "lib/one_in.h"
#include "lib/store_helper.h"

/* Some 12 MiB in logs of 3 MiB: more than what one thread loads by itself. */
enum { KEYS = 5000, WRITES = 12000, VALUE_BYTES = 1000, ROTATE_BYTES = 3 << 20, TRIES_MIN = 60 };

static const char *key_of(int i, char text[16])
{
	snprintf(text, 16, "k%d", i * 7 % KEYS);
	return text;
}

static const char *value_of(int i, char text[VALUE_BYTES + 1])
{
	memset(text, 'v', VALUE_BYTES);
	snprintf(text, VALUE_BYTES + 1, "%d", i);
	text[strlen(text)] = ' ';
	text[VALUE_BYTES] = '\0';
	return text;
}

static bool is_removal(int i)
{
	return i % 5 == 4;
}

/* Keys are written over, and removed, in the same log and in later ones. */
static void write_all(struct store_test *test)
{
	char key[16];
	char value[VALUE_BYTES + 1];

	test->options.durability = ARY_DURABILITY_NEVER;
	test->options.rotate_bytes = ROTATE_BYTES;
	store_test_open(test);
	for (int i = 0; i < WRITES; i++) {
		enum ary_status status = store_test_write(
			test, key_of(i, key), is_removal(i) ? NULL : value_of(i, value));

		assert_true(status == ARY_OK || (is_removal(i) && status == ARY_NOT_FOUND));
	}
}

/* What the last write of each key has made of it. */
static void expect_all(struct store_test *test)
{
	char key[16];
	char value[VALUE_BYTES + 1];

	for (int i = WRITES - KEYS; i < WRITES; i++)
		store_test_expect(test, key_of(i, key),
				  is_removal(i) ? NULL : value_of(i, value));
}

static void test_a_large_store_is_opened_as_it_was(void **state)
{
	struct store_test *test = *state;

	write_all(test);
	expect_all(test);
	struct ary_stats before = store_test_stats(test);
	store_test_reopen(test);
	struct ary_stats after = store_test_stats(test);

	assert_true(before.log_bytes > 3 * (uint64_t)ROTATE_BYTES);
	assert_true(before.live_bytes < before.log_bytes / 2);
	assert_int_equal(after.keys, before.keys);
	assert_int_equal(after.logs, before.logs);
	assert_int_equal(after.live_bytes, before.live_bytes);
	expect_all(test);
}

static void test_memory_that_runs_out_is_told_as_that(void **state)
{
	struct store_test *test = *state;
	enum ary_status status = ARY_NO_MEMORY;
	unsigned long n = 1;

	write_all(test);
	store_test_close(test);
	for (; status != ARY_OK; n += one_in()) {
		struct ary_error err;

		ary_alloc_fail_at(n, 1);
		status = store_test_try_open(test, &err);
		ary_alloc_fail_at(0, 0);
		assert_true(status == ARY_OK || status == ARY_NO_MEMORY);
	}
	assert_true(n > TRIES_MIN);
	expect_all(test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_large_store_is_opened_as_it_was,
						store_test_setup, store_test_teardown),
		cmocka_unit_test_setup_teardown(test_memory_that_runs_out_is_told_as_that,
						store_test_setup, store_test_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
