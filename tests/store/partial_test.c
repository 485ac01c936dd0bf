/* SPDX-License-Identifier: MIT */
/* A compaction rewrites the logs that pay and no others, one by one or with their neighbours;
 * what was removed does not come back, whichever logs are rewritten and whatever files are left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "env/thread.h"
#include "lib/log_keys.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

enum { WAITS_MAX = 1000 };

static struct store_test store;

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	logs_begin(&store);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_test_end(&store);
	return 0;
}

static void test_only_the_log_that_pays_is_rewritten(void **state)
{
	uint64_t sums[5];
	int count[5];

	(void)state;
	for (int i = 0; i < 5; i++)
		count[i] = logs_fill(&store, (char)('a' + i));
	logs_set(&store, 'c', 0, count[2]);
	for (int i = 0; i < 5; i++)
		sums[i] = logs_sum(&store, i);
	struct ary_compaction_report report = store_test_compact(&store);
	assert_int_equal(report.status, ARY_OK);
	assert_int_equal(report.selected_logs, 1);
	assert_int_equal(report.records_kept, 0);
	assert_true(report.selected_bytes < report.bytes_before / 4);
	assert_int_equal(report.scanned_bytes, report.selected_bytes);
	assert_true(report.written_bytes < 300);
	assert_int_equal(store_test_compact(&store).selected_logs, 0);
	for (int i = 0; i < 5; i++)
		assert_true((logs_sum(&store, i) == sums[i]) == (i != 2));
	for (int opened = 0; opened < 2; opened++) {
		for (int i = 0; i < 5; i++)
			logs_expect(&store, (char)('a' + i), 0, count[i], logs_value);
		store_test_reopen(&store);
	}
}

static void test_log_that_does_not_pay_is_left_alone_unless_all_are_wanted(void **state)
{
	(void)state;
	int count = logs_fill(&store, 'a');
	logs_fill(&store, 'b');
	store_test_set(&store, "a0", logs_value);
	uint64_t sum = logs_sum(&store, 0);
	assert_int_equal(store_test_compact(&store).selected_logs, 0);
	assert_int_equal(logs_sum(&store, 0), sum);
	assert_true(store_test_stats(&store).stale_bytes > 0);
	struct ary_compaction_report report = store_test_compact_full(&store);
	assert_int_equal(report.status, ARY_OK);
	assert_int_equal(report.selected_logs, 1);
	/* All but a0, and the one that setup wrote. */
	assert_int_equal(report.records_kept, count);
	assert_int_equal(store_test_stats(&store).stale_bytes, 0);
	logs_expect(&store, 'a', 0, count, logs_value);
}

/* Key a0 lies in a log that stays as it is; what hides it must stay, too. */
static void test_tombstone_stays_while_a_lower_log_may_hold_its_key(void **state)
{
	(void)state;
	int a = logs_fill(&store, 'a');
	int b = logs_fill(&store, 'b');
	store_test_remove(&store, "a0");
	logs_set(&store, 'b', 0, b);
	logs_set(&store, 'b', 0, b);
	int c = logs_fill(&store, 'c');
	logs_set(&store, 'c', 0, c);
	struct ary_compaction_report report = store_test_compact(&store);
	assert_int_equal(report.status, ARY_OK);
	assert_false(file_exists(store.path, "1.log"));
	assert_int_equal(logs_count_text(&store, "\"cmd\":\"Rm\""), 1);
	for (int opened = 0; opened < 2; opened++) {
		store_test_expect(&store, "a0", NULL);
		logs_expect(&store, 'a', 1, a, logs_value);
		logs_expect(&store, 'b', 0, b, logs_value);
		logs_expect(&store, 'c', 0, c, logs_value);
		store_test_reopen(&store);
	}
	/* Once no lower log holds it, the tombstone goes. */
	assert_int_equal(store_test_compact_full(&store).status, ARY_OK);
	assert_int_equal(logs_count_text(&store, "\"cmd\":\"Rm\""), 0);
	store_test_reopen(&store);
	store_test_expect(&store, "a0", NULL);
	logs_expect(&store, 'a', 1, a, logs_value);
}

/* A log whose values are all present hides nothing; one that a merge cleaned says so, also after
 * the store was closed. */
static void test_tombstones_above_clean_logs_go(void **state)
{
	(void)state;
	int a = logs_fill(&store, 'a');
	int b = logs_fill(&store, 'b');
	logs_remove(&store, 'b', 0, b);
	logs_set(&store, 'd', 0, LOGS_KEYS);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_int_equal(logs_count_text(&store, "\"cmd\":\"Rm\""), 0);
	uint64_t sum = logs_sum(&store, 0);
	assert_int_equal(store_test_compact_full(&store).status, ARY_OK);
	assert_int_equal(logs_sum(&store, 0), sum);
	store_test_reopen(&store);
	logs_expect(&store, 'a', 0, a, logs_value);
	logs_expect(&store, 'b', 0, b, NULL);
	logs_expect(&store, 'd', 0, LOGS_KEYS, logs_value);
}

