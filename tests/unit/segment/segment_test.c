/* SPDX-License-Identifier: MIT */
/* Promise: a write that is refused leaves the file as it was, on disk too; and once nobody can know
 * what is on disk, the segment says so and writes no more. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "env/env.h"
#include "env/thread.h"
#include "lib/fault_env.h"
#include "lib/lines.h"
#include "lib/tmpdir.h"
#include "segment/segment.h"

#define BYTES(literal) ((struct ary_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

/* A segment in an environment that can be told to fail. */
struct fixture {
	struct tmpdir tmpdir;
	struct fault_env *faults;
	struct ary_dir *dir;
	struct ary_segment *segment;
};

static int setup(void **state)
{
	struct fixture *fixture = ARY_NEW(struct fixture);

	tmpdir_create(&fixture->tmpdir);
	fixture->faults = fault_env_create(ary_env_posix());
	assert_int_equal(ary_dir_open(fault_env_env(fixture->faults), fixture->tmpdir.path, false,
				      &fixture->dir, NULL), ARY_OK);
	assert_int_equal(ary_segment_create(fixture->dir, 3, false, 9, &fixture->segment, NULL),
			 ARY_OK);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	ary_segment_unref(fixture->segment);
	ary_dir_close(fixture->dir);
	fault_env_destroy(fixture->faults);
	tmpdir_remove(&fixture->tmpdir);
	free(fixture);
	return 0;
}

/* What file NAME holds, past all faults. */
static void assert_contents(struct fixture *fixture, const char *name, struct ary_bytes expected)
{
	struct ary_dir *dir;
	struct ary_file *file;
	uint8_t data[64];
	size_t got;

	assert_true(expected.size < sizeof(data));
	assert_int_equal(ary_dir_open(ary_env_posix(), fixture->tmpdir.path, false, &dir, NULL),
			 ARY_OK);
	assert_int_equal(ary_file_open(dir, name, ARY_OPEN_READ, &file, NULL), ARY_OK);
	assert_int_equal(ary_file_read_at(file, 0, data, sizeof(data), &got, NULL), ARY_OK);
	assert_int_equal(got, expected.size);
	assert_memory_equal(data, expected.data, expected.size);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
	ary_dir_close(dir);
}

static void append(struct fixture *fixture, struct ary_bytes bytes)
{
	assert_int_equal(ary_segment_append(fixture->segment, bytes, NULL), ARY_OK);
}

static void test_appended_lines_are_read_back(void **state)
{
	struct fixture *fixture = *state;
	struct ary_buf line = {0};

	append(fixture, BYTES("first\n"));
	append(fixture, BYTES(""));
	append(fixture, BYTES("second\n"));
	assert_int_equal(ary_segment_bytes(fixture->segment), 13);
	assert_int_equal(ary_segment_durable_bytes(fixture->segment), 0);
	assert_int_equal(ary_segment_sync(fixture->segment, NULL), ARY_OK);
	assert_int_equal(ary_segment_durable_bytes(fixture->segment), 13);

	unsigned long reads = fault_env_calls(fixture->faults, FAULT_FILE_READ);
	assert_int_equal(ary_segment_read_line(fixture->segment, 6, 7, &line, NULL), ARY_OK);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_READ), reads + 1);
	assert_true(ary_bytes_equal(ary_buf_view(&line), BYTES("second\n")));
	assert_int_equal(ary_segment_read_line(fixture->segment, 0, 6, &line, NULL), ARY_OK);
	assert_true(ary_bytes_equal(ary_buf_view(&line), BYTES("first\n")));
	ary_buf_release(&line);
}

