/* SPDX-License-Identifier: MIT */
/* A store opens with every write that was confirmed. What a crash left unfinished at the end is
 * cut, in whole; what it left lying about is removed; what is not ours is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/lines.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"
#include "store/verify.h"

static void ignore_log(void *context, const struct ary_verified_log *log)
{
	(void)context;
	(void)log;
}

/* Opens the store; if there is one, verifying has foretold what that finds. */
static void open_as_verified(struct store_test *test)
{
	const struct ary_verify_options options = {
		.env = test->options.env,
		.path = test->path,
		.found = ignore_log,
	};
	struct ary_verify_report report;
	struct ary_error err;
	enum ary_status status = ary_store_verify(&options, &report, &err);

	store_test_open(test);
	if (status == ARY_NOT_FOUND)
		return;
	if (status != ARY_OK)
		fail_msg("%s", err.text);
	struct ary_stats stats = store_test_stats(test);
	assert_int_equal(report.bad_logs, 0);
	assert_int_equal(stats.recovered_torn_bytes, report.torn_bytes);
	assert_int_equal(stats.recovered_records, report.lines);
}

static void test_torn_tail_is_cut_at_every_length(void **state)
{
	struct store_test *test = *state;

	open_as_verified(test);
	store_test_set(test, "a", "1");
	store_test_set(test, "b", "2");
	uint64_t start = file_bytes(test->path, "0.log");
	store_test_set(test, "a", "torn");
	store_test_kill(test);
	struct ary_buf whole = file_read(test->path, "0.log");
	for (uint64_t size = start; size < whole.size; size++) {
		file_write(test->path, "0.log", (struct ary_bytes){whole.data, size});
		open_as_verified(test);
		assert_int_equal(store_test_stats(test).recovered_torn_bytes, size - start);
		store_test_expect(test, "a", "1");
		store_test_expect(test, "b", "2");
		store_test_set(test, "c", "3");
		store_test_kill(test);
		uint64_t sum = store_sum(test->path);
		open_as_verified(test);
		assert_int_equal(store_test_stats(test).recovered_torn_bytes, 0);
		store_test_expect(test, "a", "1");
		store_test_expect(test, "c", "3");
		store_test_kill(test);
		assert_int_equal(store_sum(test->path), sum);
	}
	ary_buf_release(&whole);
}

static void test_garbage_after_the_end_is_cut(void **state)
{
	struct store_test *test = *state;
	static const uint8_t zeros[70000];
	static const struct ary_bytes tails[] = {
		{zeros, 1}, {zeros, 512}, {zeros, sizeof(zeros)},
		{(const uint8_t *)"\n", 1}, {(const uint8_t *)"{}\n{}\n\n", 7},
		{(const uint8_t *)"\xff\xfe\n", 3}, {(const uint8_t *)"no line at all", 14},
	};

	open_as_verified(test);
	store_test_fill(test, 3);
	store_test_kill(test);
	uint64_t sum = store_sum(test->path);
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		file_append(test->path, "0.log", tails[i]);
		open_as_verified(test);
		assert_int_equal(store_test_stats(test).recovered_torn_bytes, tails[i].size);
		store_test_expect_filled(test, 3);
		store_test_kill(test);
		assert_int_equal(store_sum(test->path), sum);
	}
}

static void test_intact_lines_behind_a_hole_are_cut_with_it(void **state)
{
	struct store_test *test = *state;
	struct ary_buf tail = {0};

	open_as_verified(test);
	store_test_set(test, "a", "1");
	uint64_t seq = store_test_seq(test, "a");
	store_test_kill(test);
	uint64_t end = file_bytes(test->path, "0.log");
	assert_true(ary_buf_printf(&tail, "a hole\n"));
	lines_set(&tail, seq + 5, (int64_t)end, "a", "never confirmed");
	lines_set(&tail, seq + 6, -1, "b", "never confirmed");
	file_append(test->path, "0.log", ary_buf_view(&tail));
	open_as_verified(test);
	assert_int_equal(store_test_stats(test).recovered_torn_bytes, tail.size);
	store_test_expect(test, "a", "1");
	store_test_expect(test, "b", NULL);
	assert_int_equal(file_bytes(test->path, "0.log"), end);
	assert_true(store_test_set(test, "c", "3") > seq + 6);
	ary_buf_release(&tail);
}

static void test_line_whose_seq_does_not_rise_is_cut(void **state)
{
	struct store_test *test = *state;
	struct ary_buf tail = {0};

	open_as_verified(test);
	store_test_set(test, "a", "1");
	uint64_t seq = store_test_seq(test, "a");
	store_test_kill(test);
	lines_set(&tail, seq, -1, "a", "again");
	file_append(test->path, "0.log", ary_buf_view(&tail));
	open_as_verified(test);
	store_test_expect(test, "a", "1");
	assert_int_equal(store_test_stats(test).recovered_torn_bytes, tail.size);
	ary_buf_release(&tail);
}

