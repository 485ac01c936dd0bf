/* SPDX-License-Identifier: MIT */
/* Promise: a scan visits exactly the lines before the first bad one, calls an unfinished end torn,
 * and calls it damage only when a later line proves that what is bad was durable. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "env/env.h"
#include "lib/fault_env.h"
#include "lib/lines.h"
#include "lib/tmpdir.h"
#include "segment/scan.h"

enum { VISITS_MAX = 64 };

struct fixture {
	struct tmpdir tmpdir;
	struct fault_env *faults;
	struct ary_dir *dir;
	struct ary_buf bytes; /* the file to be */
	/* What a scan told. */
	struct ary_scan_report report;
	struct ary_error error;
	uint64_t offsets[VISITS_MAX];
	uint64_t seqs[VISITS_MAX];
	size_t visits;
	enum ary_status answer; /* of the visitor */
};

static int setup(void **state)
{
	struct fixture *fixture = ARY_NEW(struct fixture);

	tmpdir_create(&fixture->tmpdir);
	fixture->faults = fault_env_create(ary_env_posix());
	assert_int_equal(ary_dir_open(fault_env_env(fixture->faults), fixture->tmpdir.path, false,
				      &fixture->dir, NULL), ARY_OK);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	ary_buf_release(&fixture->bytes);
	ary_dir_close(fixture->dir);
	fault_env_destroy(fixture->faults);
	tmpdir_remove(&fixture->tmpdir);
	free(fixture);
	return 0;
}

static enum ary_status visit(void *context, const struct ary_scan_line *line,
			     struct ary_error *err)
{
	struct fixture *fixture = context;
	size_t i = fixture->visits++;

	assert_non_null(err);
	assert_int_equal(line->record->value.size, 0);
	if (line->offset + line->line.size <= fixture->bytes.size)
		assert_memory_equal(line->line.data, fixture->bytes.data + line->offset,
				    line->line.size);
	if (i < VISITS_MAX) {
		fixture->offsets[i] = line->offset;
		fixture->seqs[i] = line->record->seq;
	}
	if (fixture->answer != ARY_OK)
		return ary_fail(err, fixture->answer, "the visitor's own");
	return ARY_OK;
}

static struct ary_file *open_log(struct fixture *fixture, enum ary_open_mode mode)
{
	struct ary_file *file;

	assert_int_equal(ary_file_open(fixture->dir, "1.log", mode, &file, NULL), ARY_OK);
	return file;
}

/* Scans what is in the file from START on. */
static enum ary_status scan_from(struct fixture *fixture, struct ary_scan_start start)
{
	struct ary_file *file = open_log(fixture, ARY_OPEN_READ);

	fixture->visits = 0;
	memset(&fixture->report, 0xaa, sizeof(fixture->report));
	enum ary_status status = ary_scan(file, "1.log", start, visit, fixture,
					  &fixture->report, &fixture->error);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
	return status;
}

/* Scans all that is in the file. */
static enum ary_status scan_file(struct fixture *fixture, uint64_t seq_after)
{
	return scan_from(fixture, (struct ary_scan_start){.seq = seq_after});
}

