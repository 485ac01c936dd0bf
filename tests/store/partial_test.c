/* SPDX-License-Identifier: MIT */
/* A compaction rewrites the logs that pay and no others, one by one or with their neighbours;
 * what was removed does not come back, whichever logs are rewritten and whatever files are left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>
#include <time.h>

#include <cmocka.h>

#include "env/thread.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

enum { KEYS = 8, NAME_BYTES = 32, LOGS_MAX = 64, WAITS_MAX = 1000 };

static const char value[] = "a value of some length, so that few of them fill a log";

static struct store_test store;

/* Logs of about KEYS keys each. Several are made one only while they stay below 4000 bytes, and a
 * quarter of a log pays when a compaction is asked for. */
static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	store.options.rotate_bytes = KEYS * 120;
	store.options.merge_bytes_max = 4000;
	store.options.compact_percent = 100;
	store_test_open(&store);
	/* There is a log from here on. */
	store_test_set(&store, "first", "");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_test_end(&store);
	return 0;
}

static const char *name_of(char log, int i, char out[NAME_BYTES])
{
	snprintf(out, NAME_BYTES, "%c%d", log, i);
	return out;
}

/* Sets keys LOG0, LOG1, ... until the log is full and the next one begun. Answers how many. */
static int fill_log(char log)
{
	char name[NAME_BYTES];
	uint64_t logs = store_test_stats(&store).logs;
	int count = 0;

	do {
		store_test_set(&store, name_of(log, count++, name), value);
	} while (store_test_stats(&store).logs == logs);
	return count;
}

static void set_all(char log, int from, int count)
{
	char name[NAME_BYTES];

	for (int i = from; i < count; i++)
		store_test_set(&store, name_of(log, i, name), value);
}

static void remove_all(char log, int from, int count)
{
	char name[NAME_BYTES];

	for (int i = from; i < count; i++)
		store_test_remove(&store, name_of(log, i, name));
}

static void expect_all(char log, int from, int count, const char *expected)
{
	char name[NAME_BYTES];

	for (int i = from; i < count; i++)
		store_test_expect(&store, name_of(log, i, name), expected);
}

/* A checksum over the contents of log NUMBER. */
static uint64_t sum_of(int number)
{
	char name[NAME_BYTES];
	uint64_t sum = 1469598103934665603U;

	snprintf(name, sizeof(name), "%d.log", number);
	struct ary_buf bytes = file_read(store.path, name);
	for (size_t i = 0; i < bytes.size; i++)
		sum = (sum ^ bytes.data[i]) * 1099511628211U;
	ary_buf_release(&bytes);
	return sum;
}

/* How often TEXT is in any log. */
static int count_text(const char *text)
{
	int count = 0;

	for (int number = 0; number < LOGS_MAX; number++) {
		char name[NAME_BYTES];

		snprintf(name, sizeof(name), "%d.log", number);
		if (!file_exists(store.path, name))
			continue;
		struct ary_buf bytes = file_read(store.path, name);
		const uint8_t *at = bytes.data;
		while (at && (at = memmem(at, bytes.size - (size_t)(at - bytes.data), text,
					  strlen(text)))) {
			count++;
			at++;
		}
		ary_buf_release(&bytes);
	}
	return count;
}

static void test_only_the_log_that_pays_is_rewritten(void **state)
{
	uint64_t sums[5];
	int count[5];

	(void)state;
	for (int i = 0; i < 5; i++)
		count[i] = fill_log((char)('a' + i));
	set_all('c', 0, count[2]);
	for (int i = 0; i < 5; i++)
		sums[i] = sum_of(i);
	struct ary_compaction_report report = store_test_compact(&store);
	assert_int_equal(report.status, ARY_OK);
	assert_int_equal(report.selected_logs, 1);
	assert_int_equal(report.records_kept, 0);
	assert_true(report.selected_bytes < report.bytes_before / 4);
	assert_int_equal(report.scanned_bytes, report.selected_bytes);
	assert_true(report.written_bytes < 300);
	assert_int_equal(store_test_compact(&store).selected_logs, 0);
	for (int i = 0; i < 5; i++)
		assert_true((sum_of(i) == sums[i]) == (i != 2));
	for (int opened = 0; opened < 2; opened++) {
		for (int i = 0; i < 5; i++)
			expect_all((char)('a' + i), 0, count[i], value);
		store_test_reopen(&store);
	}
}

