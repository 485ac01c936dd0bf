/* SPDX-License-Identifier: MIT */
/* Promise: a number is taken from its one spelling within its range, or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

enum { UNTOUCHED = 12345 };

static void assert_u64(const char *text, uint64_t expected)
{
	uint64_t value = UNTOUCHED;

	assert_true(ary_parse_u64(ary_bytes_of(text), &value));
	assert_true(value == expected);
}

static void assert_size(const char *text, uint64_t expected)
{
	uint64_t value = UNTOUCHED;

	assert_true(ary_parse_size(ary_bytes_of(text), &value));
	assert_true(value == expected);
}

static void test_numbers_up_to_64_bits_are_parsed(void **state)
{
	(void)state;
	assert_u64("0", 0);
	assert_u64("9", 9);
	assert_u64("10", 10);
	assert_u64("18446744073709551615", UINT64_MAX);
	assert_size("0", 0);
	assert_size("18446744073709551615", UINT64_MAX);
}

static void test_what_is_no_number_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "-1", "+1", " 1", "1 ", "1\n", "01", "00", "0x10", "1e3", "1.0", "a", "1a",
		"18446744073709551616", "18446744073709551620", "28446744073709551615",
		"99999999999999999999", "100000000000000000000000000000000000000000",
		"\xd9\xa3", "/", ":",
	};
	uint64_t value = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(ary_parse_u64(ary_bytes_of(texts[i]), &value));
		assert_false(ary_parse_size(ary_bytes_of(texts[i]), &value));
	}
	assert_false(ary_parse_u64((struct ary_bytes){ (const uint8_t *)"1\0", 2 }, &value));
	assert_int_equal(value, UNTOUCHED);
}

static void test_only_the_bytes_given_are_read(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_true(ary_parse_u64((struct ary_bytes){ (const uint8_t *)"1234", 2 }, &value));
	assert_int_equal(value, 12);
}

static void test_sizes_have_suffixes(void **state)
{
	(void)state;
	assert_size("1k", 1024);
	assert_size("1K", 1024);
	assert_size("1kiB", 1024);
	assert_size("2MiB", 2097152);
	assert_size("2m", 2097152);
	assert_size("3G", UINT64_C(3221225472));
	assert_size("3GiB", UINT64_C(3221225472));
	assert_size("0G", 0);
	assert_size("17179869183G", UINT64_C(17179869183) << 30);
	assert_size("18014398509481983k", UINT64_C(18014398509481983) << 10);
}

static void test_sizes_that_are_none_are_refused(void **state)
{
	static const char *const texts[] = {
		"k", "kiB", "iB", "1iB", "1B", "1kB", "1ki", "1kk", "1kMiB", "1 k", "k1", "1T",
		"01k", "-1k", "1k ", "17179869184G", "18014398509481984k", "18446744073709551615k",
		"18446744073709551616k",
	};
	uint64_t value = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (ary_parse_size(ary_bytes_of(texts[i]), &value))
			fail_msg("'%s' is not refused", texts[i]);
	assert_int_equal(value, UNTOUCHED);
}

static void test_hex_goes_there_and_back(void **state)
{
	static const uint32_t values[] = { 0, 1, 0x9f1c03aa, 0x01234567, 0x89abcdef, UINT32_MAX };
	uint8_t digits[8];

	(void)state;
	ary_format_hex32(0x09abcdef, digits);
	assert_memory_equal(digits, "09abcdef", 8);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint32_t value = 0;

		ary_format_hex32(values[i], digits);
		assert_true(ary_parse_hex32(digits, &value));
		assert_int_equal(value, values[i]);
	}
}

static void test_hex_of_other_characters_is_refused(void **state)
{
	static const char bad[] = { 'A', 'F', 'g', 'G', '/', ':', '`', '@', ' ', '-', 'x', '\0' };
	uint32_t value = UNTOUCHED;

	(void)state;
	for (size_t at = 0; at < 8; at++) {
		for (size_t i = 0; i < sizeof(bad); i++) {
			uint8_t digits[] = "01234567";

			digits[at] = (uint8_t)bad[i];
			assert_false(ary_parse_hex32(digits, &value));
		}
	}
	assert_int_equal(value, UNTOUCHED);
}

static void check_written(uint64_t number)
{
	uint8_t digits[ARY_U64_DIGITS_MAX];
	char expected[ARY_U64_DIGITS_MAX + 1];
	size_t size = ary_format_u64(number, digits);
	uint64_t value = UNTOUCHED;

	assert_int_equal(size, snprintf(expected, sizeof(expected), "%" PRIu64, number));
	assert_memory_equal(digits, expected, size);
	assert_true(ary_parse_u64((struct ary_bytes){ digits, size }, &value));
	assert_true(value == number);
}

static void test_numbers_are_written_as_they_are_read(void **state)
{
	(void)state;
	for (uint64_t number = 0; number < 20000; number++)
		check_written(number);
	/* A number of each length, and those around the next length. */
	for (uint64_t ten = 10; ten <= UINT64_MAX / 10; ten *= 10) {
		check_written(ten * 10 - 1);
		check_written(ten * 10);
		check_written(ten / 10 * 37);
	}
	check_written(12345678901);
	check_written(UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_written_as_they_are_read),
		cmocka_unit_test(test_numbers_up_to_64_bits_are_parsed),
		cmocka_unit_test(test_what_is_no_number_is_refused),
		cmocka_unit_test(test_only_the_bytes_given_are_read),
		cmocka_unit_test(test_sizes_have_suffixes),
		cmocka_unit_test(test_sizes_that_are_none_are_refused),
		cmocka_unit_test(test_hex_goes_there_and_back),
		cmocka_unit_test(test_hex_of_other_characters_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
