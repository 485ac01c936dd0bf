/* SPDX-License-Identifier: MIT */
/* Promise: a buffer grows as needed in linear time, and is as it was when memory is out. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"

static struct ary_bytes bytes(const char *text)
{
	return ary_bytes_of(text);
}

static void test_bytes_are_compared_as_unsigned_and_shorter_first(void **state)
{
	const struct ary_bytes nothing = { NULL, 0 };

	(void)state;
	assert_true(ary_bytes_compare(bytes("a"), bytes("b")) < 0);
	assert_true(ary_bytes_compare(bytes("b"), bytes("a")) > 0);
	assert_true(ary_bytes_compare(bytes("a"), bytes("ab")) < 0);
	assert_true(ary_bytes_compare(bytes("ab"), bytes("a")) > 0);
	assert_true(ary_bytes_compare(bytes("\x7f"), bytes("\x80")) < 0);
	assert_int_equal(ary_bytes_compare(bytes("ab"), bytes("ab")), 0);
	assert_int_equal(ary_bytes_compare(nothing, bytes("")), 0);
	assert_true(ary_bytes_compare(nothing, bytes("a")) < 0);
}

static void test_bytes_are_equal_only_when_all_are(void **state)
{
	const struct ary_bytes nothing = { NULL, 0 };

	(void)state;
	assert_true(ary_bytes_equal(bytes("abc"), bytes("abc")));
	assert_false(ary_bytes_equal(bytes("abc"), bytes("abd")));
	assert_false(ary_bytes_equal(bytes("abc"), bytes("ab")));
	assert_true(ary_bytes_equal(nothing, bytes("")));
	assert_true(ary_bytes_start_with(bytes("abc"), bytes("ab")));
	assert_true(ary_bytes_start_with(bytes("abc"), nothing));
	assert_true(ary_bytes_start_with(nothing, nothing));
	assert_false(ary_bytes_start_with(bytes("abc"), bytes("b")));
	assert_false(ary_bytes_start_with(bytes("ab"), bytes("abc")));
}

static void test_appended_bytes_come_out_in_order(void **state)
{
	struct ary_buf buf = { 0 };
	unsigned growths = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint8_t byte = (uint8_t)(i * 7);
		size_t before = buf.capacity;

		assert_true(ary_buf_append(&buf, (struct ary_bytes){ &byte, 1 }));
		growths += buf.capacity != before;
	}
	assert_int_equal(buf.size, 100000);
	assert_in_range(growths, 2, 20);
	for (unsigned i = 0; i < 100000; i++)
		if (ary_buf_view(&buf).data[i] != (uint8_t)(i * 7))
			fail_msg("byte %u is not what was appended", i);
	ary_buf_release(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.size + buf.capacity, 0);
}

static void test_nothing_can_be_appended_to_nothing(void **state)
{
	struct ary_buf buf = { 0 };

	(void)state;
	assert_true(ary_buf_append(&buf, (struct ary_bytes){ NULL, 0 }));
	assert_true(ary_buf_reserve(&buf, 0));
	assert_int_equal(ary_buf_view(&buf).size, 0);
	ary_buf_release(&buf);
}

static void test_reserved_room_needs_no_more_memory(void **state)
{
	struct ary_buf buf = { 0 };

	(void)state;
	assert_true(ary_buf_reserve(&buf, 1000));
	assert_true(buf.capacity >= 1000);
	ary_alloc_fail_at(1, 1);
	for (int i = 0; i < 100; i++)
		assert_true(ary_buf_append(&buf, bytes("0123456789")));
	ary_alloc_fail_at(0, 0);
	assert_int_equal(buf.size, 1000);
	ary_buf_release(&buf);
}

static void assert_is(const struct ary_buf *buf, const char *text)
{
	assert_true(ary_bytes_equal(ary_buf_view(buf), bytes(text)));
}

static void test_failing_growth_leaves_the_buffer(void **state)
{
	struct ary_buf buf = { 0 };
	char longer[200];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ary_alloc_fail_at(1, 0);
	assert_false(ary_buf_append(&buf, bytes("kept")));
	assert_null(buf.data);
	assert_true(ary_buf_append(&buf, bytes("kept")));
	ary_alloc_fail_at(1, 1);
	assert_false(ary_buf_append(&buf, bytes(longer)));
	assert_false(ary_buf_printf(&buf, "%s", longer));
	assert_false(ary_buf_reserve(&buf, sizeof(longer)));
	assert_is(&buf, "kept");
	ary_alloc_fail_at(0, 0);
	assert_true(ary_buf_append(&buf, bytes(" too")));
	assert_is(&buf, "kept too");
	ary_buf_release(&buf);
}

static void test_impossible_sizes_are_refused(void **state)
{
	struct ary_buf buf = { 0 };

	(void)state;
	assert_true(ary_buf_append(&buf, bytes("kept")));
	assert_false(ary_buf_reserve(&buf, SIZE_MAX));
	assert_false(ary_buf_reserve(&buf, SIZE_MAX - 4)); /* wraps to nothing */
	assert_false(ary_buf_reserve(&buf, PTRDIFF_MAX));
	assert_is(&buf, "kept");
	ary_buf_release(&buf);
}

