/* SPDX-License-Identifier: MIT */
/* Promise: the hash is XXH3, by whatever vectors, and depends on every byte of the key and on the
 * secret. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "base/alloc.h"
#include "base/hash.h"

enum { KEY_BYTES_MAX = 600 };

static struct ary_hash_secret secret_from(uint32_t seed)
{
	struct ary_hash_secret secret = { .bytes = { 0 } };

	for (size_t i = 0; i < sizeof(secret.bytes); i++) {
		seed = seed * 1664525 + 1013904223;
		secret.bytes[i] = (uint8_t)(seed >> 24);
	}
	return secret;
}

static void test_hash_is_that_of_the_library(void **state)
{
	struct ary_hash_secret secret;
	struct ary_bytes key = ary_bytes_of("username");

	(void)state;
	/* With the secret that the library itself uses, the keyed hash is the plain one. */
	XXH3_generateSecret_fromSeed(secret.bytes, 0);
	assert_true(ary_hash(&secret, key) == XXH3_64bits(key.data, key.size));
}

static void test_hash_depends_on_the_secret(void **state)
{
	struct ary_hash_secret one = secret_from(1);
	struct ary_hash_secret other = secret_from(2);
	uint8_t key[KEY_BYTES_MAX];

	(void)state;
	memset(key, 'k', sizeof(key));
	for (size_t size = 0; size <= sizeof(key); size++) {
		struct ary_bytes bytes = { key, size };

		assert_true(ary_hash(&one, bytes) == ary_hash(&one, bytes));
		assert_true(ary_hash(&one, bytes) != ary_hash(&other, bytes));
	}
}

static void test_hash_depends_on_every_byte(void **state)
{
	struct ary_hash_secret secret = secret_from(3);
	uint8_t key[KEY_BYTES_MAX] = { 0 };

	(void)state;
	for (size_t size = 1; size <= sizeof(key); size += 37) {
		struct ary_bytes bytes = { key, size };
		uint64_t before = ary_hash(&secret, bytes);

		for (size_t i = 0; i < size; i++) {
			key[i] ^= 1;
			assert_true(ary_hash(&secret, bytes) != before);
			key[i] ^= 1;
		}
	}
}

static void test_no_bytes_have_a_hash(void **state)
{
	struct ary_hash_secret secret = secret_from(4);

	(void)state;
	assert_true(ary_hash(&secret, (struct ary_bytes){ NULL, 0 }) ==
		    ary_hash(&secret, ary_bytes_of("")));
}

static void test_long_hash_is_the_same(void **state)
{
	enum { BLOCK_BYTES = 256 << 10 };
	struct ary_hash_secret secret = secret_from(5);
	uint8_t *data = ary_alloc(BLOCK_BYTES + 2);

	(void)state;
	for (size_t i = 0; i < BLOCK_BYTES + 2; i++)
		data[i] = (uint8_t)(i * 31 + i / 251);
	for (size_t size = 0; size <= BLOCK_BYTES + 1; size++) {
		struct ary_bytes bytes = { data, size };

		assert_true(ary_hash_long(&secret, bytes) == ary_hash(&secret, bytes));
		/* Not aligned. */
		bytes = (struct ary_bytes){ data + 1, size };
		assert_true(ary_hash_long(&secret, bytes) == ary_hash(&secret, bytes));
		if (size == 2 << 10)
			size = BLOCK_BYTES - 2;
	}
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_is_that_of_the_library),
		cmocka_unit_test(test_hash_depends_on_the_secret),
		cmocka_unit_test(test_hash_depends_on_every_byte),
		cmocka_unit_test(test_no_bytes_have_a_hash),
		cmocka_unit_test(test_long_hash_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