static void test_what_a_merge_cleaned_is_known_after_a_restart(void **state)
{
	(void)state;
	int a = logs_fill(&store, 'a');
	logs_fill(&store, 'b');
	store_test_remove(&store, "a0");
	logs_set(&store, 'a', 1, 4);
	logs_fill(&store, 'c');
	/* The tombstone alone does not pay; what it hides goes. */
	assert_int_equal(store_test_compact(&store).selected_logs, 1);
	assert_int_equal(logs_count_text(&store, "\"cmd\":\"Rm\""), 1);
	assert_int_equal(logs_count_text(&store, "\"key\":\"a0\",\"value\""), 0);
	/* Something else becomes stale there, so that the log is not clean by itself any more. */
	store_test_set(&store, "a5", logs_value);
	store_test_close(&store);
	store.options.compact_percent = 140;
	store_test_open(&store);
	logs_set(&store, 'a', 1, 4);
	assert_true(store_test_compact(&store).selected_logs >= 1);
	assert_true(store_test_stats(&store).stale_bytes > 0);
	assert_int_equal(logs_count_text(&store, "\"cmd\":\"Rm\""), 0);
	store_test_reopen(&store);
	store_test_expect(&store, "a0", NULL);
	logs_expect(&store, 'a', 1, a, logs_value);
}

/* The largest `cleaned` of any log; 0: there is none. */
static uint64_t find_cleaned(void)
{
	static const char field[] = "\"cleaned\":";
	uint64_t cleaned = 0;

	for (int number = 0; number < LOGS_NUMBER_MAX; number++) {
		char name[LOGS_NAME_BYTES];

		snprintf(name, sizeof(name), "%d.log", number);
		if (!file_exists(store.path, name))
			continue;
		struct ary_buf bytes = file_read(store.path, name);
		const char *at = memmem(bytes.data, bytes.size, field, sizeof(field) - 1);
		uint64_t own = at ? strtoull(at + sizeof(field) - 1, NULL, 10) : 0;
		cleaned = own > cleaned ? own : cleaned;
		ary_buf_release(&bytes);
	}
	return cleaned;
}

/* After a crash under `never` the numbers jump; no line has such a number before the next write,
 * and after another crash before it, later writes may have lower ones. */
static void test_merge_is_not_clean_of_writes_to_come(void **state)
{
	(void)state;
	store_test_close(&store);
	store.options.durability = ARY_DURABILITY_NEVER;
	store_test_open(&store);
	int a = logs_fill(&store, 'a');
	int b = logs_fill(&store, 'b');
	logs_set(&store, 'a', 1, a);
	logs_set(&store, 'b', 1, b);
	logs_fill(&store, 'c');
	store_test_kill(&store);
	store.options.durability = ARY_DURABILITY_ALWAYS;
	store_test_open(&store);
	uint64_t last = store_test_stats(&store).seq;
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_in_range(find_cleaned(), 1, last);
	assert_true(store_test_set(&store, "next", logs_value) > last);
}

/* The number of the last log. */
static int last_log(void)
{
	char name[LOGS_NAME_BYTES];
	int last = LOGS_NUMBER_MAX;

	do
		snprintf(name, sizeof(name), "%d.log", --last);
	while (last > 0 && !file_exists(store.path, name));
	return last;
}

/* What replaced a value is lost with the last log's lines, and the value was left out because of
 * it. Without the merge's word, the key would be gone as if it had been removed. */
static void test_lines_that_a_merge_took_into_account_are_missed(void **state)
{
	const char *words[3] = {"took those up to seq", "lines after it are gone", NULL};
	char name[LOGS_NAME_BYTES];

	(void)state;
	int a = logs_fill(&store, 'a');
	logs_fill(&store, 'b');
	logs_set(&store, 'a', 1, a);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_true(find_cleaned() > 0);
	store_test_kill(&store);
	snprintf(name, sizeof(name), "%d.log", last_log());
	struct ary_buf whole = file_read(store.path, name);
	uint64_t lines = line_count(ary_buf_view(&whole));
	assert_true(lines > 1);
	for (uint64_t kept = 1; kept < lines; kept++) {
		file_truncate(store.path, name, line_start(ary_buf_view(&whole), kept));
		store_test_expect_refusal(&store, ARY_CORRUPT, words);
	}
	file_write(store.path, name, ary_buf_view(&whole));
	ary_buf_release(&whole);
	store_test_open(&store);
	logs_expect(&store, 'a', 0, a, logs_value);
}