static void test_read_past_the_end_is_corrupt(void **state)
{
	struct fixture *fixture = *state;
	struct ary_buf line = {0};
	struct ary_error error;

	append(fixture, BYTES("first\n"));
	assert_int_equal(ary_segment_read_line(fixture->segment, 2, 5, &line, &error), ARY_CORRUPT);
	assert_int_equal(line.size, 0);
	assert_non_null(strstr(error.text, "log 3"));
	assert_int_equal(ary_segment_read_line(fixture->segment, 600, 5, &line, NULL), ARY_CORRUPT);
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_READ, .nth = 1});
	assert_int_equal(ary_segment_read_line(fixture->segment, 0, 6, &line, NULL), ARY_IO);
	ary_buf_release(&line);
	ary_alloc_fail_at(1, 1);
	enum ary_status status = ary_segment_read_line(fixture->segment, 0, 6, &line, NULL);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(status, ARY_NO_MEMORY);
}

static void test_names_and_numbers_are_kept(void **state)
{
	struct fixture *fixture = *state;
	struct ary_segment *other;

	assert_int_equal(ary_segment_log(fixture->segment), 3);
	assert_int_equal(ary_segment_slot(fixture->segment), 9);
	assert_int_equal(ary_segment_create(fixture->dir, 3, false, 1, &other, NULL), ARY_EXISTS);
	assert_int_equal(ary_segment_create(fixture->dir, 3, true, 1, &other, NULL), ARY_OK);
	assert_int_equal(ary_segment_append(other, BYTES("tmp\n"), NULL), ARY_OK);
	ary_segment_unref(other);
	assert_contents(fixture, "3.log.tmp", BYTES("tmp\n"));
	assert_contents(fixture, "3.log", BYTES(""));
	assert_int_equal(ary_segment_open(fixture->dir, 4, 1, &other, NULL), ARY_NOT_FOUND);
	append(fixture, BYTES("first\n"));
	assert_int_equal(ary_segment_open(fixture->dir, 3, 2, &other, NULL), ARY_OK);
	assert_int_equal(ary_segment_bytes(other), 6);
	assert_int_equal(ary_segment_durable_bytes(other), 0);
	assert_int_equal(ary_segment_append(other, BYTES("second\n"), NULL), ARY_OK);
	ary_segment_unref(other);
	assert_contents(fixture, "3.log", BYTES("first\nsecond\n"));
}

static void test_failed_open_closes_the_file(void **state)
{
	struct fixture *fixture = *state;
	struct ary_segment *other;

	fault_env_reset(fixture->faults);
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SIZE, .nth = 1});
	assert_int_equal(ary_segment_open(fixture->dir, 3, 2, &other, NULL), ARY_IO);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_OPEN), 1);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_CLOSE), 1);
}

static void test_last_reference_closes_the_file(void **state)
{
	struct fixture *fixture = *state;
	struct ary_buf line = {0};

	append(fixture, BYTES("first\n"));
	struct ary_segment *reader = ary_segment_ref(fixture->segment);
	ary_segment_unref(fixture->segment);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_CLOSE), 0);
	assert_int_equal(ary_segment_read_line(reader, 0, 6, &line, NULL), ARY_OK);
	ary_segment_unref(reader);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_CLOSE), 1);
	ary_segment_unref(NULL);
	fixture->segment = NULL;
	ary_buf_release(&line);
}

static void test_refused_append_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct ary_error error;

	append(fixture, BYTES("first\n"));
	for (size_t taken = 0; taken <= 7; taken++) {
		fault_env_reset(fixture->faults);
		fault_env_fail(fixture->faults,
			       (struct fault){.kind = FAULT_FILE_WRITE, .nth = 1, .name = "3.log",
					      .os_errno = ENOSPC, .short_bytes = taken});
		assert_int_equal(ary_segment_append(fixture->segment, BYTES("second\n"), &error),
				 ARY_NO_SPACE);
		assert_int_equal(error.os_errno, ENOSPC);
		/* Cut and synced before the answer: nothing of it can come back. */
		assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_TRUNCATE), 1);
		assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_SYNC), 1);
		assert_int_equal(ary_segment_bytes(fixture->segment), 6);
		assert_int_equal(ary_segment_durable_bytes(fixture->segment), 6);
		assert_contents(fixture, "3.log", BYTES("first\n"));
	}
	append(fixture, BYTES("third\n"));
	assert_contents(fixture, "3.log", BYTES("first\nthird\n"));
}

