/* SPDX-License-Identifier: MIT */
/* The arena hands out blocks that never overlap, uses freed ones again, and keeps its promise that
 * what was ensured can be taken, whatever the sizes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/alloc.h"
#include "index/arena.h"
#include "index_support.h"

enum { BLOCKS = 4000, STEPS = 60000 };

static const uint64_t chunk_bytes = (uint64_t)ARY_ARENA_CHUNK_UNITS * ARY_ARENA_UNIT_BYTES;

struct block {
	uint32_t handle;
	size_t size;
	uint8_t fill;
};

static size_t some_size(struct random *random)
{
	switch (random_below(random, 8)) {
	case 0:
		return 1 + random_below(random, ARY_ARENA_BLOCK_BYTES_MAX);
	case 1:
	case 2:
		return 1 + random_below(random, 3000);
	default:
		return 1 + random_below(random, 100);
	}
}

static void take(struct ary_arena *arena, struct block *block, size_t size, uint8_t fill)
{
	assert_true(ary_arena_ensure(arena, ary_arena_block_units(arena, size)));
	*block = (struct block){ ary_arena_take(arena, size), size, fill };
	assert_int_not_equal(block->handle, 0);
	assert_int_equal((uintptr_t)ary_arena_at(arena, block->handle) % 8, 0);
	memset(ary_arena_at(arena, block->handle), fill, size);
}

static void check_and_give(struct ary_arena *arena, struct block *block)
{
	const uint8_t *data = ary_arena_at(arena, block->handle);

	for (size_t i = 0; i < block->size; i++)
		assert_int_equal(data[i], block->fill);
	ary_arena_give(arena, block->handle, block->size);
	block->size = 0;
}

static void test_random_blocks_never_overlap(void **state)
{
	static struct block blocks[BLOCKS];
	struct random random = { 1 };
	struct ary_arena arena;

	(void)state;
	memset(blocks, 0, sizeof(blocks));
	ary_arena_init(&arena);
	for (unsigned step = 0; step < STEPS; step++) {
		struct block *block = &blocks[random_below(&random, BLOCKS)];

		if (block->size > 0)
			check_and_give(&arena, block);
		else
			take(&arena, block, some_size(&random), (uint8_t)step);
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		if (blocks[i].size > 0)
			check_and_give(&arena, &blocks[i]);
	}
	ary_arena_release(&arena);
}

static void test_block_units_hold_the_size_and_waste_little(void **state)
{
	struct ary_arena arena;

	(void)state;
	ary_arena_init(&arena);
	for (size_t size = 1; size <= ARY_ARENA_BLOCK_BYTES_MAX; size++) {
		size_t bytes = ary_arena_block_units(&arena, size) * (size_t)ARY_ARENA_UNIT_BYTES;

		assert_true(bytes >= size);
		assert_true(bytes - size < 8 || (size > 1024 && bytes - size <= size / 8 + 8));
	}
	ary_arena_release(&arena);
}

static void test_ensured_units_can_be_taken_in_any_sizes(void **state)
{
	struct random random = { 2 };

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct ary_arena arena;
		uint64_t units = 1 + random_below(&random, 400000);

		ary_arena_init(&arena);
		assert_true(ary_arena_ensure(&arena, units));
		ary_alloc_fail_at(1, 1);
		for (;;) {
			size_t size = round % 2 == 0 ? ARY_ARENA_BLOCK_BYTES_MAX - round
						     : some_size(&random);
			uint32_t taken = ary_arena_block_units(&arena, size);

			if (taken > units)
				break;
			units -= taken;
			memset(ary_arena_at(&arena, ary_arena_take(&arena, size)), 1, size);
		}
		ary_alloc_fail_at(0, 0);
		ary_arena_release(&arena);
	}
}

static void test_ensure_without_memory_changes_nothing(void **state)
{
	struct ary_arena arena;

	(void)state;
	ary_arena_init(&arena);
	uint64_t before = ary_arena_memory_bytes(&arena);

	for (unsigned n = 1; n <= 5; n++) {
		ary_alloc_fail_at(n, 1);
		assert_false(ary_arena_ensure(&arena, UINT64_C(5) * ARY_ARENA_CHUNK_UNITS));
		assert_int_equal(ary_arena_memory_bytes(&arena), before);
	}
	ary_alloc_fail_at(0, 0);
	assert_true(ary_arena_ensure(&arena, UINT64_C(5) * ARY_ARENA_CHUNK_UNITS));
	ary_arena_trim(&arena);
	assert_int_equal(ary_arena_memory_bytes(&arena), before + chunk_bytes);
	ary_arena_release(&arena);
}

static void test_larger_free_block_is_cut_before_a_chunk_is_begun(void **state)
{
	enum { LARGE = 60000, SMALL = 64, COUNT = 16 };
	uint32_t handles[COUNT];
	struct ary_arena arena;

	(void)state;
	ary_arena_init(&arena);
	assert_true(ary_arena_ensure(&arena, ARY_ARENA_CHUNK_UNITS / 2));
	uint64_t memory = ary_arena_memory_bytes(&arena);

	for (unsigned i = 0; i < COUNT; i++)
		handles[i] = ary_arena_take(&arena, LARGE);
	for (unsigned i = 0; i < COUNT; i++)
		ary_arena_give(&arena, handles[i], LARGE);
	ary_alloc_fail_at(1, 1);
	for (unsigned i = 0; i < COUNT * (LARGE / SMALL); i++)
		assert_int_not_equal(ary_arena_take(&arena, SMALL), 0);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(ary_arena_memory_bytes(&arena), memory);
	ary_arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_blocks_never_overlap),
		cmocka_unit_test(test_block_units_hold_the_size_and_waste_little),
		cmocka_unit_test(test_ensured_units_can_be_taken_in_any_sizes),
		cmocka_unit_test(test_ensure_without_memory_changes_nothing),
		cmocka_unit_test(test_larger_free_block_is_cut_before_a_chunk_is_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
