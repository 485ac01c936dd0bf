/* SPDX-License-Identifier: MIT */
/* A store that opens by its checkpoint is the one that a replay makes; and CHECKPOINT is a cache
 * only: one that is damaged, or of other logs, is not used, and whatever becomes of it is nobody's
 * error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "format/name.h"
#include "lib/large.h"
#include "lib/portrait.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "store/checkpoint_file.h"

#define CHECKPOINT "../" ARY_NAME_CHECKPOINT
#define TEMPORARY "../" ARY_NAME_CHECKPOINT_TEMPORARY

enum { KEYS = 300, LARGE_BYTES = 1000, FAR_MS = 100000000 };

static void set_until(struct store_test *test, const char *key, uint64_t expires_ms)
{
	struct ary_write write = {.op = ARY_WRITE_SET,
				  .key = ary_bytes_of(key),
				  .value = ary_bytes_of(key),
				  .expires_ms = expires_ms};

	assert_int_equal(ary_store_write(test->store, &write), ARY_OK);
}

/* Writes what differs: many keys in several logs, some merged, values that go, end, are large. */
static void fill(struct store_test *test)
{
	uint64_t now_ms = ary_wall_ms(test->options.env);
	char key[16];

	test->options.rotate_bytes = 4000;
	test->options.merge_bytes_max = 6000;
	test->options.part_bytes = 100;
	test->options.checkpoint_bytes_min = 1;
	store_test_open(test);
	for (int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "k%d", i * 7 % KEYS);
		store_test_set(test, key, i % 3 == 0 ? "a longer value than others" : "short");
	}
	for (int i = 0; i < KEYS; i += 4) {
		snprintf(key, sizeof(key), "k%d", i);
		store_test_remove(test, key);
	}
	large_set(test->store, "large", 1, LARGE_BYTES);
	large_set(test->store, "large again", 2, LARGE_BYTES);
	set_until(test, "ends", now_ms + FAR_MS);
	assert_int_equal(store_test_compact(test).status, ARY_OK);
	large_set(test->store, "large", 3, LARGE_BYTES);
	set_until(test, "ends later", now_ms + 2 * FAR_MS);
	store_test_set(test, "k1", "again");
	store_test_remove(test, "k2");
}

static bool was_used(struct store_test *test)
{
	struct ary_stats stats = store_test_stats(test);

	return stats.recovered_records == 0;
}

/* Closes the store, and opens it by its checkpoint, and by a replay: nothing is different. */
static void expect_same(struct store_test *test)
{
	store_test_reopen(test);
	assert_true(was_used(test));
	struct ary_buf used = store_portrait(test->store);

	/* There is nothing new, so that it stays. */
	store_test_close(test);
	assert_true(file_exists(test->path, CHECKPOINT));
	file_remove(test->path, CHECKPOINT);
	store_test_open(test);
	assert_false(was_used(test));
	struct ary_buf replayed = store_portrait(test->store);

	assert_string_equal((const char *)used.data, (const char *)replayed.data);
	ary_buf_release(&used);
	ary_buf_release(&replayed);
}

/* The seq that a write gets which is opened for in another mode, and that writes a Mark for it. */
static uint64_t next_seq(struct store_test *test)
{
	store_test_open(test);
	uint64_t seq = store_test_set(test, "k1", "after");

	store_test_close(test);
	return seq;
}

/* A store that was used in mode `never` is opened in the mode of the options, by its checkpoint and
 * by a replay: the first write comes behind a Mark either way. */
static void expect_same_mode(struct store_test *test)
{
	char copy[TMPDIR_PATH_BYTES];
	const char *path = test->options.path;

	store_test_close(test);
	store_copy(path, tmpdir_join(&test->tmpdir, "replayed", copy));
	uint64_t used = next_seq(test);

	test->options.path = copy;
	assert_int_equal(next_seq(test), used);
	test->options.path = path;
	store_test_open(test);
}

static void test_store_is_that_of_a_replay(void **state)
{
	struct store_test *test = *state;

	fill(test);
	assert_true(store_test_stats(test).logs > 3);
	expect_same(test);
	large_expect(test->store, "large", 3, LARGE_BYTES);
}

