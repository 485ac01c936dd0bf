/* SPDX-License-Identifier: MIT */
/* Promise: files are private, regular, read and written whole, and gone only when asked. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

static struct ary_file *open_file(struct fixture *fixture, const char *name,
				  enum ary_open_mode mode)
{
	struct ary_file *file = NULL;
	struct ary_error err;

	if (ary_file_open(fixture->dir, name, mode, &file, &err) != ARY_OK)
		fail_msg("%s", err.text);
	return file;
}

static void create_empty(struct fixture *fixture, const char *name)
{
	struct ary_file *file = open_file(fixture, name, ARY_OPEN_CREATE_NEW);

	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void write_text(struct ary_file *file, uint64_t offset, const char *text)
{
	size_t written = 0;

	assert_int_equal(ary_file_write_at(file, offset, text, strlen(text), &written, NULL),
			 ARY_OK);
	assert_int_equal(written, strlen(text));
}

static void assert_size(struct ary_file *file, uint64_t expected)
{
	uint64_t size = UINT64_MAX;

	assert_int_equal(ary_file_size(file, &size, NULL), ARY_OK);
	assert_true(size == expected);
}

static void assert_refused(struct fixture *fixture, const char *name, enum ary_open_mode mode,
			   enum ary_status expected)
{
	struct ary_file *file = NULL;
	struct ary_error err = { 0 };

	assert_int_equal(ary_file_open(fixture->dir, name, mode, &file, &err), expected);
	assert_null(file);
	assert_int_equal(err.status, expected);
	assert_non_null(strstr(err.text, name));
}

static void test_created_file_is_private_and_empty(void **state)
{
	struct fixture *fixture = *state;
	struct ary_file *file = open_file(fixture, "new", ARY_OPEN_CREATE_NEW);
	char path[TMPDIR_PATH_BYTES];
	struct stat status;

	assert_size(file, 0);
	assert_int_equal(stat(tmpdir_join(&fixture->tmpdir, "new", path), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
	assert_refused(fixture, "new", ARY_OPEN_CREATE_NEW, ARY_EXISTS);
}

static void test_missing_file_is_not_found(void **state)
{
	assert_refused(*state, "absent", ARY_OPEN_READ, ARY_NOT_FOUND);
	assert_refused(*state, "absent", ARY_OPEN_WRITE, ARY_NOT_FOUND);
}

static void test_what_is_written_is_read(void **state)
{
	struct ary_file *file = open_file(*state, "f", ARY_OPEN_CREATE_NEW);
	char data[16] = "";
	size_t size = 0;

	write_text(file, 0, "hello world");
	write_text(file, 6, "there");
	assert_int_equal(ary_file_sync(file, NULL), ARY_OK);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
	file = open_file(*state, "f", ARY_OPEN_READ);
	assert_int_equal(ary_file_read_at(file, 0, data, 11, &size, NULL), ARY_OK);
	assert_int_equal(size, 11);
	assert_string_equal(data, "hello there");
	assert_int_equal(ary_file_read_at(file, 6, data, 2, &size, NULL), ARY_OK);
	assert_int_equal(size, 2);
	assert_memory_equal(data, "th", 2);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void test_reading_past_the_end_gives_less(void **state)
{
	struct ary_file *file = open_file(*state, "f", ARY_OPEN_CREATE_NEW);
	char data[16];
	size_t size = 99;

	write_text(file, 0, "12345");
	assert_int_equal(ary_file_read_at(file, 3, data, sizeof(data), &size, NULL), ARY_OK);
	assert_int_equal(size, 2);
	assert_int_equal(ary_file_read_at(file, 5, data, sizeof(data), &size, NULL), ARY_OK);
	assert_int_equal(size, 0);
	size = 99;
	assert_int_equal(ary_file_read_at(file, 1 << 20, data, sizeof(data), &size, NULL), ARY_OK);
	assert_int_equal(size, 0);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void test_offsets_past_4_gib_are_kept_apart(void **state)
{
	struct ary_file *file = open_file(*state, "f", ARY_OPEN_CREATE_NEW);
	const uint64_t far = (UINT64_C(1) << 32) + 7;
	char data[4];
	size_t size;

	write_text(file, far, "far");
	write_text(file, 7, "near");
	assert_size(file, far + 3);
	assert_int_equal(ary_file_read_at(file, far, data, sizeof(data), &size, NULL), ARY_OK);
	assert_int_equal(size, 3);
	assert_memory_equal(data, "far", 3);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void test_impossible_offset_is_an_error(void **state)
{
	struct ary_file *file = open_file(*state, "f", ARY_OPEN_CREATE_NEW);
	char byte = 0;
	size_t size = 99;
	struct ary_error err;

	assert_int_equal(ary_file_read_at(file, UINT64_MAX - 4, &byte, 1, &size, &err), ARY_IO);
	assert_int_equal(err.os_errno, EINVAL);
	assert_int_equal(size, 99);
	assert_int_equal(ary_file_write_at(file, UINT64_MAX - 4, &byte, 1, &size, &err), ARY_IO);
	assert_int_equal(size, 0);
	assert_int_equal(ary_file_truncate(file, UINT64_MAX - 4, &err), ARY_IO);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void test_truncate_cuts_and_grows(void **state)
{
	struct ary_file *file = open_file(*state, "f", ARY_OPEN_CREATE_NEW);
	char data[8];
	size_t size;

	write_text(file, 0, "1234567");
	assert_int_equal(ary_file_truncate(file, 3, NULL), ARY_OK);
	assert_size(file, 3);
	assert_int_equal(ary_file_truncate(file, 5, NULL), ARY_OK);
	assert_int_equal(ary_file_read_at(file, 0, data, sizeof(data), &size, NULL), ARY_OK);
	assert_int_equal(size, 5);
	assert_memory_equal(data, "123\0\0", 5);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void test_file_for_reading_cannot_be_written(void **state)
{
	struct ary_file *file;
	size_t written = 99;
	struct ary_error err = { 0 };

	create_empty(*state, "f");
	file = open_file(*state, "f", ARY_OPEN_READ);
	assert_int_equal(ary_file_write_at(file, 0, "x", 1, &written, &err), ARY_IO);
	assert_int_equal(written, 0);
	assert_non_null(strstr(err.text, "/f"));
	assert_int_equal(ary_file_truncate(file, 0, &err), ARY_IO);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

/* The file size limit of the process stands for a full disk: the kernel takes what fits, then
 * refuses. */
