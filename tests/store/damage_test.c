/* SPDX-License-Identifier: MIT */
/* Damage inside what was confirmed is refused: the store does not open, the text names file, offset
 * and seqs, and not a byte is changed. So is what a later version wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include <cmocka.h>

#include "lib/lines.h"
#include "lib/store_files.h"
#include "lib/store_helper.h"

static void expect_corrupt(struct store_test *test, const char *a, const char *b)
{
	const char *words[3] = {a, b, NULL};

	store_test_expect_refusal(test, ARY_CORRUPT, words);
}

/* Offset OFFSET as the text of a refusal has it. */
static const char *offset_text(uint64_t offset)
{
	static char text[48];

	snprintf(text, sizeof(text), "offset %llu", (unsigned long long)offset);
	return text;
}

/* Every line but the last group of the log is confirmed by a later one. */
static void test_damage_before_a_watermark_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, 4);
	store_test_kill(test);
	struct ary_buf whole = file_read(test->path, "0.log");
	uint64_t lines = line_count(ary_buf_view(&whole));
	assert_int_equal(lines, 5);
	for (uint64_t i = 0; i + 1 < lines; i++) {
		uint64_t start = line_start(ary_buf_view(&whole), i);
		uint64_t end = line_start(ary_buf_view(&whole), i + 1);
		/* The first group is the Log line and the first Set: it starts at 0. */
		const uint64_t places[] = {start, (start + end) / 2, end - 1};
		for (int place = 0; place < 3; place++) {
			file_flip(test->path, "0.log", places[place], 0x01);
			expect_corrupt(test, "0.log", offset_text(start));
			file_flip(test->path, "0.log", places[place], 0x01);
		}
	}
	store_test_open(test);
	store_test_expect_filled(test, 4);
	ary_buf_release(&whole);
}

static void test_damage_names_the_seqs_around_it(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, 4);
	store_test_kill(test);
	struct ary_buf whole = file_read(test->path, "0.log");
	file_flip(test->path, "0.log", line_start(ary_buf_view(&whole), 2) + 20, 0x10);
	/* Log 1, Sets 2, [3], 4, 5. */
	expect_corrupt(test, "seq 2", "seq 4");
	ary_buf_release(&whole);
}

static void test_damage_in_a_closed_store_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, 4);
	store_test_close(test);
	struct ary_buf whole = file_read(test->path, "0.log");
	/* The last Set, which only the closing Mark confirms. */
	uint64_t start = line_start(ary_buf_view(&whole), 4);
	file_flip(test->path, "0.log", start + 10, 0x01);
	expect_corrupt(test, "0.log", offset_text(start));
	ary_buf_release(&whole);
}

static void test_flip_in_a_sealed_log_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_make_logs(test, 60);
	struct ary_buf whole = file_read(test->path, "1.log");
	uint64_t lines = line_count(ary_buf_view(&whole));
	for (uint64_t i = 0; i < lines; i++) {
		uint64_t start = line_start(ary_buf_view(&whole), i);
		file_flip(test->path, "1.log", start + 9, 0x01);
		expect_corrupt(test, "1.log", offset_text(start));
		file_flip(test->path, "1.log", start + 9, 0x01);
	}
	store_test_open(test);
	store_test_expect_filled(test, 60);
	ary_buf_release(&whole);
}

static void test_sealed_log_cut_at_a_line_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_make_logs(test, 60);
	struct ary_buf whole = file_read(test->path, "1.log");
	for (uint64_t i = line_count(ary_buf_view(&whole)) - 1; i > 0; i--) {
		file_truncate(test->path, "1.log", line_start(ary_buf_view(&whole), i));
		expect_corrupt(test, "1.log", "Seal");
	}
	file_truncate(test->path, "1.log", 0);
	expect_corrupt(test, "1.log", NULL);
	ary_buf_release(&whole);
}

static void test_line_missing_before_a_seal_is_refused(void **state)
{
	struct store_test *test = *state;
	struct ary_buf less = {0};

	store_test_make_logs(test, 60);
	struct ary_buf whole = file_read(test->path, "1.log");
	uint64_t from = line_start(ary_buf_view(&whole), 3);
	uint64_t to = line_start(ary_buf_view(&whole), 4);
	assert_true(ary_buf_append(&less, (struct ary_bytes){whole.data, from}));
	assert_true(ary_buf_append(&less, (struct ary_bytes){whole.data + to, whole.size - to}));
	file_write(test->path, "1.log", ary_buf_view(&less));
	expect_corrupt(test, "1.log", "Seal");
	ary_buf_release(&less);
	ary_buf_release(&whole);
}

static void test_bytes_after_a_seal_are_refused(void **state)
{
	struct store_test *test = *state;

	store_test_make_logs(test, 60);
	uint64_t end = file_bytes(test->path, "1.log");
	file_append(test->path, "1.log", ary_bytes_of("x"));
	expect_corrupt(test, "1.log", offset_text(end));
}

static void test_missing_log_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_make_logs(test, 60);
	file_remove(test->path, "1.log");
	expect_corrupt(test, "1.log", "missing");
}

