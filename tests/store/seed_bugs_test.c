/* SPDX-License-Identifier: MIT */
/* None of the bugs of the system that this one was made after is in it: one test for each that
 * lost or corrupted data (a01 to a18), and for those whose account of stale bytes was wrong (b07 to
 * b10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "segment/segment.h"

static struct store_test store;

static int setup(void **state)
{
	(void)state;
	store_test_begin(&store);
	store.options.rotate_bytes = 400;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_test_end(&store);
	return 0;
}

/* Writes to KEY until the log NAME is there. */
static void write_until(const char *name, const char *key, const char *value)
{
	while (!file_exists(store.path, name))
		store_test_set(&store, key, value);
}

static bool log_has(const char *name, const char *text)
{
	struct ary_buf log = file_read(store.path, name);
	bool found = memmem(log.data, log.size, text, strlen(text)) != NULL;

	ary_buf_release(&log);
	return found;
}

static void test_a01_tombstone_goes_to_the_active_log(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "key", "value");
	write_until("2.log", "other", "x");
	struct ary_buf before = file_read(store.path, "0.log");
	store_test_remove(&store, "key");
	struct ary_buf after = file_read(store.path, "0.log");
	assert_true(ary_bytes_equal(ary_buf_view(&before), ary_buf_view(&after)));
	assert_true(log_has("2.log", "\"cmd\":\"Rm\""));
	ary_buf_release(&before);
	ary_buf_release(&after);
}

/* The old value's log holds nothing that counts, and goes with the tombstone. */
static void test_a02_removed_key_stays_removed_after_compaction(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "A", "old");
	write_until("1.log", "A", "old");
	store_test_set(&store, "A", "new");
	store_test_remove(&store, "A");
	store_test_set(&store, "other", "1");
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	assert_false(file_exists(store.path, "0.log"));
	store_test_expect(&store, "A", NULL);
	store_test_reopen(&store);
	store_test_expect(&store, "A", NULL);
	store_test_expect(&store, "other", "1");
}

/* The order of the calls that a compaction made. */
static char calls[64];

static void note_call(void *context, enum fault_kind kind, const char *name)
{
	size_t count = strlen(calls);

	(void)context;
	if (count + 1 >= sizeof(calls))
		return;
	if (kind == FAULT_FILE_SYNC && strstr(name, ".tmp"))
		calls[count] = 's';
	else if (kind == FAULT_DIR_RENAME)
		calls[count] = 'r';
	else if (kind == FAULT_DIR_SYNC)
		calls[count] = 'd';
	else if (kind == FAULT_DIR_UNLINK)
		calls[count] = 'u';
}

static void test_a03_merge_is_durable_before_originals_go(void **state)
{
	(void)state;
	store_test_open(&store);
	write_until("3.log", "key", "value");
	memset(calls, 0, sizeof(calls));
	fault_env_set_hook(store.faults, note_call, NULL);
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	fault_env_set_hook(store.faults, NULL, NULL);
	const char *rename = strchr(calls, 'r');
	const char *sync = strrchr(calls, 's');
	const char *remove = strchr(calls, 'u');
	assert_true(rename && sync && remove);
	assert_true(sync < rename);
	assert_int_equal(rename[1], 'd');
	assert_true(remove > rename + 1);
	assert_int_equal(calls[strlen(calls) - 1], 'd');
}

static void test_a04_compaction_can_be_tried_again_after_a_full_disk(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_fill(&store, 12);
	store_test_fill(&store, 12);
	for (int i = 0; i < 3; i++) {
		fault_env_fail(store.faults, (struct fault){
			.kind = FAULT_FILE_WRITE, .nth = 2, .os_errno = ENOSPC,
			.short_bytes = 99});
		assert_int_equal(store_test_compact(&store).status, ARY_NO_SPACE);
		store_test_expect_filled(&store, 12);
		fault_env_reset(store.faults);
		store_test_set(&store, "k0", "k0");
	}
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	store_test_expect_filled(&store, 12);
	store_test_reopen(&store);
	store_test_expect_filled(&store, 12);
}

static void test_a05_failed_removal_loses_no_later_write(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_fill(&store, 12);
	store_test_fill(&store, 12);
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_DIR_UNLINK, .nth = 1, .forever = true});
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	store_test_set(&store, "k1", "newer");
	fault_env_reset(store.faults);
	store_test_reopen(&store);
	store_test_expect(&store, "k1", "newer");
	store_test_expect(&store, "k2", "k2");
}

