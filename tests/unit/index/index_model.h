/* SPDX-License-Identifier: MIT */
/* A sorted array of all keys that there may be, beside the index that should answer as it does.
 * What fails ends the test. Threads: one. */
#ifndef ARY_TESTS_UNIT_INDEX_INDEX_MODEL_H
#define ARY_TESTS_UNIT_INDEX_INDEX_MODEL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "index/index.h"
#include "index_support.h"

struct known {
	struct ary_bytes key;
	bool present;
	struct ary_entry entry;
};

/* All keys that there may be, sorted, and what the index should know of them. */
struct model {
	struct known *keys;
	size_t size;
	size_t present;
	struct random random;
	struct ary_index *index;
	uint8_t *room; /* owned: what INDEX borrows, or NULL */
};

static inline int compare_known(const void *a, const void *b)
{
	return ary_bytes_compare(((const struct known *)a)->key, ((const struct known *)b)->key);
}

/* For the keys that MAKE makes, of which those that come twice are one. Returns owned. */
static inline struct model *model_create(uint64_t seed, size_t size,
					 struct ary_bytes (*make)(struct random *random,
								  unsigned number))
{
	struct ary_hash_secret secret = fixed_secret();
	struct model *model = ARY_NEW(struct model);

	model->random.state = seed;
	model->keys = ary_alloc(size * sizeof(*model->keys));
	for (unsigned i = 0; i < size; i++)
		model->keys[i].key = make(&model->random, i);
	qsort(model->keys, size, sizeof(model->keys[0]), compare_known);
	for (size_t i = 0; i < size; i++) {
		if (model->size > 0 &&
		    ary_bytes_equal(model->keys[model->size - 1].key, model->keys[i].key))
			free((void *)model->keys[i].key.data);
		else
			model->keys[model->size++] = model->keys[i];
	}
	model->index = ary_index_create(&secret);
	return model;
}

static inline void model_destroy(struct model *model)
{
	ary_index_destroy(model->index);
	free(model->room);
	for (size_t i = 0; i < model->size; i++)
		free((void *)model->keys[i].key.data);
	free(model->keys);
	free(model);
}

static inline struct ary_location some_location(struct random *random)
{
	return (struct ary_location){ .offset = random_next(random) & ((UINT64_C(1) << 48) - 1),
				      .size = (uint32_t)random_next(random),
				      .slot = (uint32_t)random_next(random) };
}

static inline struct ary_entry some_entry(struct random *random)
{
	return (struct ary_entry){ .seq = random_next(random) >> 1,
				   .location = some_location(random),
				   .ends = random_below(random, 2) == 0 };
}

static inline void assert_entry(const struct ary_entry *is, const struct ary_entry *should)
{
	assert_int_equal(is->seq, should->seq);
	assert_int_equal(is->location.offset, should->location.offset);
	assert_int_equal(is->location.size, should->location.size);
	assert_int_equal(is->location.slot, should->location.slot);
	assert_int_equal(is->ends, should->ends);
}

/* Puts KNOWN; false: no memory, and nothing has changed. */
static inline bool model_try_put(struct model *model, struct known *known)
{
	struct ary_entry entry = some_entry(&model->random);
	struct ary_entry old;
	bool had;
	enum ary_status status = ary_index_put(model->index, known->key, &entry, &had, &old);

	if (status == ARY_NO_MEMORY)
		return false;
	assert_int_equal(status, ARY_OK);
	assert_int_equal(had, known->present);
	if (had)
		assert_entry(&old, &known->entry);
	model->present += !known->present;
	known->present = true;
	known->entry = entry;
	return true;
}

/* Removes KNOWN, if it is there. */
static inline void model_drop(struct model *model, struct known *known)
{
	struct ary_entry old;
	bool had = ary_index_remove(model->index, known->key, &old);

	assert_int_equal(had, known->present);
	if (had)
		assert_entry(&old, &known->entry);
	model->present -= known->present;
	known->present = false;
}

static inline void model_look_up(struct ary_index *index, const struct known *known)
{
	struct ary_entry entry;
	bool had = ary_index_get(index, known->key, &entry);

	assert_int_equal(had, known->present);
	if (had)
		assert_entry(&entry, &known->entry);
}

/* A walk through the index beside one through the model. */
struct walk {
	const struct model *model;
	size_t at; /* the key after the last one seen, or before it */
	bool reverse;
	size_t visits;
};

static inline const struct known *next_known(struct walk *walk)
{
	const struct known *known;

	do {
		assert_true(walk->reverse ? walk->at > 0 : walk->at < walk->model->size);
		known = &walk->model->keys[walk->reverse ? --walk->at : walk->at++];
	} while (!known->present);
	return known;
}

static inline bool check_visit(void *context, struct ary_bytes key, const struct ary_entry *entry)
{
	struct walk *walk = context;
	const struct known *known = next_known(walk);

	assert_true(ary_bytes_equal(key, known->key));
	assert_entry(entry, &known->entry);
	walk->visits++;
	return true;
}

static inline void check_walk(const struct model *model, struct ary_index *index, bool reverse)
{
	struct walk walk = { model, reverse ? model->size : 0, reverse, 0 };
	const struct ary_key_range all = { .reverse = reverse };

	ary_index_page(index, &all, check_visit, &walk);
	assert_int_equal(walk.visits, model->present);
}

/* Counts the keys from the one at FROM on, and holds it against the model. */
static inline void check_count(const struct model *model, struct ary_index *index, size_t from)
{
	struct ary_key_range range = { .from = model->keys[from].key };
	struct ary_buf rest = { 0 };
	uint64_t counted = 0;
	size_t present = 0;

	do {
		assert_int_equal(ary_index_count_some(index, &range, &rest, &counted), ARY_OK);
		range.from = ary_buf_view(&rest);
	} while (rest.size > 0);
	for (size_t i = from; i < model->size; i++)
		present += model->keys[i].present;
	assert_int_equal(counted, present);
	ary_buf_release(&rest);
}

/* That INDEX answers what MODEL knows. */
static inline void model_check(const struct model *model, struct ary_index *index)
{
	assert_int_equal(ary_index_count(index), model->present);
	for (size_t i = 0; i < model->size; i++)
		model_look_up(index, &model->keys[i]);
	check_walk(model, index, false);
	check_walk(model, index, true);
	for (size_t i = 0; i < 4; i++)
		check_count(model, index, i * model->size / 4);
}

#endif