static void test_neighbours_that_pay_become_one(void **state)
{
	(void)state;
	int a = logs_fill(&store, 'a');
	int b = logs_fill(&store, 'b');
	int c = logs_fill(&store, 'c');
	logs_fill(&store, 'd');
	logs_set(&store, 'b', 1, b);
	logs_set(&store, 'c', 1, c);
	uint64_t sum = logs_sum(&store, 0);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_int_equal(logs_sum(&store, 0), sum);
	assert_false(file_exists(store.path, "1.log"));
	assert_int_equal(logs_count_text(
		&store, "\"cmd\":\"Merge\",\"version\":1,\"log\":2,\"base\":1,"), 1);
	store_test_reopen(&store);
	/* Merged again, it still stands for all that were ever merged into it. */
	store_test_remove(&store, "b0");
	assert_int_equal(store_test_compact_full(&store).status, ARY_OK);
	assert_int_equal(logs_count_text(&store, "\"base\":1,\"cleaned\""), 1);
	store_test_reopen(&store);
	logs_expect(&store, 'a', 0, a, logs_value);
	logs_expect(&store, 'b', 1, b, logs_value);
	logs_expect(&store, 'c', 0, c, logs_value);
	store_test_expect(&store, "b0", NULL);
}

/* A file that a merge stands for may outlive the merge: nobody may take it for a log again. */
static void test_file_that_outlives_its_merge_does_not_count(void **state)
{
	(void)state;
	int a = logs_fill(&store, 'a');
	int b = logs_fill(&store, 'b');
	int c = logs_fill(&store, 'c');
	logs_remove(&store, 'b', 1, b);
	logs_set(&store, 'c', 1, c);
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_DIR_UNLINK, .nth = 1, .forever = true});
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	fault_env_reset(store.faults);
	assert_true(file_exists(store.path, "1.log"));
	assert_int_equal(logs_count_text(&store, "\"base\":1,\"cleaned\""), 1);
	/* The merge itself is merged with what comes after it. */
	store_test_remove(&store, "b0");
	store_test_remove(&store, "c0");
	int d = logs_fill(&store, 'd');
	logs_set(&store, 'c', 1, c);
	logs_set(&store, 'd', 1, d);
	assert_int_equal(store_test_compact_full(&store).status, ARY_OK);
	assert_true(file_exists(store.path, "1.log"));
	assert_int_equal(logs_count_text(&store, "\"base\":1,\"cleaned\""), 1);
	store_test_reopen(&store);
	assert_false(file_exists(store.path, "1.log"));
	logs_expect(&store, 'a', 0, a, logs_value);
	logs_expect(&store, 'b', 0, b, NULL);
	store_test_expect(&store, "c0", NULL);
	logs_expect(&store, 'c', 1, c, logs_value);
	logs_expect(&store, 'd', 0, d, logs_value);
}

static void test_log_that_is_missing_below_a_merge_is_damage(void **state)
{
	struct ary_error err;

	(void)state;
	logs_fill(&store, 'a');
	int b = logs_fill(&store, 'b');
	logs_set(&store, 'b', 0, b);
	store_test_compact(&store);
	store_test_close(&store);
	struct ary_buf log = file_read(store.path, "0.log");
	file_remove(store.path, "0.log");
	assert_int_equal(store_test_try_open(&store, &err), ARY_CORRUPT);
	assert_non_null(strstr(err.text, "0.log"));
	file_write(store.path, "0.log", ary_buf_view(&log));
	ary_buf_release(&log);
	store_test_open(&store);
}

/* However long a few keys are written again and again, there are few files. */
static void test_logs_do_not_become_many(void **state)
{
	(void)state;
	store_test_close(&store);
	store.options.compact_stale_bytes = 3000;
	store.options.compact_percent = 25;
	store_test_open(&store);
	int a = logs_fill(&store, 'a');
	int b = logs_fill(&store, 'b');
	uint64_t logs_max = 0;
	for (int round = 0; round < 300; round++) {
		logs_set(&store, 'x', 0, 4);
		uint64_t logs = store_test_stats(&store).logs;
		logs_max = logs > logs_max ? logs : logs_max;
		for (int i = 0; i < WAITS_MAX && store_test_stats(&store).stale_bytes > 6000; i++)
			ary_thread_pause(10);
	}
	/* Some 150 of them were written. */
	assert_true(logs_max < 40);
	assert_true(store_count(store.path) < 40);
	store_test_reopen(&store);
	logs_expect(&store, 'a', 0, a, logs_value);
	logs_expect(&store, 'b', 0, b, logs_value);
	logs_expect(&store, 'x', 0, 4, logs_value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_only_the_log_that_pays_is_rewritten),
		TEST(test_log_that_does_not_pay_is_left_alone_unless_all_are_wanted),
		TEST(test_tombstone_stays_while_a_lower_log_may_hold_its_key),
		TEST(test_tombstones_above_clean_logs_go),
		TEST(test_what_a_merge_cleaned_is_known_after_a_restart),
		TEST(test_merge_is_not_clean_of_writes_to_come),
		TEST(test_lines_that_a_merge_took_into_account_are_missed),
		TEST(test_neighbours_that_pay_become_one),
		TEST(test_file_that_outlives_its_merge_does_not_count),
		TEST(test_log_that_is_missing_below_a_merge_is_damage),
		TEST(test_logs_do_not_become_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