/* Whatever subset of the old logs a crash kept. */
static void test_a06_any_subset_of_old_logs_is_harmless(void **state)
{
	char name[16];
	struct ary_buf old[3];

	(void)state;
	store_test_open(&store);
	store_test_set(&store, "A", "old");
	write_until("1.log", "x", "1");
	write_until("2.log", "A", "newer");
	store_test_remove(&store, "A");
	write_until("3.log", "x", "2");
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%d.log", i);
		old[i] = file_read(store.path, name);
	}
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	store_test_close(&store);
	for (int subset = 0; subset < 4; subset++) {
		for (int i = 0; i < 2; i++) {
			snprintf(name, sizeof(name), "%d.log", i);
			if (subset & 1 << i)
				file_write(store.path, name, ary_buf_view(&old[i]));
		}
		store_test_open(&store);
		store_test_expect(&store, "A", NULL);
		store_test_expect(&store, "x", "2");
		store_test_close(&store);
	}
	for (int i = 0; i < 3; i++)
		ary_buf_release(&old[i]);
}

static void test_a07_acknowledged_write_was_synced(void **state)
{
	(void)state;
	store_test_open(&store);
	for (int i = 0; i < 5; i++) {
		unsigned long syncs = fault_env_calls(store.faults, FAULT_FILE_SYNC);
		store_test_set(&store, "key", "value");
		assert_int_equal(fault_env_calls(store.faults, FAULT_FILE_SYNC), syncs + 1);
	}
}

static void test_a08_write_after_a_torn_one_is_whole(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "a", "1");
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_FILE_WRITE, .nth = 1, .os_errno = ENOSPC, .short_bytes = 20});
	assert_int_equal(store_test_write(&store, "b", "2"), ARY_NO_SPACE);
	store_test_set(&store, "c", "3");
	store_test_kill(&store);
	store_test_open(&store);
	store_test_expect(&store, "a", "1");
	store_test_expect(&store, "b", NULL);
	store_test_expect(&store, "c", "3");
}

static void test_a09_line_without_its_newline_is_no_line(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "a", "1");
	store_test_set(&store, "b", "2");
	store_test_kill(&store);
	file_truncate(store.path, "0.log", file_bytes(store.path, "0.log") - 1);
	store_test_open(&store);
	store_test_expect(&store, "b", NULL);
	store_test_set(&store, "c", "3");
	store_test_kill(&store);
	store_test_open(&store);
	store_test_expect(&store, "a", "1");
	store_test_expect(&store, "b", NULL);
	store_test_expect(&store, "c", "3");
}

/* Beyond 4 GiB, in a file that is mostly a hole. */
static void test_a10_offsets_have_64_bits(void **state)
{
	static const uint64_t hole = (UINT64_C(4) << 30) + 7;
	struct ary_segment *segment;
	struct ary_error err;
	struct ary_dir *dir;
	struct ary_buf line = {0};
	char path[TMPDIR_PATH_BYTES + 8];

	(void)state;
	store_test_open(&store);
	store_test_close(&store);
	snprintf(path, sizeof(path), "%s/logs", store.path);
	assert_int_equal(ary_dir_open(store.options.env, path, false, &dir, &err), ARY_OK);
	file_write(store.path, "5.log", ary_bytes_of("start\n"));
	file_truncate(store.path, "5.log", hole);
	assert_int_equal(ary_segment_open(dir, 5, 0, &segment, &err), ARY_OK);
	assert_int_equal(ary_segment_bytes(segment), hole);
	assert_int_equal(ary_segment_append(segment, ary_bytes_of("behind\n"), &err), ARY_OK);
	assert_int_equal(ary_segment_sync(segment, &err), ARY_OK);
	assert_int_equal(ary_segment_durable_bytes(segment), hole + 7);
	assert_int_equal(ary_segment_read_line(segment, hole, 7, &line, &err), ARY_OK);
	assert_memory_equal(line.data, "behind\n", 7);
	assert_int_equal(ary_segment_read_line(segment, 0, 6, &line, &err), ARY_OK);
	assert_memory_equal(line.data, "start\n", 6);
	assert_int_equal(file_bytes(store.path, "5.log"), hole + 7);
	ary_buf_release(&line);
	ary_segment_unref(segment);
	ary_dir_close(dir);
}

static void test_a11_failed_write_does_not_appear_later(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "a", "1");
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_FILE_WRITE, .nth = 1, .os_errno = ENOSPC, .after = true});
	assert_int_equal(store_test_write(&store, "zombie", "x"), ARY_NO_SPACE);
	store_test_set(&store, "b", "2");
	store_test_expect(&store, "zombie", NULL);
	store_test_reopen(&store);
	store_test_expect(&store, "zombie", NULL);
	store_test_expect(&store, "b", "2");
	assert_false(log_has("0.log", "zombie"));
}

