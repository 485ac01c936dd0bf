/* SPDX-License-Identifier: MIT */
/* Promise: what RFC 3629 calls UTF-8 is valid, and nothing else is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "base/utf8.h"

struct sample {
	const char *bytes;
	size_t size;
};

#define SAMPLE(literal) { literal, sizeof(literal) - 1 }

static bool is_valid(const void *data, size_t size)
{
	return ary_utf8_valid((struct ary_bytes){ data, size });
}

/* The sample is put behind 0 to 16 letters, as eight letters are taken at a time. */
static void assert_valid_behind_letters(struct sample sample, bool expected)
{
	char text[64];

	for (size_t before = 0; before <= 16; before++) {
		memset(text, 'a', sizeof(text));
		memcpy(text + before, sample.bytes, sample.size);
		assert_int_equal(is_valid(text, before + sample.size), expected);
		assert_int_equal(is_valid(text, sizeof(text)), expected);
	}
}

static void test_valid_texts_are_accepted(void **state)
{
	static const struct sample samples[] = {
		SAMPLE(""), SAMPLE("plain"), SAMPLE("\0"), SAMPLE("\x7f"),
		SAMPLE("\xc2\x80"), SAMPLE("\xdf\xbf"),
		SAMPLE("\xe0\xa0\x80"), SAMPLE("\xed\x9f\xbf"), SAMPLE("\xee\x80\x80"),
		SAMPLE("\xef\xbf\xbf"),
		SAMPLE("\xf0\x90\x80\x80"), SAMPLE("\xf4\x8f\xbf\xbf"),
		SAMPLE("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		assert_valid_behind_letters(samples[i], true);
}

static void test_invalid_texts_are_refused(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("\x80"), SAMPLE("\xbf"), SAMPLE("\xfe"), SAMPLE("\xff"),
		SAMPLE("\xf8\x88\x80\x80\x80"),
		SAMPLE("\xc0\x80"), SAMPLE("\xc1\xbf"), SAMPLE("\xe0\x80\x80"),   /* overlong */
		SAMPLE("\xe0\x9f\xbf"), SAMPLE("\xf0\x80\x80\x80"), SAMPLE("\xf0\x8f\xbf\xbf"),
		SAMPLE("\xed\xa0\x80"), SAMPLE("\xed\xbf\xbf"),                   /* surrogates */
		SAMPLE("\xf4\x90\x80\x80"), SAMPLE("\xf5\x80\x80\x80"),           /* too great */
		SAMPLE("\xc3" "a"), SAMPLE("\xe2\x82" "a"), SAMPLE("\xe2" "ab"),  /* broken off */
		SAMPLE("\xf0\x9f\x98" "a"), SAMPLE("\xc3\xc3\xa9"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		assert_valid_behind_letters(samples[i], false);
}

static void test_text_cut_within_a_character_is_refused(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("\xc3\xa9"), SAMPLE("\xe2\x82\xac"), SAMPLE("\xf0\x9f\x98\x80"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		for (size_t size = 1; size < samples[i].size; size++)
			assert_false(is_valid(samples[i].bytes, size));
		assert_true(is_valid(samples[i].bytes, samples[i].size));
	}
}

/* Writes CODE as UTF-8 would have it, also where UTF-8 forbids it; answers the size. */
static size_t encode(uint32_t code, uint8_t out[4])
{
	static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = size - 1; i > 0; i--, code >>= 6)
		out[i] = (uint8_t)(0x80 | (code & 0x3f));
	out[0] = (uint8_t)(marks[size] | code);
	return size;
}

static void test_every_code_point_is_judged(void **state)
{
	uint8_t bytes[4];

	(void)state;
	for (uint32_t code = 0; code < 0x140000; code++) {
		bool surrogate = code >= 0xd800 && code <= 0xdfff;
		size_t size = encode(code, bytes);

		if (is_valid(bytes, size) != (!surrogate && code <= 0x10ffff))
			fail_msg("U+%04X is judged wrongly", (unsigned)code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid_texts_are_accepted),
		cmocka_unit_test(test_invalid_texts_are_refused),
		cmocka_unit_test(test_text_cut_within_a_character_is_refused),
		cmocka_unit_test(test_every_code_point_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
