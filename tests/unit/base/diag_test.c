/* SPDX-License-Identifier: MIT */
/* Promise: each message is one line of logfmt, whole, and cut at its limit. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"

/* What comes out of standard error while it is turned into a pipe. */
struct capture {
	int saved;
	int read_end;
};

static struct capture begin_capture(void)
{
	struct capture capture = { .saved = dup(STDERR_FILENO) };
	int ends[2];

	assert_true(capture.saved >= 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	capture.read_end = ends[0];
	return capture;
}

static size_t end_capture(struct capture capture, char *text, size_t size)
{
	size_t done = 0;
	ssize_t got;

	/* The last descriptor of the pipe's writing end goes, so that reading ends. */
	assert_int_equal(dup2(capture.saved, STDERR_FILENO), STDERR_FILENO);
	close(capture.saved);
	while ((got = read(capture.read_end, text + done, size - 1 - done)) > 0)
		done += (size_t)got;
	assert_int_equal(got, 0);
	close(capture.read_end);
	text[done] = '\0';
	return done;
}

static void test_line_has_level_event_and_values(void **state)
{
	struct capture capture = begin_capture();
	char text[4096];

	(void)state;
	ary_diag(ARY_DIAG_WARN, "sync_failed", "log=%d error=%s", 42, "\"x\"");
	ary_diag(ARY_DIAG_ERROR, "bare", "%s", "");
	ary_diag(ARY_DIAG_INFO, "started", "port=%d", 1);
	end_capture(capture, text, sizeof(text));
	assert_string_equal(text, "level=warn event=sync_failed log=42 error=\"x\"\n"
				  "level=error event=bare\n"
				  "level=info event=started port=1\n");
}

static void test_lines_above_the_level_are_dropped(void **state)
{
	struct capture capture = begin_capture();
	char text[4096];

	(void)state;
	ary_diag(ARY_DIAG_DEBUG, "hidden", "n=%d", 1);
	ary_diag_set_level(ARY_DIAG_DEBUG);
	ary_diag(ARY_DIAG_DEBUG, "shown", "n=%d", 2);
	ary_diag_set_level(ARY_DIAG_ERROR);
	ary_diag(ARY_DIAG_WARN, "hidden", "n=%d", 3);
	ary_diag(ARY_DIAG_ERROR, "shown", "n=%d", 4);
	ary_diag_set_level(ARY_DIAG_INFO);
	end_capture(capture, text, sizeof(text));
	assert_string_equal(text, "level=debug event=shown n=2\nlevel=error event=shown n=4\n");
}

static void test_line_is_cut_and_stays_one(void **state)
{
	struct capture capture = begin_capture();
	char text[4096];
	char value[3000];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	ary_diag(ARY_DIAG_INFO, "long", "value=%s", value);
	assert_int_equal(end_capture(capture, text, sizeof(text)), 1024);
	assert_ptr_equal(strchr(text, '\n'), text + 1023);
	capture = begin_capture();
	ary_diag(ARY_DIAG_INFO, "two", "a=1\nlevel=error event=forged\r\n");
	end_capture(capture, text, sizeof(text));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_null(strchr(text, '\r'));
}

static void test_quoting_leaves_no_byte_that_could_break_a_line(void **state)
{
	char out[ARY_DIAG_QUOTED_BYTES];

	(void)state;
	assert_string_equal(ary_diag_quote("", out), "\"\"");
	assert_string_equal(ary_diag_quote("plain text", out), "\"plain text\"");
	assert_string_equal(ary_diag_quote("a\"b\\c\n\x7f\xc3\xa9", out),
			    "\"a\\x22b\\x5cc\\x0a\\x7f\\xc3\\xa9\"");
	assert_ptr_equal(ary_diag_quote("x", out), out);
}

static void test_quoting_cuts_to_fit(void **state)
{
	char out[ARY_DIAG_QUOTED_BYTES];
	char text[2000];

	(void)state;
	for (int c = 0; c < 2; c++) {
		size_t size;

		memset(text, c == 0 ? 'a' : '\n', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		size = strlen(ary_diag_quote(text, out));
		assert_in_range(size, ARY_DIAG_QUOTED_BYTES - 6, ARY_DIAG_QUOTED_BYTES - 1);
		assert_int_equal(out[0], '"');
		assert_int_equal(out[size - 1], '"');
		assert_int_equal(out[size - 2], 'a'); /* a newline is \x0a */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_has_level_event_and_values),
		cmocka_unit_test(test_lines_above_the_level_are_dropped),
		cmocka_unit_test(test_line_is_cut_and_stays_one),
		cmocka_unit_test(test_quoting_leaves_no_byte_that_could_break_a_line),
		cmocka_unit_test(test_quoting_cuts_to_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
