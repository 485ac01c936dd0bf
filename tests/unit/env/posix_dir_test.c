/* SPDX-License-Identifier: MIT */
/* Promise: directories are private, listed whole, changed atomically, and no link is followed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
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

static void create_file(struct ary_dir *dir, const char *name, const char *text)
{
	struct ary_file *file;
	size_t written;

	assert_int_equal(ary_file_open(dir, name, ARY_OPEN_CREATE_NEW, &file, NULL), ARY_OK);
	assert_int_equal(ary_file_write_at(file, 0, text, strlen(text), &written, NULL), ARY_OK);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void assert_holds(struct ary_dir *dir, const char *name, const char *text)
{
	struct ary_file *file;
	char data[64];
	size_t size;

	assert_int_equal(ary_file_open(dir, name, ARY_OPEN_READ, &file, NULL), ARY_OK);
	assert_int_equal(ary_file_read_at(file, 0, data, sizeof(data), &size, NULL), ARY_OK);
	assert_int_equal(size, strlen(text));
	assert_memory_equal(data, text, size);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void assert_open_fails(const char *path, bool create, enum ary_status expected)
{
	struct ary_dir *dir = NULL;
	struct ary_error err = { 0 };

	assert_int_equal(ary_dir_open(ary_env_posix(), path, create, &dir, &err), expected);
	assert_null(dir);
	assert_int_equal(err.status, expected);
	assert_true(strlen(err.text) > 0);
}

static void test_created_directory_is_private(void **state)
{
	struct fixture *fixture = *state;
	struct ary_dir *dir;
	struct stat status;
	char path[TMPDIR_PATH_BYTES];

	tmpdir_join(&fixture->tmpdir, "data", path);
	assert_open_fails(path, false, ARY_NOT_FOUND);
	assert_int_equal(ary_dir_open(ary_env_posix(), path, true, &dir, NULL), ARY_OK);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	create_file(dir, "f", "kept");
	ary_dir_close(dir);
	assert_int_equal(ary_dir_open(ary_env_posix(), path, true, &dir, NULL), ARY_OK);
	assert_holds(dir, "f", "kept");
	ary_dir_close(dir);
}

static void test_only_the_last_component_is_created(void **state)
{
	struct fixture *fixture = *state;
	struct ary_dir *dir;
	char path[TMPDIR_PATH_BYTES];

	assert_open_fails(tmpdir_join(&fixture->tmpdir, "a/b", path), true, ARY_NOT_FOUND);
	assert_int_equal(ary_dir_open(ary_env_posix(),
				      tmpdir_join(&fixture->tmpdir, "a//", path), true, &dir,
				      NULL), ARY_OK);
	ary_dir_close(dir);
	assert_int_equal(ary_dir_open(ary_env_posix(),
				      tmpdir_join(&fixture->tmpdir, "a/b", path), true, &dir,
				      NULL), ARY_OK);
	ary_dir_close(dir);
}

static void test_relative_path_is_created_here(void **state)
{
	struct fixture *fixture = *state;
	char before[4096];
	char path[TMPDIR_PATH_BYTES];
	struct ary_dir *dir;
	struct stat status;

	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(fixture->tmpdir.path), 0);
	assert_int_equal(ary_dir_open(ary_env_posix(), "here", true, &dir, NULL), ARY_OK);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(stat(tmpdir_join(&fixture->tmpdir, "here", path), &status), 0);
	create_file(dir, "f", "");
	ary_dir_close(dir);
	assert_int_equal(ary_dir_open(ary_env_posix(), "/", false, &dir, NULL), ARY_OK);
	ary_dir_close(dir);
	assert_open_fails("", false, ARY_NOT_FOUND);
}

static void test_what_is_no_directory_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char path[TMPDIR_PATH_BYTES];

	create_file(fixture->dir, "file", "");
	tmpdir_join(&fixture->tmpdir, "file", path);
	assert_open_fails(path, false, ARY_IO);
	assert_open_fails(path, true, ARY_IO);
}

static void test_symbolic_link_is_refused(void **state)
{
	struct fixture *fixture = *state;
	static const char *const names[] = { "link", "link/", "link//" };
	char path[TMPDIR_PATH_BYTES];

	assert_int_equal(mkdir(tmpdir_join(&fixture->tmpdir, "real", path), 0700), 0);
	assert_int_equal(symlink("real", tmpdir_join(&fixture->tmpdir, "link", path)), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct ary_dir *dir = NULL;
		struct ary_error err = { 0 };

		tmpdir_join(&fixture->tmpdir, names[i], path);
		assert_open_fails(path, true, ARY_IO);
		assert_int_equal(ary_dir_open(ary_env_posix(), path, false, &dir, &err), ARY_IO);
		assert_null(dir);
		assert_non_null(strstr(err.text, "symbolic link"));
	}
}

/* The names that a listing gave, each followed by a comma. */
struct names {
	char text[512];
	int visits;
	int visits_max;
};