static void write_file(struct fixture *fixture, struct ary_bytes bytes)
{
	size_t written;

	enum ary_status status = ary_dir_unlink(fixture->dir, "1.log", NULL);
	assert_true(status == ARY_OK || status == ARY_NOT_FOUND);
	struct ary_file *file = open_log(fixture, ARY_OPEN_CREATE_NEW);
	if (bytes.size > 0)
		assert_int_equal(ary_file_write_at(file, 0, bytes.data, bytes.size, &written, NULL),
				 ARY_OK);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static enum ary_status scan(struct fixture *fixture)
{
	write_file(fixture, ary_buf_view(&fixture->bytes));
	return scan_file(fixture, 0);
}

/* That a scan is OK with LINES lines up to END; the file is torn when it is longer. */
static void assert_scan(struct fixture *fixture, uint64_t lines, uint64_t end)
{
	fixture->error.text[0] = '\0';
	if (scan(fixture) != ARY_OK)
		fail_msg("%s", fixture->error.text);
	assert_int_equal(fixture->report.lines, lines);
	assert_int_equal(fixture->visits, lines);
	assert_int_equal(fixture->report.end, end);
	assert_int_equal(fixture->report.bytes, fixture->bytes.size);
	assert_int_equal(fixture->report.torn, end < fixture->bytes.size);
}

/* That a scan finds damage, says TEXT, and tells how far the file is good. */
static void assert_damage(struct fixture *fixture, uint64_t lines, uint64_t end, const char *text)
{
	assert_int_equal(scan(fixture), ARY_CORRUPT);
	if (!strstr(fixture->error.text, text))
		fail_msg("\"%s\" is not in \"%s\"", text, fixture->error.text);
	assert_int_equal(fixture->error.status, ARY_CORRUPT);
	assert_int_equal(fixture->report.lines, lines);
	assert_int_equal(fixture->report.end, end);
	assert_int_equal(fixture->report.bytes, fixture->bytes.size);
}

/* Appends a line; answers where it begins. */
static size_t add(struct fixture *fixture, uint64_t seq, int64_t durable)
{
	size_t offset = fixture->bytes.size;

	lines_set(&fixture->bytes, seq, durable, "key", "value");
	return offset;
}

static void test_good_file_is_visited_in_order(void **state)
{
	struct fixture *fixture = *state;

	size_t first = add(fixture, 5, -1);
	size_t second = add(fixture, 6, 40);
	size_t third = add(fixture, 900, 120);
	assert_scan(fixture, 3, fixture->bytes.size);
	assert_int_equal(fixture->offsets[0], first);
	assert_int_equal(fixture->offsets[1], second);
	assert_int_equal(fixture->offsets[2], third);
	assert_int_equal(fixture->seqs[2], 900);
	assert_int_equal(fixture->report.durable_bytes, 120);
	assert_int_equal(fixture->report.seq_last, 900);
	assert_int_equal(fixture->report.seq_seen, 900);
}

static void test_empty_file_has_no_lines(void **state)
{
	struct fixture *fixture = *state;

	assert_scan(fixture, 0, 0);
	assert_int_equal(fixture->report.seq_last, 0);
	assert_int_equal(fixture->report.durable_bytes, 0);
}

static void test_watermark_is_never_past_the_end(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 5, 1000000);
	assert_scan(fixture, 1, fixture->bytes.size);
	assert_int_equal(fixture->report.durable_bytes, fixture->bytes.size);
}

static void test_last_line_torn_at_every_byte(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, -1);
	size_t last = add(fixture, 2, 70);
	size_t whole = fixture->bytes.size;
	for (size_t size = last; size < whole; size++) {
		fixture->bytes.size = size;
		assert_scan(fixture, 1, last);
		assert_int_equal(fixture->report.seq_last, 1);
		assert_int_equal(fixture->report.seq_seen, 1);
	}
	/* The one without its newline has a right checksum, and still is no line. */
	assert_int_equal(fixture->bytes.data[whole - 2], '}');
	fixture->bytes.size = whole;
	assert_scan(fixture, 2, whole);
}

static void test_hole_in_unsynced_tail_is_torn(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, 0);
	size_t hole = add(fixture, 2, -1);
	size_t after = add(fixture, 3, (int64_t)hole);
	add(fixture, 9, -1);
	memset(fixture->bytes.data + hole, 0, after - hole);
	assert_scan(fixture, 1, hole);
	assert_int_equal(fixture->report.seq_last, 1);
	assert_int_equal(fixture->report.seq_seen, 9);
	assert_int_equal(fixture->report.durable_bytes, hole);
}

static void test_damage_before_a_watermark_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char text[128];

	add(fixture, 17, -1);
	size_t bad = add(fixture, 18, -1);
	add(fixture, 21, -1);
	add(fixture, 22, (int64_t)bad + 1);
	for (size_t i = bad; i < bad + 20; i++) {
		fixture->bytes.data[i] ^= 4;
		snprintf(text, sizeof(text),
			 "1.log: damaged at offset %zu, after seq 17 and before seq 21", bad);
		assert_damage(fixture, 1, bad, text);
		assert_int_equal(fixture->report.seq_last, 17);
		fixture->bytes.data[i] ^= 4;
	}
	assert_scan(fixture, 4, fixture->bytes.size);
}

static void test_watermark_at_the_bad_line_is_torn(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 17, -1);
	size_t bad = add(fixture, 18, -1);
	add(fixture, 21, (int64_t)bad);
	fixture->bytes.data[bad] = '[';
	assert_scan(fixture, 1, bad);
	assert_int_equal(fixture->report.seq_seen, 21);
}

static void test_damaged_first_line_is_named(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, -1);
	add(fixture, 2, 30);
	fixture->bytes.data[3] ^= 1;
	assert_damage(fixture, 0, 0, "1.log: damaged at offset 0, before seq 2");
}

