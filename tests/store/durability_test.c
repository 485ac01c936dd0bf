/* SPDX-License-Identifier: MIT */
/* An acknowledged write is as durable as its mode promises; what could not be made durable is never
 * acknowledged, never shown, and never tried again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "env/thread.h"
#include "lib/recorder.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "lib/write_batch.h"

enum { WAITS_MAX = 1000 };

static struct store_test store;
static struct recorder recorder;
static struct write_batch *batch;

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	recorder_init(&recorder);
	batch = write_batch_create();
	batch->on_done = recorder_note_done;
	batch->on_done_context = &recorder;
	fault_env_set_hook(store.faults, recorder_hook, &recorder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_test_end(&store);
	write_batch_destroy(batch);
	recorder_release(&recorder);
	return 0;
}

/* Has the batch's writes from the second on wait while the first one is synced, so that they are
 * one group. */
static void submit_as_group(void)
{
	recorder_hold(&recorder, true);
	ary_store_submit(store.store, &batch->writes[0]);
	recorder_await_hold(&recorder);
	write_batch_submit(batch, store.store, 1);
	recorder_hold(&recorder, false);
}

static void fail_calls(enum fault_kind kind, int os_errno, bool forever)
{
	fault_env_fail(store.faults, (struct fault){
		.kind = kind, .nth = 1, .os_errno = os_errno, .forever = forever});
}

/* The store takes no write, but answers reads; closing it tells, and the next open serves. */
static void expect_read_only(const char *key, const char *value)
{
	struct ary_error err;

	assert_true(store_test_stats(&store).read_only);
	assert_int_equal(ary_store_ready(store.store, &err), ARY_READ_ONLY);
	assert_int_equal(store_test_write(&store, "later", "x"), ARY_READ_ONLY);
	assert_int_equal(store_test_write(&store, key, NULL), ARY_READ_ONLY);
	assert_int_equal(store_test_compact(&store).status, ARY_READ_ONLY);
	store_test_expect(&store, key, value);
	assert_int_not_equal(ary_store_close(store.store, &err), ARY_OK);
	store.store = NULL;
	fault_env_reset(store.faults);
	store_test_open(&store);
	store_test_expect(&store, key, value);
	store_test_expect(&store, "later", NULL);
	store_test_set(&store, "later", "works");
	store_test_reopen(&store);
	store_test_expect(&store, "later", "works");
	store_test_expect(&store, key, value);
}

static void test_always_answers_after_a_sync_of_what_was_written(void **state)
{
	char key[16];

	(void)state;
	store.options.rotate_bytes = 3000;
	store_test_open(&store);
	for (int i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "k%d", i % 7);
		write_batch_add(batch, key, "value");
	}
	write_batch_submit(batch, store.store, 0);
	write_batch_wait(batch);
	char last = 's';
	for (size_t i = 0; i < recorder.count; i++) {
		if (recorder.events[i] == 'd')
			assert_int_equal(last, 's');
		else
			last = recorder.events[i];
	}
	assert_int_equal(recorder_count(&recorder, 'd'), 300);
	assert_int_equal(recorder_count(&recorder, 'w'), recorder_count(&recorder, 's'));
}

static void test_always_syncs_once_for_a_group(void **state)
{
	(void)state;
	store_test_open(&store);
	for (int i = 0; i < 101; i++)
		write_batch_add(batch, "k", "value");
	submit_as_group();
	write_batch_wait(batch);
	for (int i = 0; i < 101; i++)
		assert_int_equal(batch->writes[i].status, ARY_OK);
	struct ary_stats stats = store_test_stats(&store);
	assert_int_equal(stats.groups, 2);
	assert_int_equal(stats.syncs, 2);
	assert_int_equal(stats.sets, 101);
	assert_int_equal(recorder_count(&recorder, 's'), 2);
}

static void test_never_syncs_the_first_group_of_a_run_and_of_a_log_only(void **state)
{
	(void)state;
	store.options.durability = ARY_DURABILITY_NEVER;
	store_test_open(&store);
	for (int i = 0; i < 20; i++)
		store_test_set(&store, "k", "v");
	assert_int_equal(recorder_count(&recorder, 's'), 1);
	store_test_kill(&store);
	fault_env_set_hook(store.faults, recorder_hook, &recorder);
	store_test_open(&store);
	recorder_forget(&recorder);
	store_test_set(&store, "k", "v");
	assert_int_equal(recorder_count(&recorder, 's'), 1);
	store_test_set(&store, "k", "v");
	assert_int_equal(recorder_count(&recorder, 's'), 1);
	store_test_close(&store);
	store.options.rotate_bytes = file_bytes(store.path, "0.log") + 1;
	store_test_open(&store);
	store_test_set(&store, "k", "v");
	while (!file_exists(store.path, "1.log"))
		store_test_set(&store, "k", "v");
	recorder_forget(&recorder);
	for (int i = 0; i < 5; i++)
		store_test_set(&store, "k", "v");
	assert_int_equal(recorder_count(&recorder, 's'), 1);
}

