/* SPDX-License-Identifier: MIT */
/* Promise: writes come out in the order in which they went in, one of each key at a time, whichever
 * of them end first; and what is held is bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/backlog.h"
#include "base/alloc.h"

enum { KEYS = 7, ROUNDS = 20000, MIB = 1024 * 1024 };

static void hold(struct ary_backlog *backlog, const char *key, const char *value)
{
	const struct ary_pipeline_item item = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of(key),
		.type = ary_bytes_of("a/b"),
		.value = ary_bytes_of(value),
		.path = "path",
		.line = 3,
	};

	assert_true(ary_backlog_hold(backlog, &item));
}

static void expect_held(const struct ary_held *held, const char *key, const char *value)
{
	assert_true(ary_bytes_equal(held->item.key, ary_bytes_of(key)));
	assert_true(ary_bytes_equal(held->item.type, ary_bytes_of("a/b")));
	assert_true(ary_bytes_equal(held->item.value, ary_bytes_of(value)));
	assert_string_equal(held->item.path, "path");
	assert_int_equal(held->item.line, 3);
}

static void test_a_write_waits_for_the_one_before_it_to_its_key(void **state)
{
	struct ary_backlog *backlog = ary_backlog_create();
	struct ary_held *a;
	struct ary_held *b;

	(void)state;
	assert_false(ary_backlog_is_ready(backlog));
	hold(backlog, "a", "1");
	hold(backlog, "a", "2");
	hold(backlog, "b", "3");
	hold(backlog, "a", "4");
	a = ary_backlog_next(backlog);
	expect_held(a, "a", "1");
	b = ary_backlog_next(backlog);
	expect_held(b, "b", "3");
	assert_false(ary_backlog_is_ready(backlog));
	ary_backlog_end(backlog, b);
	assert_false(ary_backlog_is_ready(backlog));
	/* Put back, it is still before those behind it. */
	ary_backlog_return(backlog, a);
	hold(backlog, "c", "5");
	a = ary_backlog_next(backlog);
	expect_held(a, "a", "1");
	ary_backlog_end(backlog, a);
	expect_held(ary_backlog_next(backlog), "c", "5");
	a = ary_backlog_next(backlog);
	expect_held(a, "a", "2");
	assert_false(ary_backlog_is_ready(backlog));
	ary_backlog_end(backlog, a);
	expect_held(ary_backlog_next(backlog), "a", "4");
	assert_int_equal(ary_backlog_count(backlog), 2);
	ary_backlog_destroy(backlog);
}

/* A key of KEYS, a write, a line out of the backlog: each by chance. */
struct game {
	struct ary_backlog *backlog;
	struct ary_held *taken[256];
	size_t taken_count;
	unsigned put[KEYS];  /* how many of each key went in */
	unsigned done[KEYS]; /* and ended */
	bool busy[KEYS];
	uint64_t seed;
};

static unsigned chance(struct game *game, unsigned below)
{
	game->seed = game->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(game->seed >> 33) % below;
}

static void put_one(struct game *game)
{
	unsigned key = chance(game, KEYS);
	char name[16];
	char value[16];

	snprintf(name, sizeof(name), "%u", key);
	snprintf(value, sizeof(value), "%u", game->put[key]++);
	hold(game->backlog, name, value);
}

static unsigned number_of(struct ary_bytes text)
{
	char copy[16] = "";

	memcpy(copy, text.data, text.size);
	return (unsigned)strtoul(copy, NULL, 10);
}

static void take_one(struct game *game)
{
	struct ary_held *held = ary_backlog_next(game->backlog);
	unsigned key = number_of(held->item.key);

	assert_false(game->busy[key]);
	assert_int_equal(number_of(held->item.value), game->done[key]);
	game->busy[key] = true;
	game->taken[game->taken_count++] = held;
}

static void give_one(struct game *game)
{
	unsigned at = chance(game, (unsigned)game->taken_count);
	struct ary_held *held = game->taken[at];
	unsigned key = number_of(held->item.key);

	game->taken[at] = game->taken[--game->taken_count];
	game->busy[key] = false;
	if (chance(game, 4) == 0) {
		ary_backlog_return(game->backlog, held);
		return;
	}
	game->done[key]++;
	ary_backlog_end(game->backlog, held);
}

static void test_no_order_of_ends_mixes_up_a_key(void **state)
{
	struct game game = { .backlog = ary_backlog_create(), .seed = 20 };

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		if (ary_backlog_has_room(game.backlog, 100))
			put_one(&game);
		if (ary_backlog_is_ready(game.backlog))
			take_one(&game);
		if (game.taken_count > chance(&game, 8))
			give_one(&game);
	}
	while (ary_backlog_count(game.backlog) > 0) {
		if (ary_backlog_is_ready(game.backlog))
			take_one(&game);
		else
			give_one(&game);
	}
	for (unsigned key = 0; key < KEYS; key++) {
		assert_true(game.put[key] > 100);
		assert_int_equal(game.done[key], game.put[key]);
	}
	ary_backlog_destroy(game.backlog);
}

static void test_what_is_held_is_bounded(void **state)
{
	struct ary_backlog *backlog = ary_backlog_create();
	char *value = malloc(16 * MIB + 1);
	unsigned held = 0;

	(void)state;
	assert_non_null(value);
	memset(value, 'x', 16 * MIB);
	value[16 * MIB] = '\0';
	/* One is taken whatever its size; beside it nothing is. */
	assert_true(ary_backlog_has_room(backlog, UINT64_MAX));
	hold(backlog, "large", value);
	assert_false(ary_backlog_has_room(backlog, 1));
	ary_backlog_end(backlog, ary_backlog_next(backlog));
	assert_true(ary_backlog_has_room(backlog, 1));
	while (ary_backlog_has_room(backlog, 6)) {
		hold(backlog, "key", "");
		held++;
	}
	assert_int_equal(held, 256);
	ary_backlog_destroy(backlog);
	free(value);
}

static void test_memory_that_runs_out_leaves_it_as_it_was(void **state)
{
	struct ary_backlog *backlog = ary_backlog_create();
	const struct ary_pipeline_item item = { .key = ary_bytes_of("a") };

	(void)state;
	hold(backlog, "a", "1");
	ary_alloc_fail_at(1, 0);
	assert_false(ary_backlog_hold(backlog, &item));
	ary_alloc_fail_at(0, 0);
	assert_int_equal(ary_backlog_count(backlog), 1);
	hold(backlog, "a", "2");
	ary_backlog_end(backlog, ary_backlog_next(backlog));
	expect_held(ary_backlog_next(backlog), "a", "2");
	ary_backlog_destroy(backlog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_write_waits_for_the_one_before_it_to_its_key),
		cmocka_unit_test(test_no_order_of_ends_mixes_up_a_key),
		cmocka_unit_test(test_what_is_held_is_bounded),
		cmocka_unit_test(test_memory_that_runs_out_leaves_it_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
