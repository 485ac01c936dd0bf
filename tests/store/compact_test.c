/* SPDX-License-Identifier: MIT */
/* A compaction gives back what is stale and nothing else, beside traffic; when it fails, everything
 * is as it was and a later one can succeed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "env/thread.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

enum { WAITS_MAX = 1000 };

static struct store_test store;

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_test_end(&store);
	return 0;
}

/* Several logs, mostly stale: k0 to k9 hold their names, k3 is removed. */
static void write_history(void)
{
	store.options.rotate_bytes = 800;
	store_test_open(&store);
	for (int round = 0; round < 5; round++)
		store_test_fill(&store, 10);
	store_test_remove(&store, "k3");
	assert_true(store_test_stats(&store).logs > 5);
}

static void check_history(void)
{
	char key[16];

	for (int i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		store_test_expect(&store, key, i == 3 ? NULL : key);
	}
}

static void test_merge_keeps_present_values_only(void **state)
{
	(void)state;
	write_history();
	struct ary_stats before = store_test_stats(&store);
	struct ary_compaction_report report = store_test_compact(&store);
	struct ary_stats after = store_test_stats(&store);
	assert_int_equal(report.status, ARY_OK);
	assert_int_equal(report.runs, 1);
	assert_int_equal(report.state, ARY_COMPACTION_IDLE);
	assert_int_equal(report.records_kept, 9);
	assert_int_equal(report.bytes_after, after.log_bytes);
	assert_int_equal(report.logs_after, after.logs);
	assert_true(report.logs_before >= before.logs);
	assert_true(report.bytes_before >= before.log_bytes);
	assert_int_equal(after.logs, 2);
	assert_int_equal(after.stale_bytes, 0);
	assert_int_equal(after.live_bytes, before.live_bytes);
	assert_int_equal(after.keys, 9);
	assert_int_equal(store_count(store.path), 2);
	check_history();
	store_test_reopen(&store);
	check_history();
	assert_int_equal(store_test_stats(&store).live_bytes, before.live_bytes);
}

static void test_merge_keeps_seqs(void **state)
{
	uint64_t seqs[3];

	(void)state;
	write_history();
	for (int i = 0; i < 3; i++)
		seqs[i] = store_test_seq(&store, i == 0 ? "k0" : i == 1 ? "k5" : "k9");
	uint64_t last = store_test_stats(&store).seq;
	store_test_compact(&store);
	for (int reopened = 0; reopened < 2; reopened++) {
		assert_int_equal(store_test_seq(&store, "k0"), seqs[0]);
		assert_int_equal(store_test_seq(&store, "k5"), seqs[1]);
		assert_int_equal(store_test_seq(&store, "k9"), seqs[2]);
		store_test_reopen(&store);
	}
	assert_true(store_test_set(&store, "next", "1") > last);
}

static void test_merged_file_has_the_documented_form(void **state)
{
	char text[64];

	(void)state;
	write_history();
	store_test_compact(&store);
	store_test_close(&store);
	int number = 0;
	do {
		snprintf(text, sizeof(text), "%d.log", number++);
	} while (!file_exists(store.path, text));
	struct ary_buf log = file_read(store.path, text);
	struct ary_bytes bytes = ary_buf_view(&log);
	assert_int_equal(line_count(bytes), 11);
	snprintf(text, sizeof(text), "\"cmd\":\"Base\",\"version\":1,\"log\":%d,\"base\":0,",
		 number - 1);
	assert_non_null(memmem(log.data, line_start(bytes, 1), text, strlen(text)));
	assert_int_equal(memcmp(log.data, "{\"seq\":1,", 9), 0);
	uint64_t seal = line_start(bytes, 10);
	assert_non_null(memmem(log.data + seal, log.size - seal, "\"cmd\":\"Seal\"", 12));
	assert_non_null(memmem(log.data + seal, log.size - seal, "\"lines\":10,", 11));
	assert_null(memmem(log.data, log.size, "\"cmd\":\"Rm\"", 10));
	ary_buf_release(&log);
}

static void test_removed_keys_do_not_return_after_many_rounds(void **state)
{
	char key[16];

	(void)state;
	store.options.rotate_bytes = 600;
	store_test_open(&store);
	for (int round = 0; round < 6; round++) {
		store_test_fill(&store, 12);
		for (int i = 0; i < 12; i += 2) {
			snprintf(key, sizeof(key), "k%d", i);
			store_test_remove(&store, key);
		}
		if (round % 2 == 0)
			assert_int_equal(store_test_compact(&store).status, ARY_OK);
		if (round % 3 == 0)
			store_test_reopen(&store);
		for (int i = 0; i < 12; i++) {
			snprintf(key, sizeof(key), "k%d", i);
			store_test_expect(&store, key, i % 2 == 0 ? NULL : key);
		}
	}
}

