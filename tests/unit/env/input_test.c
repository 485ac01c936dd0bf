/* SPDX-License-Identifier: MIT */
/* Promise: what a person names is read to its end, whatever kind of file it is; only what can be
 * read again counts as such; and a file that grows while it is read ends where it ended. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env/input.h"
#include "lib/tmpdir.h"

static struct tmpdir tmpdir;

static int set_up(void **state)
{
	(void)state;
	tmpdir_create(&tmpdir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tmpdir_remove(&tmpdir);
	return 0;
}

/* Appends TEXT to file NAME; its path is written to PATH. */
static void append(const char *name, const char *text, char path[TMPDIR_PATH_BYTES])
{
	FILE *file = fopen(tmpdir_join(&tmpdir, name, path), "a");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct ary_input *open_input(const char *path)
{
	struct ary_input *input = NULL;
	struct ary_error err;

	if (ary_input_open(path, &input, &err) != ARY_OK)
		fail_msg("%s", err.text);
	return input;
}

/* Reads at most SIZE bytes at a time; what is left must be EXPECTED. */
static void assert_rest(struct ary_input *input, size_t size, const char *expected)
{
	char data[64];
	size_t done = 0;
	size_t got = 1;

	while (got > 0) {
		assert_true(done + size < sizeof(data));
		assert_int_equal(ary_input_read(input, data + done, size, &got, NULL), ARY_OK);
		assert_true(got <= size);
		done += got;
	}
	data[done] = '\0';
	assert_string_equal(data, expected);
}

static void test_file_is_read_to_its_end_and_again(void **state)
{
	char path[TMPDIR_PATH_BYTES];
	uint64_t bytes;

	(void)state;
	append("file", "0123456789", path);
	assert_true(ary_input_repeatable(path, &bytes));
	assert_int_equal(bytes, 10);
	for (size_t size = 1; size < 12; size++) {
		struct ary_input *input = open_input(path);
		assert_rest(input, size, "0123456789");
		ary_input_close(input);
	}
}

static void test_what_is_appended_meanwhile_is_not_read(void **state)
{
	char path[TMPDIR_PATH_BYTES];

	(void)state;
	append("file", "01234", path);
	struct ary_input *input = open_input(path);
	append("file", "56789", path);
	assert_rest(input, 3, "01234");
	ary_input_close(input);
}

static void test_link_is_followed(void **state)
{
	char path[TMPDIR_PATH_BYTES];
	char link[TMPDIR_PATH_BYTES];
	uint64_t bytes;

	(void)state;
	append("file", "data", path);
	assert_int_equal(symlink(path, tmpdir_join(&tmpdir, "link", link)), 0);
	assert_true(ary_input_repeatable(link, &bytes));
	assert_int_equal(bytes, 4);
	struct ary_input *input = open_input(link);
	assert_rest(input, 4, "data");
	ary_input_close(input);
}

static void test_pipe_is_read_once(void **state)
{
	char path[TMPDIR_PATH_BYTES];
	uint64_t bytes = 1;

	(void)state;
	assert_int_equal(mkfifo(tmpdir_join(&tmpdir, "pipe", path), 0600), 0);
	assert_false(ary_input_repeatable(path, &bytes));
	assert_int_equal(bytes, 0);
	assert_false(ary_input_repeatable("-", &bytes));
	/* Linux lets a pipe be opened for both, so that nobody waits here. */
	int end = open(path, O_RDWR | O_CLOEXEC);
	assert_true(end >= 0);
	struct ary_input *input = open_input(path);
	assert_int_equal(write(end, "through", 7), 7);
	assert_int_equal(close(end), 0);
	assert_rest(input, 4, "through");
	ary_input_close(input);
}

static void test_what_cannot_be_read_is_refused(void **state)
{
	struct ary_input *input = NULL;
	struct ary_error err = { 0 };
	char path[TMPDIR_PATH_BYTES];
	uint64_t bytes;

	(void)state;
	tmpdir_join(&tmpdir, "missing", path);
	assert_true(ary_input_repeatable(path, &bytes));
	assert_int_equal(ary_input_open(path, &input, &err), ARY_NOT_FOUND);
	assert_non_null(strstr(err.text, "missing"));
	assert_int_equal(ary_input_open(tmpdir.path, &input, &err), ARY_IO);
	assert_non_null(strstr(err.text, "directory"));
	assert_null(input);
	ary_input_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_file_is_read_to_its_end_and_again),
		TEST(test_what_is_appended_meanwhile_is_not_read),
		TEST(test_link_is_followed),
		TEST(test_pipe_is_read_once),
		TEST(test_what_cannot_be_read_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