/* Before the next log gets its first byte, the sealed one is on disk. */
static void test_never_syncs_a_log_that_is_sealed(void **state)
{
	(void)state;
	store.options.durability = ARY_DURABILITY_NEVER;
	store.options.rotate_bytes = 600;
	store_test_open(&store);
	while (!file_exists(store.path, "1.log")) {
		recorder_forget(&recorder);
		store_test_set(&store, "k", "v");
	}
	assert_int_equal(recorder_count(&recorder, 's'), 1);
	assert_int_equal(recorder.events[recorder.count - 1], 's');
}

static void test_interval_syncs_in_time(void **state)
{
	(void)state;
	store.options.durability = ARY_DURABILITY_INTERVAL;
	store.options.sync_interval_ms = 30;
	store_test_open(&store);
	store_test_set(&store, "first", "of the run");
	uint64_t before = store_test_stats(&store).syncs;
	store_test_set(&store, "k", "v");
	for (int i = 0; i < WAITS_MAX && store_test_stats(&store).syncs == before; i++)
		ary_thread_pause(10);
	assert_int_equal(store_test_stats(&store).syncs, before + 1);
	/* With nothing new there is nothing to sync. */
	for (int i = 0; i < 10; i++)
		ary_thread_pause(10);
	assert_int_equal(store_test_stats(&store).syncs, before + 1);
}

static void test_interval_latches_when_its_sync_fails(void **state)
{
	(void)state;
	store.options.durability = ARY_DURABILITY_INTERVAL;
	store.options.sync_interval_ms = 30;
	store_test_open(&store);
	store_test_set(&store, "first", "of the run");
	fail_calls(FAULT_FILE_SYNC, EIO, true);
	store_test_set(&store, "k", "v");
	for (int i = 0; i < WAITS_MAX && !store_test_stats(&store).read_only; i++)
		ary_thread_pause(10);
	expect_read_only("first", "of the run");
}

static void fail_sync_of_a_group(int os_errno)
{
	store_test_open(&store);
	store_test_set(&store, "k", "old");
	write_batch_add(batch, "other", "in time");
	write_batch_add(batch, "k", "new");
	write_batch_add(batch, "k2", "new");
	write_batch_add(batch, "k3", "new");
	recorder_hold(&recorder, true);
	ary_store_submit(store.store, &batch->writes[0]);
	recorder_await_hold(&recorder);
	/* The sync that is held has been counted; the next one fails. */
	write_batch_submit(batch, store.store, 1);
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_FILE_SYNC, .nth = 2, .os_errno = os_errno});
	recorder_hold(&recorder, false);
	write_batch_wait(batch);
	assert_int_equal(batch->writes[0].status, ARY_OK);
	for (int i = 1; i < 4; i++)
		assert_int_equal(batch->writes[i].status, ARY_UNCERTAIN);
	store_test_expect(&store, "k2", NULL);
	store_test_expect(&store, "k3", NULL);
	store_test_expect(&store, "k", "old");
	store_test_expect(&store, "other", "in time");
}

static void expect_no_more_syncs(void)
{
	unsigned long syncs = fault_env_calls(store.faults, FAULT_FILE_SYNC);

	assert_int_equal(store_test_write(&store, "k", "x"), ARY_READ_ONLY);
	assert_int_equal(store_test_compact(&store).status, ARY_READ_ONLY);
	struct ary_error err;
	assert_int_not_equal(ary_store_close(store.store, &err), ARY_OK);
	store.store = NULL;
	assert_int_equal(fault_env_calls(store.faults, FAULT_FILE_SYNC), syncs);
	store_test_open(&store);
	store_test_expect(&store, "other", "in time");
	store_test_set(&store, "k", "newest");
	store_test_reopen(&store);
	store_test_expect(&store, "k", "newest");
}

static void test_failed_sync_leaves_its_group_uncertain_and_is_not_retried(void **state)
{
	(void)state;
	fail_sync_of_a_group(EIO);
	expect_no_more_syncs();
}

/* Delayed allocation: space may run out as late as that, and the data is lost all the same. */
static void test_sync_without_space_is_a_failed_sync(void **state)
{
	(void)state;
	fail_sync_of_a_group(ENOSPC);
	expect_no_more_syncs();
}