static void test_log_that_does_not_pay_is_left_alone_unless_all_are_wanted(void **state)
{
	(void)state;
	int count = fill_log('a');
	fill_log('b');
	store_test_set(&store, "a0", value);
	uint64_t sum = sum_of(0);
	assert_int_equal(store_test_compact(&store).selected_logs, 0);
	assert_int_equal(sum_of(0), sum);
	assert_true(store_test_stats(&store).stale_bytes > 0);
	struct ary_compaction_report report = store_test_compact_full(&store);
	assert_int_equal(report.status, ARY_OK);
	assert_int_equal(report.selected_logs, 1);
	/* All but a0, and the one that setup wrote. */
	assert_int_equal(report.records_kept, count);
	assert_int_equal(store_test_stats(&store).stale_bytes, 0);
	expect_all('a', 0, count, value);
}

/* Key a0 lies in a log that stays as it is; what hides it must stay, too. */
static void test_tombstone_stays_while_a_lower_log_may_hold_its_key(void **state)
{
	(void)state;
	int a = fill_log('a');
	int b = fill_log('b');
	store_test_remove(&store, "a0");
	set_all('b', 0, b);
	set_all('b', 0, b);
	int c = fill_log('c');
	set_all('c', 0, c);
	struct ary_compaction_report report = store_test_compact(&store);
	assert_int_equal(report.status, ARY_OK);
	assert_false(file_exists(store.path, "1.log"));
	assert_int_equal(count_text("\"cmd\":\"Rm\""), 1);
	for (int opened = 0; opened < 2; opened++) {
		store_test_expect(&store, "a0", NULL);
		expect_all('a', 1, a, value);
		expect_all('b', 0, b, value);
		expect_all('c', 0, c, value);
		store_test_reopen(&store);
	}
	/* Once no lower log holds it, the tombstone goes. */
	assert_int_equal(store_test_compact_full(&store).status, ARY_OK);
	assert_int_equal(count_text("\"cmd\":\"Rm\""), 0);
	store_test_reopen(&store);
	store_test_expect(&store, "a0", NULL);
	expect_all('a', 1, a, value);
}

/* A log whose values are all present hides nothing; one that a merge cleaned says so, also after
 * the store was closed. */
static void test_tombstones_above_clean_logs_go(void **state)
{
	(void)state;
	int a = fill_log('a');
	int b = fill_log('b');
	remove_all('b', 0, b);
	set_all('d', 0, KEYS);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_int_equal(count_text("\"cmd\":\"Rm\""), 0);
	uint64_t sum = sum_of(0);
	assert_int_equal(store_test_compact_full(&store).status, ARY_OK);
	assert_int_equal(sum_of(0), sum);
	store_test_reopen(&store);
	expect_all('a', 0, a, value);
	expect_all('b', 0, b, NULL);
	expect_all('d', 0, KEYS, value);
}

static void test_what_a_merge_cleaned_is_known_after_a_restart(void **state)
{
	(void)state;
	int a = fill_log('a');
	fill_log('b');
	store_test_remove(&store, "a0");
	set_all('a', 1, 4);
	fill_log('c');
	/* The tombstone alone does not pay; what it hides goes. */
	assert_int_equal(store_test_compact(&store).selected_logs, 1);
	assert_int_equal(count_text("\"cmd\":\"Rm\""), 1);
	assert_int_equal(count_text("\"key\":\"a0\",\"value\""), 0);
	/* Something else becomes stale there, so that the log is not clean by itself any more. */
	store_test_set(&store, "a5", value);
	store_test_close(&store);
	store.options.compact_percent = 140;
	store_test_open(&store);
	set_all('a', 1, 4);
	assert_true(store_test_compact(&store).selected_logs >= 1);
	assert_true(store_test_stats(&store).stale_bytes > 0);
	assert_int_equal(count_text("\"cmd\":\"Rm\""), 0);
	store_test_reopen(&store);
	store_test_expect(&store, "a0", NULL);
	expect_all('a', 1, a, value);
}

