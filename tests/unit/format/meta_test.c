/* SPDX-License-Identifier: MIT */
/* Promise: whatever the order in which metadata is given, it becomes the same bytes; what is walked
 * through is what was put in; and nothing else passes for it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/meta.h"

#define BYTES(literal) ((struct ary_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_text(struct ary_bytes bytes, const char *expected)
{
	if (!ary_bytes_equal(bytes, ary_bytes_of(expected)))
		fail_msg("'%.*s' is not '%s'", (int)bytes.size, (const char *)bytes.data,
			 expected);
}

static void add(struct ary_buf *buf, size_t start, const char *name, const char *value)
{
	struct ary_error err;

	if (ary_meta_add(buf, start, ary_bytes_of(name), ary_bytes_of(value), &err) != ARY_OK)
		fail_msg("%s: %s", name, err.text);
}

static void test_members_stand_in_order_whatever_came_first(void **state)
{
	static const char *const names[] = {"b", "B-c", "a", "!", "z~", "aa"};
	static const char expected[] =
		"{\"!\":\"!\",\"a\":\"a\",\"aa\":\"aa\",\"b\":\"b\",\"b-c\":\"B-c\",\"z~\":\"z~\"}";

	(void)state;
	for (size_t first = 0; first < COUNT(names); first++) {
		for (size_t step = 1; step < COUNT(names); step += 4) {
			struct ary_buf buf = {0};
			/* What stands before the object is left alone. */
			assert_true(ary_buf_append(&buf, BYTES("before")));
			for (size_t i = 0; i < COUNT(names); i++) {
				const char *name = names[(first + i * step) % COUNT(names)];
				add(&buf, 6, name, name);
			}
			assert_memory_equal(buf.data, "before", 6);
			assert_text((struct ary_bytes){buf.data + 6, buf.size - 6}, expected);
			ary_buf_release(&buf);
		}
	}
}

static void test_what_is_put_in_comes_out(void **state)
{
	static const struct {
		const char *name;
		const char *value;
	} members[] = {
		{"#!$%&'*+-.^_`|~09", ""}, {"a", "\"\\"}, {"b", "\\\\\"\""}, {"c", "plain, text"},
		{"d", "{\"x\":\"y\"}"},    {"e", "}"},
	};
	struct ary_meta_cursor cursor;
	struct ary_buf buf = {0};
	struct ary_bytes name;
	struct ary_bytes value;

	(void)state;
	for (size_t i = COUNT(members); i > 0; i--)
		add(&buf, 0, members[i - 1].name, members[i - 1].value);
	assert_true(ary_meta_valid(ary_buf_view(&buf)));
	ary_meta_begin(&cursor, ary_buf_view(&buf));
	for (size_t i = 0; i < COUNT(members); i++) {
		assert_true(ary_meta_next(&cursor, &name, &value));
		assert_text(name, members[i].name);
		assert_text(value, members[i].value);
	}
	assert_false(ary_meta_next(&cursor, &name, &value));
	assert_false(ary_meta_next(&cursor, &name, &value));
	ary_meta_begin(&cursor, BYTES(""));
	assert_false(ary_meta_next(&cursor, &name, &value));
	ary_buf_release(&buf);
}