static void test_lost_newline_takes_both_lines(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, -1);
	size_t bad = add(fixture, 2, -1);
	size_t next = add(fixture, 3, -1);
	fixture->bytes.data[next - 1] = ' ';
	assert_scan(fixture, 1, bad);
	assert_int_equal(fixture->report.seq_seen, 3);
	add(fixture, 4, (int64_t)next);
	assert_damage(fixture, 1, bad, "after seq 1 and before seq 3");
}

static void test_hole_up_to_the_only_witness_is_damage(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, -1);
	size_t hole = add(fixture, 2, -1);
	size_t witness = add(fixture, 3, (int64_t)hole + 1);
	/* The newlines are gone with the lines, and the witness stands behind zeros. */
	memset(fixture->bytes.data + hole, 0, witness - hole);
	assert_damage(fixture, 1, hole, "after seq 1 and before seq 3");
	/* The same in a line after `bad`. */
	fixture->bytes.data[hole + 9] = '\n';
	assert_damage(fixture, 1, hole, "after seq 1 and before seq 3");
	/* A witness that is damaged itself proves nothing. */
	fixture->bytes.data[witness + 9] ^= 1;
	assert_scan(fixture, 1, hole);
	assert_int_equal(fixture->report.seq_seen, 1);
}

static void test_seq_that_does_not_rise_is_bad(void **state)
{
	static const uint64_t seqs[] = {7, 8};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 2; i++) {
		fixture->bytes.size = 0;
		add(fixture, 8, -1);
		size_t bad = add(fixture, seqs[i], -1);
		assert_scan(fixture, 1, bad);
		assert_int_equal(fixture->report.seq_seen, 8);
		add(fixture, 9, (int64_t)bad + 1);
		assert_damage(fixture, 1, bad, "does not rise");
	}
}

static void test_seq_must_be_above_the_file_before(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 8, -1);
	assert_scan(fixture, 1, fixture->bytes.size);
	assert_int_equal(scan_file(fixture, 7), ARY_OK);
	assert_int_equal(fixture->report.lines, 1);
	assert_int_equal(scan_file(fixture, 8), ARY_OK);
	assert_int_equal(fixture->report.lines, 0);
	assert_true(fixture->report.torn);
	assert_int_equal(fixture->report.seq_last, 0);
	assert_int_equal(fixture->report.seq_seen, 8);
}

/* Scans behind SKIPPED bytes: seqs rise from 7, whose line is damaged. */
static void assert_from(struct fixture *fixture, size_t skipped, enum ary_status status,
			uint64_t lines, uint64_t end)
{
	fixture->bytes.data[3] ^= 1;
	write_file(fixture, ary_buf_view(&fixture->bytes));
	fixture->bytes.data[3] ^= 1;
	assert_int_equal(scan_from(fixture, (struct ary_scan_start){skipped, 7, 0}), status);
	assert_int_equal(fixture->report.lines, lines);
	assert_int_equal(fixture->report.end, end);
	assert_int_equal(fixture->report.bytes, fixture->bytes.size);
	assert_int_equal(fixture->report.torn, end < fixture->bytes.size);
	assert_int_equal(fixture->report.seq_last, 7 + lines);
	assert_in_range(fixture->report.durable_bytes, skipped, end);
}

static void test_start_leaves_out_what_is_before_it(void **state)
{
	struct fixture *fixture = *state;

	size_t start = (add(fixture, 7, -1), fixture->bytes.size);
	assert_from(fixture, start, ARY_OK, 0, start);
	size_t last = (add(fixture, 8, 1), add(fixture, 9, -1));
	assert_from(fixture, start, ARY_OK, 2, fixture->bytes.size);
	assert_int_equal(fixture->offsets[0], start);
	assert_int_equal(fixture->report.durable_bytes, start);
	size_t torn = (add(fixture, 10, (int64_t)last), fixture->bytes.size - 1);
	assert_from(fixture, start, ARY_OK, 3, torn + 1);
	assert_int_equal(fixture->report.durable_bytes, last);
	fixture->bytes.size = torn;
	assert_from(fixture, start, ARY_OK, 2, fixture->offsets[2]);
	assert_int_equal(scan_from(fixture, (struct ary_scan_start){torn + 1, 7, 0}), ARY_IO);
}

