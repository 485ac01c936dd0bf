/* SPDX-License-Identifier: MIT */
/* What the tests of the index share: numbers and keys that are the same in every run.
 * Threads: one generator per thread; keys, one thread. */
#ifndef ARY_TESTS_UNIT_INDEX_INDEX_SUPPORT_H
#define ARY_TESTS_UNIT_INDEX_INDEX_SUPPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "index/index.h"

struct random {
	uint64_t state; /* never 0 */
};

/* xorshift64: good enough to mix operations. */
static inline uint64_t random_next(struct random *random)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return random->state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

/* A number below LIMIT. */
static inline size_t random_below(struct random *random, size_t limit)
{
	return (size_t)(random_next(random) % limit);
}

static inline struct ary_hash_secret fixed_secret(void)
{
	struct random random = { 4711 };
	struct ary_hash_secret secret = { .bytes = { 0 } };

	for (size_t i = 0; i < sizeof(secret.bytes); i++)
		secret.bytes[i] = (uint8_t)random_next(&random);
	return secret;
}

/* A copy of DATA, owned. */
static inline struct ary_bytes copy_of(const void *data, size_t size)
{
	uint8_t *copy = ary_alloc(size + 1);

	memcpy(copy, data, size);
	return (struct ary_bytes){ copy, size };
}

/* Kinds of keys that are hard in different ways: bytes that sort at the ends, shared prefixes, one
 * key the beginning of another, prefixes longer than the tree's positions reach, great lengths.
 * Returns owned data. */
static inline struct ary_bytes make_key(struct random *random, unsigned number)
{
	static const uint8_t few[] = { 0, 1, 0x7f, 0x80, 0xff };
	enum { LONG_PREFIX = 5000 };
	static uint8_t data[ARY_INDEX_KEY_BYTES_MAX];
	size_t size = 0;

	switch (number % 6) {
	case 0:
		size = random_below(random, 9);
		for (size_t i = 0; i < size; i++)
			data[i] = few[random_below(random, sizeof(few))];
		break;
	case 1:
		size = (size_t)snprintf((char *)data, sizeof(data), "user:%08u", number * 7);
		break;
	case 2:
		size = 1 + random_below(random, 300);
		memset(data, number % 4 == 0 ? 0 : 0xff, size);
		break;
	case 3:
		size = 1 + random_below(random, 1024);
		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t)random_next(random);
		break;
	case 4:
		memset(data, 'p', LONG_PREFIX);
		size = LONG_PREFIX + random_below(random, 6);
		for (size_t i = LONG_PREFIX; i < size; i++)
			data[i] = few[random_below(random, sizeof(few))];
		break;
	default:
		size = number % 250 == 5 ? ARY_INDEX_KEY_BYTES_MAX : 16;
		memset(data, 'x', size);
		for (size_t i = 0; i < 8; i++)
			data[size - 1 - i] = (uint8_t)random_next(random);
	}
	return copy_of(data, size);
}

static inline enum ary_status reserve(struct ary_index *index, struct ary_bytes key)
{
	return ary_index_reserve(index, key, ary_index_hash(index, key));
}

#endif