static void test_neighbours_that_pay_become_one(void **state)
{
	(void)state;
	int a = fill_log('a');
	int b = fill_log('b');
	int c = fill_log('c');
	fill_log('d');
	set_all('b', 1, b);
	set_all('c', 1, c);
	uint64_t sum = sum_of(0);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_int_equal(sum_of(0), sum);
	assert_false(file_exists(store.path, "1.log"));
	assert_int_equal(count_text("\"cmd\":\"Merge\",\"version\":1,\"log\":2,\"base\":1,"), 1);
	store_test_reopen(&store);
	/* Merged again, it still stands for all that were ever merged into it. */
	store_test_remove(&store, "b0");
	assert_int_equal(store_test_compact_full(&store).status, ARY_OK);
	assert_int_equal(count_text("\"base\":1,\"cleaned\""), 1);
	store_test_reopen(&store);
	expect_all('a', 0, a, value);
	expect_all('b', 1, b, value);
	expect_all('c', 0, c, value);
	store_test_expect(&store, "b0", NULL);
}

/* A file that a merge stands for may outlive the merge: nobody may take it for a log again. */
static void test_file_that_outlives_its_merge_does_not_count(void **state)
{
	(void)state;
	int a = fill_log('a');
	int b = fill_log('b');
	int c = fill_log('c');
	remove_all('b', 1, b);
	set_all('c', 1, c);
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_DIR_UNLINK, .nth = 1, .forever = true});
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	fault_env_reset(store.faults);
	assert_true(file_exists(store.path, "1.log"));
	assert_int_equal(count_text("\"base\":1,\"cleaned\""), 1);
	/* The merge itself is merged with what comes after it. */
	store_test_remove(&store, "b0");
	store_test_remove(&store, "c0");
	int d = fill_log('d');
	set_all('c', 1, c);
	set_all('d', 1, d);
	assert_int_equal(store_test_compact_full(&store).status, ARY_OK);
	assert_true(file_exists(store.path, "1.log"));
	assert_int_equal(count_text("\"base\":1,\"cleaned\""), 1);
	store_test_reopen(&store);
	assert_false(file_exists(store.path, "1.log"));
	expect_all('a', 0, a, value);
	expect_all('b', 0, b, NULL);
	store_test_expect(&store, "c0", NULL);
	expect_all('c', 1, c, value);
	expect_all('d', 0, d, value);
}

