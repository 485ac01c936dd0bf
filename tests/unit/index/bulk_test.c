/* SPDX-License-Identifier: MIT */
/* An index that was filled in bulk answers, then and ever after, as one filled key by key; memory
 * running out at its end is survived or told; and room made for too many keys is given back. */
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
#include "index_support.h"
#include "lib/one_in.h"

enum { UNIVERSE = 6000, NESTED = 600, MANY = 70000, MANY_BYTES = 24 };

/* The same done to two indexes, of which one was filled in bulk. */
struct pair {
	struct random random;
	struct ary_index *bulk;
	struct ary_index *plain;
	struct ary_bytes *keys;
	size_t count;
};

static struct pair pair_create(uint64_t seed, struct ary_bytes *keys, size_t count)
{
	struct ary_hash_secret secret = fixed_secret();

	return (struct pair){ { seed },
			      ary_index_create(&secret),
			      ary_index_create(&secret),
			      keys,
			      count };
}

static void pair_destroy(struct pair *pair)
{
	ary_index_destroy(pair->bulk);
	ary_index_destroy(pair->plain);
}

static struct ary_bytes *make_keys(uint64_t seed, size_t count)
{
	struct random random = { seed };
	struct ary_bytes *keys = calloc(count, sizeof(*keys));

	assert_non_null(keys);
	for (size_t i = 0; i < count; i++)
		keys[i] = make_key(&random, (unsigned)i);
	return keys;
}

static void free_keys(struct ary_bytes *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((void *)keys[i].data);
	free(keys);
}

static void assert_entry(const struct ary_entry *is, const struct ary_entry *should)
{
	assert_int_equal(is->seq, should->seq);
	assert_int_equal(is->location.offset, should->location.offset);
	assert_int_equal(is->location.size, should->location.size);
	assert_int_equal(is->location.slot, should->location.slot);
	assert_int_equal(is->ends, should->ends);
}

static void put(struct pair *pair, struct ary_bytes key)
{
	uint64_t number = random_next(&pair->random);
	struct ary_location location = { number >> 8, (uint32_t)number, 7 };
	struct ary_entry entry = { number >> 1, location, number % 3 == 0 };
	struct ary_entry old[2];
	bool had[2];

	assert_int_equal(ary_index_put(pair->bulk, key, &entry, &had[0], &old[0]), ARY_OK);
	assert_int_equal(ary_index_put(pair->plain, key, &entry, &had[1], &old[1]), ARY_OK);
	assert_int_equal(had[0], had[1]);
	if (had[0])
		assert_entry(&old[0], &old[1]);
}

static void drop(struct pair *pair, struct ary_bytes key)
{
	struct ary_entry old[2];
	bool had = ary_index_remove(pair->bulk, key, &old[0]);

	assert_int_equal(had, ary_index_remove(pair->plain, key, &old[1]));
	if (had)
		assert_entry(&old[0], &old[1]);
}

/* Puts and removes STEPS keys, DROPS in 16 of them removed. */
static void change(struct pair *pair, size_t steps, size_t drops)
{
	for (size_t i = 0; i < steps; i++) {
		struct ary_bytes key = pair->keys[random_below(&pair->random, pair->count)];

		if (random_below(&pair->random, 16) < drops)
			drop(pair, key);
		else
			put(pair, key);
	}
}

/* A page, for comparison with another one. */
struct page {
	struct ary_bytes *keys;
	struct ary_entry *entries;
	size_t count;
	size_t limit;
};

static bool keep(void *context, struct ary_bytes key, const struct ary_entry *entry)
{
	struct page *page = context;

	page->keys[page->count] = key;
	page->entries[page->count] = *entry;
	return ++page->count < page->limit;
}

static struct page read_page(struct ary_index *index, struct ary_bytes from, bool after,
			     size_t limit)
{
	const struct ary_key_range range = { .from = from, .after = after };
	size_t room = limit + 1;
	struct page page = { calloc(room, sizeof(*page.keys)),
			     calloc(room, sizeof(*page.entries)), 0, limit };

	assert_non_null(page.keys);
	assert_non_null(page.entries);
	if (limit > 0)
		ary_index_page(index, &range, keep, &page);
	return page;
}

