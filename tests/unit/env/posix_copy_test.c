/* SPDX-License-Identifier: MIT */
/* Promise: a copy of a file has its bytes, where they are mapped, or room for them, where they are
 * to be read; and it is the caller's own, whatever becomes of the file. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "env/env.h"
#include "env/thread.h"
#include "lib/fault_env.h"
#include "lib/tmpdir.h"

enum { PAGES = 4 };

struct scene {
	struct tmpdir tmpdir;
	struct fault_env *faults;
	struct ary_dir *mapped; /* whose files can be mapped */
	struct ary_dir *read;   /* the same folder, in an environment that maps nothing */
	size_t page_bytes;
	uint8_t *content; /* of PAGES pages */
	uint8_t *other;   /* none of its bytes the same */
};

static int set_up(void **state)
{
	struct scene *scene = ARY_NEW(struct scene);
	struct ary_env *posix = ary_env_posix();

	tmpdir_create(&scene->tmpdir);
	scene->faults = fault_env_create(posix);
	assert_int_equal(ary_dir_open(posix, scene->tmpdir.path, false, &scene->mapped, NULL),
			 ARY_OK);
	assert_int_equal(ary_dir_open(fault_env_env(scene->faults), scene->tmpdir.path, false,
				      &scene->read, NULL),
			 ARY_OK);
	scene->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	scene->content = ary_alloc(PAGES * scene->page_bytes);
	scene->other = ary_alloc(PAGES * scene->page_bytes);
	for (size_t i = 0; i < PAGES * scene->page_bytes; i++) {
		scene->content[i] = (uint8_t)(i * 7 + i / scene->page_bytes + 1);
		scene->other[i] = scene->content[i] ^ 0x55;
	}
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	free(scene->content);
	free(scene->other);
	ary_dir_close(scene->read);
	ary_dir_close(scene->mapped);
	fault_env_destroy(scene->faults);
	tmpdir_remove(&scene->tmpdir);
	free(scene);
	return 0;
}

/* Whether files are mapped at all. */
static bool addresses_to_spare(void)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
	return SIZE_MAX > UINT32_MAX && limit.rlim_cur == RLIM_INFINITY;
}

/* Makes file NAME of the first SIZE bytes of CONTENT; returns owned. */
static struct ary_file *make_file(struct ary_dir *dir, const char *name, const uint8_t *content,
				  size_t size)
{
	struct ary_file *file;
	size_t written;

	assert_int_equal(ary_file_open(dir, name, ARY_OPEN_CREATE_NEW, &file, NULL), ARY_OK);
	assert_int_equal(ary_file_write_at(file, 0, content, size, &written, NULL), ARY_OK);
	return file;
}

static void close_file(struct ary_file *file)
{
	assert_int_equal(ary_file_close(file, NULL), ARY_OK);
}

/* A copy of the first BYTES of FILE, which must be right; those that are not mapped are read. */
static struct ary_file_copy load(struct scene *scene, struct ary_file *file, size_t bytes)
{
	struct ary_file_copy copy;
	struct ary_error err = { .text = "" };
	size_t read;

	if (ary_file_copy_init(&copy, file, bytes, &err) != ARY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(copy.bytes, bytes);
	if (copy.mapped_by == NULL)
		assert_int_equal(ary_file_read_at(file, 0, copy.data, bytes, &read, NULL), ARY_OK);
	assert_memory_equal(copy.data, scene->content, bytes);
	return copy;
}

/* That COPY has nothing to be freed any more. */
static void release(struct ary_file_copy *copy)
{
	ary_file_copy_release(copy);
	assert_null(copy->data);
	assert_int_equal(copy->bytes, 0);
	ary_file_copy_release(copy);
}

static void check_sizes(struct scene *scene, struct ary_dir *dir)
{
	const size_t page = scene->page_bytes;
	const size_t sizes[] = { 0, 1, 100, page - 1, page, page + 1, PAGES * page };
	struct ary_file *file = make_file(dir, "sizes", scene->content, PAGES * page);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		/* Of a longer file, and of all of it. */
		struct ary_file_copy part = load(scene, file, sizes[i]);
		struct ary_file *whole = make_file(dir, "whole", scene->content, sizes[i]);
		struct ary_file_copy all = load(scene, whole, sizes[i]);

		release(&part);
		release(&all);
		close_file(whole);
		assert_int_equal(ary_dir_unlink(dir, "whole", NULL), ARY_OK);
	}
	close_file(file);
	assert_int_equal(ary_dir_unlink(dir, "sizes", NULL), ARY_OK);
}

static void test_copy_has_the_bytes_of_the_file(void **state)
{
	struct scene *scene = *state;

	check_sizes(scene, scene->mapped);
	check_sizes(scene, scene->read);
}

