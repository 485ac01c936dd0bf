/* SPDX-License-Identifier: MIT */
/* Damage at the end of what was confirmed does not pass for a torn tail, as long as WATERMARK bears
 * witness; and WATERMARK is a witness only: what it says never stands against a log that is whole,
 * without it the store is the same, and whatever becomes of it is nobody's error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "format/name.h"
#include "format/watermark.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "store/commit.h"

#define WITNESS "../" ARY_NAME_WATERMARK

static void expect_corrupt(struct store_test *test, const char *a, const char *b)
{
	const char *words[3] = {a, b, "remove WATERMARK"};
	struct ary_buf before = file_read(test->path, WITNESS);

	store_test_expect_refusal(test, ARY_CORRUPT, words);
	struct ary_buf after = file_read(test->path, WITNESS);
	assert_true(ary_bytes_equal(ary_buf_view(&before), ary_buf_view(&after)));
	ary_buf_release(&before);
	ary_buf_release(&after);
}

/* What the file says; all zero: nothing. */
static struct ary_watermark read_mark(struct store_test *test)
{
	struct ary_watermark mark = {.seq = 0};

	if (!file_exists(test->path, WITNESS))
		return mark;
	struct ary_buf bytes = file_read(test->path, WITNESS);
	assert_int_equal(bytes.size, ARY_WATERMARK_BYTES);
	assert_int_equal(ary_watermark_decode(ary_buf_view(&bytes), &mark, NULL), ARY_OK);
	ary_buf_release(&bytes);
	return mark;
}

static void write_mark(struct store_test *test, uint64_t log, uint64_t durable_bytes)
{
	const struct ary_watermark mark = {.seq = 1, .log = log, .durable_bytes = durable_bytes};
	uint8_t file[ARY_WATERMARK_BYTES];

	ary_watermark_encode(&mark, file);
	file_write(test->path, WITNESS, (struct ary_bytes){file, sizeof(file)});
}

static void do_nothing(struct ary_store *store, struct ary_job *job)
{
	(void)store;
	(void)job;
}

/* Waits until the commit thread has done what is due after the last group. */
static void rest(struct store_test *test)
{
	struct ary_job job = {.run = do_nothing};

	ary_commit_run_job(test->store, &job);
}

/* As store_test_kill, but WATERMARK stays as the process left it. */
static void kill_with_witness(struct store_test *test)
{
	struct ary_buf bytes = file_read(test->path, WITNESS);

	store_test_kill(test);
	file_write(test->path, WITNESS, ary_buf_view(&bytes));
	ary_buf_release(&bytes);
}

static void test_closed_store_cut_at_any_length_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, 3);
	store_test_close(test);
	struct ary_buf whole = file_read(test->path, "0.log");
	assert_int_equal(read_mark(test).log, 0);
	assert_int_equal(read_mark(test).durable_bytes, whole.size);
	for (size_t size = 0; size < whole.size; size++) {
		file_write(test->path, "0.log", (struct ary_bytes){whole.data, size});
		expect_corrupt(test, "0.log: damaged at offset", "after seq");
	}
	file_write(test->path, "0.log", ary_buf_view(&whole));
	store_test_open(test);
	store_test_expect_filled(test, 3);
	ary_buf_release(&whole);
}

/* One sector takes the last group, and those before it, which only it confirms. */
static void test_sector_with_all_confirmations_in_it_is_missed(void **state)
{
	struct store_test *test = *state;
	static const uint8_t zeros[512];

	store_test_open(test);
	store_test_fill(test, 12);
	store_test_close(test);
	struct ary_buf whole = file_read(test->path, "0.log");
	uint64_t start = (whole.size - 1) / sizeof(zeros) * sizeof(zeros);
	assert_true(start > 512);
	file_truncate(test->path, "0.log", start);
	file_append(test->path, "0.log", (struct ary_bytes){zeros, whole.size - start});
	expect_corrupt(test, "0.log: damaged at offset", "WATERMARK");
	/* Whoever removes the witness asks for what the lines themselves prove. */
	file_remove(test->path, WITNESS);
	store_test_open(test);
	assert_true(store_test_stats(test).recovered_torn_bytes > 0);
	store_test_expect(test, "k0", "k0");
	store_test_expect(test, "k11", NULL);
	ary_buf_release(&whole);
}

