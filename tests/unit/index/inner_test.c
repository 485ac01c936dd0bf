/* SPDX-License-Identifier: MIT */
/* Promise: the words of an inner node are always those of its keys, whatever was inserted, removed
 * and built; they lead where the keys lead, and nearly always do without them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "index/blob.h"
#include "index/inner.h"
#include "index/sort.h"
#include "index_support.h"

enum { KEYS = 20000, UNITS_MAX = 1 << 22 };

struct grove {
	struct ary_arena arena;
	struct ary_tree tree;
	uint32_t handles[KEYS];
	size_t count;
	struct random random;
	unsigned inner_nodes; /* seen by the last check */
};

static struct grove *plant(void)
{
	struct grove *grove = calloc(1, sizeof(*grove));

	assert_non_null(grove);
	ary_arena_init(&grove->arena);
	assert_true(ary_arena_ensure(&grove->arena, UNITS_MAX));
	ary_tree_init(&grove->tree, &grove->arena);
	grove->random.state = 4712;
	return grove;
}

static void fell(struct grove *grove)
{
	ary_arena_release(&grove->arena);
	free(grove);
}

static uint32_t add_blob(struct grove *grove, const void *data, size_t size)
{
	const struct ary_entry entry = { .seq = 1 };
	uint32_t handle = ary_blob_create(&grove->arena, (struct ary_bytes){ data, size }, &entry);

	grove->handles[grove->count++] = handle;
	return handle;
}

static void insert_text(struct grove *grove, const char *text)
{
	ary_tree_insert(&grove->tree, add_blob(grove, text, strlen(text)));
}