/* The keys borrow: nothing changes the indexes meanwhile. */
static void compare_pages(struct pair *pair, struct ary_bytes from, bool after, size_t limit)
{
	struct page bulk = read_page(pair->bulk, from, after, limit);
	struct page plain = read_page(pair->plain, from, after, limit);

	assert_int_equal(bulk.count, plain.count);
	for (size_t i = 0; i < bulk.count; i++) {
		assert_true(ary_bytes_equal(bulk.keys[i], plain.keys[i]));
		assert_entry(&bulk.entries[i], &plain.entries[i]);
	}
	free(bulk.keys);
	free(bulk.entries);
	free(plain.keys);
	free(plain.entries);
}

static void compare(struct pair *pair)
{
	size_t all = ary_index_count(pair->plain);

	assert_int_equal(ary_index_count(pair->bulk), all);
	compare_pages(pair, (struct ary_bytes){ NULL, 0 }, false, all);
	for (size_t i = 0; i < pair->count; i += one_in()) {
		struct ary_entry entry[2];
		bool had = ary_index_get(pair->bulk, pair->keys[i], &entry[0]);

		assert_int_equal(had, ary_index_get(pair->plain, pair->keys[i], &entry[1]));
		if (had)
			assert_entry(&entry[0], &entry[1]);
		compare_pages(pair, pair->keys[i], i / one_in() % 2 == 0, 3);
	}
}

static void end(struct pair *pair)
{
	assert_int_equal(ary_index_bulk_end(pair->bulk), ARY_OK);
	compare(pair);
}

static void test_bulk_and_single_puts_answer_the_same(void **state)
{
	/* Around what fills one leaf, one inner node, and two. */
	static const size_t counts[] = { 1, 2, 28, 29, 32, 33, 811, 812, 813, 840, 1700, UNIVERSE };
	struct ary_bytes *keys = make_keys(1, UNIVERSE);

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		size_t drops = i % 3 * 4;
		struct pair pair = pair_create(i + 1, keys, counts[i]);

		ary_index_bulk_begin(pair.bulk, i % 2 == 0 ? 0 : counts[i]);
		for (size_t at = 0; at < counts[i]; at++)
			put(&pair, keys[at]);
		change(&pair, drops == 0 ? 0 : counts[i] * 2, drops);
		end(&pair);
		for (unsigned round = 0; round < 3; round++) {
			/* Growing, shrinking, and up again. */
			change(&pair, counts[i] * 2, round == 1 ? 14 : 4);
			compare(&pair);
		}
		pair_destroy(&pair);
	}
	free_keys(keys, UNIVERSE);
}

static void test_bulk_without_keys_leaves_an_empty_index(void **state)
{
	struct ary_bytes *keys = make_keys(2, UNIVERSE);
	struct pair pair = pair_create(1, keys, UNIVERSE);

	(void)state;
	ary_index_bulk_begin(pair.bulk, 0);
	end(&pair);
	pair_destroy(&pair);

	pair = pair_create(2, keys, UNIVERSE);
	ary_index_bulk_begin(pair.bulk, UNIVERSE);
	change(&pair, UNIVERSE, 0);
	for (size_t i = 0; i < UNIVERSE; i++)
		drop(&pair, keys[i]);
	assert_int_equal(ary_index_count(pair.bulk), 0);
	end(&pair);
	change(&pair, UNIVERSE, 6);
	compare(&pair);
	pair_destroy(&pair);
	free_keys(keys, UNIVERSE);
}

/* Each key is the beginning of the next, and ends in the middle or at the end of the sorter's
 * words. */
static void test_keys_within_keys_are_ordered_by_length(void **state)
{
	static uint8_t bytes[3][NESTED * 8];
	static struct ary_bytes keys[3 * NESTED];

	(void)state;
	memset(bytes[1], 'a', sizeof(bytes[1]));
	memset(bytes[2], 0xff, sizeof(bytes[2]));
	for (size_t step = 1; step <= 8; step += 7) {
		struct pair pair = pair_create(step, keys, 3 * (size_t)NESTED);

		for (size_t i = 0; i < 3 * NESTED; i++)
			keys[i] = (struct ary_bytes){ bytes[i % 3], (i / 3 + 1) * step };
		ary_index_bulk_begin(pair.bulk, 0);
		for (size_t i = 3 * NESTED; i-- > 0;)
			put(&pair, keys[i]);
		end(&pair);
		change(&pair, 3 * (size_t)NESTED, 8);
		compare(&pair);
		pair_destroy(&pair);
	}
}