static void test_nothing_stale_changes_nothing(void **state)
{
	(void)state;
	store.options.rotate_bytes = 600;
	store_test_open(&store);
	store_test_fill(&store, 30);
	uint64_t sum = store_sum(store.path);
	struct ary_compaction_report report = store_test_compact(&store);
	assert_int_equal(report.status, ARY_OK);
	assert_int_equal(report.runs, 1);
	assert_int_equal(store_sum(store.path), sum);
}

static void test_empty_store_compacts(void **state)
{
	(void)state;
	store_test_open(&store);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	store_test_set(&store, "a", "1");
	store_test_remove(&store, "a");
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_int_equal(store_test_stats(&store).keys, 0);
	store_test_reopen(&store);
	store_test_expect(&store, "a", NULL);
	store_test_set(&store, "a", "2");
	store_test_reopen(&store);
	store_test_expect(&store, "a", "2");
}

/* Everything is as it was, and the next compaction succeeds. */
static void expect_harmless(enum ary_status expected)
{
	assert_int_equal(store_test_compact(&store).status, expected);
	fault_env_reset(store.faults);
	assert_false(store_test_stats(&store).read_only);
	check_history();
	store_test_set(&store, "k0", "k0");
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_int_equal(store_test_stats(&store).stale_bytes, 0);
	check_history();
	store_test_reopen(&store);
	check_history();
}

/* Every log there will be has a temporary name; the fault is for the newest of them, whichever. */
static void fail_merge_file(enum fault_kind kind, int os_errno, unsigned long nth)
{
	static char name[32];
	int newest = 0;

	do {
		snprintf(name, sizeof(name), "%d.log", ++newest);
	} while (file_exists(store.path, name));
	/* The active log is sealed for the compaction, unless it is empty. */
	snprintf(name, sizeof(name), "%d.log", newest - 1);
	bool empty = file_bytes(store.path, name) == 0;
	snprintf(name, sizeof(name), "%d.log.tmp", empty ? newest - 2 : newest - 1);
	fault_env_fail(store.faults, (struct fault){
		.kind = kind, .name = name, .nth = nth, .os_errno = os_errno,
		.short_bytes = 100});
}

static void test_full_disk_during_a_merge_changes_nothing(void **state)
{
	(void)state;
	write_history();
	fail_merge_file(FAULT_FILE_WRITE, ENOSPC, 1);
	expect_harmless(ARY_NO_SPACE);
}

static void test_failed_write_of_a_merge_changes_nothing(void **state)
{
	(void)state;
	write_history();
	fail_merge_file(FAULT_FILE_WRITE, EIO, 2);
	expect_harmless(ARY_IO);
}

static void test_failed_sync_of_a_merge_changes_nothing(void **state)
{
	(void)state;
	write_history();
	fail_merge_file(FAULT_FILE_SYNC, EIO, 1);
	expect_harmless(ARY_IO);
}

static void test_merge_that_cannot_be_cut_changes_nothing(void **state)
{
	(void)state;
	write_history();
	fail_merge_file(FAULT_FILE_WRITE, ENOSPC, 1);
	fail_merge_file(FAULT_FILE_TRUNCATE, EIO, 1);
	expect_harmless(ARY_IO);
}

static void test_merge_file_that_cannot_be_created_changes_nothing(void **state)
{
	(void)state;
	write_history();
	fail_merge_file(FAULT_FILE_CREATE, EMFILE, 1);
	expect_harmless(ARY_BUSY);
}

static void test_temporary_file_that_stays_is_overwritten_later(void **state)
{
	(void)state;
	write_history();
	fail_merge_file(FAULT_FILE_WRITE, ENOSPC, 1);
	fail_merge_file(FAULT_DIR_UNLINK, EIO, 1);
	expect_harmless(ARY_NO_SPACE);
}

static void test_files_that_cannot_be_removed_are_harmless(void **state)
{
	(void)state;
	write_history();
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_DIR_UNLINK, .nth = 2, .forever = true});
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_true(store_count(store.path) > 3);
	check_history();
	store_test_remove(&store, "k4");
	store_test_set(&store, "k4", "k4");
	fault_env_reset(store.faults);
	store_test_reopen(&store);
	assert_true(store_count(store.path) <= 3);
	check_history();
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	check_history();
}

static void fail_after_the_merge(enum fault_kind kind, bool after)
{
	struct ary_error err;

	write_history();
	/* The second merge is of a merge alone, and its name the first thing it changes. */
	store_test_compact(&store);
	store_test_set(&store, "k0", "k0");
	fault_env_fail(store.faults, (struct fault){
		.kind = kind, .nth = 1, .after = after});
	assert_int_not_equal(store_test_compact(&store).status, ARY_OK);
	check_history();
	assert_true(store_test_stats(&store).read_only);
	assert_int_equal(store_test_write(&store, "k0", "x"), ARY_READ_ONLY);
	fault_env_reset(store.faults);
	assert_int_not_equal(ary_store_close(store.store, &err), ARY_OK);
	store.store = NULL;
	store_test_open(&store);
	check_history();
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	store_test_reopen(&store);
	check_history();
}