static void test_empty_last_log_of_a_rotation_that_did_not_happen_is_removed(void **state)
{
	struct store_test *test = *state;

	open_as_verified(test);
	store_test_fill(test, 3);
	store_test_kill(test);
	file_write(test->path, "1.log", ary_bytes_of(""));
	open_as_verified(test);
	assert_false(file_exists(test->path, "1.log"));
	store_test_expect_filled(test, 3);
	store_test_set(test, "more", "4");
	store_test_reopen(test);
	store_test_expect(test, "more", "4");
	assert_int_equal(store_count(test->path), 1);
}

/* The predecessor's group with its Seal line never was confirmed. */
static void test_torn_seal_before_an_empty_log_is_cut(void **state)
{
	struct store_test *test = *state;

	test->options.rotate_bytes = 500;
	open_as_verified(test);
	while (!file_exists(test->path, "1.log"))
		store_test_set(test, "a", "1");
	store_test_kill(test);
	assert_int_equal(file_bytes(test->path, "1.log"), 0);
	file_truncate(test->path, "0.log", file_bytes(test->path, "0.log") - 5);
	open_as_verified(test);
	assert_true(store_test_stats(test).recovered_torn_bytes > 0);
	assert_false(file_exists(test->path, "1.log"));
	store_test_expect(test, "a", "1");
	store_test_set(test, "b", "2");
	store_test_reopen(test);
	store_test_expect(test, "a", "1");
	store_test_expect(test, "b", "2");
}

static void test_empty_last_log_after_a_sealed_one_is_used(void **state)
{
	struct store_test *test = *state;

	test->options.rotate_bytes = 500;
	open_as_verified(test);
	while (!file_exists(test->path, "1.log"))
		store_test_set(test, "a", "1");
	store_test_kill(test);
	assert_int_equal(file_bytes(test->path, "1.log"), 0);
	open_as_verified(test);
	store_test_expect(test, "a", "1");
	store_test_set(test, "b", "2");
	assert_true(file_bytes(test->path, "1.log") > 0);
	assert_int_equal(store_count(test->path), 2);
	store_test_reopen(test);
	store_test_expect(test, "a", "1");
	store_test_expect(test, "b", "2");
}

static void test_sealed_log_without_a_successor_gets_one(void **state)
{
	struct store_test *test = *state;

	test->options.rotate_bytes = 500;
	open_as_verified(test);
	while (!file_exists(test->path, "1.log"))
		store_test_set(test, "a", "1");
	store_test_kill(test);
	file_remove(test->path, "1.log");
	open_as_verified(test);
	store_test_expect(test, "a", "1");
	store_test_set(test, "b", "2");
	store_test_reopen(test);
	store_test_expect(test, "b", "2");
}

static void test_torn_first_line_of_the_last_log_is_cut(void **state)
{
	struct store_test *test = *state;

	test->options.rotate_bytes = 500;
	open_as_verified(test);
	while (!file_exists(test->path, "1.log"))
		store_test_set(test, "a", "1");
	store_test_set(test, "b", "2");
	store_test_kill(test);
	struct ary_buf whole = file_read(test->path, "1.log");
	for (uint64_t size = 1; size < line_start(ary_buf_view(&whole), 1); size += 7) {
		file_write(test->path, "1.log", (struct ary_bytes){whole.data, size});
		open_as_verified(test);
		store_test_expect(test, "a", "1");
		store_test_expect(test, "b", NULL);
		store_test_set(test, "c", "3");
		store_test_reopen(test);
		store_test_expect(test, "c", "3");
		store_test_kill(test);
	}
	ary_buf_release(&whole);
}

static void test_torn_first_line_of_the_first_log_is_an_empty_store(void **state)
{
	struct store_test *test = *state;

	open_as_verified(test);
	store_test_set(test, "a", "1");
	store_test_kill(test);
	file_truncate(test->path, "0.log", 30);
	open_as_verified(test);
	assert_int_equal(store_test_stats(test).keys, 0);
	store_test_set(test, "b", "2");
	store_test_reopen(test);
	store_test_expect(test, "b", "2");
	assert_int_equal(store_count(test->path), 1);
}

static void test_temporary_files_are_removed(void **state)
{
	struct store_test *test = *state;

	open_as_verified(test);
	store_test_fill(test, 3);
	store_test_kill(test);
	file_write(test->path, "0.log.tmp", ary_bytes_of("left over"));
	file_write(test->path, "17.log.tmp", ary_bytes_of(""));
	open_as_verified(test);
	assert_int_equal(store_count(test->path), 1);
	store_test_expect_filled(test, 3);
}