static void expect_open_fails(enum fault_kind kind, const char *name)
{
	struct ary_error err;

	fault_env_fail(store.faults, (struct fault){
		.kind = kind, .name = name, .nth = 1, .os_errno = EACCES});
	assert_int_equal(store_test_try_open(&store, &err), ARY_IO);
	fault_env_reset(store.faults);
}

static void test_a12_unreadable_directory_is_no_empty_store(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "a", "1");
	store_test_close(&store);
	uint64_t sum = store_sum(store.path);
	expect_open_fails(FAULT_DIR_OPEN, NULL);
	expect_open_fails(FAULT_DIR_LIST, NULL);
	expect_open_fails(FAULT_FILE_OPEN, "0.log");
	expect_open_fails(FAULT_FILE_READ, "0.log");
	expect_open_fails(FAULT_FILE_SIZE, "0.log");
	assert_int_equal(store_sum(store.path), sum);
	store_test_open(&store);
	store_test_expect(&store, "a", "1");
}

static void test_a13_second_opening_is_refused(void **state)
{
	struct ary_store *second;
	struct ary_error err;

	(void)state;
	store_test_open(&store);
	assert_int_equal(ary_store_open(&store.options, &second, &err), ARY_LOCKED);
}

/* A line that changed under a running store is not served. */
static void test_a14_wrong_bytes_are_never_a_value(void **state)
{
	struct ary_value got;
	struct ary_error err;

	(void)state;
	store.options.rotate_bytes = 1 << 20;
	store_test_open(&store);
	store_test_set(&store, "a", "1111");
	uint64_t a = file_bytes(store.path, "0.log");
	store_test_set(&store, "b", "2222");
	file_flip(store.path, "0.log", a - 25, 0x01);
	assert_int_equal(ary_store_get(store.store, ary_bytes_of("a"), &got, &err), ARY_CORRUPT);
	assert_non_null(strstr(err.text, "0.log"));
	store_test_expect(&store, "b", "2222");
	file_flip(store.path, "0.log", a - 25, 0x01);
	store_test_expect(&store, "a", "1111");
	/* Another key's line, whole as it is, in its place. */
	struct ary_buf log = file_read(store.path, "0.log");
	size_t size = log.size - a;
	assert_true(a >= size);
	memcpy(log.data + a - size, log.data + a, size);
	file_write(store.path, "0.log", ary_buf_view(&log));
	ary_buf_release(&log);
	assert_int_equal(ary_store_get(store.store, ary_bytes_of("a"), &got, &err), ARY_CORRUPT);
	store_test_expect(&store, "b", "2222");
}

static void test_a15_stray_names_are_no_logs(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "a", "1");
	store_test_close(&store);
	file_write(store.path, "7", ary_bytes_of("stray\n"));
	file_write(store.path, "3.log.log", ary_bytes_of("stray\n"));
	store_test_open(&store);
	store_test_set(&store, "a", "2");
	assert_false(file_exists(store.path, "7.log"));
	assert_false(file_exists(store.path, "3.log"));
	store_test_reopen(&store);
	store_test_expect(&store, "a", "2");
	assert_int_equal(store_count(store.path), 3);
}

static void test_a16_removal_that_was_not_written_is_not_ok(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "a", "1");
	fault_env_fail(store.faults, (struct fault){
		.kind = FAULT_FILE_WRITE, .nth = 1, .os_errno = ENOSPC});
	assert_int_equal(store_test_write(&store, "a", NULL), ARY_NO_SPACE);
	store_test_expect(&store, "a", "1");
	store_test_reopen(&store);
	store_test_expect(&store, "a", "1");
}

static void test_a17_damaged_line_is_not_copied(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "a", "1111");
	uint64_t place = file_bytes(store.path, "0.log") - 25;
	write_until("2.log", "b", "2222");
	file_flip(store.path, "0.log", place, 0x01);
	assert_int_equal(store_test_compact(&store).status, ARY_CORRUPT);
	store_test_expect(&store, "b", "2222");
	file_flip(store.path, "0.log", place, 0x01);
	store_test_expect(&store, "a", "1111");
}

