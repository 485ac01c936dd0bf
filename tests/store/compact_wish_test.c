/* SPDX-License-Identifier: MIT */
/* A compaction that was asked for comes and ends, whoever cancels, joins or wants more meanwhile,
 * and whatever the disk has room for; it rests where there is nothing to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "env/thread.h"
#include "lib/log_keys.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

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
	int a = logs_fill(&store, 'a');
	logs_set(&store, 'a', 1, a);
	uint64_t sum = logs_sum(&store, 0);
	start(&waiter, false);
	await_running();
	store_test_set(&store, "beside", logs_value);
	assert_true(ary_store_compact_cancel(store.store));
	assert_int_equal(await(&waiter), ARY_CANCELLED);
	assert_int_equal(logs_sum(&store, 0), sum);
	assert_false(file_exists(store.path, "0.log.tmp"));
	logs_expect(&store, 'a', 0, a, logs_value);
	store_test_expect(&store, "beside", logs_value);
	assert_int_equal(store_test_write(&store, "after", logs_value), ARY_OK);
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
	logs_fill(&store, 'a');
	int b = logs_fill(&store, 'b');
	store_test_set(&store, "a0", logs_value);
	logs_set(&store, 'b', 0, b);
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
		store_test_set(&store, "k", logs_value);
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
		store_test_set(&store, "k", logs_value);
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
	logs_fill(&store, 'a');
	logs_fill(&store, 'b');
	fault_env_set_space(store.faults, 2000, 1 << 20);
	for (int i = 0; i < 5; i++)
		store_test_set(&store, "a0", logs_value);
	for (int i = 0; i < 20; i++)
		ary_thread_pause(10);
	ary_store_compaction_report(store.store, &report);
	assert_true(report.runs < 60);
}

/* Where the system does not tell how much is free, the disk does, log by log. */
static void test_log_that_does_not_fit_keeps_no_other_from_it(void **state)
{
	(void)state;
	int a = logs_fill(&store, 'a');
	logs_fill(&store, 'b');
	int c = logs_fill(&store, 'c');
	logs_set(&store, 'a', 2, a);
	logs_set(&store, 'c', 0, c);
	store_test_remove(&store, "a0");
	uint64_t sum = logs_sum(&store, 0);
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_FILE_WRITE, .name = "0.log.tmp", .nth = 1, .forever = true,
		.os_errno = ENOSPC});
	assert_int_equal(store_test_compact(&store).status, ARY_NO_SPACE);
	fault_env_reset(store.faults);
	assert_int_equal(logs_sum(&store, 0), sum);
	assert_true(file_bytes(store.path, "2.log") < 400);
	for (int opened = 0; opened < 2; opened++) {
		store_test_expect(&store, "a0", NULL);
		logs_expect(&store, 'a', 1, a, logs_value);
		logs_expect(&store, 'c', 0, c, logs_value);
		store_test_reopen(&store);
	}
}

static void test_merge_that_does_not_fit_is_not_begun(void **state)
{
	(void)state;
	int a = logs_fill(&store, 'a');
	logs_fill(&store, 'b');
	int c = logs_fill(&store, 'c');
	logs_set(&store, 'a', 4, a);
	logs_set(&store, 'c', 1, c);
	uint64_t sum = logs_sum(&store, 0);
	fault_env_set_space(store.faults, 100, 1 << 20);
	assert_int_equal(store_test_compact(&store).status, ARY_NO_SPACE);
	assert_int_equal(logs_sum(&store, 0), sum);
	/* One fits, and one does not. */
	fault_env_set_space(store.faults, 500, 1 << 20);
	struct ary_compaction_report report = store_test_compact(&store);
	assert_int_equal(report.status, ARY_NO_SPACE);
	assert_true(report.selected_logs >= 1);
	assert_int_equal(logs_sum(&store, 0), sum);
	assert_true(file_bytes(store.path, "2.log") < 600);
	fault_env_reset(store.faults);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_true(logs_sum(&store, 0) != sum);
	store_test_reopen(&store);
	logs_expect(&store, 'a', 0, a, logs_value);
	logs_expect(&store, 'c', 0, c, logs_value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