/* So many keys are sorted by two threads. KIND says in which bytes they differ, which decides where
 * they are divided, if they can be. */
static size_t write_many_key(unsigned kind, unsigned i, char *out)
{
	switch (kind) {
	case 0: /* evenly, from the first byte on */
		return (size_t)snprintf(out, MANY_BYTES, "%08x%u", i * 2654435761u, i);
	case 1: /* behind what the first words hold */
		return (size_t)snprintf(out, MANY_BYTES, "the same twelve%06u", i);
	case 2: /* nearly all have one first byte, a few a greater one */
		return (size_t)snprintf(out, MANY_BYTES, "%c%06u", i % 1000 ? 'a' : 'z', i);
	case 3: /* nearly all have one first byte, a few a lesser one */
		return (size_t)snprintf(out, MANY_BYTES, "%c%06u", i % 1000 ? 'z' : 'a', i);
	default: /* two halves, with words that tie within each */
		return (size_t)snprintf(out, MANY_BYTES, "%s%05u",
					i % 2 ? "left-left-" : "right-right-", i);
	}
}

static void test_very_many_keys_are_ordered(void **state)
{
	static char bytes[MANY][MANY_BYTES];
	static struct ary_bytes keys[MANY];

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		unsigned kind = round / 2;
		struct pair pair = pair_create(round, keys, MANY);

		ary_index_bulk_begin(pair.bulk, 0);
		for (unsigned i = 0; i < MANY; i++) {
			size_t size = write_many_key(kind, i, bytes[i]);

			keys[i] = (struct ary_bytes){ (const uint8_t *)bytes[i], size };
			put(&pair, keys[i]);
		}
		/* From here on the keys are not those that were gathered. */
		if (round % 2 == 1)
			drop(&pair, keys[round]);
		end(&pair);
		change(&pair, UNIVERSE, 8);
		compare(&pair);
		pair_destroy(&pair);
	}
}

/* Fills a new pair, and ends the bulk with the N-th allocation failing. */
static enum ary_status end_failing(struct pair *pair, unsigned long n, bool forever)
{
	ary_index_bulk_begin(pair->bulk, 0);
	for (size_t i = 0; i < pair->count; i++)
		put(pair, pair->keys[i]);
	ary_alloc_fail_at(n, forever);
	enum ary_status status = ary_index_bulk_end(pair->bulk);

	ary_alloc_fail_at(0, 0);
	return status;
}

static void test_bulk_end_survives_an_allocation_that_fails(void **state)
{
	struct ary_bytes *keys = make_keys(3, UNIVERSE);

	(void)state;
	for (unsigned long n = 1; n <= 4; n++) {
		struct pair pair = pair_create(n, keys, UNIVERSE);

		assert_int_equal(end_failing(&pair, n, false), ARY_OK);
		compare(&pair);
		change(&pair, UNIVERSE, 8);
		compare(&pair);
		pair_destroy(&pair);
	}
	free_keys(keys, UNIVERSE);
}

static void put_number(struct ary_index *index, uint64_t number)
{
	struct ary_entry entry = { number >> 1, { number >> 16, 10, 1 }, false };
	struct ary_entry old;
	bool had;

	number = __builtin_bswap64(number);
	assert_int_equal(ary_index_put(index,
				       (struct ary_bytes){ (uint8_t *)&number, sizeof(number) },
				       &entry, &had, &old),
			 ARY_OK);
	assert_false(had);
}

/* The tree of so many keys needs more than what is left of the last chunk. */
static void test_bulk_end_without_memory_says_so(void **state)
{
	enum { KEYS = 260000 };
	struct ary_hash_secret secret = fixed_secret();
	struct ary_index *index = ary_index_create(&secret);
	struct ary_entry entry;
	uint64_t key = 0;

	(void)state;
	ary_index_bulk_begin(index, 0);
	for (uint64_t i = 0; i < KEYS; i++)
		put_number(index, i);
	ary_alloc_fail_at(1, 1);
	assert_int_equal(ary_index_bulk_end(index), ARY_NO_MEMORY);
	ary_alloc_fail_at(0, 0);
	assert_true(ary_index_get(index, (struct ary_bytes){ (uint8_t *)&key, sizeof(key) },
				  &entry));
	ary_index_destroy(index);
}

