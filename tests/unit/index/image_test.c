/* SPDX-License-Identifier: MIT */
/* An index that is opened from an image answers as its original did, and goes on as a sorted array
 * would, however it is changed and however often that is done; an image has the bytes that it says;
 * and what is no image of this program is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "index/image.h"
#include "index/index.h"
#include "index_model.h"
#include "index_support.h"

enum {
	UNIVERSE = 6000,
	LENGTHS = 3000,
	LAYOUT_BYTES = 80, /* at the start of a head: what the data depend on */
	ALIGNMENT = 8,
	MIB = 1 << 20,
};

/* An image, whose data begin where just so much is aligned as they need. */
struct image {
	struct ary_buf head;
	uint8_t *room; /* owned: ALIGNMENT bytes, and the data */
	uint64_t bytes; /* of the data */
};

/* A sink. */
struct gathered {
	uint8_t *data;
	uint64_t room;
	uint64_t bytes;
	size_t calls;
	size_t refused; /* the call that is answered with false, from 1; 0: none */
};

static void image_release(struct image *image)
{
	ary_buf_release(&image->head);
	free(image->room);
}

static void put(struct model *model, struct known *known)
{
	assert_true(model_try_put(model, known));
}

/* Puts every STEP-th key. */
static void put_every(struct model *model, size_t step)
{
	for (size_t i = 0; i < model->size; i += step)
		put(model, &model->keys[i]);
}

/* Removes all keys but every STEP-th (0: all); in no order. */
static void drop_all_but(struct model *model, size_t step)
{
	for (size_t i = 0; i < model->size; i++) {
		size_t at = (i * 7919) % model->size;

		if (step == 0 || at % step != 0)
			model_drop(model, &model->keys[at]);
	}
}

static void relocate(struct model *model, struct known *known)
{
	struct ary_location location = { random_next(&model->random) >> 8, 1, 2 };
	bool moved = ary_index_relocate(model->index, known->key, known->entry.seq, &location);

	assert_int_equal(moved, known->present);
	if (moved)
		known->entry.location = location;
}

/* STEPS changes, in 16 of which there are DROPS removals. */
static void change(struct model *model, size_t steps, size_t drops)
{
	for (size_t i = 0; i < steps; i++) {
		struct known *known = &model->keys[random_below(&model->random, model->size)];

		if (random_below(&model->random, 16) < drops)
			model_drop(model, known);
		else if (i % 16 == 0)
			relocate(model, known);
		else
			put(model, known);
	}
}

static void check(const struct model *model)
{
	model_check(model, model->index);
}

static bool gather(void *context, struct ary_bytes bytes)
{
	struct gathered *gathered = context;

	assert_true(bytes.size <= gathered->room - gathered->bytes);
	if (++gathered->calls == gathered->refused)
		return false;
	if (bytes.size > 0)
		memcpy(gathered->data + gathered->bytes, bytes.data, bytes.size);
	gathered->bytes += bytes.size;
	return true;
}

static uint8_t *data_of(const struct image *image)
{
	return image->room + ALIGNMENT;
}

/* Returns owned. */
static struct image make_image(struct ary_index *index)
{
	struct image image = { .bytes = ary_image_data_bytes(index) };
	void *room = NULL;

	assert_int_equal(posix_memalign(&room, 2 * ALIGNMENT, image.bytes + ALIGNMENT), 0);
	image.room = room;
	struct gathered gathered = { .data = data_of(&image), .room = image.bytes };

	assert_true(ary_image_head(index, &image.head));
	assert_true(ary_image_write(index, gather, &gathered));
	assert_int_equal(gathered.bytes, image.bytes);
	assert_true(ary_index_memory_bytes(index) >= image.bytes);
	return image;
}

static struct ary_index *open_image(const struct image *image)
{
	return ary_image_open(ary_buf_view(&image->head), data_of(image), image->bytes);
}

/* Goes on with the index that is opened from an image of the one that there was, of which nothing
 * else is left. */
static void reopen(struct model *model)
{
	uint64_t memory = ary_index_memory_bytes(model->index);
	struct image image = make_image(model->index);

	check(model);
	ary_index_destroy(model->index);
	free(model->room);
	model->room = image.room;
	model->index = open_image(&image);
	assert_non_null(model->index);
	ary_buf_release(&image.head);
	assert_true(ary_index_memory_bytes(model->index) >= image.bytes);
	/* But for chunks that are not used yet. */
	assert_int_equal((memory - ary_index_memory_bytes(model->index)) % MIB, 0);
	check(model);
}

static void test_opened_index_answers_as_its_original(void **state)
{
	/* Around what fills one leaf and one inner node, and many. */
	static const size_t counts[] = { 1, 2, 32, 33, 800, 900, UNIVERSE };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct model *model = model_create(i + 1, counts[i], make_key);

		put_every(model, 1);
		reopen(model);
		/* Nothing but its data is looked at, however often it is opened. */
		reopen(model);
		model_destroy(model);
	}
}