static void test_log_that_is_missing_below_a_merge_is_damage(void **state)
{
	struct ary_error err;

	(void)state;
	fill_log('a');
	int b = fill_log('b');
	set_all('b', 0, b);
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

static void pause_briefly(void)
{
	const struct timespec pause = {.tv_nsec = 10000000};

	nanosleep(&pause, NULL);
}

/* However long a few keys are written again and again, there are few files. */
static void test_logs_do_not_become_many(void **state)
{
	(void)state;
	store_test_close(&store);
	store.options.compact_stale_bytes = 3000;
	store.options.compact_percent = 25;
	store_test_open(&store);
	int a = fill_log('a');
	int b = fill_log('b');
	uint64_t logs_max = 0;
	for (int round = 0; round < 300; round++) {
		set_all('x', 0, 4);
		uint64_t logs = store_test_stats(&store).logs;
		logs_max = logs > logs_max ? logs : logs_max;
		for (int i = 0; i < WAITS_MAX && store_test_stats(&store).stale_bytes > 6000; i++)
			pause_briefly();
	}
	/* Some 150 of them were written. */
	assert_true(logs_max < 40);
	assert_true(store_count(store.path) < 40);
	store_test_reopen(&store);
	expect_all('a', 0, a, value);
	expect_all('b', 0, b, value);
	expect_all('x', 0, 4, value);
}

struct waiter {
	struct ary_compaction_request request;
	struct ary_mutex lock;
	struct ary_cond cond;
	bool done;
};

static void note_done(struct ary_compaction_request *request)
{
	struct waiter *waiter = request->context;

	ary_mutex_lock(&waiter->lock);
	waiter->done = true;
	ary_cond_signal(&waiter->cond);
	ary_mutex_unlock(&waiter->lock);
}

static void start(struct waiter *waiter, bool full)
{
	waiter->request = (struct ary_compaction_request){
		.full = full, .done = note_done, .context = waiter};
	waiter->done = false;
	ary_mutex_init(&waiter->lock);
	ary_cond_init(&waiter->cond);
	ary_store_compact(store.store, &waiter->request);
}

static enum ary_status await(struct waiter *waiter)
{
	ary_mutex_lock(&waiter->lock);
	while (!waiter->done)
		ary_cond_wait(&waiter->cond, &waiter->lock);
	ary_mutex_unlock(&waiter->lock);
	ary_cond_release(&waiter->cond);
	ary_mutex_release(&waiter->lock);
	return waiter->request.report.status;
}

static void await_running(void)
{
	struct ary_compaction_report report;

	do {
		ary_store_compaction_report(store.store, &report);
	} while (report.state != ARY_COMPACTION_RUNNING || report.scanned_bytes == 0);
}

/* At a byte a second it would take a quarter of an hour. */
static void test_slow_compaction_can_be_cancelled(void **state)
{
	struct waiter waiter;

	(void)state;
	store_test_close(&store);
	store.options.compact_bytes_per_second = 1;
	store_test_open(&store);
	assert_false(ary_store_compact_cancel(store.store));
	int a = fill_log('a');
	set_all('a', 1, a);
	uint64_t sum = sum_of(0);
	start(&waiter, false);
	await_running();
	store_test_set(&store, "beside", value);
	assert_true(ary_store_compact_cancel(store.store));
	assert_int_equal(await(&waiter), ARY_CANCELLED);
	assert_int_equal(sum_of(0), sum);
	assert_false(file_exists(store.path, "0.log.tmp"));
	expect_all('a', 0, a, value);
	store_test_expect(&store, "beside", value);
	assert_int_equal(store_test_write(&store, "after", value), ARY_OK);
}

/* Who wants all of it is not content with a compaction that leaves some. */
static void test_full_request_waits_for_a_full_compaction(void **state)
{
	struct waiter partial;
	struct waiter full;

	(void)state;
	store_test_close(&store);
	store.options.compact_bytes_per_second = 100000;
	store_test_open(&store);
	fill_log('a');
	int b = fill_log('b');
	store_test_set(&store, "a0", value);
	set_all('b', 0, b);
	start(&partial, false);
	start(&full, true);
	assert_int_equal(await(&partial), ARY_OK);
	assert_int_equal(await(&full), ARY_OK);
	assert_int_equal(store_test_stats(&store).stale_bytes, 0);
}

static void await_idle(struct ary_compaction_report *report)
{
	do {
		ary_store_compaction_report(store.store, report);
	} while (report->state == ARY_COMPACTION_RUNNING);
}

/* Whether the thread has seen the one that was begun or not, it ends, and the next can begin. */
static void test_compaction_that_is_cancelled_at_once_ends(void **state)
{
	struct ary_compaction_report report;

	(void)state;
	for (int round = 0; round < 300; round++) {
		store_test_set(&store, "k", value);
		ary_store_compact_start(store.store, round % 2 == 0);
		(void)ary_store_compact_cancel(store.store);
		await_idle(&report);
	}
	assert_true(report.runs >= 300);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
}

static void test_full_compaction_is_not_lost_beside_another(void **state)
{
	struct ary_compaction_report report;

	(void)state;
	for (int round = 0; round < 300; round++) {
		store_test_set(&store, "k", value);
		ary_store_compact_start(store.store, false);
		ary_store_compact_start(store.store, true);
		await_idle(&report);
		assert_true(report.full);
		assert_int_equal(report.status, ARY_OK);
	}
}

/* What the plan hopes for and the disk does not allow is not tried again and again. */
static void test_compaction_that_finds_nothing_to_do_rests(void **state)
{
	struct ary_compaction_report report;

	(void)state;
	store_test_close(&store);
	store.options.merge_bytes_max = UINT64_C(1) << 30;
	store.options.compact_stale_bytes = 500;
	store.options.compact_percent = 10000;
	store_test_open(&store);
	fill_log('a');
	fill_log('b');
	fault_env_set_space(store.faults, 2000, 1 << 20);
	for (int i = 0; i < 5; i++)
		store_test_set(&store, "a0", value);
	for (int i = 0; i < 20; i++)
		pause_briefly();
	ary_store_compaction_report(store.store, &report);
	assert_true(report.runs < 60);
}

/* Where the system does not tell how much is free, the disk does, log by log. */
static void test_log_that_does_not_fit_keeps_no_other_from_it(void **state)
{
	(void)state;
	int a = fill_log('a');
	fill_log('b');
	int c = fill_log('c');
	set_all('a', 2, a);
	set_all('c', 0, c);
	store_test_remove(&store, "a0");
	uint64_t sum = sum_of(0);
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_FILE_WRITE, .name = "0.log.tmp", .nth = 1, .forever = true,
		.os_errno = ENOSPC});
	assert_int_equal(store_test_compact(&store).status, ARY_NO_SPACE);
	fault_env_reset(store.faults);
	assert_int_equal(sum_of(0), sum);
	assert_true(file_bytes(store.path, "2.log") < 400);
	for (int opened = 0; opened < 2; opened++) {
		store_test_expect(&store, "a0", NULL);
		expect_all('a', 1, a, value);
		expect_all('c', 0, c, value);
		store_test_reopen(&store);
	}
}

