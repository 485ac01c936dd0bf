/* SPDX-License-Identifier: MIT */
/* Promise: dates are those of the calendar, in HTTP's form, over the whole range; they are read in
 * all three forms that HTTP has had, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>
#include <stdio.h>

#include "api/date.h"

static const struct {
	uint64_t time_ms;
	const char *text;
} rows[] = {
	{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
	{999, "Thu, 01 Jan 1970 00:00:00 GMT"},
	{1000, "Thu, 01 Jan 1970 00:00:01 GMT"},
	{86399999, "Thu, 01 Jan 1970 23:59:59 GMT"},
	{86400000, "Fri, 02 Jan 1970 00:00:00 GMT"},
	{784111777000, "Sun, 06 Nov 1994 08:49:37 GMT"},
	{951782399000, "Mon, 28 Feb 2000 23:59:59 GMT"},
	{951782400000, "Tue, 29 Feb 2000 00:00:00 GMT"},
	{951868800000, "Wed, 01 Mar 2000 00:00:00 GMT"},
	{1763796000123, "Sat, 22 Nov 2025 07:20:00 GMT"},
	{4107542400000, "Mon, 01 Mar 2100 00:00:00 GMT"},
	{4107542399000, "Sun, 28 Feb 2100 23:59:59 GMT"},
	{12622780800000, "Thu, 01 Jan 2370 00:00:00 GMT"},
	{253402300799999, "Fri, 31 Dec 9999 23:59:59 GMT"},
};

static void test_dates_are_those_of_the_calendar(void **state)
{
	char text[ARY_DATE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ary_date_format(rows[i].time_ms, text);
		assert_string_equal(text, rows[i].text);
	}
}

/* Every day of four centuries and some, against the system's own calendar. */
static void test_every_day_is_the_systems(void **state)
{
	char expected[ARY_DATE_BYTES];
	char text[ARY_DATE_BYTES];

	(void)state;
	for (time_t day = 0; day < 450 * 366; day++) {
		time_t second = day * 86400 + day % 86400;
		struct tm parts;

		assert_non_null(gmtime_r(&second, &parts));
		assert_int_equal(strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT",
					  &parts),
				 ARY_DATE_BYTES - 1);
		ary_date_format((uint64_t)second * 1000, text);
		assert_string_equal(text, expected);
		assert_int_equal(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.",
					  &parts),
				 ARY_DATE_INTERNET_BYTES - 5);
		(void)snprintf(expected + ARY_DATE_INTERNET_BYTES - 5, 5, "%03uZ",
			       (unsigned)(day % 1000));
		ary_date_format_internet((uint64_t)second * 1000 + (uint64_t)(day % 1000), text);
		assert_string_equal(text, expected);
	}
}

/* By a clock of 22 November 2026. */
#define NOW_MS UINT64_C(1795305600000)

static bool parse(const char *text, uint64_t now_ms, uint64_t *out)
{
	return ary_date_parse(ary_bytes_of(text), now_ms, out);
}

static void test_every_day_is_read_back_in_every_form(void **state)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y",
	};
	char text[64];

	(void)state;
	for (time_t day = 0; day < 450 * 366; day++) {
		time_t second = day * 86400 + day % 86400;
		struct tm parts;

		assert_non_null(gmtime_r(&second, &parts));
		for (size_t i = 0; i < 3; i++) {
			uint64_t time_ms = 1;

			assert_true(strftime(text, sizeof(text), forms[i], &parts) > 0);
			/* Two digits are enough when the clock is near. */
			if (!parse(text, (uint64_t)second * 1000, &time_ms) ||
			    time_ms != (uint64_t)second * 1000)
				fail_msg("%s", text);
		}
	}
}

