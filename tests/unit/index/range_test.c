/* SPDX-License-Identifier: MIT */
/* Promise: the keys between two bounds are those that a sorted array has between them, forwards and
 * backwards and counted, whatever the keys and bounds are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "index/index.h"
#include "index_support.h"

enum { UNIVERSE = 5000, STEPS = 20000 };

/* Every key that there may be, sorted, none of them empty. */
struct known {
	struct ary_bytes key;
	bool present;
	uint64_t seq;
};

struct model {
	struct known keys[UNIVERSE];
	size_t size;
	struct random random;
	struct ary_index *index;
};

static int compare_known(const void *a, const void *b)
{
	return ary_bytes_compare(((const struct known *)a)->key, ((const struct known *)b)->key);
}

static struct model *model_create(uint64_t seed)
{
	struct ary_hash_secret secret = fixed_secret();
	struct model *model = calloc(1, sizeof(*model));

	assert_non_null(model);
	model->random.state = seed;
	for (unsigned i = 0; i < UNIVERSE; i++)
		model->keys[i].key = make_key(&model->random, i);
	qsort(model->keys, UNIVERSE, sizeof(model->keys[0]), compare_known);
	for (unsigned i = 0; i < UNIVERSE; i++) {
		struct ary_bytes key = model->keys[i].key;

		if (key.size == 0 || (model->size > 0 &&
				      ary_bytes_equal(model->keys[model->size - 1].key, key)))
			free((void *)key.data);
		else
			model->keys[model->size++] = model->keys[i];
	}
	model->index = ary_index_create(&secret);
	return model;
}

static void model_destroy(struct model *model)
{
	ary_index_destroy(model->index);
	for (size_t i = 0; i < model->size; i++)
		free((void *)model->keys[i].key.data);
	free(model);
}

static void put(struct model *model, struct known *known)
{
	struct ary_entry entry = { .seq = random_next(&model->random) };
	struct ary_entry old;
	bool had;

	assert_int_equal(ary_index_put(model->index, known->key, &entry, &had, &old), ARY_OK);
	assert_int_equal(had, known->present);
	known->present = true;
	known->seq = entry.seq;
}

static void drop(struct model *model, struct known *known)
{
	struct ary_entry old;

	assert_int_equal(ary_index_remove(model->index, known->key, &old), known->present);
	known->present = false;
}

/* A walk beside one through the model, towards its number END. */
struct walk {
	const struct model *model;
	size_t at;
	size_t end;
	size_t left; /* visits until the walk ends itself */
	size_t visits;
};

static const struct known *next_known(struct walk *walk)
{
	while (walk->at < walk->end) {
		const struct known *known = &walk->model->keys[walk->at++];

		if (known->present)
			return known;
	}
	while (walk->at > walk->end) {
		const struct known *known = &walk->model->keys[--walk->at];

		if (known->present)
			return known;
	}
	return NULL;
}

static bool check_visit(void *context, struct ary_bytes key, const struct ary_entry *entry)
{
	struct walk *walk = context;
	const struct known *known = next_known(walk);

	assert_non_null(known);
	assert_true(ary_bytes_equal(key, known->key));
	assert_int_equal(entry->seq, known->seq);
	walk->visits++;
	return --walk->left > 0;
}

/* Counts RANGE to its end. */
static enum ary_status count_range(struct ary_index *index, const struct ary_key_range *range,
				   uint64_t *out)
{
	struct ary_key_range rest = *range;
	struct ary_buf from = { 0 };
	enum ary_status status;

	*out = 0;
	do {
		status = ary_index_count_some(index, &rest, &from, out);
		rest.from = ary_buf_view(&from);
		rest.after = false;
	} while (status == ARY_OK && from.size > 0);
	ary_buf_release(&from);
	return status;
}

/* Holds RANGE against the model's keys from number FIRST up to number END, at most LIMIT of them at
 * each end. */
static void expect_range(const struct model *model, struct ary_key_range range, size_t first,
			 size_t end, size_t limit)
{
	struct walk forward = { model, first, end, limit, 0 };
	struct walk back = { model, end, first, limit, 0 };
	uint64_t count = UINT64_MAX;
	size_t expected = 0;

	for (size_t i = first; i < end; i++)
		expected += model->keys[i].present;
	assert_int_equal(count_range(model->index, &range, &count), ARY_OK);
	assert_int_equal(count, expected);
	ary_index_page(model->index, &range, check_visit, &forward);
	assert_int_equal(forward.visits, expected < limit ? expected : limit);
	range.reverse = true;
	ary_index_page(model->index, &range, check_visit, &back);
	assert_int_equal(back.visits, expected < limit ? expected : limit);
}

/* Keys between two that may be there or not, or from the first one, or to the last one. */
static void try_range(struct model *model)
{
	size_t from = random_below(&model->random, model->size);
	size_t to = from + random_below(&model->random, model->size - from);
	struct ary_key_range range = { .after = random_below(&model->random, 2) == 0 };
	size_t limit = 1 + random_below(&model->random, 60);

	if (random_below(&model->random, 8) == 0) {
		range.after = false;
		from = 0;
	} else {
		range.from = model->keys[from].key;
	}
	if (random_below(&model->random, 8) == 0)
		to = model->size;
	else
		range.to = model->keys[to].key;
	if (random_below(&model->random, 50) == 0)
		limit = SIZE_MAX;
	from += range.after;
	expect_range(model, range, from, to < from ? from : to, limit);
}