static void test_merge_that_does_not_fit_is_not_begun(void **state)
{
	(void)state;
	int a = fill_log('a');
	fill_log('b');
	int c = fill_log('c');
	set_all('a', 4, a);
	set_all('c', 1, c);
	uint64_t sum = sum_of(0);
	fault_env_set_space(store.faults, 100, 1 << 20);
	assert_int_equal(store_test_compact(&store).status, ARY_NO_SPACE);
	assert_int_equal(sum_of(0), sum);
	/* One fits, and one does not. */
	fault_env_set_space(store.faults, 500, 1 << 20);
	struct ary_compaction_report report = store_test_compact(&store);
	assert_int_equal(report.status, ARY_NO_SPACE);
	assert_true(report.selected_logs >= 1);
	assert_int_equal(sum_of(0), sum);
	assert_true(file_bytes(store.path, "2.log") < 600);
	fault_env_reset(store.faults);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_true(sum_of(0) != sum);
	store_test_reopen(&store);
	expect_all('a', 0, a, value);
	expect_all('c', 0, c, value);
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
		TEST(test_neighbours_that_pay_become_one),
		TEST(test_file_that_outlives_its_merge_does_not_count),
		TEST(test_log_that_is_missing_below_a_merge_is_damage),
		TEST(test_logs_do_not_become_many),
		TEST(test_slow_compaction_can_be_cancelled),
		TEST(test_full_request_waits_for_a_full_compaction),
		TEST(test_compaction_that_is_cancelled_at_once_ends),
		TEST(test_full_compaction_is_not_lost_beside_another),
		TEST(test_compaction_that_finds_nothing_to_do_rests),
		TEST(test_log_that_does_not_fit_keeps_no_other_from_it),
		TEST(test_merge_that_does_not_fit_is_not_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
