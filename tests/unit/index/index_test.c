/* SPDX-License-Identifier: MIT */
/* The index answers as a sorted array of all keys would, whatever the keys; it never fails a put
 * that was reserved; and it takes at most 48 bytes a key beyond the key. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "index/index.h"
#include "index_model.h"
#include "lib/one_in.h"

enum { UNIVERSE = 6000, STEPS = 60000 };

static void put(struct model *model, struct known *known)
{
	assert_true(model_try_put(model, known));
}

/* Puts COUNT keys together, some of them twice: neighbours, which all go into few leaves and split
 * them, or keys from anywhere. Without memory (NO_MEMORY) those before are put. How many were. */
static size_t put_many(struct model *model, size_t count, bool neighbours)
{
	struct ary_index_put puts[ARY_INDEX_PUTS_MAX];
	struct known *knowns[ARY_INDEX_PUTS_MAX];
	size_t from = random_below(&model->random, model->size - 2 * ARY_INDEX_PUTS_MAX);
	size_t among = neighbours ? 2 * ARY_INDEX_PUTS_MAX : model->size - from;
	size_t done = 0;

	for (size_t i = 0; i < count; i++) {
		knowns[i] = &model->keys[from + random_below(&model->random, among)];
		puts[i].key = knowns[i]->key;
		puts[i].hash = ary_index_hash(model->index, puts[i].key);
		puts[i].entry = some_entry(&model->random);
	}
	enum ary_status status = ary_index_put_many(model->index, puts, count);

	for (; done < count; done++) {
		struct known *known = knowns[done];
		struct ary_entry now;

		if (status == ARY_NO_MEMORY && !known->present &&
		    !ary_index_get(model->index, known->key, &now))
			return done;
		assert_int_equal(puts[done].had, known->present);
		if (known->present)
			assert_entry(&puts[done].old, &known->entry);
		model->present += !known->present;
		known->present = true;
		known->entry = puts[done].entry;
	}
	assert_int_equal(status, ARY_OK);
	return done;
}

static void look_up(struct model *model, const struct known *known)
{
	struct ary_entry entry = { 0 };

	model_look_up(model->index, known);
	assert_int_equal(ary_index_get_own(model->index, known->key,
					   ary_index_hash(model->index, known->key), &entry),
			 known->present);
	if (known->present)
		assert_entry(&entry, &known->entry);
}

static void relocate(struct model *model, struct known *known)
{
	struct ary_location location = some_location(&model->random);
	bool right = random_below(&model->random, 2) == 0;
	uint64_t seq = known->entry.seq + (right ? 0 : 1);
	bool moved = ary_index_relocate(model->index, known->key, seq, &location);

	assert_int_equal(moved, known->present && right);
	if (moved)
		known->entry.location = location;
}

/* A page of the index beside the model. */
struct paging {
	const struct model *model;
	size_t at;
	size_t left; /* visits until the walk ends itself */
	size_t visits;
};

static void skip_absent(struct paging *paging)
{
	while (paging->at < paging->model->size && !paging->model->keys[paging->at].present)
		paging->at++;
}

static bool check_paged(void *context, struct ary_bytes key, const struct ary_entry *entry)
{
	struct paging *paging = context;

	skip_absent(paging);
	assert_true(paging->at < paging->model->size);
	assert_true(ary_bytes_equal(key, paging->model->keys[paging->at].key));
	assert_entry(entry, &paging->model->keys[paging->at].entry);
	paging->at++;
	paging->visits++;
	return --paging->left > 0;
}

/* Pages from the key at FROM, at most LIMIT keys. */
static void page(const struct model *model, size_t from, bool after, size_t limit)
{
	struct paging paging = { model, from + after, limit, 0 };
	const struct ary_key_range range = { .from = model->keys[from].key, .after = after };

	ary_index_page(model->index, &range, check_paged, &paging);
	assert_true(paging.visits <= limit);
	if (paging.visits == limit)
		return;
	skip_absent(&paging);
	assert_int_equal(paging.at, model->size);
}