static void test_put_without_memory_leaves_the_bulk_as_it_was(void **state)
{
	struct ary_bytes *keys = make_keys(4, UNIVERSE);
	struct pair pair = pair_create(4, keys, UNIVERSE);
	struct ary_entry entry = { 1, { 2, 3, 4 }, false };
	size_t refused = 0;

	(void)state;
	ary_index_bulk_begin(pair.bulk, 0);
	for (size_t i = 0; i < UNIVERSE; i++) {
		struct ary_entry old;
		bool had = false;

		if (ary_index_get(pair.bulk, keys[i], &old))
			continue;
		ary_alloc_fail_at(1, 1);
		enum ary_status status =
			ary_index_put(pair.bulk, keys[i], &entry, &had, &old);

		ary_alloc_fail_at(0, 0);
		if (status == ARY_OK) {
			assert_false(had);
			assert_true(ary_index_remove(pair.bulk, keys[i], &old));
		} else {
			assert_int_equal(status, ARY_NO_MEMORY);
			refused++;
		}
		assert_false(ary_index_get(pair.bulk, keys[i], &old));
		put(&pair, keys[i]);
	}
	assert_true(refused > 64);
	end(&pair);
	pair_destroy(&pair);
	free_keys(keys, UNIVERSE);
}

/* Puts one key into each leaf of a tree built in bulk, again and again, all reserved. */
static void test_reserved_puts_after_bulk_succeed_without_memory(void **state)
{
	enum { KEYS = 50000, GAP = 64, LEAF = 28 };
	struct ary_hash_secret secret = fixed_secret();
	struct ary_index *index = ary_index_create(&secret);

	(void)state;
	ary_index_bulk_begin(index, KEYS);
	for (uint64_t i = 0; i < KEYS; i++)
		put_number(index, i * GAP);
	assert_int_equal(ary_index_bulk_end(index), ARY_OK);
	for (uint64_t extra = 1; extra <= 12; extra++) {
		uint64_t key = 0;

		for (uint64_t i = 0; i < KEYS; i += LEAF) {
			key = __builtin_bswap64(i * GAP + extra);
			assert_int_equal(reserve(index, (struct ary_bytes){ (uint8_t *)&key,
									    sizeof(key) }),
					 ARY_OK);
		}
		ary_alloc_fail_at(1, 1);
		for (uint64_t i = 0; i < KEYS; i += LEAF)
			put_number(index, i * GAP + extra);
		ary_alloc_fail_at(0, 0);
		ary_index_unreserve(index);
	}
	assert_int_equal(ary_index_count(index), KEYS + 12 * (KEYS / LEAF + 1));
	ary_index_destroy(index);
}

static void test_a_million_bulk_keys_take_48_bytes_each_at_most(void **state)
{
	const uint64_t all = 1000000 / one_in();
	const uint64_t hints[] = { all + all / 4, 8 * all };

	(void)state;
	assert_true(all > 0);
	for (size_t h = 0; h < sizeof(hints) / sizeof(hints[0]); h++) {
		struct ary_hash_secret secret = fixed_secret();
		struct ary_index *index = ary_index_create(&secret);

		ary_index_bulk_begin(index, hints[h]);
		for (uint64_t i = 0; i < all; i++)
			put_number(index, i * UINT64_C(0x9e3779b97f4a7c15));
		assert_int_equal(ary_index_bulk_end(index), ARY_OK);
		assert_int_equal(ary_index_count(index), all);
		uint64_t beyond = ary_index_memory_bytes(index) - sizeof(uint64_t) * all;

		print_message("%u tenths of a byte a key beyond the key\n",
			      (unsigned)(beyond * 10 / all));
		assert_true(beyond <= 48 * all);
		ary_index_destroy(index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bulk_and_single_puts_answer_the_same),
		cmocka_unit_test(test_bulk_without_keys_leaves_an_empty_index),
		cmocka_unit_test(test_keys_within_keys_are_ordered_by_length),
		cmocka_unit_test(test_very_many_keys_are_ordered),
		cmocka_unit_test(test_bulk_end_survives_an_allocation_that_fails),
		cmocka_unit_test(test_bulk_end_without_memory_says_so),
		cmocka_unit_test(test_put_without_memory_leaves_the_bulk_as_it_was),
		cmocka_unit_test(test_reserved_puts_after_bulk_succeed_without_memory),
		cmocka_unit_test(test_a_million_bulk_keys_take_48_bytes_each_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