static void test_damage_behind_a_start_needs_a_witness(void **state)
{
	struct fixture *fixture = *state;

	/* A line that is none, and one whose seq does not rise. */
	for (uint64_t seq = 6; seq <= 8; seq++) {
		fixture->bytes.size = 0;
		size_t start = (add(fixture, 7, -1), add(fixture, seq, -1));
		fixture->bytes.data[start] ^= seq == 8;
		add(fixture, 9, (int64_t)start);
		assert_from(fixture, start, ARY_OK, 0, start);
		add(fixture, 10, (int64_t)start + 1);
		assert_from(fixture, start, ARY_CORRUPT, 0, start);
		assert_non_null(strstr(fixture->error.text, "after seq 7 and before seq"));
	}
}

static void test_malformed_line_with_right_checksum_is_bad(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, -1);
	size_t bad = fixture->bytes.size;
	lines_set(&fixture->bytes, 2, -1, "", "value");
	assert_scan(fixture, 1, bad);
	add(fixture, 3, (int64_t)bad + 1);
	assert_damage(fixture, 1, bad, "is empty");
}

static void test_empty_line_is_bad(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, -1);
	size_t bad = fixture->bytes.size;
	lines_fill(&fixture->bytes, '\n', 3);
	add(fixture, 2, -1);
	assert_scan(fixture, 1, bad);
}

static void test_zero_filled_tail_is_torn(void **state)
{
	static const size_t zeros[] = {1, 511, 4096, 1 << 20, (1 << 20) + 1};
	struct fixture *fixture = *state;

	size_t end = (add(fixture, 1, -1), fixture->bytes.size);
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
		fixture->bytes.size = end;
		lines_fill(&fixture->bytes, 0, zeros[i]);
		assert_scan(fixture, 1, end);
	}
}

static void test_garbage_without_end_needs_bounded_memory(void **state)
{
	struct fixture *fixture = *state;
	uint64_t far = UINT64_C(1) << 28;
	struct ary_buf later = {0};
	char text[64];
	size_t written;

	size_t bad = (add(fixture, 1, -1), fixture->bytes.size);
	write_file(fixture, ary_buf_view(&fixture->bytes));
	/* A hole in the file: zeros that take no room on the disk. */
	lines_fill(&later, '\n', 1);
	lines_set(&later, 2, 4, "key", "value");
	struct ary_file *file = open_log(fixture, ARY_OPEN_WRITE);
	assert_int_equal(ary_file_write_at(file, far, later.data, later.size, &written, NULL),
			 ARY_OK);
	/* The window, its six doublings up to 16 MiB, the scratch buffer, and one to spare. */
	ary_alloc_fail_at(10, 1);
	assert_int_equal(scan_file(fixture, 0), ARY_OK);
	assert_int_equal(fixture->report.end, bad);
	assert_int_equal(fixture->report.seq_seen, 2);
	later.size = 0;
	lines_fill(&later, '\n', 1);
	lines_set(&later, 2, (int64_t)bad + 1, "key", "value");
	assert_int_equal(ary_file_write_at(file, far, later.data, later.size, &written, NULL),
			 ARY_OK);
	ary_alloc_fail_at(10, 1);
	enum ary_status status = scan_file(fixture, 0);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(status, ARY_CORRUPT);
	snprintf(text, sizeof(text), "damaged at offset %zu, after seq 1 and before seq 2", bad);
	assert_non_null(strstr(fixture->error.text, text));
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
	ary_buf_release(&later);
}

/* Appends a Set whose line has LINE_BYTES. */
static void add_long(struct fixture *fixture, uint64_t seq, size_t line_bytes)
{
	struct ary_buf body = {0};
	char start[80];

	snprintf(start, sizeof(start),
		 "{\"seq\":%" PRIu64 ",\"time\":1,\"cmd\":\"Set\",\"key\":\"k\",\"value\":\"", seq);
	assert_true(ary_buf_append(&body, ary_bytes_of(start)));
	lines_fill(&body, 'v', line_bytes - body.size - 20);
	lines_fill(&body, '"', 1);
	lines_seal(&fixture->bytes, ary_buf_view(&body));
	ary_buf_release(&body);
}

static void test_lines_of_all_lengths_cross_the_buffer(void **state)
{
	/* A quarter of a MiB is read at once. */
	static const size_t sizes[] = {(1 << 18) - 1, 1 << 18, (1 << 18) + 1, 1 << 20, 3 << 20,
				       ARY_RECORD_LINE_BYTES_MAX};
	struct fixture *fixture = *state;
	uint64_t seq = 1;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		add(fixture, seq++, -1);
		add_long(fixture, seq++, sizes[i]);
	}
	add(fixture, seq++, -1);
	assert_scan(fixture, seq - 1, fixture->bytes.size);
	assert_int_equal(fixture->seqs[10], 11);
}