static void test_empty_index_is_opened_empty(void **state)
{
	struct model *model = model_create(1, UNIVERSE, make_key);

	(void)state;
	assert_int_equal(ary_image_data_bytes(model->index), 0);
	reopen(model);
	put_every(model, 1);
	check(model);
	model_destroy(model);
}

static void test_index_without_its_keys_is_opened_empty(void **state)
{
	struct model *model = model_create(2, UNIVERSE, make_key);

	(void)state;
	put_every(model, 1);
	drop_all_but(model, 0);
	assert_int_equal(model->present, 0);
	reopen(model);
	change(model, UNIVERSE, 4);
	check(model);
	model_destroy(model);
}

static void test_index_made_in_bulk_is_opened_as_any_other(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 3; round++) {
		struct model *model = model_create(3 + round, UNIVERSE, make_key);

		/* Unknown, right, and far too many. */
		ary_index_bulk_begin(model->index, round * round * UNIVERSE);
		put_every(model, 2);
		/* From here on the keys are not those that were gathered. */
		if (round == 1)
			model_drop(model, &model->keys[2]);
		assert_int_equal(ary_index_bulk_end(model->index), ARY_OK);
		reopen(model);
		change(model, UNIVERSE, 4);
		check(model);
		model_destroy(model);
	}
}

static struct ary_bytes make_key_of_length(struct random *random, unsigned number)
{
	static uint8_t data[LENGTHS];

	for (size_t i = 0; i < 3 && i < number; i++)
		data[random_below(random, number)] = (uint8_t)random_next(random);
	return copy_of(data, number);
}

static void test_keys_of_every_length_are_opened(void **state)
{
	struct model *model = model_create(6, LENGTHS, make_key_of_length);

	(void)state;
	assert_int_equal(model->size, LENGTHS);
	put_every(model, 1);
	reopen(model);
	drop_all_but(model, 3);
	reopen(model);
	put_every(model, 1);
	check(model);
	model_destroy(model);
}

static void test_opened_index_goes_on_as_a_sorted_array(void **state)
{
	(void)state;
	for (uint64_t seed = 7; seed <= 8; seed++) {
		struct model *model = model_create(seed, UNIVERSE, make_key);

		put_every(model, 8);
		for (unsigned round = 0; round < 12; round++) {
			/* Growing, shrinking to nearly nothing, and around the middle. */
			static const size_t drops[] = { 2, 14, 8 };
			uint64_t before = ary_image_data_bytes(model->index);

			reopen(model);
			change(model, UNIVERSE * 2, drops[round % 3]);
			check(model);
			/* Shards have grown, and there are chunks that are its own. */
			if (round == 0)
				assert_true(ary_image_data_bytes(model->index) >
					    before + (uint64_t)2 * MIB);
		}
		model_destroy(model);
	}
}

static void test_opened_index_puts_many_as_any_other(void **state)
{
	struct model *model = model_create(9, UNIVERSE, make_key);
	struct ary_index_put puts[ARY_INDEX_PUTS_MAX];
	size_t at = 0;

	(void)state;
	put_every(model, 8);
	reopen(model);
	while (at + ARY_INDEX_PUTS_MAX <= model->size) {
		for (size_t i = 0; i < ARY_INDEX_PUTS_MAX; i++)
			puts[i] = (struct ary_index_put){
				.key = model->keys[at + i].key,
				.hash = ary_index_hash(model->index, model->keys[at + i].key),
				.entry = some_entry(&model->random),
			};
		assert_int_equal(ary_index_put_many(model->index, puts, ARY_INDEX_PUTS_MAX),
				 ARY_OK);
		for (size_t i = 0; i < ARY_INDEX_PUTS_MAX; i++, at++) {
			assert_int_equal(puts[i].had, model->keys[at].present);
			model->present += !model->keys[at].present;
			model->keys[at].present = true;
			model->keys[at].entry = puts[i].entry;
		}
	}
	reopen(model);
	model_destroy(model);
}

static void test_all_keys_of_an_opened_index_can_be_removed(void **state)
{
	struct model *model = model_create(10, UNIVERSE, make_key);

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		put_every(model, 1);
		reopen(model);
		drop_all_but(model, 0);
		check(model);
	}
	model_destroy(model);
}

