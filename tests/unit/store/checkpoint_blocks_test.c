/* SPDX-License-Identifier: MIT */
/* Promise: data are read whole and proved if each of their blocks has its hash, however many there
 * are and whatever reads them; one byte of any of them that is another, one hash, or one read that
 * fails, is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "lib/fault_env.h"
#include "lib/tmpdir.h"
#include "store/checkpoint_blocks.h"

/* As many as make it worth while to have several threads, and a rest. */
enum { BLOCKS = 80, REST_BYTES = 77, OFFSET = 4096 };

static const size_t data_bytes = (size_t)(BLOCKS - 1) * ARY_CHECKPOINT_BLOCK_BYTES + REST_BYTES;

struct scene {
	struct tmpdir tmpdir;
	struct fault_env *faults;
	struct ary_dir *dir;
	struct ary_file *file;
	struct ary_hash_secret secret;
	uint8_t *data;
	uint8_t *place;
	uint64_t hashes[BLOCKS];
};

static size_t block_bytes(size_t block)
{
	return block + 1 < BLOCKS ? ARY_CHECKPOINT_BLOCK_BYTES : REST_BYTES;
}

static void write_byte(struct scene *scene, size_t at, uint8_t byte)
{
	size_t written;

	assert_int_equal(ary_file_write_at(scene->file, OFFSET + at, &byte, 1, &written, NULL),
			 ARY_OK);
}

/* The file has nothing but zeros before the data. */
static void make_file(struct scene *scene)
{
	size_t written;

	tmpdir_create(&scene->tmpdir);
	scene->faults = fault_env_create(ary_env_posix());
	assert_int_equal(ary_dir_open(fault_env_env(scene->faults), scene->tmpdir.path, false,
				      &scene->dir, NULL),
			 ARY_OK);
	assert_int_equal(ary_file_open(scene->dir, "data", ARY_OPEN_CREATE_NEW, &scene->file, NULL),
			 ARY_OK);
	assert_int_equal(ary_file_write_at(scene->file, OFFSET, scene->data, data_bytes, &written,
					   NULL),
			 ARY_OK);
}

static int set_up(void **state)
{
	struct scene *scene = ARY_NEW(struct scene);

	for (size_t i = 0; i < sizeof(scene->secret.bytes); i++)
		scene->secret.bytes[i] = (uint8_t)(i * 37 + 11);
	scene->data = ary_alloc(data_bytes);
	scene->place = ary_alloc(data_bytes);
	for (size_t i = 0; i < data_bytes; i++)
		scene->data[i] = (uint8_t)(i * 31 + i / ARY_CHECKPOINT_BLOCK_BYTES);
	for (size_t i = 0; i < BLOCKS; i++) {
		const uint8_t *block = scene->data + i * ARY_CHECKPOINT_BLOCK_BYTES;

		scene->hashes[i] =
			ary_hash(&scene->secret, (struct ary_bytes){block, block_bytes(i)});
	}
	make_file(scene);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(ary_file_close(scene->file, NULL), ARY_OK);
	ary_dir_close(scene->dir);
	fault_env_destroy(scene->faults);
	tmpdir_remove(&scene->tmpdir);
	free(scene->data);
	free(scene->place);
	free(scene);
	return 0;
}

/* What reading BYTES answers, to PLACE or to nowhere. */
static enum ary_status read_to(struct scene *scene, size_t bytes, uint8_t *place)
{
	const struct ary_checkpoint_data data = {
		.file = scene->file,
		.offset = OFFSET,
		.bytes = bytes,
		.hashes = scene->hashes,
		.secret = &scene->secret,
		.place = place,
	};
	struct ary_error err = {.text = ""};
	enum ary_status status = ary_checkpoint_blocks_read(&data, &err);

	assert_int_equal(ary_checkpoint_blocks_read(&data, NULL), status);
	if (status != ARY_OK) {
		assert_int_equal(err.status, status);
		assert_true(err.text[0] != '\0');
	}
	return status;
}