static bool note_name(void *context, const char *name)
{
	struct names *names = context;
	size_t size = strlen(names->text);

	snprintf(names->text + size, sizeof(names->text) - size, "%s,", name);
	return ++names->visits < names->visits_max;
}

static void test_listing_gives_every_name_once(void **state)
{
	struct fixture *fixture = *state;

	/* Twice, as each listing begins at the front. */
	create_file(fixture->dir, "aa", "");
	create_file(fixture->dir, ".hidden", "");
	create_file(fixture->dir, "cc", "");
	for (int i = 0; i < 2; i++) {
		struct names names = { .visits_max = 100 };

		assert_int_equal(ary_dir_list(fixture->dir, note_name, &names, NULL), ARY_OK);
		assert_int_equal(names.visits, 3);
		assert_non_null(strstr(names.text, "aa,"));
		assert_non_null(strstr(names.text, ".hidden,"));
		assert_non_null(strstr(names.text, "cc,"));
	}
}

static void test_listing_ends_when_asked(void **state)
{
	struct fixture *fixture = *state;
	struct names names = { .visits_max = 1 };

	create_file(fixture->dir, "aa", "");
	create_file(fixture->dir, "bb", "");
	assert_int_equal(ary_dir_list(fixture->dir, note_name, &names, NULL), ARY_OK);
	assert_int_equal(names.visits, 1);
}

static void test_empty_directory_has_no_names(void **state)
{
	struct fixture *fixture = *state;
	struct names names = { .visits_max = 100 };

	assert_int_equal(ary_dir_list(fixture->dir, note_name, &names, NULL), ARY_OK);
	assert_int_equal(names.visits, 0);
}

static void test_rename_replaces(void **state)
{
	struct fixture *fixture = *state;
	struct names names = { .visits_max = 100 };
	struct ary_error err = { 0 };

	create_file(fixture->dir, "old", "old");
	create_file(fixture->dir, "new", "new");
	assert_int_equal(ary_dir_rename(fixture->dir, "new", "old", NULL), ARY_OK);
	assert_holds(fixture->dir, "old", "new");
	assert_int_equal(ary_dir_list(fixture->dir, note_name, &names, NULL), ARY_OK);
	assert_string_equal(names.text, "old,");
	assert_int_equal(ary_dir_rename(fixture->dir, "new", "old", &err), ARY_NOT_FOUND);
	assert_non_null(strstr(err.text, "new"));
	assert_holds(fixture->dir, "old", "new");
}

static void test_unlink_removes(void **state)
{
	struct fixture *fixture = *state;
	struct names names = { .visits_max = 100 };
	struct ary_error err = { 0 };

	create_file(fixture->dir, "gone", "");
	assert_int_equal(ary_dir_unlink(fixture->dir, "gone", NULL), ARY_OK);
	assert_int_equal(ary_dir_list(fixture->dir, note_name, &names, NULL), ARY_OK);
	assert_int_equal(names.visits, 0);
	assert_int_equal(ary_dir_unlink(fixture->dir, "gone", &err), ARY_NOT_FOUND);
	assert_non_null(strstr(err.text, "gone"));
	assert_int_equal(ary_dir_sync(fixture->dir, NULL), ARY_OK);
}

static void test_space_is_plausible(void **state)
{
	struct fixture *fixture = *state;
	uint64_t free_bytes = UINT64_MAX;
	uint64_t total_bytes = 0;

	assert_int_equal(ary_dir_space(fixture->dir, &free_bytes, &total_bytes, NULL), ARY_OK);
	assert_true(total_bytes > 0);
	assert_true(free_bytes <= total_bytes);
}

static void test_handle_stays_with_its_directory(void **state)
{
	struct fixture *fixture = *state;
	char before[TMPDIR_PATH_BYTES];
	char after[TMPDIR_PATH_BYTES];
	struct ary_dir *dir;

	tmpdir_join(&fixture->tmpdir, "before", before);
	tmpdir_join(&fixture->tmpdir, "after", after);
	assert_int_equal(ary_dir_open(ary_env_posix(), before, true, &dir, NULL), ARY_OK);
	assert_int_equal(rename(before, after), 0);
	create_file(dir, "f", "moved");
	assert_holds(dir, "f", "moved");
	ary_dir_close(dir);
	assert_int_equal(ary_dir_open(ary_env_posix(), after, false, &dir, NULL), ARY_OK);
	assert_holds(dir, "f", "moved");
	ary_dir_close(dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_created_directory_is_private),
		TEST(test_only_the_last_component_is_created),
		TEST(test_relative_path_is_created_here),
		TEST(test_what_is_no_directory_is_refused),
		TEST(test_symbolic_link_is_refused),
		TEST(test_listing_gives_every_name_once),
		TEST(test_listing_ends_when_asked),
		TEST(test_empty_directory_has_no_names),
		TEST(test_rename_replaces),
		TEST(test_unlink_removes),
		TEST(test_space_is_plausible),
		TEST(test_handle_stays_with_its_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