static void test_a18_leftover_temporary_is_not_replayed(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_set(&store, "a", "old");
	write_until("1.log", "b", "1");
	struct ary_buf old = file_read(store.path, "0.log");
	store_test_set(&store, "a", "new");
	/* Longer than the merge will be, and in its way. */
	struct ary_buf leftover = {0};
	for (int i = 0; i < 5; i++)
		assert_true(ary_buf_append(&leftover, ary_buf_view(&old)));
	file_write(store.path, "0.log.tmp", ary_buf_view(&leftover));
	file_write(store.path, "1.log.tmp", ary_buf_view(&leftover));
	store_test_remove(&store, "b");
	assert_int_equal(store_test_compact(&store).status, ARY_OK);
	store_test_reopen(&store);
	store_test_expect(&store, "a", "new");
	store_test_expect(&store, "b", NULL);
	assert_false(file_exists(store.path, "0.log.tmp"));
	assert_false(file_exists(store.path, "1.log.tmp"));
	ary_buf_release(&leftover);
	ary_buf_release(&old);
}

static void test_b07_live_bytes_are_not_stale_after_an_open(void **state)
{
	(void)state;
	store_test_open(&store);
	store_test_fill(&store, 20);
	assert_int_equal(store_test_stats(&store).stale_bytes, 0);
	store_test_kill(&store);
	store_test_open(&store);
	assert_int_equal(store_test_stats(&store).stale_bytes, 0);
	assert_true(store_test_stats(&store).live_bytes > 0);
}

static void test_b08_new_keys_are_not_counted_as_stale(void **state)
{
	char key[16];

	(void)state;
	store_test_open(&store);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		store_test_set(&store, key, "value");
		assert_int_equal(store_test_stats(&store).stale_bytes, 0);
	}
}

static void test_b09_overwritten_values_are_stale(void **state)
{
	(void)state;
	store.options.rotate_bytes = 1 << 20;
	store_test_open(&store);
	store_test_set(&store, "key", "value");
	uint64_t line = store_test_stats(&store).live_bytes;
	for (int i = 0; i < 500; i++)
		store_test_set(&store, "key", "value");
	struct ary_stats stats = store_test_stats(&store);
	assert_true(stats.stale_bytes >= 500 * line);
	assert_true(stats.live_bytes < 2 * line);
	uint64_t stale_bytes = stats.stale_bytes;
	store_test_kill(&store);
	store_test_open(&store);
	assert_int_equal(store_test_stats(&store).stale_bytes, stale_bytes);
}

static void test_b10_removal_makes_both_its_lines_stale(void **state)
{
	(void)state;
	store.options.rotate_bytes = 1 << 20;
	store_test_open(&store);
	store_test_set(&store, "key", "value");
	uint64_t set = store_test_stats(&store).live_bytes;
	uint64_t before = file_bytes(store.path, "0.log");
	store_test_remove(&store, "key");
	uint64_t rm = file_bytes(store.path, "0.log") - before;
	assert_int_equal(store_test_stats(&store).stale_bytes, set + rm);
	assert_int_equal(store_test_stats(&store).live_bytes, 0);
	store_test_kill(&store);
	store_test_open(&store);
	assert_int_equal(store_test_stats(&store).stale_bytes, set + rm);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a01_tombstone_goes_to_the_active_log),
		TEST(test_a02_removed_key_stays_removed_after_compaction),
		TEST(test_a03_merge_is_durable_before_originals_go),
		TEST(test_a04_compaction_can_be_tried_again_after_a_full_disk),
		TEST(test_a05_failed_removal_loses_no_later_write),
		TEST(test_a06_any_subset_of_old_logs_is_harmless),
		TEST(test_a07_acknowledged_write_was_synced),
		TEST(test_a08_write_after_a_torn_one_is_whole),
		TEST(test_a09_line_without_its_newline_is_no_line),
		TEST(test_a10_offsets_have_64_bits),
		TEST(test_a11_failed_write_does_not_appear_later),
		TEST(test_a12_unreadable_directory_is_no_empty_store),
		TEST(test_a13_second_opening_is_refused),
		TEST(test_a14_wrong_bytes_are_never_a_value),
		TEST(test_a15_stray_names_are_no_logs),
		TEST(test_a16_removal_that_was_not_written_is_not_ok),
		TEST(test_a17_damaged_line_is_not_copied),
		TEST(test_a18_leftover_temporary_is_not_replayed),
		TEST(test_b07_live_bytes_are_not_stale_after_an_open),
		TEST(test_b08_new_keys_are_not_counted_as_stale),
		TEST(test_b09_overwritten_values_are_stale),
		TEST(test_b10_removal_makes_both_its_lines_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