/* What it made is changed as what a replay made. */
static void test_store_goes_on(void **state)
{
	struct store_test *test = *state;

	fill(test);
	for (int round = 0; round < 3; round++) {
		store_test_reopen(test);
		assert_true(was_used(test));
		large_expect(test->store, "large again", 2, LARGE_BYTES);
		store_test_fill(test, 500 + 100 * round);
		store_test_remove(test, "k9");
		set_until(test, "ends", ary_wall_ms(test->options.env) + FAR_MS);
		large_set(test->store, "large", 4, LARGE_BYTES);
		if (round > 0)
			assert_int_equal(store_test_compact(test).status, ARY_OK);
	}
	expect_same(test);
	store_test_remove(test, "large");
	store_test_remove(test, "large again");
	assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	expect_same(test);
}

/* Ends the run as a killed process would, with CHECKPOINT as it is. */
static void kill_store(struct store_test *test)
{
	struct ary_buf bytes = file_read(test->path, CHECKPOINT);

	store_test_kill(test);
	file_write(test->path, CHECKPOINT, ary_buf_view(&bytes));
	ary_buf_release(&bytes);
}

static void test_only_what_came_after_it_is_read(void **state)
{
	struct store_test *test = *state;

	fill(test);
	store_test_close(test);
	test->options.rotate_bytes = 1 << 20;
	store_test_open(test);
	large_set(test->store, "large", 5, LARGE_BYTES);
	store_test_set(test, "k5", "after");
	store_test_remove(test, "k6");
	set_until(test, "ends", ary_wall_ms(test->options.env) + FAR_MS);
	kill_store(test);
	store_test_open(test);
	/* The parts, their Set, and three more. */
	assert_int_equal(store_test_stats(test).recovered_records, LARGE_BYTES / 100 + 4);
	store_test_expect(test, "k5", "after");
	store_test_expect(test, "k6", NULL);
	large_expect(test->store, "large", 5, LARGE_BYTES);
	kill_store(test);
	/* In logs that came later, too. */
	test->options.rotate_bytes = 4000;
	store_test_open(test);
	uint64_t logs = store_test_stats(test).logs;
	store_test_fill(test, 200);
	assert_true(store_test_stats(test).logs > logs + 2);
	kill_store(test);
	store_test_open(test);
	uint64_t read = store_test_stats(test).recovered_records;
	assert_true(read > 200 && read < 250);
	store_test_expect_filled(test, 200);
	store_test_set(test, "k6", "more");
	expect_same(test);
}

/* A tail that is torn is cut behind what it knows, and nothing else is read. */
static void test_torn_tail_behind_it_is_cut(void **state)
{
	struct store_test *test = *state;

	test->options.checkpoint_bytes_min = 1;
	store_test_open(test);
	store_test_fill(test, 100);
	store_test_reopen(test);
	store_test_set(test, "k5", "whole");
	uint64_t whole = file_bytes(test->path, "0.log");
	store_test_set(test, "k5", "torn");
	kill_store(test);
	uint64_t bytes = file_bytes(test->path, "0.log");
	file_truncate(test->path, "0.log", bytes - 1);
	store_test_open(test);
	struct ary_stats stats = store_test_stats(test);
	assert_int_equal(stats.recovered_records, 1);
	assert_int_equal(stats.recovered_torn_bytes, bytes - 1 - whole);
	store_test_expect(test, "k5", "whole");
	store_test_fill(test, 100);
	expect_same(test);
}

/* One that is not what was written is not used, and another one is left in its place. */
static void expect_ignored(struct store_test *test, const struct ary_buf *expected)
{
	store_test_open(test);
	assert_false(was_used(test));
	struct ary_buf replayed = store_portrait(test->store);

	assert_string_equal((const char *)expected->data, (const char *)replayed.data);
	ary_buf_release(&replayed);
	store_test_close(test);
}

static void test_damaged_one_is_ignored(void **state)
{
	struct store_test *test = *state;

	fill(test);
	store_test_reopen(test);
	struct ary_buf expected = store_portrait(test->store);

	store_test_close(test);
	uint64_t bytes = file_bytes(test->path, CHECKPOINT);
	struct ary_buf whole = file_read(test->path, CHECKPOINT);
	uint64_t described = sizeof(struct ary_checkpoint_head);

	/* All of the head, and places in facts, hashes, and each block. */
	for (uint64_t at = 0; at < bytes; at += at < described ? 1 : 1 + bytes / 50) {
		file_flip(test->path, CHECKPOINT, at, 0x10);
		expect_ignored(test, &expected);
		file_write(test->path, CHECKPOINT, ary_buf_view(&whole));
	}
	const uint64_t sizes[] = {0, 1, described - 1, described, 4096, bytes / 2, bytes - 1};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		file_truncate(test->path, CHECKPOINT, sizes[i]);
		expect_ignored(test, &expected);
		file_write(test->path, CHECKPOINT, ary_buf_view(&whole));
	}
	file_append(test->path, CHECKPOINT, ary_bytes_of("more"));
	expect_ignored(test, &expected);
	file_write(test->path, CHECKPOINT, ary_buf_view(&whole));
	store_test_open(test);
	assert_true(was_used(test));
	ary_buf_release(&whole);
	ary_buf_release(&expected);
}