static void test_printed_text_has_no_terminator(void **state)
{
	struct ary_buf buf = { 0 };

	(void)state;
	assert_true(ary_buf_printf(&buf, "%s=%d", "a", 1));
	assert_true(ary_buf_printf(&buf, "%s", ""));
	assert_true(ary_buf_printf(&buf, ";%0*d", 300, 7));
	assert_int_equal(buf.size, 3 + 301);
	assert_memory_equal(buf.data, "a=1;000", 7);
	assert_int_equal(buf.data[buf.size - 1], '7');
	ary_buf_release(&buf);
}

static void test_case_of_letters_alone_is_ignored(void **state)
{
	(void)state;
	assert_true(ary_bytes_are_caseless(ary_bytes_of("If-Match"), "iF-mATCH"));
	assert_true(ary_bytes_are_caseless((struct ary_bytes){NULL, 0}, ""));
	assert_false(ary_bytes_are_caseless(ary_bytes_of("If-Match"), "If-Matc"));
	assert_false(ary_bytes_are_caseless(ary_bytes_of("If-Matc"), "If-Match"));
	assert_false(ary_bytes_are_caseless(ary_bytes_of("a@"), "a`"));
}

static void test_blanks_are_trimmed_at_both_ends_only(void **state)
{
	static const char *const rows[][2] = {
		{"", ""}, {" \t ", ""}, {"a", "a"}, {"\t a b \t", "a b"}, {"\na ", "\na"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(ary_bytes_equal(ary_bytes_trim(ary_bytes_of(rows[i][0])),
					    ary_bytes_of(rows[i][1])));
	assert_int_equal(ary_bytes_trim((struct ary_bytes){NULL, 0}).size, 0);
}

static void test_bytes_are_cut_at_the_first_separator(void **state)
{
	static const char *const rows[][3] = {
		{"a=b", "a", "b"},    {"a=b=c", "a", "b=c"}, {"=b", "", "b"},
		{"a=", "a", ""},      {"ab", "ab", ""},      {"=", "", ""},
	};
	struct ary_bytes rest = bytes("x");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_bytes first;

		rest = bytes(rows[i][0]);
		first = ary_bytes_cut(rest, '=', &rest);
		assert_true(ary_bytes_equal(first, bytes(rows[i][1])));
		assert_true(ary_bytes_equal(rest, bytes(rows[i][2])));
	}
	assert_int_equal(ary_bytes_cut((struct ary_bytes){NULL, 0}, '=', &rest).size, 0);
	assert_int_equal(rest.size, 0);
}

static void test_behind_a_prefix_is_the_least_that_does_not_begin_so(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},	     {"a", "b"},	 {"ab", "ac"},	 {"a\xff", "b"},
		{"\xff", ""},	     {"\xff\xff", ""},	 {"\x7f", "\x80"}, {"a/", "a0"},
		{"\xff\xfe", "\xff\xff"}, {"a\xff\xff", "b"},
	};
	struct ary_buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(ary_bytes_behind_prefix(bytes(rows[i][0]), &out));
		assert_true(ary_bytes_equal(ary_buf_view(&out), bytes(rows[i][1])));
	}
	ary_buf_release(&out);
	ary_alloc_fail_at(1, 1);
	assert_false(ary_bytes_behind_prefix(bytes("a"), &out));
	ary_alloc_fail_at(0, 0);
	assert_int_equal(out.size, 0);
}

static void test_printable_is_space_to_tilde(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		const uint8_t text[] = {'a', (uint8_t)byte, 'b'};

		assert_int_equal(ary_bytes_printable((struct ary_bytes){text, 3}),
				 byte >= ' ' && byte <= '~');
	}
	assert_true(ary_bytes_printable((struct ary_bytes){NULL, 0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_are_compared_as_unsigned_and_shorter_first),
		cmocka_unit_test(test_case_of_letters_alone_is_ignored),
		cmocka_unit_test(test_blanks_are_trimmed_at_both_ends_only),
		cmocka_unit_test(test_bytes_are_cut_at_the_first_separator),
		cmocka_unit_test(test_behind_a_prefix_is_the_least_that_does_not_begin_so),
		cmocka_unit_test(test_printable_is_space_to_tilde),
		cmocka_unit_test(test_bytes_are_equal_only_when_all_are),
		cmocka_unit_test(test_appended_bytes_come_out_in_order),
		cmocka_unit_test(test_nothing_can_be_appended_to_nothing),
		cmocka_unit_test(test_reserved_room_needs_no_more_memory),
		cmocka_unit_test(test_failing_growth_leaves_the_buffer),
		cmocka_unit_test(test_impossible_sizes_are_refused),
		cmocka_unit_test(test_printed_text_has_no_terminator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
