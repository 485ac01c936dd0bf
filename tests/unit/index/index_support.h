/* SPDX-License-Identifier: MIT */
/* What the tests of the index share: numbers that are the same in every run.
 * Threads: one generator per thread. */
#ifndef ARY_TESTS_UNIT_INDEX_INDEX_SUPPORT_H
#define ARY_TESTS_UNIT_INDEX_INDEX_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/hash.h"

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
	struct ary_hash_secret secret;

	for (size_t i = 0; i < sizeof(secret.bytes); i++)
		secret.bytes[i] = (uint8_t)random_next(&random);
	return secret;
}

#endif