static void check_all(const struct model *model)
{
	check_walk(model, model->index, false);
	assert_int_equal(ary_index_count(model->index), model->present);
}

/* Steps that put PUTS times in 16 and remove as often as is left of ten. */
static void step(struct model *model, unsigned puts)
{
	size_t at = random_below(&model->random, model->size);
	size_t what = random_below(&model->random, 16);

	if (what < puts)
		put(model, &model->keys[at]);
	else if (what < 10)
		model_drop(model, &model->keys[at]);
	else if (what < 12)
		look_up(model, &model->keys[at]);
	else if (what < 14)
		relocate(model, &model->keys[at]);
	else
		page(model, at, what == 14, 1 + random_below(&model->random, 20));
}

static void test_random_operations_match_a_sorted_array(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 2; seed++) {
		struct model *model = model_create(seed, UNIVERSE, make_key);

		/* Growing, shrinking to nearly nothing, and around the middle. */
		for (unsigned i = 0; i < STEPS; i++) {
			static const unsigned puts[] = { 9, 1, 5, 8 };

			step(model, puts[i / (STEPS / 4)]);
			if (i % (1000 * one_in()) == 0)
				check_all(model);
		}
		check_all(model);
		for (size_t i = 0; i < model->size; i++) {
			look_up(model, &model->keys[i]);
			model_drop(model, &model->keys[i]);
		}
		check_all(model);
		assert_int_equal(ary_index_count(model->index), 0);
		model_destroy(model);
	}
}

static void test_puts_of_many_match_a_sorted_array(void **state)
{
	(void)state;
	for (uint64_t seed = 7; seed <= 8; seed++) {
		struct model *model = model_create(seed, UNIVERSE, make_key);

		for (unsigned i = 0; i < STEPS / 8; i++) {
			size_t count = random_below(&model->random, ARY_INDEX_PUTS_MAX + 1);

			assert_int_equal(put_many(model, count, i % 2 == 0), count);
			for (unsigned gone = 0; gone < (i / 1000 % 2 == 0 ? 4 : 12); gone++)
				model_drop(model,
				     &model->keys[random_below(&model->random, model->size)]);
			if (i % (500 * one_in()) == 0)
				check_all(model);
		}
		check_all(model);
		model_destroy(model);
	}
}

static void test_puts_of_many_without_memory_put_those_before(void **state)
{
	struct model *model = model_create(9, UNIVERSE, make_key);
	size_t refused = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		ary_alloc_fail_at(1, 1);
		size_t done = put_many(model, ARY_INDEX_PUTS_MAX, i % 2 == 0);

		ary_alloc_fail_at(0, 0);
		refused += done < ARY_INDEX_PUTS_MAX;
		put_many(model, 1, true);
	}
	assert_true(refused > 64);
	check_all(model);
	model_destroy(model);
}

static void test_page_from_and_after_start_where_they_say(void **state)
{
	struct model *model = model_create(3, UNIVERSE, make_key);

	(void)state;
	for (size_t i = 0; i < model->size; i++) {
		if (i % 3 != 0)
			put(model, &model->keys[i]);
	}
	for (size_t i = 0; i < model->size; i += 5) {
		page(model, i, false, 3);
		page(model, i, true, 3);
	}
	page(model, 0, false, SIZE_MAX);
	page(model, model->size - 1, true, SIZE_MAX);
	model_destroy(model);
}

static void test_reserved_puts_succeed_without_memory(void **state)
{
	struct model *model = model_create(4, UNIVERSE, make_key);
	size_t group[400];

	(void)state;
	for (unsigned round = 0; round < 120; round++) {
		size_t count = 1 + random_below(&model->random, 400);

		for (size_t i = 0; i < count; i++) {
			group[i] = random_below(&model->random, model->size);
			assert_int_equal(
				reserve(model->index, model->keys[group[i]].key),
				ARY_OK);
		}
		ary_alloc_fail_at(1, 1);
		for (size_t i = 0; i < count; i++) {
			put(model, &model->keys[group[i]]);
			if (round % 3 == 0)
				model_drop(model, &model->keys[random_below(&model->random,
								      model->size)]);
		}
		ary_alloc_fail_at(0, 0);
		ary_index_unreserve(model->index);
		check_all(model);
	}
	model_destroy(model);
}

