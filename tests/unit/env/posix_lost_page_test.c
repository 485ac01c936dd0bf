/* SPDX-License-Identifier: MIT */
/* Promise: a page of a mapped file that cannot be had ends nothing where it is read as the file:
 * that tells what a system call tells. The missing pages of others, who may rely on SIGBUS, are not
 * hidden, and those of a copy, which is memory, end the process.
 *
 * Each check runs in a process of its own, which says what it found by its exit status, as this one
 * has handlers of the test library for the signal that all is about. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "env/env.h"
#include "lib/tmpdir.h"

enum {
	PAGES = 4,
	READ_BYTES = 100,
	FILL = 'x',
};

struct scene {
	struct tmpdir tmpdir;
	struct ary_dir *dir;
	size_t page_bytes;
};

static int set_up(void **state)
{
	static struct scene scene;

	tmpdir_create(&scene.tmpdir);
	assert_int_equal(ary_dir_open(ary_env_posix(), scene.tmpdir.path, false, &scene.dir, NULL),
			 ARY_OK);
	scene.page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	ary_dir_close(scene->dir);
	tmpdir_remove(&scene->tmpdir);
	return 0;
}

/* What CHECK ends with (a status of waitpid), in a process where nobody handles SIGBUS before. */
static int run(int (*check)(struct scene *scene), struct scene *scene)
{
	const struct rlimit none = { 0, 0 };
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGBUS, SIG_DFL);
		_exit(check(scene));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* Writes pages [FROM, TO) full. */
static bool fill(struct scene *scene, struct ary_file *file, size_t from, size_t to)
{
	static uint8_t page[1 << 16];
	size_t written;

	memset(page, FILL, sizeof(page));
	for (size_t at = from; at < to; at++) {
		if (ary_file_write_at(file, at * scene->page_bytes, page, scene->page_bytes,
				      &written, NULL) != ARY_OK)
			return false;
	}
	return true;
}

/* A new file, full and mapped; NULL where that failed. */
static struct ary_file *make_file(struct scene *scene, const char *name)
{
	struct ary_file *file;

	if (ary_file_open(scene->dir, name, ARY_OPEN_CREATE_NEW, &file, NULL) != ARY_OK)
		return NULL;
	ary_file_map(file, PAGES * scene->page_bytes);
	return fill(scene, file, 0, PAGES) ? file : NULL;
}

/* Cuts file NAME after its first page without FILE's knowledge. */
static bool cut(struct scene *scene, const char *name)
{
	char path[TMPDIR_PATH_BYTES];

	return truncate(tmpdir_join(&scene->tmpdir, name, path), (off_t)scene->page_bytes) == 0;
}

/* How many bytes a read at OFFSET finds, all of which must be right; else SIZE_MAX. */
static size_t read_bytes(struct ary_file *file, uint64_t offset)
{
	uint8_t got[READ_BYTES] = { 0 };
	size_t size = 0;

	if (ary_file_read_at(file, offset, got, sizeof(got), &size, NULL) != ARY_OK)
		return SIZE_MAX;
	for (size_t i = 0; i < size; i++) {
		if (got[i] != FILL)
			return SIZE_MAX;
	}
	return size;
}

static int check_lost_pages(struct scene *scene)
{
	size_t page = scene->page_bytes;
	struct ary_file *file = make_file(scene, "lost");

	if (file == NULL || read_bytes(file, 3 * page) != READ_BYTES || !cut(scene, "lost"))
		return 1;
	if (read_bytes(file, 3 * page) != 0)
		return 2;
	/* Where an empty page stands in for it by now, across the edge, and where all is well. */
	if (read_bytes(file, 3 * page + 200) != 0 || read_bytes(file, page - 10) != 10 ||
	    read_bytes(file, 0) != READ_BYTES)
		return 3;
	if (!fill(scene, file, 1, PAGES) || read_bytes(file, 3 * page) != READ_BYTES)
		return 4;
	return ary_file_close(file, NULL) == ARY_OK ? 0 : 5;
}