static void test_last_log_that_is_missing_is_refused(void **state)
{
	struct store_test *test = *state;
	char name[ARY_NAME_BYTES];

	test->options.rotate_bytes = 500;
	store_test_open(test);
	store_test_fill(test, 20);
	store_test_close(test);
	uint64_t last = read_mark(test).log;
	assert_true(last > 2);
	ary_name_log(last, name);
	file_remove(test->path, name);
	expect_corrupt(test, name, "is missing");
}

static void test_only_log_that_is_missing_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, 3);
	store_test_close(test);
	file_remove(test->path, "0.log");
	expect_corrupt(test, "0.log is missing", "up to seq 5");
}

/* The log that was sealed last has no successor with a line to confirm it. */
static void test_sealed_log_before_an_empty_one_has_a_witness(void **state)
{
	struct store_test *test = *state;

	test->options.rotate_bytes = 500;
	test->options.watermark_interval_ms = 0;
	store_test_open(test);
	while (!file_exists(test->path, "1.log"))
		store_test_set(test, "a", "1");
	rest(test);
	kill_with_witness(test);
	assert_int_equal(file_bytes(test->path, "1.log"), 0);
	struct ary_buf whole = file_read(test->path, "0.log");
	assert_int_equal(read_mark(test).log, 0);
	assert_int_equal(read_mark(test).durable_bytes, whole.size);
	for (size_t size = whole.size - 1; size > whole.size - 200; size -= 13) {
		file_write(test->path, "0.log", (struct ary_bytes){whole.data, size});
		expect_corrupt(test, "0.log: damaged at offset", NULL);
	}
	file_write(test->path, "0.log", ary_buf_view(&whole));
	store_test_open(test);
	store_test_expect(test, "a", "1");
	ary_buf_release(&whole);
}

/* Empty, it would pass for one that a rotation never used. */
static void test_last_log_without_its_bytes_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, 3);
	store_test_kill(test);
	file_write(test->path, "1.log", ary_bytes_of(""));
	write_mark(test, 1, 100);
	expect_corrupt(test, "1.log: damaged at offset 0", NULL);
	write_mark(test, 0, file_bytes(test->path, "0.log"));
	store_test_open(test);
	store_test_expect_filled(test, 3);
	assert_false(file_exists(test->path, "1.log"));
}

static void test_tail_behind_the_watermark_is_cut(void **state)
{
	struct store_test *test = *state;

	test->options.watermark_interval_ms = 0;
	store_test_open(test);
	store_test_fill(test, 3);
	rest(test);
	uint64_t end = file_bytes(test->path, "0.log");
	assert_int_equal(read_mark(test).durable_bytes, end);
	kill_with_witness(test);
	file_append(test->path, "0.log", ary_bytes_of("{\"seq\":9,"));
	store_test_open(test);
	assert_int_equal(store_test_stats(test).recovered_torn_bytes, 9);
	store_test_expect_filled(test, 3);
	/* What was cut does not come into it: the file has said no more than what was confirmed. */
	assert_int_equal(read_mark(test).durable_bytes, end);
	store_test_set(test, "more", "4");
	rest(test);
	assert_true(read_mark(test).durable_bytes > end);
	kill_with_witness(test);
	store_test_open(test);
	store_test_expect(test, "more", "4");
}

/* A merge has fewer bytes than the log whose number it takes, and lower logs go away. */
static void test_merge_does_not_stand_against_it(void **state)
{
	struct store_test *test = *state;

	test->options.rotate_bytes = 500;
	test->options.watermark_interval_ms = 0;
	store_test_open(test);
	while (!file_exists(test->path, "3.log"))
		store_test_set(test, "a", "1");
	rest(test);
	struct ary_watermark mark = read_mark(test);
	assert_int_equal(mark.log, 2);
	assert_int_equal(store_test_compact(test).status, ARY_OK);
	assert_int_equal(store_count(test->path), 2);
	assert_true(file_bytes(test->path, "2.log") < mark.durable_bytes);
	kill_with_witness(test);
	store_test_open(test);
	store_test_expect(test, "a", "1");
	kill_with_witness(test);
	/* Not even when the merge's successor is not there, which may have had no line. */
	file_remove(test->path, "3.log");
	write_mark(test, 2, mark.durable_bytes);
	store_test_open(test);
	store_test_expect(test, "a", "1");
	store_test_kill(test);
	write_mark(test, 1, mark.durable_bytes);
	store_test_open(test);
	store_test_expect(test, "a", "1");
}