/* That SEGMENT answers UNCERTAIN from now on, and touches the file no more. */
static void assert_latched(struct fixture *fixture)
{
	struct ary_error error;

	fault_env_reset(fixture->faults);
	assert_int_equal(ary_segment_append(fixture->segment, BYTES("x\n"), &error), ARY_UNCERTAIN);
	assert_int_equal(error.status, ARY_UNCERTAIN);
	assert_int_equal(ary_segment_append(fixture->segment, BYTES(""), NULL), ARY_UNCERTAIN);
	assert_int_equal(ary_segment_sync(fixture->segment, &error), ARY_UNCERTAIN);
	assert_int_equal(ary_segment_repair(fixture->segment, 0, 0, NULL), ARY_UNCERTAIN);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_KINDS), 0);
}

static void test_append_that_cannot_be_undone_is_uncertain(void **state)
{
	struct fixture *fixture = *state;
	struct ary_error error;

	append(fixture, BYTES("first\n"));
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_WRITE, .nth = 1,
						       .os_errno = ENOSPC, .short_bytes = 3});
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_TRUNCATE, .nth = 1});
	assert_int_equal(ary_segment_append(fixture->segment, BYTES("second\n"), &error),
			 ARY_UNCERTAIN);
	assert_int_equal(error.status, ARY_UNCERTAIN);
	assert_int_equal(error.os_errno, EIO);
	assert_latched(fixture);
}

static void test_undo_that_cannot_be_synced_is_uncertain(void **state)
{
	struct fixture *fixture = *state;

	append(fixture, BYTES("first\n"));
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_WRITE, .nth = 1,
						       .os_errno = ENOSPC, .short_bytes = 3});
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 1});
	assert_int_equal(ary_segment_append(fixture->segment, BYTES("second\n"), NULL),
			 ARY_UNCERTAIN);
	assert_latched(fixture);
}

static void test_failed_sync_is_uncertain_for_ever(void **state)
{
	struct fixture *fixture = *state;
	struct ary_buf line = {0};
	struct ary_error error;

	append(fixture, BYTES("first\n"));
	assert_int_equal(ary_segment_sync(fixture->segment, NULL), ARY_OK);
	append(fixture, BYTES("second\n"));
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 1,
						       .os_errno = ENOSPC});
	assert_int_equal(ary_segment_sync(fixture->segment, &error), ARY_UNCERTAIN);
	assert_int_equal(error.os_errno, ENOSPC);
	assert_int_equal(ary_segment_durable_bytes(fixture->segment), 6);
	assert_latched(fixture);
	/* What was there before can be read all the same. */
	assert_int_equal(ary_segment_read_line(fixture->segment, 0, 6, &line, NULL), ARY_OK);
	ary_buf_release(&line);
}

enum { CROWD_LINES = 2000, CROWD_LINE_BYTES = 8 };

/* Reads what is there while it grows: any line that counts is whole. */
static void read_along(void *context)
{
	struct ary_segment *segment = context;
	struct ary_buf line = {0};
	uint64_t bytes = 0;

	while (bytes < CROWD_LINES * CROWD_LINE_BYTES) {
		uint64_t durable_bytes = ary_segment_durable_bytes(segment);

		bytes = ary_segment_bytes(segment);
		ARY_CHECK(durable_bytes <= bytes);
		if (bytes == 0)
			continue;
		ARY_CHECK(ary_segment_read_line(segment, bytes - CROWD_LINE_BYTES, CROWD_LINE_BYTES,
						&line, NULL) == ARY_OK);
		ARY_CHECK(memcmp(line.data, "a line.\n", CROWD_LINE_BYTES) == 0);
	}
	ary_buf_release(&line);
	ary_segment_unref(segment);
}