static void test_foreign_names_are_left_alone(void **state)
{
	static const char *const names[] = {"7", "07.log", "3.log.log", "1.log~", "notes.txt",
					    "-1.log", ".hidden", "1.LOG", "x.log.tmp"};
	struct store_test *test = *state;
	int count = (int)(sizeof(names) / sizeof(names[0]));

	open_as_verified(test);
	store_test_fill(test, 3);
	store_test_kill(test);
	for (int i = 0; i < count; i++)
		file_write(test->path, names[i], ary_bytes_of("mine\n"));
	open_as_verified(test);
	store_test_expect_filled(test, 3);
	store_test_remove(test, "k0");
	store_test_compact(test);
	store_test_reopen(test);
	store_test_expect(test, "k0", NULL);
	for (int i = 0; i < count; i++)
		assert_int_equal(file_bytes(test->path, names[i]), 5);
}

static void test_logs_below_a_base_are_removed(void **state)
{
	struct store_test *test = *state;

	store_test_make_logs(test, 60);
	struct ary_buf old = file_read(test->path, "0.log");
	open_as_verified(test);
	store_test_remove(test, "k0");
	store_test_compact(test);
	assert_false(file_exists(test->path, "0.log"));
	store_test_kill(test);
	file_write(test->path, "0.log", ary_buf_view(&old));
	open_as_verified(test);
	assert_false(file_exists(test->path, "0.log"));
	store_test_expect(test, "k0", NULL);
	store_test_expect(test, "k1", "k1");
	ary_buf_release(&old);
}

static void test_unknown_fields_and_another_order_are_read(void **state)
{
	struct store_test *test = *state;
	struct ary_buf tail = {0};

	open_as_verified(test);
	store_test_set(test, "a", "1");
	uint64_t seq = store_test_seq(test, "a");
	store_test_kill(test);
	lines_sealf(&tail,
		    "{\"cmd\":\"Set\",\"value\":\"\\u00e9\",\"later\":{\"x\":[1,2]},\"key\":\"b\","
		    "\"time\":5,\"seq\":%llu", (unsigned long long)seq + 1);
	file_append(test->path, "0.log", ary_buf_view(&tail));
	open_as_verified(test);
	store_test_expect(test, "b", "\xc3\xa9");
	/* A compaction copies the line, and what it does not know in it. */
	store_test_set(test, "a", "2");
	assert_int_equal(store_test_compact(test).status, ARY_OK);
	store_test_reopen(test);
	store_test_expect(test, "b", "\xc3\xa9");
	store_test_close(test);
	struct ary_buf merged = file_read(test->path, "0.log");
	assert_non_null(memmem(merged.data, merged.size, tail.data, tail.size));
	ary_buf_release(&merged);
	ary_buf_release(&tail);
}

static void test_directory_is_locked_while_open(void **state)
{
	struct store_test *test = *state;
	struct ary_store *second;
	struct ary_error err;
	char pid[32];

	open_as_verified(test);
	assert_int_equal(ary_store_open(&test->options, &second, &err), ARY_LOCKED);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	assert_non_null(strstr(err.text, pid));
	store_test_set(test, "a", "1");
	store_test_reopen(test);
	store_test_expect(test, "a", "1");
}

static void test_missing_directory_is_not_found(void **state)
{
	struct store_test *test = *state;
	struct ary_error err;

	test->options.create = false;
	assert_int_equal(store_test_try_open(test, &err), ARY_NOT_FOUND);
	assert_int_equal(access(test->path, F_OK), -1);
}

static void test_directory_that_is_no_store_is_left_alone(void **state)
{
	struct store_test *test = *state;
	struct ary_error err;

	assert_int_equal(mkdir(test->path, 0700), 0);
	test->options.create = false;
	assert_int_equal(store_test_try_open(test, &err), ARY_NOT_FOUND);
	assert_int_equal(rmdir(test->path), 0);
}

static void expect_jq_lines(struct ary_bytes bytes)
{
	uint64_t lines = line_count(bytes);

	assert_int_equal(line_start(bytes, lines), bytes.size);
	for (uint64_t i = 0; i < lines; i++) {
		uint64_t start = line_start(bytes, i);
		size_t size = line_start(bytes, i + 1) - start;
		json_error_t why;
		json_t *line = json_loadb((const char *)bytes.data + start, size,
					  JSON_REJECT_DUPLICATES, &why);
		if (!line)
			fail_msg("line %d: %s", (int)i, why.text);
		assert_true(json_is_object(line));
		assert_true(json_integer_value(json_object_get(line, "seq")) > 0);
		assert_true(json_is_string(json_object_get(line, "cmd")));
		assert_int_equal(json_string_length(json_object_get(line, "crc")), 8);
		json_decref(line);
	}
}