/* The same, whether they are kept or not. */
static enum ary_status read_both(struct scene *scene, size_t bytes)
{
	enum ary_status status = read_to(scene, bytes, NULL);

	assert_int_equal(read_to(scene, bytes, scene->place), status);
	return status;
}

static void test_count_is_that_of_blocks_begun(void **state)
{
	(void)state;
	assert_int_equal(ary_checkpoint_blocks(0), 0);
	assert_int_equal(ary_checkpoint_blocks(1), 1);
	assert_int_equal(ary_checkpoint_blocks(ARY_CHECKPOINT_BLOCK_BYTES), 1);
	assert_int_equal(ary_checkpoint_blocks(ARY_CHECKPOINT_BLOCK_BYTES + 1), 2);
	assert_int_equal(ary_checkpoint_blocks(data_bytes), BLOCKS);
}

static void test_whole_data_are_read(void **state)
{
	struct scene *scene = *state;
	/* So few as five are read by one thread. */
	const size_t sizes[] = {0, ARY_CHECKPOINT_BLOCK_BYTES,
				(size_t)5 * ARY_CHECKPOINT_BLOCK_BYTES, data_bytes};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(scene->place, 0, data_bytes);
		assert_int_equal(read_both(scene, sizes[i]), ARY_OK);
		assert_memory_equal(scene->place, scene->data, sizes[i]);
	}
	/* A block that ends early is another one. */
	assert_int_equal(read_both(scene, data_bytes - 1), ARY_CORRUPT);
	assert_int_equal(read_both(scene, ARY_CHECKPOINT_BLOCK_BYTES / 2), ARY_CORRUPT);
}

static void test_damage_to_any_block_is_told(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < BLOCKS; i++) {
		size_t at = i * ARY_CHECKPOINT_BLOCK_BYTES + (i * 7919) % block_bytes(i);

		write_byte(scene, at, scene->data[at] ^ 1);
		assert_int_equal(read_both(scene, data_bytes), ARY_CORRUPT);
		write_byte(scene, at, scene->data[at]);
		scene->hashes[i] ^= 1;
		assert_int_equal(read_both(scene, data_bytes), ARY_CORRUPT);
		scene->hashes[i] ^= 1;
	}
	assert_int_equal(read_both(scene, data_bytes), ARY_OK);
}

static void test_file_that_ends_early_is_told(void **state)
{
	struct scene *scene = *state;

	for (size_t cut = 1; cut < data_bytes; cut *= 5) {
		assert_int_equal(ary_file_truncate(scene->file, OFFSET + data_bytes - cut, NULL),
				 ARY_OK);
		assert_int_equal(read_both(scene, data_bytes), ARY_CORRUPT);
	}
}

static void test_any_read_that_fails_is_told(void **state)
{
	struct scene *scene = *state;
	struct fault fault = {.kind = FAULT_FILE_READ, .forever = true};

	for (fault.nth = 1; fault.nth <= BLOCKS; fault.nth += 13) {
		fault_env_fail(scene->faults, fault);
		assert_int_equal(read_both(scene, data_bytes), ARY_IO);
		fault_env_reset(scene->faults);
	}
}

static void test_no_memory_is_told(void **state)
{
	struct scene *scene = *state;

	ary_alloc_fail_at(1, 1);
	assert_int_equal(read_to(scene, data_bytes, NULL), ARY_NO_MEMORY);
	/* Where they have their place no more is asked for. */
	assert_int_equal(read_to(scene, data_bytes, scene->place), ARY_OK);
	ary_alloc_fail_at(0, 0);
	assert_memory_equal(scene->place, scene->data, data_bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		cmocka_unit_test(test_count_is_that_of_blocks_begun),
		TEST(test_whole_data_are_read),
		TEST(test_damage_to_any_block_is_told),
		TEST(test_file_that_ends_early_is_told),
		TEST(test_any_read_that_fails_is_told),
		TEST(test_no_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