/* Random members: what is walked through is sorted, without doubles, and all that was taken. */
static void test_random_members_come_out(void **state)
{
	static const char letters[] = "abcAB-";
	uint32_t random = 2028;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct ary_meta_cursor cursor;
		struct ary_buf buf = {0};
		struct ary_bytes name;
		struct ary_bytes value;
		char text[3][9] = {""};
		size_t taken = 0;
		for (int i = 0; i < 40; i++) {
			random = random * 1664525 + 1013904223;
			snprintf(text[0], sizeof(text[0]), "%c%c", letters[(random >> 8) % 6],
				 letters[(random >> 16) % 6]);
			snprintf(text[1], sizeof(text[1]), "%c.%c",
				 (int)(0x21 + (random >> 20) % 0x5e), "\"\\x"[random % 3]);
			taken += ary_meta_add(&buf, 0, ary_bytes_of(text[0]),
					      ary_bytes_of(text[1]), NULL) == ARY_OK;
			assert_int_equal(ary_meta_span(ary_buf_view(&buf)), buf.size);
		}
		ary_meta_begin(&cursor, ary_buf_view(&buf));
		while (ary_meta_next(&cursor, &name, &value)) {
			assert_int_equal(name.size, 2);
			assert_int_equal(value.size, 3);
			assert_true(memcmp(text[2], name.data, 2) < 0);
			memcpy(text[2], name.data, 2);
			taken--;
		}
		assert_int_equal(taken, 0);
		ary_buf_release(&buf);
	}
}

static void test_what_no_metadata_can_be_is_refused(void **state)
{
	static const struct {
		const char *name;
		const char *value;
		const char *word; /* of the reason */
	} rows[] = {
		{"", "v", "token"},        {"a b", "v", "token"},      {"a\"", "v", "token"},
		{"a\\", "v", "token"},     {"\xc3\xa9", "v", "token"}, {"a:", "v", "token"},
		{"n", "a\tb", "printable"}, {"n", "\xc3\xa9", "printable"}, {"n", " a", "spaces"},
		{"n", "a ", "spaces"},     {"n", " ", "spaces"},       {"n", "a\x7f", "printable"},
		{"there", "v", "twice"},   {"THERE", "", "twice"},
	};
	struct ary_buf buf = {0};

	(void)state;
	add(&buf, 0, "there", "x");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ary_error err;
		enum ary_status status = ary_meta_add(&buf, 0, ary_bytes_of(rows[i].name),
						      ary_bytes_of(rows[i].value), &err);
		assert_int_equal(status, ARY_INVALID);
		if (!strstr(err.text, rows[i].word))
			fail_msg("row %zu: '%s' says nothing of '%s'", i, err.text, rows[i].word);
		assert_text(ary_buf_view(&buf), "{\"there\":\"x\"}");
	}
	assert_int_equal(ary_meta_add(&buf, 0, BYTES("a\0b"), BYTES("v"), NULL), ARY_INVALID);
	ary_buf_release(&buf);
}

/* To the byte: an object alone, and one more member. */
static void test_the_limit_is_that_of_the_text(void **state)
{
	uint8_t text[ARY_META_BYTES_MAX + 1];
	struct ary_buf buf = {0};

	(void)state;
	memset(text, 'v', sizeof(text));
	for (size_t size = ARY_META_BYTES_MAX - 9; size <= sizeof(text); size++) {
		bool fits = size + 8 <= ARY_META_BYTES_MAX;
		buf.size = 0;
		assert_int_equal(ary_meta_add(&buf, 0, BYTES("n"),
					      (struct ary_bytes){text, size}, NULL),
				 fits ? ARY_OK : ARY_TOO_LARGE);
		assert_int_equal(buf.size, fits ? size + 8 : 0);
	}
	for (size_t size = ARY_META_BYTES_MAX - 23; size < ARY_META_BYTES_MAX - 10; size++) {
		buf.size = 0;
		add(&buf, 0, "n", "1234567");
		bool fits = 15 + size + 7 <= ARY_META_BYTES_MAX;
		assert_int_equal(ary_meta_add(&buf, 0, BYTES("m"),
					      (struct ary_bytes){text, size}, NULL),
				 fits ? ARY_OK : ARY_TOO_LARGE);
		assert_int_equal(buf.size, fits ? 15 + size + 7 : 15);
		assert_true(ary_meta_valid(ary_buf_view(&buf)));
	}
	/* A quote takes two. */
	buf.size = 0;
	memset(text, '"', sizeof(text));
	assert_int_equal(ary_meta_add(&buf, 0, BYTES("n"),
				      (struct ary_bytes){text, ARY_META_BYTES_MAX / 2 - 3}, NULL),
			 ARY_TOO_LARGE);
	assert_int_equal(ary_meta_add(&buf, 0, BYTES("n"),
				      (struct ary_bytes){text, ARY_META_BYTES_MAX / 2 - 4}, NULL),
			 ARY_OK);
	assert_int_equal(buf.size, ARY_META_BYTES_MAX);
	assert_true(ary_meta_valid(ary_buf_view(&buf)));
	/* One byte more is none, however it looks. */
	assert_true(ary_buf_append(&buf, BYTES(" ")));
	memmove(buf.data + 7, buf.data + 6, buf.size - 7);
	buf.data[6] = 'x';
	assert_int_equal(ary_meta_span(ary_buf_view(&buf)), 0);
	ary_buf_release(&buf);
}

