/* SPDX-License-Identifier: MIT */
/* Promise: base64 goes there and back, and each byte string has exactly one text. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"

static enum ary_status decode(const char *text, struct ary_buf *out)
{
	return ary_base64_decode(ary_bytes_of(text), out);
}

static void test_rfc4648_vectors_go_there_and_back(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xbf", "+/+/" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct ary_bytes plain = ary_bytes_of(pairs[i][0]);
		struct ary_buf out = { 0 };
		uint8_t text[16];

		assert_int_equal(ary_base64_size(plain.size), strlen(pairs[i][1]));
		ary_base64_encode(plain, text);
		assert_memory_equal(text, pairs[i][1], ary_base64_size(plain.size));
		assert_int_equal(decode(pairs[i][1], &out), ARY_OK);
		assert_true(ary_bytes_equal(ary_buf_view(&out), plain));
		ary_buf_release(&out);
	}
}

static void test_all_bytes_of_all_sizes_survive(void **state)
{
	uint8_t plain[256];
	uint8_t text[344];
	struct ary_buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 167 + 3);
	for (size_t size = 0; size <= sizeof(plain); size++) {
		struct ary_bytes bytes = { plain, size };
		struct ary_bytes encoded = { text, ary_base64_size(size) };

		ary_base64_encode(bytes, text);
		out.size = 0;
		assert_int_equal(ary_base64_decode(encoded, &out), ARY_OK);
		assert_true(ary_bytes_equal(ary_buf_view(&out), bytes));
	}
	ary_buf_release(&out);
}

static void test_text_that_is_not_canonical_is_refused(void **state)
{
	static const char *const texts[] = {
		" Zm9v", "Zm9v ", "Zm 9v", "Zm9v\n", "Zm9v    ", "    ", "Zg= =", "Zg =", "Zm9\n",
		"Zg", "Zg=", "Zm8", "Zm9vYg", "Zm9vYg=", "Z", "Z===", "A===", "AAAAA===", "====",
		"=", "==", "=AAA", "Zg==Zg==", "Zm8=Zm9v", "Zg=v",
		"Zh==", "Zn==", "Zm9=", "Zm+=",
		"-_-_", "Zm9*", "Zm9\x80", "Zm9\xff",
	};
	struct ary_buf out = { 0 };

	(void)state;
	assert_true(ary_buf_append(&out, ary_bytes_of("before")));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (decode(texts[i], &out) != ARY_INVALID)
			fail_msg("'%s' is not refused", texts[i]);
		assert_true(ary_bytes_equal(ary_buf_view(&out), ary_bytes_of("before")));
	}
	assert_int_equal(ary_base64_decode((struct ary_bytes){ (const uint8_t *)"Zm\0v", 4 }, &out),
			 ARY_INVALID);
	ary_buf_release(&out);
}

static void test_decoded_bytes_are_appended(void **state)
{
	struct ary_buf out = { 0 };

	(void)state;
	assert_int_equal(decode("Zm9v", &out), ARY_OK);
	assert_int_equal(decode("YmFy", &out), ARY_OK);
	assert_true(ary_bytes_equal(ary_buf_view(&out), ary_bytes_of("foobar")));
	ary_buf_release(&out);
}

static void test_text_for_urls_goes_there_and_back(void **state)
{
	/* Bytes, their text, and their text with padding. */
	static const char *const rows[][3] = {
		{ "", "", "" }, { "f", "Zg", "Zg==" }, { "fo", "Zm8", "Zm8=" },
		{ "foo", "Zm9v", "Zm9v" }, { "foob", "Zm9vYg", "Zm9vYg==" },
		{ "\xfb\xff\xbf", "-_-_", "-_-_" }, { "\xff", "_w", "_w==" },
	};
	struct ary_buf text = { 0 }, out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text.size = 0;
		assert_true(ary_base64url_encode(ary_bytes_of(rows[i][0]), &text));
		assert_true(ary_bytes_equal(ary_buf_view(&text), ary_bytes_of(rows[i][1])));
		for (size_t form = 1; form <= 2; form++) {
			out.size = 0;
			assert_int_equal(ary_base64url_decode(ary_bytes_of(rows[i][form]), &out),
					 ARY_OK);
			assert_true(ary_bytes_equal(ary_buf_view(&out), ary_bytes_of(rows[i][0])));
		}
	}
	ary_buf_release(&text);
	ary_buf_release(&out);
}

static void test_text_that_is_none_for_urls_is_refused(void **state)
{
	static const char *const texts[] = {
		"+/+/", "Z", "Zg=", "Zm8==", "Zm9v=", "Zm9v==", "Zg===", "=", "==", "====", "Zh",
		"Zm9", "Zm 8", "Zm9v Zg", "Zg\n", "Zm9v\n\n\n\n", "Zg=v", "Z===", "Zm9vZ",
	};
	struct ary_buf out = { 0 };

	(void)state;
	assert_true(ary_buf_append(&out, ary_bytes_of("before")));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (ary_base64url_decode(ary_bytes_of(texts[i]), &out) != ARY_INVALID)
			fail_msg("'%s' is not refused", texts[i]);
		assert_true(ary_bytes_equal(ary_buf_view(&out), ary_bytes_of("before")));
	}
	ary_buf_release(&out);
}

static void test_missing_memory_is_answered(void **state)
{
	struct ary_buf out = { 0 };

	(void)state;
	ary_alloc_fail_at(1, 0);
	assert_int_equal(decode("Zm9v", &out), ARY_NO_MEMORY);
	assert_int_equal(out.size, 0);
	assert_int_equal(decode("Zm9v", &out), ARY_OK);
	ary_buf_release(&out);
	ary_alloc_fail_at(1, 1);
	assert_int_equal(ary_base64url_decode(ary_bytes_of("Zm9v"), &out), ARY_NO_MEMORY);
	assert_false(ary_base64url_encode(ary_bytes_of("foo"), &out));
	ary_alloc_fail_at(0, 0);
	assert_int_equal(out.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc4648_vectors_go_there_and_back),
		cmocka_unit_test(test_all_bytes_of_all_sizes_survive),
		cmocka_unit_test(test_text_that_is_not_canonical_is_refused),
		cmocka_unit_test(test_decoded_bytes_are_appended),
		cmocka_unit_test(test_text_for_urls_goes_there_and_back),
		cmocka_unit_test(test_text_that_is_none_for_urls_is_refused),
		cmocka_unit_test(test_missing_memory_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
