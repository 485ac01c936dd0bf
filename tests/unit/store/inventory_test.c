/* SPDX-License-Identifier: MIT */
/* Taking stock tells which logs count, whatever lies about in the folder, and changes nothing;
 * cleaning removes what is left over and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "lib/fault_env.h"
#include "lib/lines.h"
#include "lib/store_files.h"
#include "lib/tmpdir.h"
#include "store/inventory.h"

static struct tmpdir tmpdir;
static struct fault_env *faults;
static struct ary_dir *dir;

static int setup(void **state)
{
	char logs[TMPDIR_PATH_BYTES];

	(void)state;
	tmpdir_create(&tmpdir);
	assert_int_equal(mkdir(tmpdir_join(&tmpdir, "logs", logs), 0700), 0);
	faults = fault_env_create(ary_env_posix());
	assert_int_equal(ary_dir_open(fault_env_env(faults), logs, false, &dir, NULL), ARY_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ary_alloc_fail_at(0, 0);
	ary_dir_close(dir);
	fault_env_destroy(faults);
	tmpdir_remove(&tmpdir);
	return 0;
}

/* A log that begins with a Log line, or (BASE) with a Base line. */
static void make_log(uint64_t number, bool base)
{
	struct ary_buf line = {0};
	char name[32];

	if (base)
		lines_sealf(&line, "{\"seq\":1,\"time\":1,\"cmd\":\"Base\",\"version\":1,"
			    "\"log\":%llu,\"base\":0", (unsigned long long)number);
	else
		lines_sealf(&line, "{\"seq\":1,\"time\":1,\"cmd\":\"Log\",\"version\":1,"
			    "\"log\":%llu,\"durability\":\"always\"", (unsigned long long)number);
	snprintf(name, sizeof(name), "%llu.log", (unsigned long long)number);
	file_write(tmpdir.path, name, ary_buf_view(&line));
	ary_buf_release(&line);
}

/* A log that is the merge of those from BASE on. */
static void make_merge(uint64_t number, uint64_t base)
{
	struct ary_buf line = {0};
	char name[32];

	lines_sealf(&line, "{\"seq\":1,\"time\":1,\"cmd\":\"Merge\",\"version\":1,"
		    "\"log\":%llu,\"base\":%llu,\"cleaned\":9", (unsigned long long)number,
		    (unsigned long long)base);
	snprintf(name, sizeof(name), "%llu.log", (unsigned long long)number);
	file_write(tmpdir.path, name, ary_buf_view(&line));
	ary_buf_release(&line);
}

static void take(struct ary_inventory *out)
{
	struct ary_error err;

	if (ary_inventory_take(dir, out, &err) != ARY_OK)
		fail_msg("%s", err.text);
}

static void expect_corrupt(const char *word)
{
	struct ary_inventory inventory;
	struct ary_error err;

	assert_int_equal(ary_inventory_take(dir, &inventory, &err), ARY_CORRUPT);
	assert_non_null(strstr(err.text, word));
}

static void test_empty_folder_has_no_logs(void **state)
{
	struct ary_inventory inventory;

	(void)state;
	take(&inventory);
	assert_int_equal(inventory.log_count, 0);
	assert_int_equal(inventory.obsolete_count, 0);
	assert_int_equal(inventory.bytes, 0);
	assert_int_equal(ary_inventory_clean(dir, &inventory, NULL), ARY_OK);
	ary_inventory_release(&inventory);
}

static void test_logs_rise_by_number(void **state)
{
	struct ary_inventory inventory;

	(void)state;
	for (uint64_t i = 0; i < 12; i++)
		make_log(11 - i, false);
	take(&inventory);
	assert_int_equal(inventory.log_count, 12);
	uint64_t bytes = 0;
	for (uint64_t i = 0; i < 12; i++) {
		char name[32];
		assert_int_equal(inventory.logs[i], i);
		snprintf(name, sizeof(name), "%d.log", (int)i);
		bytes += file_bytes(tmpdir.path, name);
	}
	assert_int_equal(inventory.bytes, bytes);
	ary_inventory_release(&inventory);
}