static void test_store_is_read_only_after_a_failed_sync(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "k", "old");
	fail_calls(FAULT_FILE_SYNC, EIO, false);
	assert_int_equal(store_test_write(&store, "j", "new"), ARY_UNCERTAIN);
	store_test_expect(&store, "j", NULL);
	expect_read_only("k", "old");
}

static void test_failed_write_is_taken_back_and_latches(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "k", "old");
	uint64_t bytes = file_bytes(store.path, "0.log");
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_FILE_WRITE, .nth = 1, .os_errno = EIO, .short_bytes = 10});
	assert_int_equal(store_test_write(&store, "k", "new"), ARY_IO);
	assert_int_equal(file_bytes(store.path, "0.log"), bytes);
	expect_read_only("k", "old");
}

static void test_full_disk_refuses_and_goes_on_when_there_is_space(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "k", "old");
	uint64_t bytes = file_bytes(store.path, "0.log");
	for (size_t taken = 0; taken < 60; taken += 20) {
		fault_env_fail(store.faults, (struct fault){
			.kind = FAULT_FILE_WRITE, .nth = 1, .os_errno = ENOSPC,
			.short_bytes = taken});
		assert_int_equal(store_test_write(&store, "k", "new"), ARY_NO_SPACE);
		assert_int_equal(file_bytes(store.path, "0.log"), bytes);
		store_test_expect(&store, "k", "old");
		assert_false(store_test_stats(&store).read_only);
	}
	store_test_set(&store, "j", "later");
	assert_int_equal(ary_store_ready(store.store, NULL), ARY_OK);
	store_test_kill(&store);
	store_test_open(&store);
	store_test_expect(&store, "k", "old");
	store_test_expect(&store, "j", "later");
}

/* The cut itself must be durable before "not stored" is answered. */
static void test_refused_write_is_cut_durably_before_the_answer(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "k", "old");
	unsigned long syncs = fault_env_calls(store.faults, FAULT_FILE_SYNC);
	fail_calls(FAULT_FILE_WRITE, ENOSPC, false);
	assert_int_equal(store_test_write(&store, "k", "new"), ARY_NO_SPACE);
	assert_true(fault_env_calls(store.faults, FAULT_FILE_SYNC) > syncs);
}

static void fail_to_cut(enum fault_kind kind)
{
	store_test_open(&store);
	store_test_set(&store, "k", "old");
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_FILE_WRITE, .nth = 1, .os_errno = ENOSPC, .short_bytes = 30});
	fail_calls(kind, EIO, false);
	assert_int_equal(store_test_write(&store, "j", "new"), ARY_UNCERTAIN);
	expect_read_only("k", "old");
}

static void test_refused_write_that_cannot_be_cut_is_uncertain(void **state)
{
	(void)state;
	fail_to_cut(FAULT_FILE_TRUNCATE);
}

static void test_refused_write_whose_cut_cannot_be_synced_is_uncertain(void **state)
{
	(void)state;
	fail_to_cut(FAULT_FILE_SYNC);
}

static void test_reserve_is_kept_for_removals(void **state)
{
	(void)state;
	store.options.disk_reserve_bytes = 1 << 20;
	store_test_open(&store);
	store_test_set(&store, "k", "old");
	store_test_set(&store, "gone", "old");
	fault_env_set_space(store.faults, 1000, UINT64_C(1) << 30);
	enum ary_status status = ARY_OK;
	for (int i = 0; i < WAITS_MAX && status == ARY_OK; i++) {
		status = store_test_write(&store, "k", "old");
		ary_thread_pause(10);
	}
	assert_int_equal(status, ARY_NO_SPACE);
	assert_int_equal(ary_store_ready(store.store, NULL), ARY_NO_SPACE);
	assert_int_equal(store_test_write(&store, "gone", NULL), ARY_OK);
	store_test_expect(&store, "gone", NULL);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	fault_env_set_space(store.faults, UINT64_C(1) << 29, UINT64_C(1) << 30);
	for (int i = 0; i < WAITS_MAX && ary_store_ready(store.store, NULL) != ARY_OK; i++)
		ary_thread_pause(10);
	assert_int_equal(ary_store_ready(store.store, NULL), ARY_OK);
	store_test_set(&store, "k", "new");
}