/* Nor does opening it cost any. */
static void test_free_memory_of_an_opened_index_is_used_again(void **state)
{
	struct model *model = model_create(11, UNIVERSE, make_key);
	struct model *never_opened = model_create(11, UNIVERSE, make_key);

	(void)state;
	for (unsigned round = 0; round < 8; round++) {
		change(model, UNIVERSE, round % 2 == 0 ? 2 : 12);
		change(never_opened, UNIVERSE, round % 2 == 0 ? 2 : 12);
		reopen(model);
		assert_int_equal(ary_image_data_bytes(model->index),
				 ary_image_data_bytes(never_opened->index));
	}
	model_destroy(never_opened);
	model_destroy(model);
}

static void test_large_free_blocks_of_an_opened_index_are_cut(void **state)
{
	struct model *model = model_create(19, LENGTHS, make_key_of_length);

	(void)state;
	for (size_t i = 0; i < model->size; i++) {
		if (model->keys[i].key.size >= LENGTHS / 2)
			put(model, &model->keys[i]);
	}
	drop_all_but(model, 0);
	reopen(model);
	uint64_t before = ary_image_data_bytes(model->index);

	/* More than may be left of the last chunk. */
	for (size_t i = 0; i < model->size; i++) {
		if (model->keys[i].key.size < LENGTHS / 2)
			put(model, &model->keys[i]);
	}
	assert_true(ary_image_data_bytes(model->index) < before + MIB);
	model_destroy(model);
}

static void test_original_and_opened_index_go_on_apart(void **state)
{
	struct model *model = model_create(12, UNIVERSE, make_key);
	struct ary_entry old;

	(void)state;
	put_every(model, 2);
	struct image image = make_image(model->index);
	struct ary_index *opened = open_image(&image);

	assert_non_null(opened);
	change(model, UNIVERSE, 8);
	check(model);
	for (size_t i = 0; i < model->size; i++)
		assert_int_equal(ary_index_remove(opened, model->keys[i].key, &old), i % 2 == 0);
	assert_int_equal(ary_index_count(opened), 0);
	check(model);
	ary_index_destroy(opened);
	image_release(&image);
	model_destroy(model);
}

static void test_reserved_puts_after_opening_succeed_without_memory(void **state)
{
	enum { GROUP = 400 };
	struct model *model = model_create(13, UNIVERSE, make_key);

	(void)state;
	put_every(model, 16);
	for (size_t from = 0; from < GROUP; from += 40) {
		reopen(model);
		size_t step = model->size / GROUP;

		for (size_t i = 0; i < GROUP; i++)
			assert_int_equal(reserve(model->index, model->keys[i * step].key),
					 ARY_OK);
		ary_alloc_fail_at(1, 1);
		for (size_t i = 0; i < GROUP; i++)
			put(model, &model->keys[i * step]);
		ary_alloc_fail_at(0, 0);
		ary_index_unreserve(model->index);
		check(model);
		for (size_t i = 0; i < GROUP; i++)
			model_drop(model, &model->keys[(i * step + from) % model->size]);
	}
	model_destroy(model);
}

static struct ary_bytes make_number(struct random *random, unsigned number)
{
	uint32_t bytes = __builtin_bswap32(number);

	(void)random;
	return copy_of(&bytes, sizeof(bytes));
}

/* What a group takes then depends on how many nodes there are. */
static void test_reserved_puts_that_split_every_leaf_succeed_after_opening(void **state)
{
	enum { KEYS = 60000, GAP = 3 };
	struct model *model = model_create(18, KEYS, make_number);

	(void)state;
	put_every(model, GAP);
	reopen(model);
	for (size_t i = 0; i < KEYS; i++)
		assert_int_equal(reserve(model->index, model->keys[i].key), ARY_OK);
	ary_alloc_fail_at(1, 1);
	put_every(model, 1);
	ary_alloc_fail_at(0, 0);
	ary_index_unreserve(model->index);
	check(model);
	model_destroy(model);
}

/* Reserves KNOWN with the N-th allocation failing. */
static bool try_reserve(struct model *model, const struct known *known, unsigned long n)
{
	ary_alloc_fail_at(n, 1);
	enum ary_status status = reserve(model->index, known->key);

	ary_alloc_fail_at(0, 0);
	ary_index_unreserve(model->index);
	assert_true(status == ARY_OK || status == ARY_NO_MEMORY);
	return status == ARY_OK;
}

static void test_growing_without_memory_leaves_all_as_it_was(void **state)
{
	struct model *model = model_create(14, UNIVERSE, make_key);
	size_t refused = 0;
	size_t unreserved = 0;

	(void)state;
	put_every(model, 8);
	reopen(model);
	for (size_t i = 0; i < model->size; i++) {
		struct known *known = &model->keys[(i * 7919) % model->size];

		unreserved += !try_reserve(model, known, 1 + i % 2);
		ary_alloc_fail_at(1, 1);
		bool fits = model_try_put(model, known);

		ary_alloc_fail_at(0, 0);
		if (fits)
			continue;
		model_look_up(model->index, known);
		if (refused++ % 16 == 0)
			check(model);
		put(model, known);
	}
	assert_true(refused > 64);
	assert_true(unreserved > 0);
	reopen(model);
	model_destroy(model);
}