static void check_changes(struct scene *scene, struct ary_dir *dir)
{
	size_t size = PAGES * scene->page_bytes - 10;
	struct ary_file *file = make_file(dir, "changes", scene->content, size);
	struct ary_file_copy copy = load(scene, file, size);

	for (unsigned round = 0; round < 2; round++) {
		memcpy(copy.data, round == 0 ? scene->other : scene->content, size);
		copy.data[size / 2] = (uint8_t)~scene->content[size / 2];
		/* Another copy is of the file, and not of the first one. */
		struct ary_file_copy another = load(scene, file, size);

		release(&another);
	}
	release(&copy);
	close_file(file);

	assert_int_equal(ary_file_open(dir, "changes", ARY_OPEN_READ, &file, NULL), ARY_OK);
	copy = load(scene, file, size);
	release(&copy);
	close_file(file);
	assert_int_equal(ary_dir_unlink(dir, "changes", NULL), ARY_OK);
}

static void test_changes_of_the_copy_do_not_reach_the_file(void **state)
{
	struct scene *scene = *state;

	check_changes(scene, scene->mapped);
	check_changes(scene, scene->read);
}

/* A copy of a whole file that is closed; returns owned. */
static struct ary_file_copy load_and_close(struct scene *scene, struct ary_dir *dir,
					   const char *name)
{
	size_t size = PAGES * scene->page_bytes;
	struct ary_file *file = make_file(dir, name, scene->content, size);
	struct ary_file_copy copy = load(scene, file, size);

	close_file(file);
	return copy;
}

/* As load_and_close, of mapped files: nobody has looked at what is in it. */
static struct ary_file_copy map_and_close(struct scene *scene, const char *name)
{
	size_t size = PAGES * scene->page_bytes;
	struct ary_file *file = make_file(scene->mapped, name, scene->content, size);
	struct ary_file_copy copy;

	assert_int_equal(ary_file_copy_init(&copy, file, size, NULL), ARY_OK);
	close_file(file);
	return copy;
}

static void check_file_goes(struct scene *scene, struct ary_dir *dir, struct ary_file_copy copy)
{
	size_t size = PAGES * scene->page_bytes;

	assert_int_equal(ary_dir_unlink(dir, "goes", NULL), ARY_OK);
	assert_memory_equal(copy.data, scene->content, size);
	release(&copy);
}

static void test_file_may_be_closed_and_unlinked_meanwhile(void **state)
{
	struct scene *scene = *state;

	if (addresses_to_spare())
		check_file_goes(scene, scene->mapped, map_and_close(scene, "goes"));
	check_file_goes(scene, scene->read, load_and_close(scene, scene->read, "goes"));
}

static void check_file_is_replaced(struct scene *scene, struct ary_dir *dir,
				   struct ary_file_copy copy)
{
	size_t size = PAGES * scene->page_bytes;

	/* Shorter, so that nothing of it may stand in for the old one. */
	close_file(make_file(dir, "new", scene->other, 1));
	assert_int_equal(ary_dir_rename(dir, "new", "old", NULL), ARY_OK);
	assert_memory_equal(copy.data, scene->content, size);
	memcpy(copy.data, scene->other, size);
	assert_memory_equal(copy.data, scene->other, size);
	release(&copy);
	assert_int_equal(ary_dir_unlink(dir, "old", NULL), ARY_OK);
}

static void test_file_may_be_renamed_over_meanwhile(void **state)
{
	struct scene *scene = *state;

	if (addresses_to_spare())
		check_file_is_replaced(scene, scene->mapped, map_and_close(scene, "old"));
	check_file_is_replaced(scene, scene->read, load_and_close(scene, scene->read, "old"));
}

static void test_copies_come_and_go(void **state)
{
	enum { COPIES = 20 };
	struct scene *scene = *state;
	size_t size = PAGES * scene->page_bytes;
	struct ary_file *file = make_file(scene->mapped, "many", scene->content, size);
	struct ary_file_copy copies[COPIES];

	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < COPIES; i++)
			copies[i] = load(scene, file, size - i);
		for (size_t i = 0; i < COPIES; i++) {
			assert_memory_equal(copies[i].data, scene->content, size - i);
			release(&copies[i]);
		}
	}
	close_file(file);
}

/* That there is no memory for BYTES of FILE, which is told, and the output left alone. */
static void assert_no_memory(struct ary_file *file, size_t bytes)
{
	struct ary_file_copy copy = { .bytes = 4711 };
	struct ary_error err = { .text = "" };

	ary_alloc_fail_at(1, 1);
	assert_int_equal(ary_file_copy_init(&copy, file, bytes, &err), ARY_NO_MEMORY);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(err.status, ARY_NO_MEMORY);
	assert_true(err.text[0] != '\0');
	assert_null(copy.data);
	assert_int_equal(copy.bytes, 4711);
}

static void test_no_memory_is_told(void **state)
{
	struct scene *scene = *state;
	struct ary_file *file = make_file(scene->read, "memory", scene->content, 1000);

	assert_no_memory(file, 1000);
	struct ary_file_copy copy = load(scene, file, 1000);

	release(&copy);
	close_file(file);
}

