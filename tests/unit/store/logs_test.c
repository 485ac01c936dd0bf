/* SPDX-License-Identifier: MIT */
/* The table of logs keeps them in order and findable by slot, holds each segment open as long as
 * somebody may read it, and sums up what they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "lib/tmpdir.h"
#include "store/logs.h"

enum { MANY = 40 };

static struct tmpdir tmpdir;
static struct ary_dir *dir;
static struct ary_logs logs;

static int setup(void **state)
{
	(void)state;
	tmpdir_create(&tmpdir);
	assert_int_equal(ary_dir_open(ary_env_posix(), tmpdir.path, false, &dir, NULL), ARY_OK);
	ary_logs_init(&logs);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ary_logs_release(&logs);
	ary_dir_close(dir);
	tmpdir_remove(&tmpdir);
	return 0;
}

static struct ary_segment *make_segment(uint64_t number)
{
	struct ary_segment *segment;

	assert_int_equal(ary_segment_create(dir, number, false, ary_logs_slot(&logs), &segment,
					    NULL), ARY_OK);
	return segment;
}

static struct ary_log *append(uint64_t number)
{
	return ary_logs_append(&logs, make_segment(number));
}

static void test_empty_table_has_no_last_log(void **state)
{
	struct ary_logs_sum sum;

	(void)state;
	assert_null(ary_logs_last(&logs));
	assert_null(ary_logs_find(&logs, 0));
	assert_null(ary_logs_ref(&logs, 0));
	ary_logs_sum(&logs, &sum);
	assert_int_equal(sum.logs, 0);
	assert_int_equal(sum.stale_bytes, 0);
}

static void test_logs_are_found_by_slot(void **state)
{
	struct ary_log *made[MANY];

	(void)state;
	for (uint64_t i = 0; i < MANY; i++)
		made[i] = append(i);
	assert_int_equal(logs.count, MANY);
	assert_ptr_equal(ary_logs_last(&logs), made[MANY - 1]);
	for (size_t i = 0; i < MANY; i++) {
		uint32_t slot = ary_segment_slot(made[i]->segment);
		assert_ptr_equal(logs.ordered[i], made[i]);
		assert_ptr_equal(ary_logs_find(&logs, slot), made[i]);
		struct ary_segment *segment = ary_logs_ref(&logs, slot);
		assert_ptr_equal(segment, made[i]->segment);
		ary_segment_unref(segment);
	}
	assert_null(ary_logs_find(&logs, MANY));
}

static void test_merge_takes_the_place_of_a_prefix(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 5; i++)
		append(i);
	struct ary_log *fourth = logs.ordered[3];
	uint32_t old_slot = ary_segment_slot(logs.ordered[1]->segment);
	struct ary_log *merge = ARY_NEW(struct ary_log);
	merge->segment = make_segment(100);
	uint32_t new_slot = ary_segment_slot(merge->segment);
	ary_logs_announce(&logs, merge);
	assert_int_equal(logs.count, 5);
	assert_ptr_equal(ary_logs_find(&logs, new_slot), merge);
	ary_logs_replace(&logs, logs.ordered[0], 3, merge);
	assert_int_equal(logs.count, 3);
	assert_ptr_equal(logs.ordered[0], merge);
	assert_ptr_equal(logs.ordered[1], fourth);
	assert_null(ary_logs_find(&logs, old_slot));
	assert_null(ary_logs_ref(&logs, old_slot));
	assert_ptr_equal(ary_logs_find(&logs, new_slot), merge);
}

/* Who has a segment may read it after its log is gone. */
static void test_reader_keeps_its_segment(void **state)
{
	struct ary_buf line = {0};

	(void)state;
	struct ary_log *first = append(0);
	append(1);
	assert_int_equal(ary_segment_append(first->segment, ary_bytes_of("line\n"), NULL), ARY_OK);
	struct ary_segment *mine = ary_logs_ref(&logs, ary_segment_slot(first->segment));
	struct ary_log *merge = ARY_NEW(struct ary_log);
	merge->segment = make_segment(100);
	ary_logs_announce(&logs, merge);
	ary_logs_replace(&logs, first, 1, merge);
	assert_int_equal(ary_dir_unlink(dir, "0.log", NULL), ARY_OK);
	assert_int_equal(ary_segment_read_line(mine, 0, 5, &line, NULL), ARY_OK);
	assert_memory_equal(line.data, "line\n", 5);
	ary_segment_unref(mine);
	ary_buf_release(&line);
}

static void test_stale_is_what_is_neither_live_nor_overhead(void **state)
{
	struct ary_logs_sum sum;

	(void)state;
	struct ary_log *first = append(0);
	struct ary_log *second = append(1);
	atomic_store(&first->bytes, 1000);
	atomic_store(&first->live_bytes, 300);
	atomic_store(&first->overhead_bytes, 100);
	atomic_store(&second->bytes, 50);
	atomic_store(&second->overhead_bytes, 50);
	assert_int_equal(ary_log_stale_bytes(first), 600);
	assert_int_equal(ary_log_stale_bytes(second), 0);
	ary_logs_sum(&logs, &sum);
	assert_int_equal(sum.logs, 2);
	assert_int_equal(sum.bytes, 1050);
	assert_int_equal(sum.live_bytes, 300);
	assert_int_equal(sum.stale_bytes, 600);
	/* Between two counters being changed, a reader of figures may come. */
	atomic_store(&second->live_bytes, 20);
	assert_int_equal(ary_log_stale_bytes(second), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty_table_has_no_last_log),
		TEST(test_logs_are_found_by_slot),
		TEST(test_merge_takes_the_place_of_a_prefix),
		TEST(test_reader_keeps_its_segment),
		TEST(test_stale_is_what_is_neither_live_nor_overhead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
