/* SPDX-License-Identifier: MIT */
/* Promise: one process at a time holds the lock, others learn which, and its end frees it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "env/env.h"
#include "lib/tmpdir.h"

struct fixture {
	struct tmpdir tmpdir;
	struct ary_dir *dir;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ 0 };
	tmpdir_create(&fixture.tmpdir);
	assert_int_equal(ary_dir_open(ary_env_posix(), fixture.tmpdir.path, false, &fixture.dir,
				      NULL), ARY_OK);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	ary_dir_close(fixture->dir);
	tmpdir_remove(&fixture->tmpdir);
	return 0;
}

static struct ary_file *take_lock(struct fixture *fixture)
{
	struct ary_file *lock = NULL;
	struct ary_error err;

	if (ary_dir_lock(fixture->dir, "LOCK", &lock, &err) != ARY_OK)
		fail_msg("%s", err.text);
	return lock;
}

static void assert_locked_by(struct fixture *fixture, pid_t pid)
{
	struct ary_file *lock = NULL;
	struct ary_error err = { 0 };
	char expected[64];

	assert_int_equal(ary_dir_lock(fixture->dir, "LOCK", &lock, &err), ARY_LOCKED);
	assert_null(lock);
	assert_int_equal(err.status, ARY_LOCKED);
	snprintf(expected, sizeof(expected), "process %ld ", (long)pid);
	assert_non_null(strstr(err.text, expected));
}

/* A child process that holds the lock until it is killed. */
static pid_t start_holder(struct fixture *fixture)
{
	struct ary_file *lock;
	int ends[2];
	char byte = 0;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* Should the test end early, the child does not outlive it for long. */
		alarm(30);
		if (ary_dir_lock(fixture->dir, "LOCK", &lock, NULL) != ARY_OK ||
		    write(ends[1], "!", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	return child;
}

static void kill_holder(pid_t child)
{
	int status;

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void test_lock_file_holds_the_process_id(void **state)
{
	struct fixture *fixture = *state;
	struct ary_file *lock = take_lock(fixture);
	char path[TMPDIR_PATH_BYTES];
	char text[64] = "";
	char expected[64];
	struct stat status;
	FILE *file;

	tmpdir_join(&fixture->tmpdir, "LOCK", path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	snprintf(expected, sizeof(expected), "%ld\n", (long)getpid());
	assert_string_equal(text, expected);
	assert_int_equal(ary_file_close(lock, NULL), ARY_OK);
}

static void test_second_holder_in_the_process_is_refused(void **state)
{
	struct ary_file *lock = take_lock(*state);

	/* Twice: that the first refused one closed its descriptor must not free the lock. */
	assert_locked_by(*state, getpid());
	assert_locked_by(*state, getpid());
	assert_int_equal(ary_file_close(lock, NULL), ARY_OK);
	lock = take_lock(*state);
	assert_int_equal(ary_file_close(lock, NULL), ARY_OK);
}

static void test_other_process_is_refused_and_named(void **state)
{
	pid_t child = start_holder(*state);

	assert_locked_by(*state, child);
	assert_locked_by(*state, child);
	kill_holder(child);
}

static void test_lock_is_free_after_its_holder_was_killed(void **state)
{
	struct ary_file *lock;
	pid_t child = start_holder(*state);

	assert_locked_by(*state, child);
	kill_holder(child);
	lock = take_lock(*state);
	assert_locked_by(*state, getpid());
	assert_int_equal(ary_file_close(lock, NULL), ARY_OK);
}

static void test_longer_old_contents_do_not_stay(void **state)
{
	struct fixture *fixture = *state;
	char path[TMPDIR_PATH_BYTES];
	struct ary_file *lock;
	FILE *file = fopen(tmpdir_join(&fixture->tmpdir, "LOCK", path), "w");

	assert_non_null(file);
	assert_true(fputs("99999999999999999999\nmore\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	lock = take_lock(fixture);
	assert_locked_by(fixture, getpid());
	assert_int_equal(ary_file_close(lock, NULL), ARY_OK);
}

static void test_holder_without_a_process_id_is_told(void **state)
{
	static const char *const contents[] = { "", "12", "abc\n", "-1\n", "\n" };
	struct fixture *fixture = *state;
	struct ary_file *lock = take_lock(fixture);
	char path[TMPDIR_PATH_BYTES];

	tmpdir_join(&fixture->tmpdir, "LOCK", path);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		struct ary_file *second = NULL;
		struct ary_error err = { 0 };
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		assert_true(fputs(contents[i], file) >= 0);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(ary_dir_lock(fixture->dir, "LOCK", &second, &err), ARY_LOCKED);
		assert_non_null(strstr(err.text, "another process"));
	}
	assert_int_equal(ary_file_close(lock, NULL), ARY_OK);
}

static void test_lock_that_is_a_link_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char path[TMPDIR_PATH_BYTES];
	struct ary_file *lock = NULL;
	struct stat status;

	assert_int_equal(symlink("target", tmpdir_join(&fixture->tmpdir, "LOCK", path)), 0);
	assert_int_equal(ary_dir_lock(fixture->dir, "LOCK", &lock, NULL), ARY_IO);
	assert_null(lock);
	assert_int_not_equal(stat(tmpdir_join(&fixture->tmpdir, "target", path), &status), 0);
}

static struct ary_file *share_lock(struct fixture *fixture)
{
	struct ary_file *lock = NULL;
	struct ary_error err;

	if (ary_dir_lock_shared(fixture->dir, "LOCK", &lock, &err) != ARY_OK)
		fail_msg("%s", err.text);
	return lock;
}

static void test_shared_lock_is_never_made(void **state)
{
	struct fixture *fixture = *state;
	char path[TMPDIR_PATH_BYTES];
	struct ary_file *lock = NULL;
	struct stat status;

	assert_int_equal(ary_dir_lock_shared(fixture->dir, "LOCK", &lock, NULL), ARY_NOT_FOUND);
	assert_null(lock);
	assert_int_not_equal(stat(tmpdir_join(&fixture->tmpdir, "LOCK", path), &status), 0);
}

static void test_shared_lock_keeps_out_holders_and_is_kept_out(void **state)
{
	struct fixture *fixture = *state;
	struct ary_file *lock = take_lock(fixture);
	struct ary_file *second = NULL;
	struct ary_error err = { 0 };
	char expected[64];

	assert_int_equal(ary_dir_lock_shared(fixture->dir, "LOCK", &second, &err), ARY_LOCKED);
	snprintf(expected, sizeof(expected), "process %ld ", (long)getpid());
	assert_non_null(strstr(err.text, expected));
	assert_int_equal(ary_file_close(lock, NULL), ARY_OK);

	lock = share_lock(fixture);
	second = share_lock(fixture);
	assert_int_equal(ary_file_close(second, NULL), ARY_OK);
	second = NULL;
	/* The id in the file is that of an earlier holder: it must not be named. */
	assert_int_equal(ary_dir_lock(fixture->dir, "LOCK", &second, &err), ARY_LOCKED);
	assert_null(second);
	assert_null(strstr(err.text, expected));
	assert_non_null(strstr(err.text, "another process"));
	assert_int_equal(ary_file_close(lock, NULL), ARY_OK);
	lock = take_lock(fixture);
	assert_int_equal(ary_file_close(lock, NULL), ARY_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lock_file_holds_the_process_id),
		TEST(test_second_holder_in_the_process_is_refused),
		TEST(test_other_process_is_refused_and_named),
		TEST(test_lock_is_free_after_its_holder_was_killed),
		TEST(test_longer_old_contents_do_not_stay),
		TEST(test_holder_without_a_process_id_is_told),
		TEST(test_lock_that_is_a_link_is_refused),
		TEST(test_shared_lock_is_never_made),
		TEST(test_shared_lock_keeps_out_holders_and_is_kept_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