/* What the word of KEY behind SKIP bytes is, told byte by byte. */
static int64_t expected_word(struct ary_bytes key, size_t skip)
{
	int64_t word = 0;

	for (size_t i = skip; i < skip + 4; i++)
		word = word * 256 + (i < key.size ? key.data[i] : 0);
	return word - INT64_C(0x80000000);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than the tree is high */
static void check_node(struct grove *grove, uint32_t handle, uint32_t level)
{
	const struct ary_inner *node = ary_inner_at(&grove->tree, handle);
	struct ary_bytes first = ary_blob_key(&grove->arena, node->run.handles[0]);

	grove->inner_nodes++;
	for (unsigned i = 0; i < ARY_RUN_KEYS_MAX; i++) {
		if (i >= node->run.count) {
			assert_int_equal(node->words[i], INT32_MAX);
			continue;
		}
		struct ary_bytes key = ary_blob_key(&grove->arena, node->run.handles[i]);

		assert_true(key.size >= node->skip);
		assert_memory_equal(key.data, first.data, node->skip);
		assert_true(node->words[i] == expected_word(key, node->skip));
	}
	for (unsigned i = 0; level > 1 && i <= node->run.count; i++)
		check_node(grove, node->children[i], level - 1);
}

static void check(struct grove *grove)
{
	grove->inner_nodes = 0;
	if (grove->tree.height > 0)
		check_node(grove, grove->tree.root, grove->tree.height);
	assert_int_equal(grove->inner_nodes, grove->tree.inner_count);
}

/* Steps past more than one key, and how many of these the words knew. */
struct steps {
	unsigned taken;
	unsigned told;
};

/* Where KEY's way leads, each step of it taken by the keys alone. */
static uint32_t leaf_by_keys(const struct grove *grove, struct ary_bytes key, struct steps *steps)
{
	const struct ary_tree *tree = &grove->tree;
	uint32_t handle = tree->root;
	size_t shared = 0;

	for (uint32_t level = tree->height; level > 0; level--) {
		const struct ary_inner *node = ary_inner_at(tree, handle);
		unsigned guess = ary_run_guess(&node->run, key);
		size_t by_keys_shared = shared;
		unsigned by_words;
		unsigned child = ary_inner_child_near(tree, node, key, guess, &by_keys_shared);

		if (ary_inner_child_by_words(tree, node, key, &shared, &by_words)) {
			assert_int_equal(by_words, child);
			assert_int_equal(shared, by_keys_shared);
			steps->told += node->run.count > 1;
		}
		steps->taken += node->run.count > 1;
		shared = by_keys_shared;
		handle = node->children[child];
	}
	return handle;
}

/* Keys that share what the way down has shown, and keys that do not. */
static void check_ways(struct grove *grove)
{
	for (unsigned i = 0; i < 2000; i++) {
		struct ary_bytes key = make_key(&grove->random, i);
		struct ary_tree_near near = { 0 };
		struct steps steps = { 0 };

		ary_tree_find_leaves(&grove->tree, &key, 1, &near);
		assert_int_equal(near.leaf, leaf_by_keys(grove, key, &steps));
		free((void *)key.data);
	}
}

static void insert_hard_keys(struct grove *grove)
{
	for (unsigned i = 0; i < KEYS / 4; i++) {
		struct ary_bytes key = make_key(&grove->random, i);
		struct ary_cursor cursor = ary_tree_seek(&grove->tree, key, false);
		uint32_t next = ary_tree_next(&grove->tree, &cursor);

		if (next == 0 || !ary_bytes_equal(ary_blob_key(&grove->arena, next), key))
			ary_tree_insert(&grove->tree, add_blob(grove, key.data, key.size));
		free((void *)key.data);
	}
}

static void test_words_are_those_of_the_keys_through_growth_and_removal(void **state)
{
	(void)state;
	struct grove *grove = plant();

	insert_hard_keys(grove);
	check(grove);
	assert_true(grove->inner_nodes > 3);
	check_ways(grove);
	while (grove->count > 0) {
		size_t chosen = random_below(&grove->random, grove->count);

		ary_tree_remove(&grove->tree, grove->handles[chosen]);
		ary_blob_destroy(&grove->arena, grove->handles[chosen]);
		grove->handles[chosen] = grove->handles[--grove->count];
		if (grove->count % 16 == 0)
			check(grove);
		if (grove->count % 1024 == 0 && grove->tree.height > 0)
			check_ways(grove);
	}
	fell(grove);
}

/* A tree of KEYS keys in order, built, its nodes nearly full. */
static struct grove *plant_built(void)
{
	static struct ary_sort_item items[KEYS];
	struct grove *grove = plant();

	for (unsigned i = 0; i < KEYS; i++) {
		char text[32];

		snprintf(text, sizeof(text), "customer/%08u", i);
		items[i].handle = add_blob(grove, text, strlen(text));
	}
	ary_sort_fill_all(&grove->arena, items, KEYS);
	ary_sort_items(&grove->arena, items, KEYS);
	ary_tree_build(&grove->tree, items, KEYS);
	return grove;
}

/* Removed from both ends, the outer nodes take keys of their neighbours. */
static void test_words_are_those_of_the_keys_when_neighbours_share(void **state)
{
	(void)state;
	struct grove *grove = plant_built();

	for (unsigned i = 0; i < KEYS; i++) {
		unsigned chosen = i % 2 == 0 ? i / 2 : KEYS - 1 - i / 2;

		ary_tree_remove(&grove->tree, grove->handles[chosen]);
		if (i % 16 == 0)
			check(grove);
	}
	fell(grove);
}

static void test_words_of_a_tree_that_is_built_are_those_of_its_keys(void **state)
{
	(void)state;
	struct grove *grove = plant_built();

	check(grove);
	assert_true(grove->inner_nodes > 20);
	check_ways(grove);
	fell(grove);
}

/* Which share of the steps to keys like FORMAT the words of a tree of such keys tell. */
static double share_told(const char *format)
{
	struct grove *grove = plant();
	struct steps steps = { 0 };
	char text[64];

	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(text, sizeof(text), format, 10000000 + 2 * random_below(&grove->random,
										  40000000));
		struct ary_bytes key = ary_bytes_of(text);
		struct ary_cursor cursor = ary_tree_seek(&grove->tree, key, false);
		uint32_t next = ary_tree_next(&grove->tree, &cursor);

		if (next == 0 || !ary_bytes_equal(ary_blob_key(&grove->arena, next), key))
			insert_text(grove, text);
	}
	assert_true(grove->tree.height >= 2);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), format,
			 10000001 + 2 * random_below(&grove->random, 40000000));
		leaf_by_keys(grove, ary_bytes_of(text), &steps);
	}
	fell(grove);
	assert_true(steps.taken >= 1000);
	return (double)steps.told / steps.taken;
}