static void test_line_over_the_limit_is_bad(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, -1);
	size_t bad = fixture->bytes.size;
	add_long(fixture, 2, ARY_RECORD_LINE_BYTES_MAX + 1);
	add(fixture, 3, -1);
	assert_scan(fixture, 1, bad);
	assert_int_equal(fixture->report.seq_seen, 3);
	add(fixture, 4, (int64_t)bad + 1);
	assert_damage(fixture, 1, bad, "after seq 1 and before seq 3: the line is too long");
}

static void test_visitor_ends_the_scan(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1, -1);
	add(fixture, 2, -1);
	fixture->answer = ARY_UNSUPPORTED;
	assert_int_equal(scan(fixture), ARY_UNSUPPORTED);
	assert_int_equal(fixture->visits, 1);
	assert_string_equal(fixture->error.text, "the visitor's own");
	fixture->answer = ARY_CORRUPT;
	assert_int_equal(scan(fixture), ARY_CORRUPT);
	assert_string_equal(fixture->error.text, "the visitor's own");
	/* The visitor has an error to fill also where the caller wants none. */
	struct ary_file *file = open_log(fixture, ARY_OPEN_READ);
	assert_int_equal(ary_scan(file, "1.log", (struct ary_scan_start){.seq = 0}, visit, fixture,
				  &fixture->report, NULL), ARY_CORRUPT);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void test_failed_reads_are_told(void **state)
{
	struct fixture *fixture = *state;

	for (uint64_t seq = 1; seq < 40; seq++)
		add(fixture, seq, -1);
	add_long(fixture, 40, 3 << 20);
	fixture->bytes.data[10] ^= 1;
	for (unsigned long nth = 1; nth <= 3; nth++) {
		fault_env_reset(fixture->faults);
		fault_env_fail(fixture->faults,
			       (struct fault){.kind = FAULT_FILE_READ, .nth = nth});
		assert_int_equal(scan(fixture), ARY_IO);
	}
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SIZE, .nth = 1});
	assert_int_equal(scan(fixture), ARY_IO);
	/* A file that becomes shorter under a scan is neither torn nor damaged. */
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_READ, .nth = 1,
						       .short_read = true, .short_bytes = 100});
	assert_int_equal(scan(fixture), ARY_IO);
	assert_non_null(strstr(fixture->error.text, "shorter"));
}

static void test_no_memory_is_told_from_damage(void **state)
{
	struct fixture *fixture = *state;
	unsigned long nth = 1;

	lines_set(&fixture->bytes, 1, -1, "k\\n", "v");
	add_long(fixture, 2, 3 << 20);
	write_file(fixture, ary_buf_view(&fixture->bytes));
	for (;; nth++) {
		ary_alloc_fail_at(nth, 0);
		enum ary_status status = scan_file(fixture, 0);
		ary_alloc_fail_at(0, 0);
		if (status == ARY_OK)
			break;
		assert_int_equal(status, ARY_NO_MEMORY);
		assert_true(nth < 20);
	}
	/* The window, the scratch buffer, and the window's growing were all reached. */
	assert_true(nth > 3);
	assert_int_equal(fixture->report.lines, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good_file_is_visited_in_order),
		TEST(test_empty_file_has_no_lines),
		TEST(test_watermark_is_never_past_the_end),
		TEST(test_last_line_torn_at_every_byte),
		TEST(test_hole_in_unsynced_tail_is_torn),
		TEST(test_damage_before_a_watermark_is_refused),
		TEST(test_watermark_at_the_bad_line_is_torn),
		TEST(test_damaged_first_line_is_named),
		TEST(test_lost_newline_takes_both_lines),
		TEST(test_hole_up_to_the_only_witness_is_damage),
		TEST(test_seq_that_does_not_rise_is_bad),
		TEST(test_seq_must_be_above_the_file_before),
		TEST(test_start_leaves_out_what_is_before_it),
		TEST(test_damage_behind_a_start_needs_a_witness),
		TEST(test_malformed_line_with_right_checksum_is_bad),
		TEST(test_empty_line_is_bad),
		TEST(test_zero_filled_tail_is_torn),
		TEST(test_garbage_without_end_needs_bounded_memory),
		TEST(test_lines_of_all_lengths_cross_the_buffer),
		TEST(test_line_over_the_limit_is_bad),
		TEST(test_visitor_ends_the_scan),
		TEST(test_failed_reads_are_told),
		TEST(test_no_memory_is_told_from_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
