/* SPDX-License-Identifier: MIT */
/* Promise: a byte is of a class exactly where the standards say so, wherever in a text it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/byte_class.h"

static const char alphanumeric[] =
	"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static void expect_class(unsigned class, const char *others)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		bool expected = byte != 0 && (strchr(alphanumeric, (int)byte) != NULL ||
					      strchr(others, (int)byte) != NULL);

		assert_int_equal(ary_byte_is((uint8_t)byte, class), expected);
	}
}

static void test_classes_are_those_of_the_standards(void **state)
{
	(void)state;
	expect_class(ARY_BYTE_TOKEN, "!#$%&'*+-.^_`|~");
	expect_class(ARY_BYTE_HOST, "-._~!$&'()*+,;=%");
	expect_class(ARY_BYTE_PATH, "-._~/");
}

static void test_one_other_byte_is_found_anywhere(void **state)
{
	static const char text[] = "a-text.of_27~bytes-in-a-row";
	const struct ary_bytes bytes = ary_bytes_of(text);

	(void)state;
	assert_true(ary_bytes_are_all((struct ary_bytes){NULL, 0}, ARY_BYTE_PATH));
	assert_true(ary_bytes_are_all(bytes, ARY_BYTE_PATH));
	for (size_t i = 0; i < bytes.size; i++) {
		char changed[sizeof(text)];

		memcpy(changed, text, sizeof(text));
		changed[i] = '?';
		assert_false(ary_bytes_are_all(ary_bytes_of(changed), ARY_BYTE_PATH));
	}
}

/* Every byte at every place of a text, beside bytes that a carry could come from. */
static void expect_least_in(struct ary_bytes bytes, uint8_t *text, uint8_t least)
{
	assert_true(ary_bytes_are_above(bytes, least));
	for (size_t i = 0; i < bytes.size; i++) {
		uint8_t filler = text[i];

		for (unsigned byte = 0; byte < 256; byte++) {
			text[i] = (uint8_t)byte;
			assert_int_equal(ary_bytes_are_above(bytes, least),
					 byte >= least && byte != 0x7f);
		}
		text[i] = filler;
	}
}

/* Texts shorter than a word, that end with one, and behind one. */
static void expect_least(uint8_t least, uint8_t filler)
{
	uint8_t text[25];

	memset(text, filler, sizeof(text));
	for (size_t size = 0; size <= sizeof(text); size++)
		expect_least_in((struct ary_bytes){text, size}, text, least);
}

static void test_low_bytes_and_del_are_found_anywhere(void **state)
{
	static const uint8_t fillers[] = {'!', '~', 0x80, 0xff};

	(void)state;
	for (size_t i = 0; i < sizeof(fillers); i++) {
		expect_least(' ', fillers[i]);
		expect_least('!', fillers[i]);
	}
	expect_least(0x80, 0x80);
	expect_least(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes_are_those_of_the_standards),
		cmocka_unit_test(test_one_other_byte_is_found_anywhere),
		cmocka_unit_test(test_low_bytes_and_del_are_found_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