static void test_short_write_says_how_much_was_taken(void **state)
{
	struct ary_file *file = open_file(*state, "f", ARY_OPEN_CREATE_NEW);
	struct rlimit before;
	struct rlimit limit;
	char data[300];
	size_t written = 0;
	struct ary_error err = { 0 };
	enum ary_status status;

	memset(data, 'x', sizeof(data));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	limit = (struct rlimit){ .rlim_cur = 1000, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	status = ary_file_write_at(file, 900, data, sizeof(data), &written, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(status, ARY_NO_SPACE);
	assert_int_equal(err.os_errno, EFBIG);
	assert_int_equal(written, 100);
	assert_size(file, 1000);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void test_only_regular_files_are_opened(void **state)
{
	struct fixture *fixture = *state;
	char path[TMPDIR_PATH_BYTES];

	create_empty(fixture, "f");
	assert_int_equal(symlink("f", tmpdir_join(&fixture->tmpdir, "link", path)), 0);
	assert_int_equal(symlink("nowhere", tmpdir_join(&fixture->tmpdir, "loose", path)), 0);
	assert_int_equal(mkfifo(tmpdir_join(&fixture->tmpdir, "pipe", path), 0600), 0);
	assert_int_equal(mkdir(tmpdir_join(&fixture->tmpdir, "folder", path), 0700), 0);
	assert_refused(fixture, "link", ARY_OPEN_READ, ARY_IO);
	assert_refused(fixture, "link", ARY_OPEN_WRITE, ARY_IO);
	assert_refused(fixture, "link", ARY_OPEN_CREATE_NEW, ARY_EXISTS);
	assert_refused(fixture, "loose", ARY_OPEN_CREATE_NEW, ARY_EXISTS);
	assert_refused(fixture, "pipe", ARY_OPEN_READ, ARY_IO);
	assert_refused(fixture, "pipe", ARY_OPEN_WRITE, ARY_IO);
	assert_refused(fixture, "folder", ARY_OPEN_READ, ARY_IO);
}

static void test_no_descriptor_is_left_behind(void **state)
{
	struct fixture *fixture = *state;
	int before = dup(STDIN_FILENO);
	int after;
	char path[TMPDIR_PATH_BYTES];

	close(before);
	assert_int_equal(mkfifo(tmpdir_join(&fixture->tmpdir, "pipe", path), 0600), 0);
	assert_refused(fixture, "pipe", ARY_OPEN_READ, ARY_IO);
	assert_refused(fixture, "absent", ARY_OPEN_READ, ARY_NOT_FOUND);
	create_empty(fixture, "f");
	after = dup(STDIN_FILENO);
	close(after);
	assert_int_equal(after, before);
}

static void test_closing_nothing_is_fine(void **state)
{
	(void)state;
	assert_int_equal(ary_file_close(NULL, NULL), ARY_OK);
	ary_dir_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_created_file_is_private_and_empty),
		TEST(test_missing_file_is_not_found),
		TEST(test_what_is_written_is_read),
		TEST(test_reading_past_the_end_gives_less),
		TEST(test_offsets_past_4_gib_are_kept_apart),
		TEST(test_impossible_offset_is_an_error),
		TEST(test_truncate_cuts_and_grows),
		TEST(test_file_for_reading_cannot_be_written),
		TEST(test_short_write_says_how_much_was_taken),
		TEST(test_only_regular_files_are_opened),
		TEST(test_no_descriptor_is_left_behind),
		TEST(test_closing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
