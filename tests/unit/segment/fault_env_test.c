/* SPDX-License-Identifier: MIT */
/* Promise: the environment that fails on demand fails exactly the calls it was told to, and is
 * otherwise the one that it wraps: what tests prove with it is true. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "env/env.h"
#include "lib/fault_env.h"
#include "lib/tmpdir.h"

struct fixture {
	struct tmpdir tmpdir;
	struct fault_env *faults;
	struct ary_dir *dir;
	struct ary_file *file; /* "a", empty */
	enum fault_kind hooked;
	unsigned long hooks;
};

static int setup(void **state)
{
	struct fixture *fixture = ARY_NEW(struct fixture);

	tmpdir_create(&fixture->tmpdir);
	fixture->faults = fault_env_create(ary_env_posix());
	assert_int_equal(ary_dir_open(fault_env_env(fixture->faults), fixture->tmpdir.path, false,
				      &fixture->dir, NULL), ARY_OK);
	assert_int_equal(ary_file_open(fixture->dir, "a", ARY_OPEN_CREATE_NEW, &fixture->file,
				       NULL), ARY_OK);
	fault_env_reset(fixture->faults);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	fault_env_reset(fixture->faults);
	assert_int_equal(ary_file_close(fixture->file, NULL), ARY_OK);
	ary_dir_close(fixture->dir);
	fault_env_destroy(fixture->faults);
	tmpdir_remove(&fixture->tmpdir);
	free(fixture);
	return 0;
}

static void test_only_the_nth_call_fails(void **state)
{
	struct fixture *fixture = *state;
	struct ary_error error;

	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 3});
	for (int call = 1; call <= 5; call++) {
		assert_int_equal(ary_file_truncate(fixture->file, 0, NULL), ARY_OK);
		assert_int_equal(ary_file_sync(fixture->file, &error), call == 3 ? ARY_IO : ARY_OK);
	}
	assert_int_equal(error.os_errno, EIO);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_FILE_SYNC), 5);
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_KINDS), 10);
	assert_int_equal(fault_env_fired(fixture->faults), 1);
}

static void test_forever_lasts_until_the_reset(void **state)
{
	struct fixture *fixture = *state;

	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_KINDS, .nth = 2,
						       .forever = true, .os_errno = ENOSPC});
	assert_int_equal(ary_dir_sync(fixture->dir, NULL), ARY_OK);
	for (int call = 0; call < 3; call++) {
		assert_int_equal(ary_dir_sync(fixture->dir, NULL), ARY_NO_SPACE);
		assert_int_equal(ary_file_sync(fixture->file, NULL), ARY_NO_SPACE);
	}
	fault_env_reset(fixture->faults);
	assert_int_equal(ary_dir_sync(fixture->dir, NULL), ARY_OK);
	assert_int_equal(fault_env_fired(fixture->faults), 0);
}

static void test_name_chooses_the_file(void **state)
{
	struct fixture *fixture = *state;
	struct ary_file *other;

	fault_env_fail(fixture->faults,
		       (struct fault){.kind = FAULT_FILE_SYNC, .nth = 1, .name = "b"});
	fault_env_fail(fixture->faults,
		       (struct fault){.kind = FAULT_FILE_CREATE, .nth = 1, .name = "c"});
	assert_int_equal(ary_file_open(fixture->dir, "b", ARY_OPEN_CREATE_NEW, &other, NULL),
			 ARY_OK);
	assert_int_equal(ary_file_sync(fixture->file, NULL), ARY_OK);
	assert_int_equal(ary_file_sync(other, NULL), ARY_IO);
	assert_int_equal(ary_file_close(other, NULL), ARY_OK);
	assert_int_equal(ary_file_open(fixture->dir, "c", ARY_OPEN_CREATE_NEW, &other, NULL),
			 ARY_IO);
	assert_int_equal(ary_file_open(fixture->dir, "c", ARY_OPEN_READ, &other, NULL),
			 ARY_NOT_FOUND);
}

static void test_short_writes_leave_their_part(void **state)
{
	struct fixture *fixture = *state;
	size_t written = 9;
	uint64_t size;

	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_WRITE, .nth = 1,
						       .os_errno = ENOSPC, .short_bytes = 2});
	assert_int_equal(ary_file_write_at(fixture->file, 0, "abcd", 4, &written, NULL),
			 ARY_NO_SPACE);
	assert_int_equal(written, 2);
	assert_int_equal(ary_file_size(fixture->file, &size, NULL), ARY_OK);
	assert_int_equal(size, 2);
}

static void test_lost_answers_follow_the_deed(void **state)
{
	struct fixture *fixture = *state;
	struct ary_file *file;

	fault_env_fail(fixture->faults,
		       (struct fault){.kind = FAULT_DIR_RENAME, .nth = 1, .after = true});
	assert_int_equal(ary_dir_rename(fixture->dir, "a", "b", NULL), ARY_IO);
	assert_int_equal(ary_file_open(fixture->dir, "b", ARY_OPEN_READ, &file, NULL), ARY_OK);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_DIR_UNLINK, .nth = 1});
	assert_int_equal(ary_dir_unlink(fixture->dir, "b", NULL), ARY_IO);
	assert_int_equal(ary_dir_unlink(fixture->dir, "b", NULL), ARY_OK);
}

static void count_hook(void *context, enum fault_kind kind, const char *name)
{
	struct fixture *fixture = context;

	assert_string_equal(name, "a");
	fixture->hooked = kind;
	fixture->hooks++;
	/* A hook may set the fault that the very call then meets. */
	fault_env_fail(fixture->faults, (struct fault){.kind = kind, .nth = 1});
}

static void test_hook_comes_before_the_call(void **state)
{
	struct fixture *fixture = *state;

	fault_env_set_hook(fixture->faults, count_hook, fixture);
	assert_int_equal(ary_file_sync(fixture->file, NULL), ARY_IO);
	assert_int_equal(fixture->hooked, FAULT_FILE_SYNC);
	fault_env_set_hook(fixture->faults, NULL, NULL);
	assert_int_equal(ary_file_sync(fixture->file, NULL), ARY_OK);
	assert_int_equal(fixture->hooks, 1);
}

static void test_space_and_clock_can_be_set(void **state)
{
	struct fixture *fixture = *state;
	struct ary_env *env = fault_env_env(fixture->faults);
	uint64_t free_bytes;
	uint64_t total_bytes;

	fault_env_set_space(fixture->faults, 3, 7);
	assert_int_equal(ary_dir_space(fixture->dir, &free_bytes, &total_bytes, NULL), ARY_OK);
	assert_int_equal(free_bytes, 3);
	assert_int_equal(total_bytes, 7);
	fault_env_set_wall_ms(fixture->faults, 12345);
	assert_int_equal(ary_wall_ms(env), 12345);
	fault_env_reset(fixture->faults);
	assert_int_equal(ary_dir_space(fixture->dir, &free_bytes, &total_bytes, NULL), ARY_OK);
	assert_int_not_equal(total_bytes, 7);
	assert_true(ary_wall_ms(env) > 1600000000000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_only_the_nth_call_fails),
		TEST(test_forever_lasts_until_the_reset),
		TEST(test_name_chooses_the_file),
		TEST(test_short_writes_leave_their_part),
		TEST(test_lost_answers_follow_the_deed),
		TEST(test_hook_comes_before_the_call),
		TEST(test_space_and_clock_can_be_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
