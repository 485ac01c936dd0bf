/* SPDX-License-Identifier: MIT */
/* Promise: an error is a status and one line of UTF-8 that ends with the reason. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/status.h"
#include "base/utf8.h"

static void test_each_status_has_a_name_and_a_text(void **state)
{
	(void)state;
	assert_string_equal(ary_status_name(ARY_OK), "OK");
	assert_string_equal(ary_status_name(ARY_NOT_FOUND), "NOT_FOUND");
	assert_string_equal(ary_status_name(ARY_UNSUPPORTED), "UNSUPPORTED");
	for (int i = ARY_OK; i <= ARY_UNSUPPORTED; i++)
		assert_true(strlen(ary_status_text((enum ary_status)i)) > 1);
}

static void test_fail_fills_the_error_and_answers_the_status(void **state)
{
	struct ary_error err = { .os_errno = 7 };

	(void)state;
	assert_int_equal(ary_fail(&err, ARY_CORRUPT, "line %d of %s", 3, "a.log"), ARY_CORRUPT);
	assert_int_equal(err.status, ARY_CORRUPT);
	assert_int_equal(err.os_errno, 0);
	assert_string_equal(err.text, "line 3 of a.log");
}

static void test_no_error_to_fill_is_fine(void **state)
{
	(void)state;
	assert_int_equal(ary_fail(NULL, ARY_BUSY, "x"), ARY_BUSY);
	assert_int_equal(ary_fail_errno(NULL, ENOENT, "x"), ARY_NOT_FOUND);
	assert_int_equal(ary_error_wrap(NULL, ARY_TOO_LARGE, "x"), ARY_TOO_LARGE);
}

static void test_errno_gives_the_status_and_the_reason(void **state)
{
	static const struct {
		int os_errno;
		enum ary_status status;
	} rows[] = {
		{ ENOSPC, ARY_NO_SPACE }, { EDQUOT, ARY_NO_SPACE }, { EFBIG, ARY_NO_SPACE },
		{ ENOENT, ARY_NOT_FOUND }, { EEXIST, ARY_EXISTS }, { ENOMEM, ARY_NO_MEMORY },
		{ EMFILE, ARY_BUSY }, { ENFILE, ARY_BUSY }, { EIO, ARY_IO }, { EACCES, ARY_IO },
		{ 99999, ARY_IO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_error err;

		assert_int_equal(ary_fail_errno(&err, rows[i].os_errno, "cannot open %s", "f"),
				 rows[i].status);
		assert_int_equal(err.status, rows[i].status);
		assert_int_equal(err.os_errno, rows[i].os_errno);
		assert_memory_equal(err.text, "cannot open f: ", 15);
		assert_string_equal(err.text + 15, strerror(rows[i].os_errno));
	}
}

static void test_long_path_does_not_push_the_reason_out(void **state)
{
	struct ary_error err;
	char path[500];
	size_t size;

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	(void)ary_fail_errno(&err, ENOSPC, "cannot write %s", path);
	size = strlen(err.text);
	assert_int_equal(size, ARY_ERROR_TEXT_BYTES - 1);
	assert_string_equal(err.text + size - strlen(strerror(ENOSPC)), strerror(ENOSPC));
}

static void test_wrap_puts_the_context_first(void **state)
{
	struct ary_error err;

	(void)state;
	(void)ary_fail_errno(&err, EIO, "sync");
	assert_int_equal(ary_error_wrap(&err, ARY_OK, "log %d", 42), ARY_IO);
	assert_int_equal(err.status, ARY_IO);
	assert_int_equal(err.os_errno, EIO);
	assert_memory_equal(err.text, "log 42: sync: ", 14);
}

static void test_wrap_cuts_to_fit(void **state)
{
	struct ary_error err;

	(void)state;
	(void)ary_fail(&err, ARY_CORRUPT, "%s", "the innermost reason");
	for (int i = 0; i < 40; i++)
		assert_int_equal(ary_error_wrap(&err, ARY_OK, "%s %d", "context", i), ARY_CORRUPT);
	assert_int_equal(strlen(err.text), ARY_ERROR_TEXT_BYTES - 1);
	assert_memory_equal(err.text, "context 39: context 38: ", 24);
}

static void test_wrap_may_use_the_text_it_replaces(void **state)
{
	struct ary_error err;

	(void)state;
	(void)ary_fail(&err, ARY_IO, "inner");
	(void)ary_error_wrap(&err, ARY_OK, "again %s", err.text);
	assert_string_equal(err.text, "again inner: inner");
	(void)ary_fail(&err, ARY_IO, "<%s>", err.text);
	assert_string_equal(err.text, "<again inner: inner>");
}

static void test_text_is_one_line(void **state)
{
	struct ary_error err;

	(void)state;
	(void)ary_fail(&err, ARY_INVALID, "a\nb\r\tc\x1b[0m\x7f");
	assert_string_equal(err.text, "a b  c [0m ");
}

static void test_cut_never_splits_a_character(void **state)
{
	static const char *const characters[] = { "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
	char text[600];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t before = 0; before < 4; before++) {
			struct ary_error err;
			size_t size = before;

			memset(text, 'a', before);
			for (int n = 0; n < 140; n++, size += strlen(characters[i]))
				memcpy(text + size, characters[i], strlen(characters[i]));
			text[size] = '\0';
			(void)ary_fail(&err, ARY_INVALID, "%s", text);
			assert_true(ary_utf8_valid(ary_bytes_of(err.text)));
			assert_in_range(strlen(err.text), ARY_ERROR_TEXT_BYTES - 4,
					ARY_ERROR_TEXT_BYTES - 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_status_has_a_name_and_a_text),
		cmocka_unit_test(test_fail_fills_the_error_and_answers_the_status),
		cmocka_unit_test(test_no_error_to_fill_is_fine),
		cmocka_unit_test(test_errno_gives_the_status_and_the_reason),
		cmocka_unit_test(test_long_path_does_not_push_the_reason_out),
		cmocka_unit_test(test_wrap_puts_the_context_first),
		cmocka_unit_test(test_wrap_cuts_to_fit),
		cmocka_unit_test(test_wrap_may_use_the_text_it_replaces),
		cmocka_unit_test(test_text_is_one_line),
		cmocka_unit_test(test_cut_never_splits_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
