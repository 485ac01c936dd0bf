/* SPDX-License-Identifier: MIT */
/* Lines that no open has read, as a checkpoint stands for them, are proved beside all else: damage
 * to them is found, told, ends writing, and is refused by the next open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <dirent.h>
#include <unistd.h>

#include <cmocka.h>

#include "env/thread.h"
#include "format/name.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

#define CHECKPOINT "../" ARY_NAME_CHECKPOINT

enum { KEYS = 300, WAIT_TRIES = 12000, WAIT_MS = 5 };

/* Waits until all is proved, or damage is found; whether that was. */
static bool await_damage(struct store_test *test)
{
	for (int i = 0; i < WAIT_TRIES && !store_test_stats(test).read_only; i++)
		ary_thread_pause(WAIT_MS);
	return store_test_stats(test).read_only;
}

/* What an open without it would have refused is found, in a sealed log as in the last one, and ends
 * writing. */
static void find_damage(struct store_test *test, uint64_t rotate_bytes)
{
	test->options.checkpoint_bytes_min = 1;
	test->options.rotate_bytes = rotate_bytes;
	store_test_open(test);
	store_test_fill(test, KEYS);
	store_test_close(test);
	file_flip(test->path, "0.log", 200, 1);
	store_test_open(test);
	assert_true(store_test_stats(test).recovered_records == 0);
	assert_true(await_damage(test));
	struct ary_stats stats = store_test_stats(test);

	assert_non_null(strstr(stats.fault.text, "0.log: damaged at offset"));
	store_test_expect(test, "k200", "k200");
	assert_int_equal(store_test_write(test, "k", "v"), ARY_READ_ONLY);
	assert_int_equal(ary_store_close(test->store, NULL), ARY_READ_ONLY);
	test->store = NULL;
	/* The next open reads all, and refuses it. */
	assert_false(file_exists(test->path, CHECKPOINT));
	struct ary_error err;

	assert_int_equal(store_test_try_open(test, &err), ARY_CORRUPT);
	assert_non_null(strstr(err.text, "0.log: damaged at offset"));
}

static void test_damage_to_what_was_not_read_is_found(void **state)
{
	find_damage(*state, 10000);
}

static void test_damage_to_the_last_log_is_found(void **state)
{
	find_damage(*state, 1 << 20);
}

/* How many files this process has open that have no name any more. */
static int count_nameless(void)
{
	char path[300];
	char target[300];
	int count = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		ssize_t size = readlink(path, target, sizeof(target) - 1);

		target[size > 0 ? size : 0] = '\0';
		count += strstr(target, ".log (deleted)") != NULL;
	}
	closedir(dir);
	return count;
}

/* What a compaction has replaced takes no room for having been proved. */
static void test_logs_that_are_replaced_are_let_go(void **state)
{
	struct store_test *test = *state;

	test->options.checkpoint_bytes_min = 1;
	test->options.rotate_bytes = 5000;
	store_test_open(test);
	store_test_fill(test, KEYS);
	store_test_reopen(test);
	assert_int_equal(store_test_stats(test).recovered_records, 0);
	uint64_t logs = store_test_stats(test).logs;

	store_test_fill(test, KEYS);
	assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	assert_true(store_test_stats(test).logs < logs);
	/* The proof may hold one for as long as it takes to read that. */
	for (int i = 0; i < WAIT_TRIES && count_nameless() > 0; i++)
		ary_thread_pause(WAIT_MS);
	assert_int_equal(count_nameless(), 0);
	assert_false(store_test_stats(test).read_only);
}

/* Writes go on meanwhile, also in the log that is read, and it may end at any time. */
static void test_proof_is_in_nobodys_way(void **state)
{
	struct store_test *test = *state;

	test->options.checkpoint_bytes_min = 1;
	test->options.rotate_bytes = 5000;
	store_test_open(test);
	store_test_fill(test, KEYS);
	test->options.rotate_bytes = 1 << 20;
	for (int i = 0; i < 20; i++) {
		/* So slow that it is at work when the store is closed, every other time. */
		test->options.compact_bytes_per_second = i % 2 == 0 ? 10000 : 0;
		store_test_reopen(test);
		assert_true(store_test_stats(test).recovered_records < KEYS);
		store_test_fill(test, 20);
	}
	assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	assert_false(store_test_stats(test).read_only);
	store_test_expect_filled(test, KEYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_test_setup, store_test_teardown)
		TEST(test_damage_to_what_was_not_read_is_found),
		TEST(test_damage_to_the_last_log_is_found),
		TEST(test_logs_that_are_replaced_are_let_go),
		TEST(test_proof_is_in_nobodys_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