static const struct {
	const char *text;
	uint64_t now_ms;
	uint64_t time_ms;
} readable[] = {
	{"Sun, 06 Nov 1994 08:49:37 GMT", NOW_MS, 784111777000},
	{"Sunday, 06-Nov-94 08:49:37 GMT", NOW_MS, 784111777000},
	{"Sun Nov  6 08:49:37 1994", NOW_MS, 784111777000},
	{"Wed Nov 16 08:49:37 1994", NOW_MS, 784975777000},
	/* The weekday is not held against the date. */
	{"Mon, 06 Nov 1994 08:49:37 GMT", NOW_MS, 784111777000},
	{"Sat, 31 Dec 2016 23:59:60 GMT", NOW_MS, 1483228800000},
	{"Tue, 29 Feb 2000 00:00:00 GMT", NOW_MS, 951782400000},
	{"Fri, 31 Dec 9999 23:59:59 GMT", NOW_MS, 253402300799000},
	{"Wed, 31 Dec 1969 23:59:59 GMT", NOW_MS, 0},
	{"Sat, 01 Jan 0000 00:00:00 GMT", NOW_MS, 0},
	/* Fifty years to the second, and one second more. */
	{"Sunday, 22-Nov-76 00:00:00 GMT", NOW_MS, 3373228800000},
	{"Sunday, 22-Nov-76 00:00:01 GMT", NOW_MS, 217468801000},
	{"Sunday, 01-Jan-77 00:00:00 GMT", NOW_MS, 220924800000},
	{"Sunday, 01-Jan-00 00:00:00 GMT", NOW_MS, 946684800000},
	/* In 2098 the years to come are of the next century. */
	{"Monday, 01-Jan-01 00:00:00 GMT", UINT64_C(4039372800000), 4133980800000},
	{"Monday, 01-Jan-98 00:00:00 GMT", UINT64_C(4039372800000), 4039372800000},
	{"Thursday, 01-Jan-70 00:00:00 GMT", 0, 0},
	{"Thursday, 01-Jan-20 00:00:00 GMT", 0, 1577836800000},
	{"Thursday, 01-Jan-21 00:00:00 GMT", 0, 0},
	{"Friday, 31-Dec-99 23:59:59 GMT", UINT64_MAX, 253402300799000},
};

static void test_all_three_forms_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
		uint64_t time_ms = 1;

		if (!parse(readable[i].text, readable[i].now_ms, &time_ms) ||
		    time_ms != readable[i].time_ms)
			fail_msg("%s: %llu", readable[i].text, (unsigned long long)time_ms);
	}
}

static const char *const unreadable[] = {
	"", "0", "-1", "Sun", "Sun,", "Sun, ", "yesterday", "1994-11-06T08:49:37Z",
	"Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
	"sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 1994 08:49:37 gmt", "Sun, 06 Nov 1994 08:49:37 UTC",
	"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
	" Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT, x",
	"Sun, 06 Nov 1994 08:49:37 +0000", "Sun,06 Nov 1994 08:49:37 GMT",
	"Sun, 06  Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
	"Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
	"Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
	"Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT",
	"Sun, 29 Feb 2023 08:49:37 GMT", "Sun, 30 Feb 2024 08:49:37 GMT",
	"Sun, 06 Foo 1994 08:49:37 GMT", "Foo, 06 Nov 1994 08:49:37 GMT",
	"Sun, 0x Nov 1994 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
	"Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06 Nov 94 08:49:37 GMT",
	"Sunday, 6-Nov-94 08:49:37 GMT", "Sunday 06-Nov-94 08:49:37 GMT",
	"Monday, 31-Nov-94 08:49:37 GMT", "Sunsday, 06-Nov-94 08:49:37 GMT",
	"Sun Nov 6 08:49:37 1994", "Sun Nov 06 08:49:37 1994 GMT", "Sun Nov  6 08:49:37 94",
	"Sun Nov   6 08:49:37 1994", "Sun  Nov  6 08:49:37 1994", "Sun Nov 32 08:49:37 1994",
};

static void test_what_is_no_date_is_not_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
		uint64_t time_ms = 1;

		if (parse(unreadable[i], NOW_MS, &time_ms))
			fail_msg("%s", unreadable[i]);
		assert_int_equal(time_ms, 1);
	}
}

static void test_a_part_of_a_date_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ary_bytes text = ary_bytes_of(readable[i].text);
		uint64_t time_ms;

		while (text.size-- > 0)
			assert_false(ary_date_parse(text, NOW_MS, &time_ms));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day_is_the_systems),
		cmocka_unit_test(test_dates_are_those_of_the_calendar),
		cmocka_unit_test(test_every_day_is_read_back_in_every_form),
		cmocka_unit_test(test_all_three_forms_are_read),
		cmocka_unit_test(test_what_is_no_date_is_not_read),
		cmocka_unit_test(test_a_part_of_a_date_is_none),
	};

	return cmocka_run_group_tests_name("api/date", tests, NULL, NULL);
}