static void test_words_nearly_always_do_without_the_keys(void **state)
{
	(void)state;
	assert_true(share_told("%zu") > 0.95);
	assert_true(share_told("a/long/prefix/of/all/keys/%zu") > 0.95);
}

/* One node of KEYS, told by hand. */
static struct ary_inner *node_of(struct grove *grove, const char *const *keys)
{
	struct ary_inner *node = ary_inner_at(&grove->tree, ary_inner_take(&grove->tree));

	for (unsigned i = 0; keys[i] != NULL; i++)
		ary_inner_insert_key(&grove->tree, node, i,
				     add_blob(grove, keys[i], strlen(keys[i])));
	return node;
}

static void expect_told(const struct grove *grove, const struct ary_inner *node, const char *text,
			unsigned child)
{
	size_t shared = 0;
	unsigned told = UINT32_MAX;

	assert_true(ary_inner_child_by_words(&grove->tree, node, ary_bytes_of(text), &shared,
					     &told));
	assert_int_equal(told, child);
}

static void expect_untold(const struct grove *grove, const struct ary_inner *node,
			  struct ary_bytes key, unsigned child)
{
	size_t shared = 0;
	unsigned told = UINT32_MAX;

	assert_false(ary_inner_child_by_words(&grove->tree, node, key, &shared, &told));
	assert_int_equal(told, UINT32_MAX);
	assert_int_equal(ary_inner_child_of(&grove->tree, node, key, &shared), child);
}

static void test_what_words_cannot_tell_the_keys_do(void **state)
{
	(void)state;
	struct grove *grove = plant();
	static const char *const keys[] = { "pre/b", "pre/dddde", "pre/f", NULL };
	const struct ary_inner *node = node_of(grove, keys);

	assert_int_equal(node->skip, 4);
	expect_told(grove, node, "pre/a", 0);
	expect_told(grove, node, "pre/c", 1);
	expect_told(grove, node, "pre/dddez", 2);
	expect_told(grove, node, "pre/\xff\xff\xff\xff\xff", 3);
	/* The word is a key's own. */
	expect_untold(grove, node, ary_bytes_of("pre/b"), 1);
	expect_untold(grove, node, (struct ary_bytes){ (const uint8_t *)"pre/b\0\0", 7 }, 1);
	expect_untold(grove, node, ary_bytes_of("pre/dddda"), 1);
	expect_untold(grove, node, ary_bytes_of("pre/ddddf"), 2);
	/* It does not have what the words leave out. */
	expect_untold(grove, node, (struct ary_bytes){ (const uint8_t *)"pre/c", 3 }, 0);
	expect_untold(grove, node, ary_bytes_of("pra/z"), 0);
	expect_untold(grove, node, ary_bytes_of("prf/a"), 3);
	expect_untold(grove, node, (struct ary_bytes){ (const uint8_t *)"", 0 }, 0);
	fell(grove);
}

static void test_a_key_that_shares_less_makes_the_words_anew(void **state)
{
	(void)state;
	struct grove *grove = plant();
	static const char *const keys[] = { "pre/b", "pre/d", NULL };
	struct ary_inner *node = node_of(grove, keys);

	assert_int_equal(node->skip, 4);
	ary_inner_insert_key(&grove->tree, node, 2, add_blob(grove, "pz", 2));
	assert_int_equal(node->skip, 1);
	expect_told(grove, node, "pre/c", 1);
	expect_told(grove, node, "py", 2);
	ary_inner_remove_key(node, 2);
	expect_told(grove, node, "pz", 2);
	/* With the next key they are short of nothing again. */
	ary_inner_insert_key(&grove->tree, node, 0, add_blob(grove, "pre/a", 5));
	assert_int_equal(node->skip, 4);
	expect_told(grove, node, "pre/c", 2);
	fell(grove);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_are_those_of_the_keys_through_growth_and_removal),
		cmocka_unit_test(test_words_are_those_of_the_keys_when_neighbours_share),
		cmocka_unit_test(test_words_of_a_tree_that_is_built_are_those_of_its_keys),
		cmocka_unit_test(test_words_nearly_always_do_without_the_keys),
		cmocka_unit_test(test_what_words_cannot_tell_the_keys_do),
		cmocka_unit_test(test_a_key_that_shares_less_makes_the_words_anew),
	};

	return cmocka_run_group_tests_name("index/inner", tests, NULL, NULL);
}
