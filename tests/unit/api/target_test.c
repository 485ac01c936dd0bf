/* SPDX-License-Identifier: MIT */
/* Promise: every byte string is the key of some target, an escape is decoded exactly once and by
 * length, and what is no target is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/target.h"

/* A text with its length, which may hold NUL. */
#define TEXT(text) text, sizeof(text) - 1

struct decoding {
	const char *text;
	size_t text_size;
	const char *bytes; /* NULL: INVALID */
	size_t size;
};

static const struct decoding decodings[] = {
	{TEXT(""), TEXT("")},
	{TEXT("a"), TEXT("a")},
	{TEXT("a/b"), TEXT("a/b")},
	{TEXT("a%2Fb"), TEXT("a/b")},
	{TEXT("a%2fb"), TEXT("a/b")},
	{TEXT("%2F"), TEXT("/")},
	{TEXT("%00"), TEXT("\0")},
	{TEXT("a%00b"), TEXT("a\0b")},
	{TEXT("%00%00"), TEXT("\0\0")},
	{TEXT("%0A"), TEXT("\n")},
	{TEXT("%0d%0a"), TEXT("\r\n")},
	{TEXT("%7f"), TEXT("\x7f")},
	{TEXT("%FF"), TEXT("\xff")},
	{TEXT("%ff%FE"), TEXT("\xff\xfe")},
	{TEXT("%80"), TEXT("\x80")},
	{TEXT("\xc3\xbc"), TEXT("\xc3\xbc")},
	{TEXT("%C3%BC"), TEXT("\xc3\xbc")},
	{TEXT("%e2%80%a8"), TEXT("\xe2\x80\xa8")},
	{TEXT("+"), TEXT("+")},
	{TEXT("a+b"), TEXT("a+b")},
	{TEXT("%2B"), TEXT("+")},
	{TEXT("%20"), TEXT(" ")},
	{TEXT("%25"), TEXT("%")},
	{TEXT("%2525"), TEXT("%25")},
	{TEXT("%252F"), TEXT("%2F")},
	{TEXT("%25%32%46"), TEXT("%2F")},
	{TEXT("%41%42%43"), TEXT("ABC")},
	{TEXT("%3F%3D%26%23"), TEXT("?=&#")},
	{TEXT("%22%5C"), TEXT("\"\\")},
	{TEXT("!$&'()*+,;=:@"), TEXT("!$&'()*+,;=:@")},
	{TEXT("\"<>^`{|}[]\\"), TEXT("\"<>^`{|}[]\\")},
	{TEXT("%2E%2E"), TEXT("..")},
	{TEXT("//"), TEXT("//")},
	{TEXT("%aB%Cd"), TEXT("\xab\xcd")},
	{TEXT("%"), NULL, 0},
	{TEXT("%4"), NULL, 0},
	{TEXT("a%"), NULL, 0},
	{TEXT("a%4"), NULL, 0},
	{TEXT("%zz"), NULL, 0},
	{TEXT("%4z"), NULL, 0},
	{TEXT("%z4"), NULL, 0},
	{TEXT("%%41"), NULL, 0},
	{TEXT("%-1"), NULL, 0},
	{TEXT("%+1"), NULL, 0},
	{TEXT("% 1"), NULL, 0},
	{TEXT("%0x41"), NULL, 0},
	{TEXT("%u0041"), NULL, 0},
	{TEXT("%41%4"), NULL, 0},
	{TEXT("%G0"), NULL, 0},
	{TEXT("%0g"), NULL, 0},
	{TEXT("%:0"), NULL, 0},
	{TEXT("%@0"), NULL, 0},
};

static struct ary_bytes view(const char *text, size_t size)
{
	return (struct ary_bytes){(const uint8_t *)text, size};
}

static void test_escapes_are_decoded_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(decodings) / sizeof(decodings[0]); i++) {
		const struct decoding *row = &decodings[i];
		struct ary_bytes text = view(row->text, row->text_size);
		struct ary_buf storage = {0};
		struct ary_bytes out = {0};
		enum ary_status status = ary_percent_decode(text, &storage, &out);

		if ((status == ARY_OK) != (row->bytes != NULL))
			fail_msg("%s: %s", row->text, ary_status_name(status));
		if (row->bytes != NULL && !ary_bytes_equal(out, view(row->bytes, row->size)))
			fail_msg("%s: other bytes", row->text);
		ary_buf_release(&storage);
	}
}

/* A text that ends where its allocation ends, so that a sanitizer sees a read past it. */
static void test_truncated_escape_is_not_read_past(void **state)
{
	char *text = malloc(2);
	struct ary_buf storage = {0};
	struct ary_bytes out;

	(void)state;
	assert_non_null(text);
	memcpy(text, "%4", 2);
	assert_int_equal(ary_percent_decode(view(text, 2), &storage, &out), ARY_INVALID);
	assert_int_equal(ary_percent_decode(view(text, 1), &storage, &out), ARY_INVALID);
	ary_buf_release(&storage);
	free(text);
}