/* What the blocks are, and what else is hashed, is another thing in each version. */
static void test_one_of_an_older_version_is_ignored(void **state)
{
	struct store_test *test = *state;
	struct ary_checkpoint_head head;

	fill(test);
	store_test_reopen(test);
	struct ary_buf expected = store_portrait(test->store);

	store_test_close(test);
	struct ary_buf bytes = file_read(test->path, CHECKPOINT);

	memcpy(&head, bytes.data, sizeof(head));
	head.version = ARY_CHECKPOINT_VERSION - 1;
	head.head_hash = ary_checkpoint_head_hash(&head);
	memcpy(bytes.data, &head, sizeof(head));
	file_write(test->path, CHECKPOINT, ary_buf_view(&bytes));
	expect_ignored(test, &expected);
	store_test_open(test);
	assert_true(was_used(test));
	ary_buf_release(&bytes);
	ary_buf_release(&expected);
}

static void test_one_of_other_logs_is_ignored(void **state)
{
	struct store_test *test = *state;

	fill(test);
	store_test_close(test);
	struct ary_buf old = file_read(test->path, CHECKPOINT);

	/* A merge takes it away, as the logs are others then. */
	store_test_open(test);
	assert_true(was_used(test));
	assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	assert_false(file_exists(test->path, CHECKPOINT));
	store_test_close(test);
	struct ary_buf new = file_read(test->path, CHECKPOINT);

	file_write(test->path, CHECKPOINT, ary_buf_view(&old));
	store_test_open(test);
	assert_false(was_used(test));
	store_test_close(test);
	file_write(test->path, CHECKPOINT, ary_buf_view(&new));
	store_test_open(test);
	assert_true(was_used(test));
	ary_buf_release(&old);
	ary_buf_release(&new);
}

/* Whoever has cut off the end of the log is told what that took, as without it. */
static void test_log_that_became_shorter_is_noticed(void **state)
{
	struct store_test *test = *state;
	struct ary_error err;

	fill(test);
	store_test_close(test);
	char last[32];
	int number = store_count(test->path) + 10;

	do
		snprintf(last, sizeof(last), "%d.log", --number);
	while (!file_exists(test->path, last));
	file_truncate(test->path, last, file_bytes(test->path, last) - 1);
	assert_int_equal(store_test_try_open(test, &err), ARY_CORRUPT);
	assert_non_null(strstr(err.text, last));
}

/* The limit counts what an open would have to read. */
static void test_small_store_has_none(void **state)
{
	struct store_test *test = *state;

	test->options.checkpoint_bytes_min = UINT64_MAX;
	store_test_open(test);
	store_test_fill(test, 10);
	store_test_close(test);
	assert_false(file_exists(test->path, CHECKPOINT));
	uint64_t mark_bytes = file_bytes(test->path, "0.log");

	store_test_open(test);
	store_test_set(test, "k", "v");
	store_test_close(test);
	uint64_t run_bytes = file_bytes(test->path, "0.log") - mark_bytes;

	/* The next run ends as that one. */
	test->options.checkpoint_bytes_min = mark_bytes + 2 * run_bytes + 1;
	store_test_open(test);
	store_test_set(test, "k", "v");
	store_test_close(test);
	assert_int_equal(file_bytes(test->path, "0.log"), mark_bytes + 2 * run_bytes);
	assert_false(file_exists(test->path, CHECKPOINT));
	test->options.checkpoint_bytes_min = mark_bytes + 3 * run_bytes;
	store_test_open(test);
	store_test_set(test, "k", "v");
	store_test_close(test);
	assert_true(file_exists(test->path, CHECKPOINT));
	store_test_open(test);
	assert_true(was_used(test));
	/* No use is made of it where none is wanted. */
	store_test_close(test);
	test->options.checkpoint_bytes_min = 0;
	store_test_open(test);
	assert_false(was_used(test));
}

