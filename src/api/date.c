/* SPDX-License-Identifier: MIT */
#include "api/date.h"

#include <stdio.h>

#include "base/check.h"

static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month] + (month == 1 && is_leap(year) ? 1u : 0u);
}

void ary_date_format(uint64_t time_ms, char out[ARY_DATE_BYTES])
{
	unsigned second, day, year, month = 0;
	const char *weekday;

	ARY_CHECK(time_ms <= ARY_DATE_MS_MAX);
	second = (unsigned)(time_ms / 1000 % 86400);
	day = (unsigned)(time_ms / 86400000);
	weekday = weekdays[day % 7];
	/* Whole cycles of 400 years first, so that the loop below is short for every date. */
	year = 1970 + day / 146097 * 400;
	day %= 146097;
	for (; day >= (is_leap(year) ? 366u : 365u); year++)
		day -= is_leap(year) ? 366u : 365u;
	for (; day >= month_days(year, month); month++)
		day -= month_days(year, month);
	(void)snprintf(out, ARY_DATE_BYTES, "%s, %02u %s %04u %02u:%02u:%02u GMT", weekday,
		       (day + 1) % 100, months[month], year % 10000, second / 3600 % 24,
		       second / 60 % 60, second % 60);
}
