/* SPDX-License-Identifier: MIT */
/* What a store should hold: the obvious map, kept sorted by key, against which tests hold the
 * real one. Linear in the number of keys, which tests keep small. */
#ifndef ARY_TESTS_LIB_MODEL_H
#define ARY_TESTS_LIB_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct model_entry {
	struct ary_buf key;
	struct ary_buf value;
	uint64_t seq;
	uint64_t expires_ms; /* 0: never */
};

/* All zero is an empty model. */
struct model {
	struct model_entry *entries; /* sorted by key */
	size_t count;
	size_t capacity;
};

void model_release(struct model *model);

/* The entry of KEY, or NULL; returns borrowed until the model changes. */
const struct model_entry *model_find(const struct model *model, struct ary_bytes key);
/* Copies KEY and VALUE, which does not expire. Returns borrowed until the model changes. */
struct model_entry *model_set(struct model *model, struct ary_bytes key, struct ary_bytes value,
			      uint64_t seq);
/* Removes all that expires at NOW_MS or before. */
void model_expire(struct model *model, uint64_t now_ms);
/* Whether KEY was there. */
bool model_remove(struct model *model, struct ary_bytes key);

#endif
