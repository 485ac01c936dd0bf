/* SPDX-License-Identifier: MIT */
/* Promise: the digests are those of FIPS 180-4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/sha2.h"

static char million[1000000];

static const struct {
	const char *text; /* NULL: a million letters a */
	const char *sha256;
	const char *sha512;
} rows[] = {
	{"",
	 "e3b0c44298fc1c149afbf4c8996fb924"
	 "27ae41e4649b934ca495991b7852b855",
	 "cf83e1357eefb8bdf1542850d66d8007"
	 "d620e4050b5715dc83f4a921d36ce9ce"
	 "47d0d13c5d85f2b0ff8318d2877eec2f"
	 "63b931bd47417a81a538327af927da3e"},
	{"abc",
	 "ba7816bf8f01cfea414140de5dae2223"
	 "b00361a396177a9cb410ff61f20015ad",
	 "ddaf35a193617abacc417349ae204131"
	 "12e6fa4e89a97ea20a9eeee64b55d39a"
	 "2192992a274fc1a836ba3c23a3feebbd"
	 "454d4423643ce80e2a9ac94fa54ca49f"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039"
	 "a33ce45964ff2167f6ecedd419db06c1",
	 "204a8fc6dda82f0a0ced7beb8e08a416"
	 "57c16ef468b228a8279be331a703c335"
	 "96fd15c13b1b07f9aa1d3bea57789ca0"
	 "31ad85c7a71dd70354ec631238ca3445"},
	{NULL,
	 "cdc76e5c9914fb9281a1c7e284d73e67"
	 "f1809a48a497200e046d39ccc7112cd0",
	 "e718483d0ce769644e2e42c7bc15b463"
	 "8e1f98b13b2044285632a803afa973eb"
	 "de0ff244877ea60a4cb0432ce577c31b"
	 "eb009c5c2c49aa2e4eadb217ad8cc09b"},
};

static void expect_hex(const uint8_t *digest, size_t size, const char *hex)
{
	char text[2 * ARY_SHA512_BYTES + 1];

	for (size_t i = 0; i < size; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(text, hex);
}

static void test_digests_are_those_of_the_standard(void **state)
{
	(void)state;
	memset(million, 'a', sizeof(million));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_bytes bytes = {(const uint8_t *)million, sizeof(million)};
		uint8_t sha256[ARY_SHA256_BYTES], sha512[ARY_SHA512_BYTES];

		if (rows[i].text != NULL)
			bytes = ary_bytes_of(rows[i].text);
		ary_sha256(bytes, sha256);
		expect_hex(sha256, sizeof(sha256), rows[i].sha256);
		ary_sha512(bytes, sha512);
		expect_hex(sha512, sizeof(sha512), rows[i].sha512);
	}
}

/* However it is cut, and told in between. */
static void test_pieces_make_the_digest_of_the_whole(void **state)
{
	static const size_t cuts[] = {1, 63, 64, 65, 4096, 999983};

	(void)state;
	memset(million, 'a', sizeof(million));
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct ary_sha2 *sha256 = ary_sha2_create(ARY_SHA256_BYTES);
		struct ary_sha2 *sha512 = ary_sha2_create(ARY_SHA512_BYTES);
		uint8_t got[ARY_SHA512_BYTES], wanted[ARY_SHA512_BYTES];
		struct ary_bytes all = {(const uint8_t *)million, sizeof(million)};

		assert_true(sha256 != NULL && sha512 != NULL);
		for (size_t at = 0; at < all.size; at += cuts[i]) {
			size_t size = all.size - at < cuts[i] ? all.size - at : cuts[i];

			ary_sha2_add(sha256, (struct ary_bytes){all.data + at, size});
			ary_sha2_add(sha512, (struct ary_bytes){all.data + at, size});
			if (at == 0)
				ary_sha2_digest(sha256, got);
		}
		ary_sha2_digest(sha256, got);
		ary_sha256(all, wanted);
		assert_memory_equal(got, wanted, ARY_SHA256_BYTES);
		ary_sha2_digest(sha512, got);
		ary_sha512(all, wanted);
		assert_memory_equal(got, wanted, ARY_SHA512_BYTES);
		ary_sha2_destroy(sha256);
		ary_sha2_destroy(sha512);
	}
	ary_sha2_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_make_the_digest_of_the_whole),
		cmocka_unit_test(test_digests_are_those_of_the_standard),
	};

	return cmocka_run_group_tests_name("base/sha2", tests, NULL, NULL);
}
