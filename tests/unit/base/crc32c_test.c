/* SPDX-License-Identifier: MIT */
/* Promise: the checksum is CRC-32C, the same by table, by instruction and in pieces. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"

enum { SIZE_MAX_TESTED = 300, LONG_BYTES = 7000, ROUNDS = 3000 };

/* The definition, a bit at a time. */
static uint32_t reference(const uint8_t *data, size_t size)
{
	uint32_t state = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		state ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			state = state >> 1 ^ ((state & 1) != 0 ? 0x82f63b78 : 0);
	}
	return ~state;
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void assert_both(const void *data, size_t size, uint32_t expected)
{
	assert_int_equal(ary_crc32c(data, size), expected);
	assert_int_equal(ary_crc32c_portable(0, data, size), expected);
}

static void test_rfc3720_vectors_are_met(void **state)
{
	uint8_t data[32];

	(void)state;
	memset(data, 0, sizeof(data));
	assert_both(data, sizeof(data), 0x8a9136aa);
	memset(data, 0xff, sizeof(data));
	assert_both(data, sizeof(data), 0x62a8ab43);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	assert_both(data, sizeof(data), 0x46dd794e);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(31 - i);
	assert_both(data, sizeof(data), 0x113fdb5c);
	assert_both("123456789", 9, 0xe3069283);
}

static void test_nothing_has_checksum_zero(void **state)
{
	(void)state;
	assert_both(NULL, 0, 0);
	assert_int_equal(ary_crc32c_more(0xe3069283, NULL, 0), 0xe3069283);
	assert_int_equal(ary_crc32c_portable(0xe3069283, NULL, 0), 0xe3069283);
}

static void test_every_size_and_alignment_agrees_with_the_definition(void **state)
{
	uint8_t data[SIZE_MAX_TESTED + 8];
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		size_t start = next_random(&random) % 8;
		size_t size = next_random(&random) % (SIZE_MAX_TESTED + 1);

		for (size_t i = 0; i < size; i++)
			data[start + i] = (uint8_t)next_random(&random);
		assert_both(data + start, size, reference(data + start, size));
	}
}

static void test_pieces_give_the_checksum_of_the_whole(void **state)
{
	uint8_t data[SIZE_MAX_TESTED];
	uint32_t random = 2;
	uint32_t whole;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)next_random(&random);
	whole = reference(data, sizeof(data));
	for (size_t cut = 0; cut <= sizeof(data); cut++) {
		uint32_t front = ary_crc32c(data, cut);

		assert_int_equal(ary_crc32c_more(front, data + cut, sizeof(data) - cut), whole);
		assert_int_equal(ary_crc32c_portable(front, data + cut, sizeof(data) - cut), whole);
	}
}

/* Long pieces are summed in another way than short ones, each with a rest. */
static void test_long_ones_agree_with_the_definition(void **state)
{
	static uint8_t data[LONG_BYTES];
	uint32_t random = 3;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)next_random(&random);
	for (size_t size = SIZE_MAX_TESTED; size <= sizeof(data); size += 41)
		assert_both(data + sizeof(data) - size, size,
			    reference(data + sizeof(data) - size, size));
}

static void test_each_flipped_bit_changes_the_checksum(void **state)
{
	uint8_t line[] = "{\"seq\":17,\"time\":1763796000123,\"cmd\":\"Set\",\"key\":\"a\"";
	uint32_t before = ary_crc32c(line, sizeof(line));

	(void)state;
	for (size_t bit = 0; bit < sizeof(line) * 8; bit++) {
		line[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(ary_crc32c(line, sizeof(line)), before);
		line[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3720_vectors_are_met),
		cmocka_unit_test(test_nothing_has_checksum_zero),
		cmocka_unit_test(test_every_size_and_alignment_agrees_with_the_definition),
		cmocka_unit_test(test_pieces_give_the_checksum_of_the_whole),
		cmocka_unit_test(test_long_ones_agree_with_the_definition),
		cmocka_unit_test(test_each_flipped_bit_changes_the_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