static void test_only_the_canonical_form_is_one(void **state)
{
	static const char *const others[] = {
		"{}", "{", "}", "[]", "x", "\"a\"", "{\"a\"}", "{\"a\":}", "{\"a\":1}",
		"{\"a\":\"b\"", "{\"a\":\"b}", "{\"a\":\"b\",}", "{,\"a\":\"b\"}",
		"{{\"a\":\"b\"}", "{\"a\":\"b\"{\"c\":\"d\"}", "{\"a\":\"b\"\"c\":\"d\"}",
		"{ \"a\":\"b\"}", "{\"a\": \"b\"}", "{\"A\":\"b\"}", "{\"\":\"b\"}",
		"{\"b\":\"\",\"a\":\"\"}", "{\"a\":\"\",\"a\":\"\"}", "{\"a\":\"\\u0041\"}",
		"{\"a\":\"\\/\"}", "{\"a\":\"\\\"}", "{\"a\":\" b\"}", "{\"a\":\"b \"}",
		"{\"a\":\"\t\"}", "{\"a\":\"\xc3\xa9\"}", "{\"a\":\"\\",
	};
	static const char text[] = "{\"a\":\"\",\"b\":\"\\\"\"}";

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		if (ary_meta_span(ary_bytes_of(others[i])) != 0)
			fail_msg("taken: %s", others[i]);
		assert_false(ary_meta_valid(ary_bytes_of(others[i])));
	}
	assert_true(ary_meta_valid(BYTES("")));
	assert_true(ary_meta_valid(BYTES(text)));
	/* What follows is not the object's, and no beginning of it is one. */
	assert_int_equal(ary_meta_span(BYTES("{\"a\":\"\"}},\"x\"")), 8);
	assert_false(ary_meta_valid(BYTES("{\"a\":\"\"} ")));
	for (size_t size = 1; size < sizeof(text) - 1; size++) {
		/* A copy of just these bytes, so that reading further is seen. */
		uint8_t *copy = malloc(size);
		assert_non_null(copy);
		memcpy(copy, text, size);
		assert_int_equal(ary_meta_span((struct ary_bytes){copy, size}), 0);
		free(copy);
	}
}

static void test_memory_that_is_out_is_told(void **state)
{
	struct ary_buf buf = {0};

	(void)state;
	ary_alloc_fail_at(1, 1);
	assert_int_equal(ary_meta_add(&buf, 0, BYTES("a"), BYTES("b"), NULL), ARY_NO_MEMORY);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(buf.size, 0);
	assert_null(buf.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_stand_in_order_whatever_came_first),
		cmocka_unit_test(test_what_is_put_in_comes_out),
		cmocka_unit_test(test_random_members_come_out),
		cmocka_unit_test(test_what_no_metadata_can_be_is_refused),
		cmocka_unit_test(test_the_limit_is_that_of_the_text),
		cmocka_unit_test(test_only_the_canonical_form_is_one),
		cmocka_unit_test(test_memory_that_is_out_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
