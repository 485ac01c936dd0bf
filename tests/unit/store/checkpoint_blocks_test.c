/* SPDX-License-Identifier: MIT */
/* Data are intact if each of their blocks has its hash, however many there are and whatever proves
 * them: one byte of any of them that is another, or one hash, is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/checkpoint_blocks.h"

/* As many as make it worth while to have several threads, and a rest. */
enum { BLOCKS = 80, REST_BYTES = 77 };

static const size_t data_bytes = (size_t)(BLOCKS - 1) * ARY_CHECKPOINT_BLOCK_BYTES + REST_BYTES;

struct scene {
	struct ary_hash_secret secret;
	uint8_t *data;
	uint64_t hashes[BLOCKS];
};

static int set_up(void **state)
{
	static struct scene scene;

	for (size_t i = 0; i < sizeof(scene.secret.bytes); i++)
		scene.secret.bytes[i] = (uint8_t)(i * 37 + 11);
	scene.data = malloc(data_bytes);
	assert_non_null(scene.data);
	for (size_t i = 0; i < data_bytes; i++)
		scene.data[i] = (uint8_t)(i * 31 + i / ARY_CHECKPOINT_BLOCK_BYTES);
	for (size_t i = 0; i < BLOCKS; i++) {
		const uint8_t *block = scene.data + i * ARY_CHECKPOINT_BLOCK_BYTES;
		size_t size = i + 1 < BLOCKS ? ARY_CHECKPOINT_BLOCK_BYTES : REST_BYTES;

		scene.hashes[i] = ary_hash(&scene.secret, (struct ary_bytes){block, size});
	}
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	free(scene->data);
	return 0;
}

static bool intact(const struct scene *scene, size_t bytes)
{
	return ary_checkpoint_blocks_intact(scene->data, bytes, scene->hashes, &scene->secret);
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

static void test_whole_data_are_intact(void **state)
{
	const struct scene *scene = *state;

	assert_true(intact(scene, data_bytes));
	assert_true(intact(scene, 0));
	assert_true(intact(scene, ARY_CHECKPOINT_BLOCK_BYTES));
	/* So few are proved by one thread. */
	assert_true(intact(scene, (size_t)5 * ARY_CHECKPOINT_BLOCK_BYTES));
	/* A block that ends early is another one. */
	assert_false(intact(scene, data_bytes - 1));
	assert_false(intact(scene, ARY_CHECKPOINT_BLOCK_BYTES / 2));
}

static void test_damage_to_any_block_is_noticed(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < BLOCKS; i++) {
		size_t size = i + 1 < BLOCKS ? ARY_CHECKPOINT_BLOCK_BYTES : REST_BYTES;
		size_t at = i * ARY_CHECKPOINT_BLOCK_BYTES + (i * 7919) % size;

		scene->data[at] ^= 1;
		assert_false(intact(scene, data_bytes));
		scene->data[at] ^= 1;
		scene->hashes[i] ^= 1;
		assert_false(intact(scene, data_bytes));
		scene->hashes[i] ^= 1;
	}
	assert_true(intact(scene, data_bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count_is_that_of_blocks_begun),
		cmocka_unit_test_setup_teardown(test_whole_data_are_intact, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damage_to_any_block_is_noticed, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