static void test_older_copy_of_the_logs_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, 2);
	store_test_close(test);
	struct ary_buf old = file_read(test->path, "0.log");
	store_test_open(test);
	store_test_fill(test, 4);
	store_test_close(test);
	file_write(test->path, "0.log", ary_buf_view(&old));
	expect_corrupt(test, "0.log", "replaced on purpose");
	file_remove(test->path, WITNESS);
	store_test_open(test);
	store_test_expect_filled(test, 2);
	assert_int_equal(store_test_stats(test).keys, 2);
	ary_buf_release(&old);
}

static void test_what_is_no_watermark_is_ignored(void **state)
{
	struct store_test *test = *state;
	static const char *const contents[] = {"", "\n", "{}\n", "no line at all"};

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		store_test_open(test);
		store_test_fill(test, 3);
		store_test_kill(test);
		file_write(test->path, WITNESS, ary_bytes_of(contents[i]));
		store_test_open(test);
		store_test_expect_filled(test, 3);
		store_test_close(test);
		/* It is one again, whatever it was before. */
		assert_int_equal(read_mark(test).durable_bytes, file_bytes(test->path, "0.log"));
	}
}

static void test_run_that_changes_nothing_leaves_it_alone(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, 3);
	store_test_close(test);
	struct ary_buf before = file_read(test->path, WITNESS);
	test->options.watermark_interval_ms = 0;
	store_test_open(test);
	rest(test);
	store_test_close(test);
	struct ary_buf after = file_read(test->path, WITNESS);
	assert_true(ary_bytes_equal(ary_buf_view(&before), ary_buf_view(&after)));
	ary_buf_release(&before);
	ary_buf_release(&after);
	/* Where there is none, one is made: the open has made the end of the log durable. */
	file_remove(test->path, WITNESS);
	store_test_open(test);
	store_test_close(test);
	assert_int_equal(read_mark(test).durable_bytes, file_bytes(test->path, "0.log"));
}

/* Under `never` and `interval`, what was not synced is not stated. */
static void test_it_states_what_was_synced_only(void **state)
{
	static const enum ary_durability modes[] = {ARY_DURABILITY_NEVER, ARY_DURABILITY_INTERVAL};
	struct store_test *test = *state;

	test->options.watermark_interval_ms = 0;
	test->options.sync_interval_ms = UINT32_MAX;
	for (int i = 0; i < 2; i++) {
		test->options.durability = modes[i];
		store_test_open(test);
		/* The first group is synced: it holds the Log line, or a Mark of the new mode. */
		store_test_set(test, "a", "1");
		rest(test);
		uint64_t synced = file_bytes(test->path, "0.log");
		assert_int_equal(read_mark(test).durable_bytes, synced);
		store_test_set(test, "b", "2");
		rest(test);
		assert_true(file_bytes(test->path, "0.log") > synced);
		assert_int_equal(read_mark(test).durable_bytes, synced);
		store_test_close(test);
		assert_int_equal(read_mark(test).durable_bytes, file_bytes(test->path, "0.log"));
	}
}

/* While the interval lasts, no group pays for it. */
static void test_it_is_not_written_before_it_is_due(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, 20);
	rest(test);
	assert_false(file_exists(test->path, WITNESS));
	store_test_close(test);
	assert_true(file_exists(test->path, WITNESS));
}

/* At a close it is synced, and so is its name when it is new; after the last sync of the log. */
struct order {
	char calls[64];
	size_t count;
};

static void note_call(void *context, enum fault_kind kind, const char *name)
{
	struct order *order = context;
	bool is_witness = name != NULL && strcmp(name, ARY_NAME_WATERMARK) == 0;
	char call = 0;

	if (kind == FAULT_FILE_SYNC)
		call = is_witness ? 'S' : 's';
	else if (kind == FAULT_FILE_WRITE && is_witness)
		call = 'W';
	else if (kind == FAULT_DIR_SYNC)
		call = 'd';
	if (call != 0 && order->count + 1 < sizeof(order->calls))
		order->calls[order->count++] = call;
}