static struct ary_bytes number_key(uint8_t out[16], uint64_t number)
{
	memset(out, 0, 16);
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(number >> (56 - 8 * i));
	return (struct ary_bytes){ out, 16 };
}

static void put_number(struct ary_index *index, uint64_t number)
{
	struct ary_entry entry = { number + 1, { number, 10, 1 }, false };
	struct ary_entry old;
	uint8_t data[16];
	bool had;

	assert_int_equal(ary_index_put(index, number_key(data, number), &entry, &had, &old),
			 ARY_OK);
	assert_false(had);
}

/* Puts one key into each of GROUP leaves, all reserved, without memory. */
static void put_group(struct ary_index *index, uint64_t group, uint64_t gap, uint64_t extra)
{
	uint8_t data[16];

	for (uint64_t i = 0; i < group; i++)
		assert_int_equal(reserve(index, number_key(data, i * gap + extra)),
				 ARY_OK);
	ary_alloc_fail_at(1, 1);
	for (uint64_t i = 0; i < group; i++)
		put_number(index, i * gap + extra);
	ary_alloc_fail_at(0, 0);
	ary_index_unreserve(index);
}

/* Keys in order fill the leaves; a few keys more in each then split them all in one group, and
 * the inner nodes with them: the most memory that a group can take. Different numbers of keys
 * leave different rests of the last chunk. */
static void test_reserved_puts_that_split_every_leaf_succeed(void **state)
{
	enum { KEYS_FIRST = 40000, KEYS_LAST = 64000, KEYS_STEP = 4000, GAP = 64, LEAF = 30 };
	struct ary_hash_secret secret = fixed_secret();

	(void)state;
	for (uint64_t keys = KEYS_FIRST; keys <= KEYS_LAST; keys += KEYS_STEP) {
		struct ary_index *index = ary_index_create(&secret);

		for (uint64_t i = 0; i < keys; i++)
			put_number(index, i * GAP);
		for (uint64_t extra = 1; extra <= 8; extra++)
			put_group(index, keys / LEAF, (uint64_t)GAP * LEAF, extra);
		assert_int_equal(ary_index_count(index), keys + 8 * (keys / LEAF));
		ary_index_destroy(index);
	}
}

static void test_reserve_without_memory_leaves_all_as_it_was(void **state)
{
	struct model *model = model_create(5, UNIVERSE, make_key);
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < model->size; i++) {
		struct known *known = &model->keys[i];

		ary_alloc_fail_at(1 + i % 2, 1);
		enum ary_status status = reserve(model->index, known->key);

		ary_alloc_fail_at(0, 0);
		if (status == ARY_OK) {
			ary_alloc_fail_at(1, 1);
			put(model, known);
			ary_alloc_fail_at(0, 0);
		} else {
			assert_int_equal(status, ARY_NO_MEMORY);
			refused++;
			look_up(model, known);
			put(model, known);
		}
		ary_index_unreserve(model->index);
	}
	assert_true(refused > 64);
	check_all(model);
	model_destroy(model);
}

static void test_put_without_memory_leaves_all_as_it_was(void **state)
{
	struct model *model = model_create(6, UNIVERSE, make_key);
	struct ary_entry entry = { 1, { 2, 3, 4 }, false };
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < model->size; i++) {
		struct known *known = &model->keys[(i * 7919) % model->size];
		struct ary_entry old;
		bool had = true;

		ary_alloc_fail_at(1, 1);
		enum ary_status status =
			ary_index_put(model->index, known->key, &entry, &had, &old);

		ary_alloc_fail_at(0, 0);
		if (status == ARY_OK) {
			known->present = true;
			known->entry = entry;
			model->present++;
			continue;
		}
		assert_int_equal(status, ARY_NO_MEMORY);
		assert_true(had);
		refused++;
		look_up(model, known);
		put(model, known);
	}
	assert_true(refused > 64);
	check_all(model);
	model_destroy(model);
}