/* A compaction changes the logs, and is no write. */
static void test_run_without_writes_leaves_one(void **state)
{
	struct store_test *test = *state;

	fill(test);
	store_test_close(test);
	file_remove(test->path, CHECKPOINT);
	for (int i = 0; i < 2; i++) {
		store_test_open(test);
		assert_int_equal(was_used(test), i > 0);
		if (i > 0) {
			assert_int_equal(store_test_compact(test).status, ARY_OK);
			assert_false(file_exists(test->path, CHECKPOINT));
		}
		store_test_close(test);
		assert_true(file_exists(test->path, CHECKPOINT));
	}
	/* The mode is that of the run that wrote. */
	test->options.durability = ARY_DURABILITY_NEVER;
	store_test_open(test);
	store_test_fill(test, KEYS);
	expect_same(test);
	test->options.durability = ARY_DURABILITY_ALWAYS;
	expect_same_mode(test);
}

static void test_leftovers_are_removed(void **state)
{
	struct store_test *test = *state;

	fill(test);
	store_test_close(test);
	file_write(test->path, TEMPORARY, ary_bytes_of("of a run that was killed"));
	store_test_open(test);
	assert_true(was_used(test));
	assert_false(file_exists(test->path, TEMPORARY));
	store_test_close(test);
	/* Who wants none leaves none that the logs outgrow. */
	test->options.checkpoint_bytes_min = 0;
	store_test_open(test);
	assert_true(file_exists(test->path, CHECKPOINT));
	assert_int_equal(store_test_compact_full(test).status, ARY_OK);
	assert_false(file_exists(test->path, CHECKPOINT));
}

static void test_it_is_not_written_again_for_little(void **state)
{
	struct store_test *test = *state;

	fill(test);
	store_test_close(test);
	struct ary_buf first = file_read(test->path, CHECKPOINT);

	test->options.checkpoint_bytes_min = 4000;
	store_test_open(test);
	store_test_set(test, "k1", "one more");
	store_test_close(test);
	struct ary_buf second = file_read(test->path, CHECKPOINT);

	assert_true(ary_bytes_equal(ary_buf_view(&first), ary_buf_view(&second)));
	store_test_open(test);
	/* What the last run wrote, and its Mark. */
	assert_int_equal(store_test_stats(test).recovered_records, 2);
	store_test_expect(test, "k1", "one more");
	ary_buf_release(&first);
	ary_buf_release(&second);
}

/* Whatever fails while it is written or read: the store is closed, and opens as it was. */
static void test_failures_are_nobodys_error(void **state)
{
	static const struct fault faults[] = {
		{.kind = FAULT_FILE_CREATE, .name = ARY_NAME_CHECKPOINT_TEMPORARY, .nth = 1},
		{.kind = FAULT_FILE_WRITE, .name = ARY_NAME_CHECKPOINT_TEMPORARY, .nth = 1},
		{.kind = FAULT_FILE_WRITE, .name = ARY_NAME_CHECKPOINT_TEMPORARY, .nth = 1,
		 .os_errno = ENOSPC, .short_bytes = 5000},
		{.kind = FAULT_FILE_WRITE, .name = ARY_NAME_CHECKPOINT_TEMPORARY, .nth = 2},
		{.kind = FAULT_FILE_CLOSE, .name = ARY_NAME_CHECKPOINT_TEMPORARY, .nth = 1},
		{.kind = FAULT_DIR_RENAME, .name = ARY_NAME_CHECKPOINT_TEMPORARY, .nth = 1},
		{.kind = FAULT_DIR_SPACE, .nth = 1, .forever = true},
		{.kind = FAULT_RANDOM, .nth = 1},
	};
	struct store_test *test = *state;

	fill(test);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		store_test_set(test, "k1", "more");
		file_write(test->path, TEMPORARY, ary_bytes_of("of a run that was killed"));
		fault_env_reset(test->faults);
		fault_env_fail(test->faults, faults[i]);
		store_test_close(test);
		assert_true(fault_env_fired(test->faults) > 0);
		assert_false(file_exists(test->path, CHECKPOINT));
		fault_env_reset(test->faults);
		store_test_open(test);
		assert_false(was_used(test));
	}
	store_test_set(test, "k1", "the last");
	expect_same(test);
}

