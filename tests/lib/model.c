/* SPDX-License-Identifier: MIT */
#include "lib/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"

static void release_entry(struct model_entry *entry)
{
	ary_buf_release(&entry->key);
	ary_buf_release(&entry->value);
}

void model_release(struct model *model)
{
	for (size_t i = 0; i < model->count; i++)
		release_entry(&model->entries[i]);
	free(model->entries);
	*model = (struct model){.entries = NULL};
}

/* Where KEY is, or belongs. */
static size_t place_of(const struct model *model, struct ary_bytes key)
{
	size_t place = 0;

	while (place < model->count &&
	       ary_bytes_compare(ary_buf_view(&model->entries[place].key), key) < 0)
		place++;
	return place;
}

static bool is_at(const struct model *model, size_t place, struct ary_bytes key)
{
	return place < model->count &&
	       ary_bytes_equal(ary_buf_view(&model->entries[place].key), key);
}

const struct model_entry *model_find(const struct model *model, struct ary_bytes key)
{
	size_t place = place_of(model, key);

	return is_at(model, place, key) ? &model->entries[place] : NULL;
}

static void make_room(struct model *model, size_t place)
{
	if (model->count == model->capacity) {
		model->capacity = model->capacity ? model->capacity * 2 : 64;
		model->entries = ary_try_realloc(model->entries,
						 model->capacity * sizeof(*model->entries));
		ARY_CHECK(model->entries);
	}
	memmove(model->entries + place + 1, model->entries + place,
		(model->count - place) * sizeof(*model->entries));
	model->entries[place] = (struct model_entry){.seq = 0};
	model->count++;
}

struct model_entry *model_set(struct model *model, struct ary_bytes key, struct ary_bytes value,
			      uint64_t seq)
{
	size_t place = place_of(model, key);

	if (!is_at(model, place, key)) {
		make_room(model, place);
		ARY_CHECK(ary_buf_append(&model->entries[place].key, key));
	}
	struct model_entry *entry = &model->entries[place];
	entry->value.size = 0;
	ARY_CHECK(ary_buf_append(&entry->value, value));
	entry->seq = seq;
	entry->expires_ms = 0;
	return entry;
}

static void remove_at(struct model *model, size_t place)
{
	release_entry(&model->entries[place]);
	model->count--;
	memmove(model->entries + place, model->entries + place + 1,
		(model->count - place) * sizeof(*model->entries));
}

bool model_remove(struct model *model, struct ary_bytes key)
{
	size_t place = place_of(model, key);

	if (!is_at(model, place, key))
		return false;
	remove_at(model, place);
	return true;
}

void model_expire(struct model *model, uint64_t now_ms)
{
	for (size_t i = model->count; i > 0; i--) {
		uint64_t expires_ms = model->entries[i - 1].expires_ms;
		if (expires_ms != 0 && expires_ms <= now_ms)
			remove_at(model, i - 1);
	}
}