static void test_close_writes_it_after_the_mark_and_syncs_it(void **state)
{
	struct store_test *test = *state;
	struct order first = {.count = 0};
	struct order second = {.count = 0};

	store_test_open(test);
	store_test_set(test, "a", "1");
	fault_env_set_hook(test->faults, note_call, &first);
	store_test_close(test);
	assert_string_equal(first.calls, "sWSd");
	fault_env_set_hook(test->faults, NULL, NULL);
	store_test_open(test);
	store_test_set(test, "a", "2");
	fault_env_set_hook(test->faults, note_call, &second);
	store_test_close(test);
	fault_env_set_hook(test->faults, NULL, NULL);
	assert_string_equal(second.calls, "sWS");
}

static void test_failure_to_write_it_is_nobodys_error(void **state)
{
	static const struct fault faults[] = {
		{.kind = FAULT_FILE_WRITE, .name = ARY_NAME_WATERMARK, .os_errno = ENOSPC,
		 .short_bytes = 100},
		{.kind = FAULT_FILE_WRITE, .name = ARY_NAME_WATERMARK, .os_errno = EIO},
		{.kind = FAULT_FILE_SYNC, .name = ARY_NAME_WATERMARK, .os_errno = EIO},
		{.kind = FAULT_FILE_CREATE, .name = ARY_NAME_WATERMARK, .os_errno = EMFILE},
		{.kind = FAULT_FILE_OPEN, .name = ARY_NAME_WATERMARK, .os_errno = EACCES},
	};
	struct store_test *test = *state;

	test->options.watermark_interval_ms = 0;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct fault fault = faults[i];
		fault.nth = 1;
		fault.forever = true;
		store_test_open(test);
		fault_env_fail(test->faults, fault);
		store_test_fill(test, 3);
		rest(test);
		assert_int_equal(ary_store_ready(test->store, NULL), ARY_OK);
		store_test_close(test);
		assert_true(fault_env_fired(test->faults) > 0);
		fault_env_reset(test->faults);
		store_test_open(test);
		store_test_expect_filled(test, 3);
		store_test_close(test);
		store_erase(test->path);
	}
}

/* It may speak, and cannot be heard: nothing is cut meanwhile. */
static void test_witness_that_cannot_be_read_stops_an_open(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_FILE_OPEN, FAULT_FILE_READ};
	struct store_test *test = *state;
	struct ary_error err;

	store_test_open(test);
	store_test_fill(test, 3);
	store_test_close(test);
	file_append(test->path, "0.log", ary_bytes_of("{\"torn"));
	uint64_t sum = store_sum(test->path);
	for (int i = 0; i < 2; i++) {
		fault_env_fail(test->faults, (struct fault){
			.kind = kinds[i], .name = ARY_NAME_WATERMARK, .nth = 1});
		assert_int_equal(store_test_try_open(test, &err), ARY_IO);
		assert_non_null(strstr(err.text, ARY_NAME_WATERMARK));
		assert_int_equal(store_sum(test->path), sum);
		fault_env_reset(test->faults);
	}
	store_test_open(test);
	store_test_expect_filled(test, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_test_setup, store_test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_closed_store_cut_at_any_length_is_refused),
		TEST(test_sector_with_all_confirmations_in_it_is_missed),
		TEST(test_last_log_that_is_missing_is_refused),
		TEST(test_only_log_that_is_missing_is_refused),
		TEST(test_sealed_log_before_an_empty_one_has_a_witness),
		TEST(test_last_log_without_its_bytes_is_refused),
		TEST(test_tail_behind_the_watermark_is_cut),
		TEST(test_merge_does_not_stand_against_it),
		TEST(test_older_copy_of_the_logs_is_refused),
		TEST(test_what_is_no_watermark_is_ignored),
		TEST(test_run_that_changes_nothing_leaves_it_alone),
		TEST(test_it_states_what_was_synced_only),
		TEST(test_it_is_not_written_before_it_is_due),
		TEST(test_close_writes_it_after_the_mark_and_syncs_it),
		TEST(test_failure_to_write_it_is_nobodys_error),
		TEST(test_witness_that_cannot_be_read_stops_an_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