/* Mapping takes no memory of the kind that tests can make fail. */
static void test_without_addresses_to_spare_it_is_read(void **state)
{
	struct scene *scene = *state;
	struct ary_file *file = make_file(scene->mapped, "limit", scene->content, 1000);
	struct rlimit before;

	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	struct rlimit limited = { (rlim_t)1 << 47, before.rlim_max };

	if (addresses_to_spare()) {
		struct ary_file_copy copy = load(scene, file, 1000);

		assert_non_null(copy.mapped_by);
		release(&copy);
		assert_int_equal(setrlimit(RLIMIT_AS, &limited), 0);
	}
	struct ary_file_copy copy = load(scene, file, 1000);

	assert_null(copy.mapped_by);
	release(&copy);
	assert_no_memory(file, 1000);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	close_file(file);
}

enum { MANY_PAGES = 1000 };

/* A copy of a file of zeros, which stays open. */
static struct ary_file_copy map_zeros(struct scene *scene, struct ary_file **file_out)
{
	size_t size = MANY_PAGES * scene->page_bytes;
	struct ary_file_copy copy;

	*file_out = make_file(scene->mapped, "zeros", scene->content, 0);
	assert_int_equal(ary_file_truncate(*file_out, size, NULL), ARY_OK);
	assert_int_equal(ary_file_copy_init(&copy, *file_out, size, NULL), ARY_OK);
	if (copy.mapped_by == NULL)
		memset(copy.data, 0, size);
	return copy;
}

/* How many of the MANY_PAGES of COPY the process has; all, where the system does not say. */
static size_t count_present(const struct ary_file_copy *copy)
{
	size_t page_bytes = copy->bytes / MANY_PAGES;
	uint64_t entries[MANY_PAGES];
	size_t count = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0)
		return MANY_PAGES;
	assert_int_equal(pread(fd, entries, sizeof(entries),
			       (off_t)((uintptr_t)copy->data / page_bytes * sizeof(entries[0]))),
			 sizeof(entries));
	close(fd);
	for (size_t i = 0; i < MANY_PAGES; i++)
		count += entries[i] >> 63;
	return count;
}

static void test_pages_that_were_brought_in_are_there(void **state)
{
	struct scene *scene = *state;
	struct ary_file *file;
	struct ary_file_copy copy = map_zeros(scene, &file);

	/* Old systems cannot. */
	if (ary_file_copy_populate(&copy, 0, copy.bytes))
		assert_int_equal(count_present(&copy), MANY_PAGES);
	release(&copy);
	close_file(file);
}

static void change_pages(void *context)
{
	const struct ary_file_copy *copy = context;
	size_t page_bytes = copy->bytes / MANY_PAGES;

	for (size_t i = 0; i < MANY_PAGES; i++)
		copy->data[i * page_bytes + i] = 7;
}

static void test_changes_beside_it_stay(void **state)
{
	struct scene *scene = *state;
	struct ary_file *file;
	struct ary_file_copy copy = map_zeros(scene, &file);
	size_t page = scene->page_bytes;
	struct ary_thread thread;

	assert_int_equal(ary_thread_start(&thread, "changes", change_pages, &copy, NULL), ARY_OK);
	for (size_t i = 0; i < MANY_PAGES; i += 10)
		(void)ary_file_copy_populate(&copy, i * page, 10 * page);
	ary_thread_join(&thread);
	(void)ary_file_copy_populate(&copy, 0, copy.bytes);
	for (size_t i = 0; i < MANY_PAGES; i++) {
		assert_int_equal(copy.data[i * page + i], 7);
		assert_int_equal(copy.data[i * page + i + 1], 0);
	}
	release(&copy);
	close_file(file);
}

/* It ends nothing, as whoever needs such a page meets it soon enough. */
static void test_lost_pages_cannot_be_brought_in(void **state)
{
	struct scene *scene = *state;
	struct ary_file *file;
	struct ary_file_copy copy = map_zeros(scene, &file);
	struct ary_file_copy unmapped;

	if (copy.mapped_by != NULL) {
		assert_int_equal(ary_file_truncate(file, 0, NULL), ARY_OK);
		assert_false(ary_file_copy_populate(&copy, 0, copy.bytes));
	}
	release(&copy);
	close_file(file);
	/* Nor is there anything to do where it was read. */
	unmapped = load_and_close(scene, scene->read, "unmapped");
	assert_false(ary_file_copy_populate(&unmapped, 0, unmapped.bytes));
	release(&unmapped);
}

static void test_release_of_an_empty_copy_is_fine(void **state)
{
	struct ary_file_copy copy = { .bytes = 0 };

	(void)state;
	release(&copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_copy_has_the_bytes_of_the_file),
		TEST(test_changes_of_the_copy_do_not_reach_the_file),
		TEST(test_file_may_be_closed_and_unlinked_meanwhile),
		TEST(test_file_may_be_renamed_over_meanwhile),
		TEST(test_copies_come_and_go),
		TEST(test_no_memory_is_told),
		TEST(test_without_addresses_to_spare_it_is_read),
		TEST(test_pages_that_were_brought_in_are_there),
		TEST(test_changes_beside_it_stay),
		TEST(test_lost_pages_cannot_be_brought_in),
		TEST(test_release_of_an_empty_copy_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