/* So that there is room to rewrite them when the disk is full. */
static void test_logs_are_smaller_where_the_disk_is_nearly_full(void **state)
{
	static char value[300001];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	store_test_open(&store);
	fault_env_set_space(store.faults, 8 << 20, UINT64_C(1) << 30);
	for (int i = 0; i < 15; i++)
		store_test_set(&store, "k", value);
	uint64_t logs = store_test_stats(&store).logs;
	assert_in_range(logs, 3, 6);
	assert_in_range(file_bytes(store.path, "0.log"), 1 << 20, 2500000);
	fault_env_set_space(store.faults, UINT64_C(1) << 40, UINT64_C(1) << 41);
	/* It is looked at again a moment later. */
	for (int i = 0; i < 10; i++)
		ary_thread_pause(10);
	for (int i = 0; i < 30; i++)
		store_test_set(&store, "k", value);
	assert_in_range(store_test_stats(&store).logs, logs, logs + 1);
}

static void test_log_goes_on_when_the_next_one_cannot_be_created(void **state)
{
	(void)state;
	store.options.rotate_bytes = 500;
	store_test_open(&store);
	store_test_set(&store, "k", "v");
	fail_calls(FAULT_FILE_CREATE, EMFILE, true);
	for (int i = 0; i < 20; i++)
		store_test_set(&store, "k", "v");
	assert_true(file_bytes(store.path, "0.log") > 1000);
	assert_int_equal(store_count(store.path), 1);
	assert_int_equal(store_test_compact(&store).status, ARY_BUSY);
	fault_env_reset(store.faults);
	store_test_set(&store, "k", "w");
	assert_true(file_exists(store.path, "1.log"));
	store_test_reopen(&store);
	store_test_expect(&store, "k", "w");
}

static void test_first_log_that_cannot_be_created_is_tried_again(void **state)
{
	(void)state;
	store_test_open(&store);
	fail_calls(FAULT_FILE_CREATE, EMFILE, false);
	assert_int_equal(store_test_write(&store, "k", "v"), ARY_BUSY);
	store_test_set(&store, "k", "v");
	store_test_reopen(&store);
	store_test_expect(&store, "k", "v");
}

static void test_name_of_the_next_log_that_cannot_be_synced_latches(void **state)
{
	(void)state;
	store.options.rotate_bytes = 500;
	store_test_open(&store);
	store_test_set(&store, "k", "v");
	fail_calls(FAULT_DIR_SYNC, EIO, false);
	while (!store_test_stats(&store).read_only)
		store_test_set(&store, "k", "v");
	expect_read_only("k", "v");
}

static void test_close_tells_that_its_sync_failed(void **state)
{
	struct ary_error err;

	(void)state;
	store.options.durability = ARY_DURABILITY_NEVER;
	store_test_open(&store);
	store_test_set(&store, "first", "of the run");
	store_test_set(&store, "k", "v");
	fail_calls(FAULT_FILE_SYNC, EIO, true);
	assert_int_not_equal(ary_store_close(store.store, &err), ARY_OK);
	store.store = NULL;
	fault_env_reset(store.faults);
	store_test_open(&store);
	store_test_expect(&store, "first", "of the run");
}

static void test_close_with_a_full_disk_loses_nothing(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "k", "v");
	fail_calls(FAULT_FILE_WRITE, ENOSPC, true);
	store_test_close(&store);
	fault_env_reset(store.faults);
	store_test_open(&store);
	store_test_expect(&store, "k", "v");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_always_answers_after_a_sync_of_what_was_written),
		TEST(test_always_syncs_once_for_a_group),
		TEST(test_never_syncs_the_first_group_of_a_run_and_of_a_log_only),
		TEST(test_never_syncs_a_log_that_is_sealed),
		TEST(test_interval_syncs_in_time),
		TEST(test_interval_latches_when_its_sync_fails),
		TEST(test_failed_sync_leaves_its_group_uncertain_and_is_not_retried),
		TEST(test_sync_without_space_is_a_failed_sync),
		TEST(test_store_is_read_only_after_a_failed_sync),
		TEST(test_failed_write_is_taken_back_and_latches),
		TEST(test_full_disk_refuses_and_goes_on_when_there_is_space),
		TEST(test_refused_write_is_cut_durably_before_the_answer),
		TEST(test_refused_write_that_cannot_be_cut_is_uncertain),
		TEST(test_refused_write_whose_cut_cannot_be_synced_is_uncertain),
		TEST(test_reserve_is_kept_for_removals),
		TEST(test_logs_are_smaller_where_the_disk_is_nearly_full),
		TEST(test_log_goes_on_when_the_next_one_cannot_be_created),
		TEST(test_first_log_that_cannot_be_created_is_tried_again),
		TEST(test_name_of_the_next_log_that_cannot_be_synced_latches),
		TEST(test_close_tells_that_its_sync_failed),
		TEST(test_close_with_a_full_disk_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