static void test_lost_pages_are_told_and_end_nothing(void **state)
{
	assert_int_equal(run(check_lost_pages, *state), 0);
}

/* The place of a broken map is taken by the next one. */
static int check_next_map(struct scene *scene)
{
	struct ary_file *file = make_file(scene, "broken");

	if (file == NULL || !cut(scene, "broken") ||
	    read_bytes(file, 3 * scene->page_bytes) != 0 || ary_file_close(file, NULL) != ARY_OK)
		return 1;
	file = make_file(scene, "next");
	if (file == NULL || read_bytes(file, 3 * scene->page_bytes) != READ_BYTES)
		return 2;
	if (!cut(scene, "next") || read_bytes(file, 3 * scene->page_bytes) != 0)
		return 3;
	return ary_file_close(file, NULL) == ARY_OK ? 0 : 4;
}

static void test_the_next_map_is_whole(void **state)
{
	assert_int_equal(run(check_next_map, *state), 0);
}

/* A copy of all of file NAME, which is cut afterwards; nothing of it has been looked at. */
static bool copy_and_cut(struct scene *scene, const char *name, struct ary_file_copy *out)
{
	struct ary_file *file = make_file(scene, name);

	return file != NULL &&
	       ary_file_copy_init(out, file, PAGES * scene->page_bytes, NULL) == ARY_OK &&
	       out->mapped_by != NULL && ary_file_close(file, NULL) == ARY_OK && cut(scene, name);
}

/* How many bytes of PAGE of COPY are BYTE. */
static size_t count_bytes(struct scene *scene, const struct ary_file_copy *copy, size_t page,
			  uint8_t byte)
{
	const volatile uint8_t *data = copy->data + page * scene->page_bytes;
	size_t count = 0;

	for (size_t i = 0; i < scene->page_bytes; i++)
		count += data[i] == byte;
	return count;
}

static int check_lost_copy(struct scene *scene)
{
	struct ary_file_copy copy;

	if (!copy_and_cut(scene, "copy", &copy))
		return 1;
	if (count_bytes(scene, &copy, 0, FILL) != scene->page_bytes)
		return 2;
	return (int)count_bytes(scene, &copy, PAGES - 1, 0);
}

static void test_lost_pages_of_a_copy_end_the_process(void **state)
{
	int status = run(check_lost_copy, *state);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
}

/* Reads a page that is missing from a map that is not ours. */
static int read_foreign_map(struct scene *scene)
{
	char path[TMPDIR_PATH_BYTES];
	int fd = open(tmpdir_join(&scene->tmpdir, "foreign", path), O_RDWR | O_CREAT, 0600);
	const volatile uint8_t *map = mmap(NULL, scene->page_bytes, PROT_READ, MAP_SHARED, fd, 0);

	return fd < 0 || map == MAP_FAILED ? 1 : map[0];
}

static int check_foreign_page(struct scene *scene)
{
	struct ary_file *file = make_file(scene, "ours");

	if (file == NULL || read_bytes(file, 0) != READ_BYTES)
		return 1;
	return read_foreign_map(scene);
}

static void test_the_missing_pages_of_others_are_not_hidden(void **state)
{
	int status = run(check_foreign_page, *state);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
}

/* Sends itself the signal that says that a page is missing. */
static int check_sent_signal(struct scene *scene)
{
	struct ary_file *file = make_file(scene, "sent");

	if (file == NULL || read_bytes(file, 0) != READ_BYTES)
		return 1;
	(void)raise(SIGBUS);
	return 2;
}

static void test_a_signal_that_somebody_sent_does_what_it_did(void **state)
{
	int status = run(check_sent_signal, *state);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_pages_are_told_and_end_nothing),
		cmocka_unit_test(test_the_next_map_is_whole),
		cmocka_unit_test(test_lost_pages_of_a_copy_end_the_process),
		cmocka_unit_test(test_the_missing_pages_of_others_are_not_hidden),
		cmocka_unit_test(test_a_signal_that_somebody_sent_does_what_it_did),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
