/* SPDX-License-Identifier: MIT */
/* Promise: a mapped file is read as one that is not, as it grows and as it is cut. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "env/env.h"
#include "lib/tmpdir.h"

enum {
	PAGES = 4,
	FILES = 20,
};

struct scene {
	struct tmpdir tmpdir;
	struct ary_dir *dir;
	size_t page_bytes;
	uint8_t *content; /* of PAGES pages */
};

static int set_up(void **state)
{
	static struct scene scene;

	tmpdir_create(&scene.tmpdir);
	assert_int_equal(ary_dir_open(ary_env_posix(), scene.tmpdir.path, false, &scene.dir, NULL),
			 ARY_OK);
	scene.page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	scene.content = test_malloc(PAGES * scene.page_bytes);
	for (size_t i = 0; i < PAGES * scene.page_bytes; i++)
		scene.content[i] = (uint8_t)(i * 7 + i / scene.page_bytes + 1);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	test_free(scene->content);
	ary_dir_close(scene->dir);
	tmpdir_remove(&scene->tmpdir);
	return 0;
}

static struct ary_file *make_file(struct scene *scene, const char *name, uint64_t map_bytes)
{
	struct ary_file *file;

	assert_int_equal(ary_file_open(scene->dir, name, ARY_OPEN_CREATE_NEW, &file, NULL),
			 ARY_OK);
	ary_file_map(file, map_bytes);
	return file;
}

static void write_pages(struct scene *scene, struct ary_file *file, size_t from, size_t to)
{
	size_t written;

	assert_int_equal(ary_file_write_at(file, from * scene->page_bytes,
					   scene->content + from * scene->page_bytes,
					   (to - from) * scene->page_bytes, &written, NULL),
			 ARY_OK);
}

/* Reads SIZE bytes at OFFSET, of which EXPECTED must be there, and right. */
static void expect(struct scene *scene, struct ary_file *file, uint64_t offset, size_t size,
		   size_t expected)
{
	uint8_t got[512];
	size_t got_bytes = SIZE_MAX;

	assert_true(size <= sizeof(got));
	memset(got, 0xee, sizeof(got));
	assert_int_equal(ary_file_read_at(file, offset, got, size, &got_bytes, NULL), ARY_OK);
	assert_int_equal(got_bytes, expected);
	assert_memory_equal(got, scene->content + offset, expected);
}

static void test_reads_as_a_file_that_is_not_mapped(void **state)
{
	struct scene *scene = *state;
	size_t end = PAGES * scene->page_bytes;
	struct ary_file *file = make_file(scene, "whole", end);

	expect(scene, file, 0, 100, 0);
	write_pages(scene, file, 0, PAGES);
	for (size_t offset = 0; offset < end; offset += 61)
		expect(scene, file, offset, 100, end - offset < 100 ? end - offset : 100);
	expect(scene, file, end, 1, 0);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void test_grows_within_its_map_and_past_it(void **state)
{
	struct scene *scene = *state;
	size_t page = scene->page_bytes;
	struct ary_file *file = make_file(scene, "grows", 2 * page);

	for (size_t pages = 1; pages <= PAGES; pages++) {
		write_pages(scene, file, pages - 1, pages);
		expect(scene, file, 0, 100, 100);
		expect(scene, file, pages * page - 100, 100, 100);
		expect(scene, file, pages * page - 50, 100, 50);
	}
	expect(scene, file, 2 * page - 50, 100, 100);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void test_what_is_cut_off_is_gone(void **state)
{
	struct scene *scene = *state;
	size_t page = scene->page_bytes;
	struct ary_file *file = make_file(scene, "cut", PAGES * page);

	write_pages(scene, file, 0, PAGES);
	assert_int_equal(ary_file_truncate(file, page + 10, NULL), ARY_OK);
	expect(scene, file, page, 100, 10);
	expect(scene, file, 2 * page, 100, 0);
	write_pages(scene, file, 1, 3);
	expect(scene, file, 2 * page, 100, 100);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

static void test_many_files_come_and_go(void **state)
{
	struct scene *scene = *state;
	size_t page = scene->page_bytes;
	struct ary_file *files[FILES];
	char name[32];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < FILES; i++) {
			snprintf(name, sizeof(name), "many%d.%d", round, i);
			files[i] = make_file(scene, name, PAGES * page);
			write_pages(scene, files[i], 0, PAGES);
		}
		for (int i = 0; i < FILES; i++)
			expect(scene, files[i], (size_t)i * 100, 100, 100);
		for (int i = 0; i < FILES; i++)
			assert_int_equal(ary_file_close(files[i], NULL), ARY_OK);
	}
}

static void test_more_than_there_are_addresses_is_not_mapped(void **state)
{
	struct scene *scene = *state;
	struct ary_file *file = make_file(scene, "huge", UINT64_C(1) << 62);

	write_pages(scene, file, 0, 1);
	expect(scene, file, 10, 100, 100);
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_as_a_file_that_is_not_mapped),
		cmocka_unit_test(test_grows_within_its_map_and_past_it),
		cmocka_unit_test(test_what_is_cut_off_is_gone),
		cmocka_unit_test(test_many_files_come_and_go),
		cmocka_unit_test(test_more_than_there_are_addresses_is_not_mapped),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