static void test_every_line_of_a_closed_store_is_json(void **state)
{
	struct store_test *test = *state;

	test->options.rotate_bytes = 700;
	open_as_verified(test);
	store_test_set(test, "quote\"\\\n\t", "\x01\x7f\xe2\x80\xa8");
	store_test_set(test, "\xff\xfe", "\xc0");
	store_test_fill(test, 10);
	store_test_remove(test, "k3");
	store_test_compact(test);
	store_test_fill(test, 10);
	store_test_close(test);
	for (int i = 0; i < 100; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%d.log", i);
		if (!file_exists(test->path, name))
			continue;
		struct ary_buf log = file_read(test->path, name);
		expect_jq_lines(ary_buf_view(&log));
		ary_buf_release(&log);
	}
}

/* Offset OFFSET as the text of a refusal has it. */
static const char *offset_text(uint64_t offset)
{
	static char text[48];

	snprintf(text, sizeof(text), "offset %llu", (unsigned long long)offset);
	return text;
}

static void test_closed_store_ends_with_a_clean_mark(void **state)
{
	struct store_test *test = *state;

	open_as_verified(test);
	store_test_fill(test, 2);
	store_test_close(test);
	struct ary_buf log = file_read(test->path, "0.log");
	uint64_t last = line_start(ary_buf_view(&log), line_count(ary_buf_view(&log)) - 1);
	assert_non_null(memmem(log.data + last, log.size - last, "\"cmd\":\"Mark\"", 12));
	assert_non_null(memmem(log.data + last, log.size - last, "\"clean\":true", 12));
	assert_non_null(memmem(log.data + last, log.size - last, offset_text(last) + 7,
			       strlen(offset_text(last) + 7)));
	ary_buf_release(&log);
	uint64_t sum = store_sum(test->path);
	open_as_verified(test);
	store_test_close(test);
	assert_int_equal(store_sum(test->path), sum);
}

/* A write may have been undone after the Mark, and the cut not be on disk. */
static void test_closed_store_is_synced_before_it_is_served(void **state)
{
	struct store_test *test = *state;
	struct ary_error err;

	open_as_verified(test);
	store_test_fill(test, 2);
	store_test_close(test);
	fault_env_reset(test->faults);
	fault_env_fail(test->faults, (struct fault){
		.kind = FAULT_FILE_SYNC, .name = "0.log", .nth = 1});
	assert_int_equal(store_test_try_open(test, &err), ARY_IO);
	fault_env_reset(test->faults);
	open_as_verified(test);
	store_test_expect_filled(test, 2);
	store_test_close(test);
}

static void tell(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
	uint64_t *last = context;

	assert_true(done_bytes > *last);
	assert_true(done_bytes <= total_bytes);
	*last = done_bytes;
}

static void test_progress_is_told(void **state)
{
	struct store_test *test = *state;
	uint64_t last = 0;
	static char value[60000];

	memset(value, 'v', sizeof(value) - 1);
	open_as_verified(test);
	for (int i = 0; i < 50; i++)
		store_test_set(test, "a", value);
	store_test_close(test);
	test->options.progress = tell;
	test->options.progress_context = &last;
	open_as_verified(test);
	/* cppcheck-suppress knownConditionTrueFalse ; tell has set it */
	assert_true(last > 1000000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_test_setup, store_test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_torn_tail_is_cut_at_every_length),
		TEST(test_garbage_after_the_end_is_cut),
		TEST(test_intact_lines_behind_a_hole_are_cut_with_it),
		TEST(test_line_whose_seq_does_not_rise_is_cut),
		TEST(test_empty_last_log_of_a_rotation_that_did_not_happen_is_removed),
		TEST(test_torn_seal_before_an_empty_log_is_cut),
		TEST(test_empty_last_log_after_a_sealed_one_is_used),
		TEST(test_sealed_log_without_a_successor_gets_one),
		TEST(test_torn_first_line_of_the_last_log_is_cut),
		TEST(test_torn_first_line_of_the_first_log_is_an_empty_store),
		TEST(test_temporary_files_are_removed),
		TEST(test_foreign_names_are_left_alone),
		TEST(test_logs_below_a_base_are_removed),
		TEST(test_unknown_fields_and_another_order_are_read),
		TEST(test_directory_is_locked_while_open),
		TEST(test_missing_directory_is_not_found),
		TEST(test_directory_that_is_no_store_is_left_alone),
		TEST(test_every_line_of_a_closed_store_is_json),
		TEST(test_closed_store_ends_with_a_clean_mark),
		TEST(test_closed_store_is_synced_before_it_is_served),
		TEST(test_progress_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