static void test_it_needs_room_beside_the_reserve(void **state)
{
	struct store_test *test = *state;

	fill(test);
	fault_env_set_space(test->faults, 10 << 10, 1 << 30);
	store_test_close(test);
	assert_false(file_exists(test->path, CHECKPOINT));
	assert_false(file_exists(test->path, TEMPORARY));
	fault_env_set_space(test->faults, 100 << 20, 1 << 30);
	store_test_open(test);
	store_test_set(test, "k1", "more");
	store_test_close(test);
	assert_true(file_exists(test->path, CHECKPOINT));
}

static void test_unreadable_one_is_ignored(void **state)
{
	static const struct fault faults[] = {
		{.kind = FAULT_FILE_OPEN, .name = ARY_NAME_CHECKPOINT, .nth = 1},
		{.kind = FAULT_FILE_OPEN, .name = ARY_NAME_CHECKPOINT, .nth = 1,
		 .os_errno = EACCES},
		{.kind = FAULT_FILE_SIZE, .name = ARY_NAME_CHECKPOINT, .nth = 1},
		{.kind = FAULT_FILE_SYNC, .name = ARY_NAME_CHECKPOINT, .nth = 1},
		/* Of the head, of what is behind it, and of a block. */
		{.kind = FAULT_FILE_READ, .name = ARY_NAME_CHECKPOINT, .nth = 1},
		{.kind = FAULT_FILE_READ, .name = ARY_NAME_CHECKPOINT, .nth = 2},
		{.kind = FAULT_FILE_READ, .name = ARY_NAME_CHECKPOINT, .nth = 3},
		{.kind = FAULT_FILE_READ, .name = ARY_NAME_CHECKPOINT, .nth = 1,
		 .short_read = true, .short_bytes = 100},
		{.kind = FAULT_FILE_READ, .name = ARY_NAME_CHECKPOINT, .nth = 2,
		 .short_read = true, .short_bytes = 1000},
		{.kind = FAULT_FILE_READ, .name = ARY_NAME_CHECKPOINT, .nth = 3,
		 .short_read = true, .short_bytes = 1000},
	};
	struct store_test *test = *state;

	fill(test);
	store_test_reopen(test);
	struct ary_buf expected = store_portrait(test->store);

	store_test_close(test);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		fault_env_fail(test->faults, faults[i]);
		expect_ignored(test, &expected);
		assert_int_equal(fault_env_fired(test->faults), 1);
		fault_env_reset(test->faults);
	}
	ary_buf_release(&expected);
}

/* Where memory runs out, the store opens as it was, or says so. */
static void test_memory_that_runs_out_is_told(void **state)
{
	struct store_test *test = *state;
	unsigned long failed = 0;
	bool runs_out = true;

	fill(test);
	store_test_reopen(test);
	struct ary_buf expected = store_portrait(test->store);

	store_test_close(test);
	for (unsigned long nth = 1; runs_out; nth++) {
		struct ary_error err;

		ary_alloc_fail_at(nth, false);
		enum ary_status status = store_test_try_open(test, &err);

		runs_out = ary_alloc_failed();
		ary_alloc_fail_at(0, false);
		failed += status != ARY_OK;
		if (status != ARY_OK) {
			assert_int_equal(status, ARY_NO_MEMORY);
			continue;
		}
		struct ary_buf text = store_portrait(test->store);

		assert_string_equal((const char *)expected.data, (const char *)text.data);
		ary_buf_release(&text);
		store_test_close(test);
	}
	assert_true(failed > 5);
	ary_buf_release(&expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_test_setup, store_test_teardown)
		TEST(test_store_is_that_of_a_replay),
		TEST(test_store_goes_on),
		TEST(test_only_what_came_after_it_is_read),
		TEST(test_torn_tail_behind_it_is_cut),
		TEST(test_damaged_one_is_ignored),
		TEST(test_one_of_an_older_version_is_ignored),
		TEST(test_one_of_other_logs_is_ignored),
		TEST(test_log_that_became_shorter_is_noticed),
		TEST(test_small_store_has_none),
		TEST(test_run_without_writes_leaves_one),
		TEST(test_leftovers_are_removed),
		TEST(test_it_is_not_written_again_for_little),
		TEST(test_failures_are_nobodys_error),
		TEST(test_it_needs_room_beside_the_reserve),
		TEST(test_unreadable_one_is_ignored),
		TEST(test_memory_that_runs_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