static void test_readers_go_along_with_the_writer(void **state)
{
	struct fixture *fixture = *state;
	struct ary_thread readers[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(ary_thread_start(&readers[i], "reader", read_along,
						  ary_segment_ref(fixture->segment), NULL), ARY_OK);
	for (int i = 0; i < CROWD_LINES; i++) {
		append(fixture, BYTES("a line.\n"));
		if (i % 100 == 0)
			assert_int_equal(ary_segment_sync(fixture->segment, NULL), ARY_OK);
	}
	/* The readers may still hold the file when the owner lets go. */
	ary_segment_unref(fixture->segment);
	fixture->segment = NULL;
	for (int i = 0; i < 2; i++)
		ary_thread_join(&readers[i]);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_CLOSE), 1);
}

static void test_repair_writes_back_and_cuts(void **state)
{
	struct fixture *fixture = *state;

	append(fixture, BYTES("first\nsecond\ntorn"));
	fault_env_reset(fixture->faults);
	assert_int_equal(ary_segment_repair(fixture->segment, 6, 13, NULL), ARY_OK);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_WRITE), 1);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_SYNC), 1);
	assert_int_equal(ary_segment_bytes(fixture->segment), 13);
	assert_int_equal(ary_segment_durable_bytes(fixture->segment), 13);
	assert_contents(fixture, "3.log", BYTES("first\nsecond\n"));
	assert_int_equal(ary_segment_repair(fixture->segment, 13, 13, NULL), ARY_OK);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_WRITE), 1);
	append(fixture, BYTES("third\n"));
	assert_contents(fixture, "3.log", BYTES("first\nsecond\nthird\n"));
}

static void test_repair_works_in_pieces(void **state)
{
	struct fixture *fixture = *state;
	struct ary_buf bytes = {0};
	struct ary_buf back = {0};
	uint32_t size = 3 * 1024 * 1024 + 17;

	for (uint32_t i = 0; i < size / 4 + 1; i++)
		assert_true(ary_buf_append(&bytes, (struct ary_bytes){(const uint8_t *)&i, 4}));
	append(fixture, ary_buf_view(&bytes));
	fault_env_reset(fixture->faults);
	assert_int_equal(ary_segment_repair(fixture->segment, 5, size, NULL), ARY_OK);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_WRITE), 4);
	assert_int_equal(ary_segment_read_line(fixture->segment, 0, size, &back, NULL), ARY_OK);
	bytes.size = size;
	assert_true(ary_bytes_equal(ary_buf_view(&back), ary_buf_view(&bytes)));
	ary_buf_release(&bytes);
	ary_buf_release(&back);
}

static void test_failed_repair_is_told(void **state)
{
	static const struct {
		enum fault_kind kind;
		enum ary_status status;
	} rows[] = {
		{FAULT_FILE_READ, ARY_IO},
		{FAULT_FILE_WRITE, ARY_IO},
	};
	struct fixture *fixture = *state;

	append(fixture, BYTES("first\nsecond\n"));
	for (size_t i = 0; i < 2; i++) {
		fault_env_fail(fixture->faults, (struct fault){.kind = rows[i].kind, .nth = 1});
		assert_int_equal(ary_segment_repair(fixture->segment, 0, 6, NULL), rows[i].status);
		assert_contents(fixture, "3.log", BYTES("first\nsecond\n"));
	}
	ary_alloc_fail_at(1, 1);
	enum ary_status status = ary_segment_repair(fixture->segment, 0, 6, NULL);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(status, ARY_NO_MEMORY);
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 1});
	assert_int_equal(ary_segment_repair(fixture->segment, 0, 6, NULL), ARY_UNCERTAIN);
	assert_latched(fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_appended_lines_are_read_back),
		TEST(test_read_past_the_end_is_corrupt),
		TEST(test_names_and_numbers_are_kept),
		TEST(test_failed_open_closes_the_file),
		TEST(test_last_reference_closes_the_file),
		TEST(test_refused_append_leaves_nothing),
		TEST(test_append_that_cannot_be_undone_is_uncertain),
		TEST(test_undo_that_cannot_be_synced_is_uncertain),
		TEST(test_failed_sync_is_uncertain_for_ever),
		TEST(test_readers_go_along_with_the_writer),
		TEST(test_repair_writes_back_and_cuts),
		TEST(test_repair_works_in_pieces),
		TEST(test_failed_repair_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