static void test_highest_base_counts(void **state)
{
	struct ary_inventory inventory;

	(void)state;
	make_log(1, true);
	make_log(3, false);
	make_log(4, true);
	make_log(5, false);
	take(&inventory);
	assert_int_equal(inventory.log_count, 2);
	assert_int_equal(inventory.logs[0], 4);
	assert_int_equal(inventory.logs[1], 5);
	assert_int_equal(inventory.obsolete_count, 2);
	assert_int_equal(inventory.bytes, file_bytes(tmpdir.path, "4.log") +
			 file_bytes(tmpdir.path, "5.log"));
	assert_int_equal(ary_inventory_clean(dir, &inventory, NULL), ARY_OK);
	assert_int_equal(store_count(tmpdir.path), 2);
	assert_true(file_exists(tmpdir.path, "4.log") && file_exists(tmpdir.path, "5.log"));
	ary_inventory_release(&inventory);
}

/* Whatever a crash has left of the files that a merge stands for, it is left over. */
static void test_merge_stands_for_its_range(void **state)
{
	struct ary_inventory inventory;

	(void)state;
	for (unsigned left = 0; left < 8; left++) {
		make_log(0, false);
		for (unsigned i = 0; i < 3; i++) {
			if (left & 1u << i)
				make_log(1 + i, false);
		}
		make_merge(4, 1);
		make_merge(5, 5);
		make_log(6, false);
		take(&inventory);
		assert_int_equal(inventory.log_count, 4);
		assert_int_equal(inventory.logs[0], 0);
		assert_int_equal(inventory.logs[1], 4);
		assert_int_equal(inventory.bases[1], 1);
		assert_int_equal(inventory.logs[2], 5);
		assert_int_equal(inventory.bases[2], 5);
		assert_int_equal(inventory.logs[3], 6);
		assert_false(inventory.based);
		assert_int_equal(ary_inventory_clean(dir, &inventory, NULL), ARY_OK);
		assert_int_equal(store_count(tmpdir.path), 4);
		ary_inventory_release(&inventory);
	}
}

/* What a merge that is itself left over says counts no more: not its base either. */
static void test_merge_below_a_merge_is_left_over(void **state)
{
	struct ary_inventory inventory;

	(void)state;
	make_log(0, false);
	make_log(1, false);
	make_merge(3, 2);
	make_log(4, false);
	make_merge(5, 1);
	take(&inventory);
	assert_int_equal(inventory.log_count, 2);
	assert_int_equal(inventory.logs[1], 5);
	assert_int_equal(inventory.obsolete_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(inventory.obsolete[i], i == 0 ? 1 : i + 2);
	ary_inventory_release(&inventory);
	make_log(6, true);
	take(&inventory);
	assert_int_equal(inventory.log_count, 1);
	assert_int_equal(inventory.obsolete_count, 5);
	assert_true(inventory.based);
	ary_inventory_release(&inventory);
}

static void test_gap_below_a_merge_is_damage(void **state)
{
	(void)state;
	make_log(0, false);
	make_merge(4, 2);
	expect_corrupt("1.log");
	file_remove(tmpdir.path, "0.log");
	expect_corrupt("0.log");
}

/* A merge that says it is one of logs above it has no meaning, and stands for itself. */
static void test_merge_of_later_logs_is_none(void **state)
{
	struct ary_inventory inventory;

	(void)state;
	make_log(0, false);
	make_merge(1, 2);
	take(&inventory);
	assert_int_equal(inventory.log_count, 2);
	assert_int_equal(inventory.bases[1], 1);
	ary_inventory_release(&inventory);
}

static void test_gap_is_damage(void **state)
{
	(void)state;
	make_log(0, false);
	make_log(2, false);
	expect_corrupt("1.log");
}

static void test_gap_behind_a_base_is_damage(void **state)
{
	(void)state;
	make_log(4, true);
	make_log(6, false);
	expect_corrupt("5.log");
}

static void test_missing_first_log_is_damage(void **state)
{
	(void)state;
	make_log(1, false);
	expect_corrupt("0.log");
}

/* A Base line that is damaged, or another log's, does not count. */
static void test_base_that_is_not_intact_is_none(void **state)
{
	(void)state;
	make_log(3, true);
	file_flip(tmpdir.path, "3.log", 10, 0x01);
	expect_corrupt("0.log");
	make_log(3, true);
	struct ary_buf bytes = file_read(tmpdir.path, "3.log");
	file_remove(tmpdir.path, "3.log");
	file_write(tmpdir.path, "4.log", ary_buf_view(&bytes));
	expect_corrupt("0.log");
	ary_buf_release(&bytes);
}

static void test_other_names_are_told_apart(void **state)
{
	struct ary_inventory inventory;

	(void)state;
	make_log(0, false);
	file_write(tmpdir.path, "0.log.tmp", ary_bytes_of("x"));
	file_write(tmpdir.path, "12.log.tmp", ary_bytes_of("x"));
	file_write(tmpdir.path, "notes", ary_bytes_of("x"));
	file_write(tmpdir.path, "00.log", ary_bytes_of("x"));
	file_write(tmpdir.path, "1.log.old", ary_bytes_of("x"));
	uint64_t sum = store_sum(tmpdir.path);
	take(&inventory);
	assert_int_equal(store_sum(tmpdir.path), sum);
	assert_int_equal(inventory.log_count, 1);
	assert_int_equal(inventory.temporary_count, 2);
	assert_int_equal(inventory.foreign_count, 3);
	assert_int_equal(ary_inventory_clean(dir, &inventory, NULL), ARY_OK);
	assert_int_equal(store_count(tmpdir.path), 4);
	assert_false(file_exists(tmpdir.path, "0.log.tmp"));
	ary_inventory_release(&inventory);
}

static void test_failures_are_answered(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_DIR_LIST, FAULT_FILE_OPEN, FAULT_FILE_SIZE,
						FAULT_FILE_READ};
	struct ary_inventory inventory;

	(void)state;
	make_log(0, false);
	make_log(1, false);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		fault_env_fail(faults, (struct fault){.kind = kinds[i], .nth = 1});
		assert_int_equal(ary_inventory_take(dir, &inventory, NULL), ARY_IO);
		fault_env_reset(faults);
	}
	for (unsigned long nth = 1; nth <= 4; nth++) {
		ary_alloc_fail_at(nth, 0);
		assert_int_equal(ary_inventory_take(dir, &inventory, NULL), ARY_NO_MEMORY);
		ary_alloc_fail_at(0, 0);
	}
}

