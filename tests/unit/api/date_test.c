/* SPDX-License-Identifier: MIT */
/* Promise: dates are those of the calendar, in HTTP's form, over the whole range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

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
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day_is_the_systems),
		cmocka_unit_test(test_dates_are_those_of_the_calendar),
	};

	return cmocka_run_group_tests_name("api/date", tests, NULL, NULL);
}