static void test_failed_rename_is_not_built_upon(void **state)
{
	(void)state;
	fail_after_the_merge(FAULT_DIR_RENAME, false);
}

static void test_rename_whose_answer_is_lost_is_not_built_upon(void **state)
{
	(void)state;
	fail_after_the_merge(FAULT_DIR_RENAME, true);
}

static void test_name_that_cannot_be_synced_is_not_built_upon(void **state)
{
	(void)state;
	fail_after_the_merge(FAULT_DIR_SYNC, false);
}

static void test_damaged_line_stops_a_merge(void **state)
{
	(void)state;
	write_history();
	struct ary_buf log = file_read(store.path, "1.log");
	uint64_t at = line_start(ary_buf_view(&log), 2) + 12;
	ary_buf_release(&log);
	file_flip(store.path, "1.log", at, 0x04);
	int files = store_count(store.path);
	struct ary_compaction_report report = store_test_compact(&store);
	assert_int_equal(report.status, ARY_CORRUPT);
	assert_non_null(strstr(report.error.text, "1.log"));
	assert_in_range(store_count(store.path), files, files + 1);
	check_history();
	file_flip(store.path, "1.log", at, 0x04);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	store_test_reopen(&store);
	check_history();
}

/* Not one line of it is damaged; there are too few. */
static void test_log_that_became_shorter_stops_a_merge(void **state)
{
	(void)state;
	write_history();
	struct ary_buf log = file_read(store.path, "1.log");
	uint64_t cut = line_start(ary_buf_view(&log), 2);
	file_truncate(store.path, "1.log", cut);
	assert_int_equal(store_test_compact(&store).status, ARY_CORRUPT);
	file_write(store.path, "1.log", ary_buf_view(&log));
	ary_buf_release(&log);
	check_history();
	store_test_reopen(&store);
	check_history();
}

static void test_compaction_starts_by_itself_at_the_threshold(void **state)
{
	(void)state;
	store.options.compact_stale_bytes = 2000;
	store.options.rotate_bytes = 1000;
	store_test_open(&store);
	for (int i = 0; i < 200; i++) {
		store_test_fill(&store, 3);
		store_test_remove(&store, "k1");
	}
	struct ary_compaction_report report;
	for (int i = 0; i < WAITS_MAX; i++) {
		ary_store_compaction_report(store.store, &report);
		if (report.state == ARY_COMPACTION_IDLE &&
		    store_test_stats(&store).stale_bytes < 2000)
			break;
		ary_thread_pause(10);
	}
	assert_true(report.runs > 0);
	assert_int_equal(report.status, ARY_OK);
	assert_true(store_test_stats(&store).stale_bytes < 2000);
	store_test_expect(&store, "k0", "k0");
	store_test_expect(&store, "k1", NULL);
	store_test_reopen(&store);
	store_test_expect(&store, "k2", "k2");
	store_test_expect(&store, "k1", NULL);
}

static void test_compaction_starts_by_itself_when_half_is_stale(void **state)
{
	static char value[500001];
	struct ary_compaction_report report;

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	store.options.compact_stale_bytes = UINT64_C(1) << 40;
	store_test_open(&store);
	for (int i = 0; i < 6; i++)
		store_test_set(&store, "a", value);
	ary_store_compaction_report(store.store, &report);
	assert_int_equal(report.runs, 0);
	/* Half of it, but less than 4 MiB, was not enough. */
	for (int i = 0; i < 6; i++)
		store_test_set(&store, "a", value);
	for (int i = 0; i < WAITS_MAX && report.runs == 0; i++) {
		ary_store_compaction_report(store.store, &report);
		ary_thread_pause(10);
	}
	assert_int_equal(report.runs, 1);
	assert_int_equal(report.status, ARY_OK);
	store_test_expect(&store, "a", value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_merge_keeps_present_values_only),
		TEST(test_merge_keeps_seqs),
		TEST(test_merged_file_has_the_documented_form),
		TEST(test_removed_keys_do_not_return_after_many_rounds),
		TEST(test_nothing_stale_changes_nothing),
		TEST(test_empty_store_compacts),
		TEST(test_full_disk_during_a_merge_changes_nothing),
		TEST(test_failed_write_of_a_merge_changes_nothing),
		TEST(test_failed_sync_of_a_merge_changes_nothing),
		TEST(test_merge_that_cannot_be_cut_changes_nothing),
		TEST(test_merge_file_that_cannot_be_created_changes_nothing),
		TEST(test_temporary_file_that_stays_is_overwritten_later),
		TEST(test_files_that_cannot_be_removed_are_harmless),
		TEST(test_failed_rename_is_not_built_upon),
		TEST(test_rename_whose_answer_is_lost_is_not_built_upon),
		TEST(test_name_that_cannot_be_synced_is_not_built_upon),
		TEST(test_damaged_line_stops_a_merge),
		TEST(test_log_that_became_shorter_stops_a_merge),
		TEST(test_compaction_starts_by_itself_at_the_threshold),
		TEST(test_compaction_starts_by_itself_when_half_is_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