/* Such a line only the JSON library reads, which takes memory; a merge that is not seen would make
 * the logs count that it stands for. */
static void test_merge_is_not_overlooked_when_memory_is_out(void **state)
{
	struct ary_inventory inventory;
	struct ary_buf line = {0};
	enum ary_status status = ARY_NO_MEMORY;
	unsigned long nth = 0;

	(void)state;
	make_log(0, false);
	make_log(1, false);
	lines_sealf(&line, "{\"cmd\":\"Merge\",\"seq\":1,\"time\":1,\"version\":1,"
		    "\"log\":2,\"base\":1");
	file_write(tmpdir.path, "2.log", ary_buf_view(&line));
	ary_buf_release(&line);
	while (status == ARY_NO_MEMORY) {
		ary_alloc_fail_at(++nth, 0);
		status = ary_inventory_take(dir, &inventory, NULL);
		ary_alloc_fail_at(0, 0);
	}
	assert_int_equal(status, ARY_OK);
	assert_true(nth > 4);
	assert_int_equal(inventory.log_count, 2);
	assert_int_equal(inventory.obsolete_count, 1);
	ary_inventory_release(&inventory);
}

static void test_cleaning_that_fails_is_answered(void **state)
{
	struct ary_inventory inventory;

	(void)state;
	make_log(0, false);
	file_write(tmpdir.path, "0.log.tmp", ary_bytes_of("x"));
	take(&inventory);
	fault_env_fail(faults, (struct fault){.kind = FAULT_DIR_UNLINK, .nth = 1});
	assert_int_equal(ary_inventory_clean(dir, &inventory, NULL), ARY_IO);
	fault_env_fail(faults, (struct fault){.kind = FAULT_DIR_SYNC, .nth = 1});
	assert_int_equal(ary_inventory_clean(dir, &inventory, NULL), ARY_IO);
	ary_inventory_release(&inventory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty_folder_has_no_logs),
		TEST(test_logs_rise_by_number),
		TEST(test_highest_base_counts),
		TEST(test_merge_stands_for_its_range),
		TEST(test_merge_below_a_merge_is_left_over),
		TEST(test_gap_below_a_merge_is_damage),
		TEST(test_merge_of_later_logs_is_none),
		TEST(test_gap_is_damage),
		TEST(test_gap_behind_a_base_is_damage),
		TEST(test_missing_first_log_is_damage),
		TEST(test_base_that_is_not_intact_is_none),
		TEST(test_other_names_are_told_apart),
		TEST(test_failures_are_answered),
		TEST(test_merge_is_not_overlooked_when_memory_is_out),
		TEST(test_cleaning_that_fails_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