static void test_random_ranges_match_a_sorted_array(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct model *model = model_create(seed);

		/* Growing, shrinking to nearly nothing, and around the middle. */
		for (unsigned i = 0; i < STEPS; i++) {
			static const unsigned puts[] = { 9, 1, 5, 8 };
			struct known *known =
				&model->keys[random_below(&model->random, model->size)];

			if (random_below(&model->random, 10) < puts[i / (STEPS / 4)])
				put(model, known);
			else
				drop(model, known);
			if (i % 20 == 0)
				try_range(model);
		}
		for (size_t i = 0; i < model->size; i++)
			drop(model, &model->keys[i]);
		expect_range(model, (struct ary_key_range){ .after = false }, 0, model->size, 1);
		model_destroy(model);
	}
}

/* Every bound at every place of every leaf, with all keys there: what is counted in one step, and
 * where a step must go on. */
static void test_every_bound_is_exact(void **state)
{
	struct model *model = model_create(4);

	(void)state;
	for (size_t i = 0; i < model->size; i++)
		put(model, &model->keys[i]);
	for (size_t i = 0; i < model->size; i++) {
		struct ary_key_range range = { .from = model->keys[i].key };
		size_t end = i + 3 < model->size ? i + 3 : model->size;

		expect_range(model, range, i, model->size, 3);
		range.after = true;
		range.to = end < model->size ? model->keys[end].key : range.to;
		expect_range(model, range, i + 1, end, SIZE_MAX);
		range = (struct ary_key_range){ .to = model->keys[i].key };
		expect_range(model, range, 0, i, 3);
	}
	model_destroy(model);
}

static bool refuse_visit(void *context, struct ary_bytes key, const struct ary_entry *entry)
{
	(void)context;
	(void)entry;
	fail_msg("a key of %zu bytes was visited", key.size);
	return false;
}

static void expect_nothing(struct ary_index *index, struct ary_bytes from, struct ary_bytes to)
{
	for (unsigned i = 0; i < 4; i++) {
		struct ary_key_range range = {
			.from = from, .after = i % 2 == 1, .to = to, .reverse = i >= 2,
		};
		uint64_t count = 1;

		ary_index_page(index, &range, refuse_visit, NULL);
		assert_int_equal(count_range(index, &range, &count), ARY_OK);
		assert_int_equal(count, 0);
	}
}

static void test_nothing_is_between_bounds_out_of_order(void **state)
{
	struct model *model = model_create(5);

	(void)state;
	for (size_t i = 0; i < model->size; i++)
		put(model, &model->keys[i]);
	for (size_t i = 0; i < model->size; i += 7)
		expect_nothing(model->index, model->keys[i].key, model->keys[i - i % 5].key);
	expect_nothing(model->index, model->keys[model->size - 1].key, model->keys[0].key);
	model_destroy(model);
}

static void test_an_empty_index_has_no_range(void **state)
{
	struct ary_hash_secret secret = fixed_secret();
	struct ary_index *index = ary_index_create(&secret);

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		expect_nothing(index, ary_bytes_of(i & 1 ? "x" : ""),
			       ary_bytes_of(i & 2 ? "y" : ""));
	assert_int_equal(ary_index_count(index), 0);
	ary_index_destroy(index);
	ary_index_destroy(NULL);
}

/* A count that goes on in a second step must remember where; without memory it says so. */
static void test_a_count_without_memory_is_told(void **state)
{
	struct ary_key_range all = { .after = false };
	struct model *model = model_create(6);
	struct ary_buf from = { 0 };
	uint64_t count = 17;

	(void)state;
	for (unsigned i = 0; i < 40000; i++) {
		struct ary_entry entry = { .seq = 1 + i }, old;
		char text[16];
		int size = snprintf(text, sizeof(text), "%08u", i);
		struct ary_bytes key = { (const uint8_t *)text, (size_t)size };
		bool had;

		assert_int_equal(ary_index_put(model->index, key, &entry, &had, &old), ARY_OK);
	}
	ary_alloc_fail_at(1, 1);
	assert_int_equal(ary_index_count_some(model->index, &all, &from, &count), ARY_NO_MEMORY);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(count, 17);
	/* A turn is bounded. */
	assert_int_equal(ary_index_count_some(model->index, &all, &from, &count), ARY_OK);
	assert_in_range(count, 17 + 5000, 17 + 35000);
	assert_true(from.size > 0);
	ary_buf_release(&from);
	assert_int_equal(count_range(model->index, &all, &count), ARY_OK);
	assert_int_equal(count, 40000);
	model_destroy(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_ranges_match_a_sorted_array),
		cmocka_unit_test(test_every_bound_is_exact),
		cmocka_unit_test(test_nothing_is_between_bounds_out_of_order),
		cmocka_unit_test(test_an_empty_index_has_no_range),
		cmocka_unit_test(test_a_count_without_memory_is_told),
	};

	return cmocka_run_group_tests_name("index/range", tests, NULL, NULL);
}