static void test_missing_first_log_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_make_logs(test, 60);
	file_remove(test->path, "0.log");
	expect_corrupt(test, "0.log", "missing");
}

static void test_log_under_another_name_is_refused(void **state)
{
	struct store_test *test = *state;

	store_test_make_logs(test, 60);
	struct ary_buf other = file_read(test->path, "2.log");
	file_write(test->path, "1.log", ary_buf_view(&other));
	expect_corrupt(test, "1.log", "offset 0");
	ary_buf_release(&other);
}

static void test_logs_of_one_number_twice_are_refused(void **state)
{
	struct store_test *test = *state;

	store_test_make_logs(test, 60);
	struct ary_buf other = file_read(test->path, "1.log");
	file_write(test->path, "2.log", ary_buf_view(&other));
	expect_corrupt(test, "2.log", "offset 0");
	ary_buf_release(&other);
}

static void expect_unsupported(struct store_test *test, struct ary_buf *contents)
{
	static const char *words[3] = {"0.log", NULL, NULL};

	mkdir(test->path, 0700);
	char logs[TMPDIR_PATH_BYTES + 8];
	snprintf(logs, sizeof(logs), "%s/logs", test->path);
	mkdir(logs, 0700);
	file_write(test->path, "0.log", ary_buf_view(contents));
	store_test_expect_refusal(test, ARY_UNSUPPORTED, words);
	contents->size = 0;
}

static void test_what_a_later_version_wrote_is_refused(void **state)
{
	static const char *log =
		"{\"seq\":1,\"time\":1,\"cmd\":\"Log\",\"version\":%d,\"log\":0,"
		"\"durability\":\"always\"";
	struct store_test *test = *state;
	struct ary_buf lines = {0};

	lines_sealf(&lines, log, 2);
	expect_unsupported(test, &lines);
	lines_sealf(&lines, log, 1);
	lines_sealf(&lines, "{\"seq\":2,\"time\":1,\"cmd\":\"Batch\",\"ops\":[]");
	expect_unsupported(test, &lines);
	lines_sealf(&lines, "{\"seq\":1,\"time\":1,\"cmd\":\"Zeroth\"");
	expect_unsupported(test, &lines);
	ary_buf_release(&lines);
}

/* A merge was synced before it counted: nothing of it can be torn. */
static void make_base(struct store_test *test)
{
	store_test_open(test);
	store_test_set(test, "a", "old");
	store_test_set(test, "a", "1");
	store_test_set(test, "b", "2");
	assert_int_equal(store_test_compact(test).status, ARY_OK);
	store_test_kill(test);
	assert_int_equal(file_bytes(test->path, "1.log"), 0);
}

static void test_damage_in_a_merge_before_an_empty_log_is_refused(void **state)
{
	struct store_test *test = *state;

	make_base(test);
	struct ary_buf whole = file_read(test->path, "0.log");
	uint64_t lines = line_count(ary_buf_view(&whole));
	for (uint64_t i = 0; i < lines; i++) {
		uint64_t start = line_start(ary_buf_view(&whole), i);
		file_flip(test->path, "0.log", start + 9, 0x01);
		expect_corrupt(test, "0.log", offset_text(start));
		file_flip(test->path, "0.log", start + 9, 0x01);
	}
	store_test_open(test);
	store_test_expect(test, "a", "1");
	store_test_expect(test, "b", "2");
	ary_buf_release(&whole);
}

static void test_merge_cut_short_before_an_empty_log_is_refused(void **state)
{
	struct store_test *test = *state;

	make_base(test);
	struct ary_buf whole = file_read(test->path, "0.log");
	for (uint64_t i = line_count(ary_buf_view(&whole)) - 1; i > 0; i--) {
		file_truncate(test->path, "0.log", line_start(ary_buf_view(&whole), i));
		expect_corrupt(test, "0.log", NULL);
		file_truncate(test->path, "0.log", line_start(ary_buf_view(&whole), i) + 3);
		file_write(test->path, "0.log", (struct ary_bytes){whole.data,
			   line_start(ary_buf_view(&whole), i) + 3});
		expect_corrupt(test, "0.log", NULL);
	}
	ary_buf_release(&whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, store_test_setup, store_test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_damage_before_a_watermark_is_refused),
		TEST(test_damage_names_the_seqs_around_it),
		TEST(test_damage_in_a_closed_store_is_refused),
		TEST(test_flip_in_a_sealed_log_is_refused),
		TEST(test_sealed_log_cut_at_a_line_is_refused),
		TEST(test_line_missing_before_a_seal_is_refused),
		TEST(test_bytes_after_a_seal_are_refused),
		TEST(test_missing_log_is_refused),
		TEST(test_missing_first_log_is_refused),
		TEST(test_log_under_another_name_is_refused),
		TEST(test_logs_of_one_number_twice_are_refused),
		TEST(test_what_a_later_version_wrote_is_refused),
		TEST(test_damage_in_a_merge_before_an_empty_log_is_refused),
		TEST(test_merge_cut_short_before_an_empty_log_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