static void test_sink_that_refuses_ends_the_image(void **state)
{
	struct model *model = model_create(15, UNIVERSE, make_key);

	(void)state;
	put_every(model, 1);
	struct image image = make_image(model->index);
	struct gathered all = { .data = data_of(&image), .room = image.bytes };

	assert_true(ary_image_write(model->index, gather, &all));
	assert_true(all.calls > 2);
	for (size_t call = 1; call <= all.calls; call++) {
		struct gathered some = { .data = data_of(&image),
					 .room = image.bytes,
					 .refused = call };

		assert_false(ary_image_write(model->index, gather, &some));
		assert_int_equal(some.calls, call);
	}
	check(model);
	image_release(&image);
	model_destroy(model);
}

/* The head goes behind what is there, or not at all. */
static void test_image_without_memory_says_so(void **state)
{
	struct model *model = model_create(16, 100, make_key);
	struct ary_buf out = { 0 };

	(void)state;
	put_every(model, 1);
	struct image image = make_image(model->index);

	assert_true(ary_buf_append(&out, ary_bytes_of("before")));
	ary_alloc_fail_at(1, 1);
	assert_false(ary_image_head(model->index, &out));
	assert_null(open_image(&image));
	ary_alloc_fail_at(0, 0);
	assert_true(ary_bytes_equal(ary_buf_view(&out), ary_bytes_of("before")));
	assert_true(ary_image_head(model->index, &out));
	assert_int_equal(out.size, 6 + image.head.size);
	assert_memory_equal(out.data, "before", 6);
	/* It is read where it lies, be that at an odd address. */
	struct ary_bytes head = { out.data + 6, out.size - 6 };
	struct ary_index *opened = ary_image_open(head, data_of(&image), image.bytes);

	assert_non_null(opened);
	model_check(model, opened);
	ary_index_destroy(opened);
	ary_buf_release(&out);
	image_release(&image);
	model_destroy(model);
}

static void test_heads_that_do_not_belong_are_refused(void **state)
{
	static const int64_t others[] = { -MIB, -8, -1, 1, 8, MIB };
	struct model *model = model_create(17, UNIVERSE, make_key);

	(void)state;
	put_every(model, 1);
	struct image image = make_image(model->index);
	struct ary_bytes head = ary_buf_view(&image.head);
	uint8_t *data = data_of(&image);

	assert_true(ary_buf_append(&image.head, (struct ary_bytes){ data, 1 }));
	head.data = image.head.data;
	assert_null(open_image(&image));
	for (size_t less = 1; less <= head.size; less += 7)
		assert_null(ary_image_open((struct ary_bytes){ head.data, head.size - less }, data,
					   image.bytes));
	assert_null(ary_image_open((struct ary_bytes){ NULL, 0 }, data, image.bytes));
	for (size_t bit = 0; bit < (size_t)LAYOUT_BYTES * 8; bit++) {
		image.head.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_null(ary_image_open(head, data, image.bytes));
		image.head.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_null(ary_image_open(head, data, image.bytes + (uint64_t)others[i]));
	assert_null(ary_image_open(head, data, 0));

	struct ary_index *opened = ary_image_open(head, data, image.bytes);

	assert_non_null(opened);
	model_check(model, opened);
	ary_index_destroy(opened);
	image_release(&image);
	model_destroy(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opened_index_answers_as_its_original),
		cmocka_unit_test(test_empty_index_is_opened_empty),
		cmocka_unit_test(test_index_without_its_keys_is_opened_empty),
		cmocka_unit_test(test_index_made_in_bulk_is_opened_as_any_other),
		cmocka_unit_test(test_keys_of_every_length_are_opened),
		cmocka_unit_test(test_opened_index_goes_on_as_a_sorted_array),
		cmocka_unit_test(test_opened_index_puts_many_as_any_other),
		cmocka_unit_test(test_all_keys_of_an_opened_index_can_be_removed),
		cmocka_unit_test(test_free_memory_of_an_opened_index_is_used_again),
		cmocka_unit_test(test_large_free_blocks_of_an_opened_index_are_cut),
		cmocka_unit_test(test_original_and_opened_index_go_on_apart),
		cmocka_unit_test(test_reserved_puts_after_opening_succeed_without_memory),
		cmocka_unit_test(test_reserved_puts_that_split_every_leaf_succeed_after_opening),
		cmocka_unit_test(test_growing_without_memory_leaves_all_as_it_was),
		cmocka_unit_test(test_sink_that_refuses_ends_the_image),
		cmocka_unit_test(test_image_without_memory_says_so),
		cmocka_unit_test(test_heads_that_do_not_belong_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