static void test_every_byte_comes_back(void **state)
{
	struct ary_buf encoded = {0}, storage = {0};
	struct ary_bytes out;
	uint8_t bytes[256];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	assert_true(ary_percent_encode((struct ary_bytes){bytes, sizeof(bytes)}, &encoded));
	for (size_t i = 0; i < encoded.size; i++)
		assert_true(encoded.data[i] > ' ' && encoded.data[i] < 0x7f);
	assert_int_equal(ary_percent_decode(ary_buf_view(&encoded), &storage, &out), ARY_OK);
	assert_true(ary_bytes_equal(out, (struct ary_bytes){bytes, sizeof(bytes)}));
	ary_buf_release(&encoded);
	ary_buf_release(&storage);
}

struct splitting {
	const char *raw;
	size_t raw_size;
	const char *path; /* NULL: INVALID */
	const char *query;
};

static const struct splitting splittings[] = {
	{TEXT("/"), "/", ""},
	{TEXT("/keys/a"), "/keys/a", ""},
	{TEXT("/keys/a?"), "/keys/a", ""},
	{TEXT("/keys/a?b=c"), "/keys/a", "b=c"},
	{TEXT("/keys/a?b?c"), "/keys/a", "b?c"},
	{TEXT("/keys/a%3Fb"), "/keys/a%3Fb", ""},
	{TEXT("/keys/\xff"), "/keys/\xff", ""},
	{TEXT("//"), "//", ""},
	{TEXT("*"), "*", ""},
	{TEXT("http://h/keys/a?x"), "/keys/a", "x"},
	{TEXT("HTTP://h:80/keys/a"), "/keys/a", ""},
	{TEXT("https://[::1]:80/"), "/", ""},
	{TEXT("http://h"), "/", ""},
	{TEXT("http://h?x=1"), "/", "x=1"},
	{TEXT("http://h/http://i/"), "/http://i/", ""},
	{TEXT(""), NULL, NULL},
	{TEXT("keys/a"), NULL, NULL},
	{TEXT("**"), NULL, NULL},
	{TEXT("http:///keys/a"), NULL, NULL},
	{TEXT("http://"), NULL, NULL},
	{TEXT("http:/keys/a"), NULL, NULL},
	{TEXT("ftp://h/keys/a"), NULL, NULL},
	{TEXT("h:80"), NULL, NULL},
	{TEXT("?x"), NULL, NULL},
	{TEXT("/a b"), NULL, NULL},
	{TEXT("/a\tb"), NULL, NULL},
	{TEXT("/a\nb"), NULL, NULL},
	{TEXT("/a\0b"), NULL, NULL},
	{TEXT("/a\x1f"), NULL, NULL},
	{TEXT("/a\x7f"), NULL, NULL},
	{TEXT("/a?b c"), NULL, NULL},
	{TEXT("/a#b"), NULL, NULL},
};

static void test_targets_are_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(splittings) / sizeof(splittings[0]); i++) {
		const struct splitting *row = &splittings[i];
		struct ary_target out;
		enum ary_status status = ary_target_split(view(row->raw, row->raw_size), &out);

		if ((status == ARY_OK) != (row->path != NULL))
			fail_msg("%s: %s", row->raw, ary_status_name(status));
		if (row->path == NULL)
			continue;
		if (!ary_bytes_equal(out.path, ary_bytes_of(row->path)) ||
		    !ary_bytes_equal(out.query, ary_bytes_of(row->query)))
			fail_msg("%s: other parts", row->raw);
	}
}

static void test_dot_segments_are_seen(void **state)
{
	static const char *const with[] = {".",	  "..",	    "a/.",  "a/..", "./a",
					   "../a", "a/./b", "a/../b", "/.",  "../",
					   "//..", "a//."};
	static const char *const without[] = {"",   "a",   "...", ".a",	 "a.",	"..a",
					      "a..", "/",  "//",  "a/b", ".../", "a/.b/c.",
					      ". ",  " ."};

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		if (!ary_path_has_dot_segment(ary_bytes_of(with[i])))
			fail_msg("%s", with[i]);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (ary_path_has_dot_segment(ary_bytes_of(without[i])))
			fail_msg("%s", without[i]);
}

static void test_one_text_is_canonical(void **state)
{
	static const char *const rows[][3] = {
		/* Bytes, their canonical text, another text of them. */
		{"", "", "%41"},	 {"a", "a", "%61"},	    {"a/b", "a/b", "a%2Fb"},
		{"a b", "a%20b", "a b"}, {"\xff", "%FF", "%ff"},    {"~", "~", "%7E"},
		{"a%", "a%25", "a%"},	 {"+", "%2B", "+"},	    {"ab", "ab", "abc"},
		{"ab", "ab", "a"},	 {"\xff", "%FF", "%F"}, {"a\xff", "a%FF", "a%FFb"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_bytes bytes = ary_bytes_of(rows[i][0]);

		assert_true(ary_percent_is_canonical(ary_bytes_of(rows[i][1]), bytes));
		assert_false(ary_percent_is_canonical(ary_bytes_of(rows[i][2]), bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes_are_decoded_once),
		cmocka_unit_test(test_truncated_escape_is_not_read_past),
		cmocka_unit_test(test_every_byte_comes_back),
		cmocka_unit_test(test_targets_are_split),
		cmocka_unit_test(test_one_text_is_canonical),
		cmocka_unit_test(test_dot_segments_are_seen),
	};

	return cmocka_run_group_tests_name("api/target", tests, NULL, NULL);
}