static void test_many_keys_in_one_shard_are_found(void **state)
{
	enum { KEYS = 6000 };
	struct ary_hash_secret secret = fixed_secret();
	struct ary_index *index = ary_index_create(&secret);
	static uint64_t numbers[KEYS];
	struct ary_entry entry;
	uint8_t data[16];
	uint64_t number = 0;

	(void)state;
	for (unsigned i = 0; i < KEYS; number++) {
		if (ary_hash(&secret, number_key(data, number)) >> 58 != 63)
			continue;
		numbers[i++] = number;
		put_number(index, number);
	}
	for (unsigned i = 0; i < KEYS; i += 2)
		assert_true(ary_index_remove(index, number_key(data, numbers[i]), &entry));
	for (unsigned i = 0; i < KEYS; i++) {
		bool there = ary_index_get(index, number_key(data, numbers[i]), &entry);

		assert_int_equal(there, i % 2);
		if (there)
			assert_int_equal(entry.seq, numbers[i] + 1);
	}
	assert_int_equal(ary_index_count(index), KEYS / 2);
	ary_index_destroy(index);
}

static void test_memory_of_removed_keys_is_used_again(void **state)
{
	struct model *model = model_create(7, UNIVERSE, make_key);
	uint64_t memory = 0;

	(void)state;
	for (unsigned round = 0; round < 6; round++) {
		for (size_t i = 0; i < model->size; i++)
			put(model, &model->keys[round % 2 == 0 ? i : model->size - 1 - i]);
		if (round == 1)
			memory = ary_index_memory_bytes(model->index);
		for (size_t i = 0; i < model->size; i++)
			model_drop(model, &model->keys[(i * 7919) % model->size]);
		for (size_t i = 0; i < model->size; i++)
			model_drop(model, &model->keys[i]);
		check_all(model);
	}
	assert_true(ary_index_memory_bytes(model->index) <= memory + (UINT64_C(1) << 20));
	model_destroy(model);
}

static void test_a_million_keys_take_48_bytes_each_at_most(void **state)
{
	const uint64_t all = 1000000 / one_in();
	struct ary_hash_secret secret = fixed_secret();
	struct ary_index *index = ary_index_create(&secret);
	struct ary_entry entry = { 1, { 2, 3, 4 }, false };
	struct ary_entry old;
	struct random random = { 8 };
	bool had;

	(void)state;
	assert_true(all > 0);
	for (uint64_t i = 0; i < all; i++) {
		uint64_t key[2] = { random_next(&random), random_next(&random) };

		assert_int_equal(ary_index_put(index,
					       (struct ary_bytes){ (uint8_t *)key, sizeof(key) },
					       &entry, &had, &old),
				 ARY_OK);
	}
	assert_int_equal(ary_index_count(index), all);
	uint64_t hundredths = (ary_index_memory_bytes(index) - 16 * all) * 100 / all;

	print_message("%u.%02u bytes a key beyond the key\n", (unsigned)(hundredths / 100),
		      (unsigned)(hundredths % 100));
	/* Of fewer keys, what the last chunk has not used yet is much. */
	if (all >= 1000000)
		assert_true(hundredths <= 4800);
	ary_index_destroy(index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_operations_match_a_sorted_array),
		cmocka_unit_test(test_puts_of_many_match_a_sorted_array),
		cmocka_unit_test(test_puts_of_many_without_memory_put_those_before),
		cmocka_unit_test(test_page_from_and_after_start_where_they_say),
		cmocka_unit_test(test_reserved_puts_succeed_without_memory),
		cmocka_unit_test(test_reserved_puts_that_split_every_leaf_succeed),
		cmocka_unit_test(test_reserve_without_memory_leaves_all_as_it_was),
		cmocka_unit_test(test_put_without_memory_leaves_all_as_it_was),
		cmocka_unit_test(test_many_keys_in_one_shard_are_found),
		cmocka_unit_test(test_memory_of_removed_keys_is_used_again),
		cmocka_unit_test(test_a_million_keys_take_48_bytes_each_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
