/* SPDX-License-Identifier: MIT */
#include "api/date.h"

#include <string.h>

#include "base/check.h"

enum {
	DAYS_OF_400_YEARS = 146097,
	DAYS_BEFORE_1970 = 719468, /* since 1 March of the year 0 */
};

struct date {
	unsigned year;
	unsigned month; /* 0: January */
	unsigned day;   /* 1: the first */
};

/* Years are counted from March, so that the leap day is the last one and months follow one rule:
 * H. Hinnant, chrono-compatible low-level date algorithms, civil_from_days. */
static struct date date_of(unsigned days_since_1970)
{
	unsigned days = days_since_1970 + DAYS_BEFORE_1970;
	unsigned day = days % DAYS_OF_400_YEARS;
	unsigned year = (day - day / 1460 + day / 36524 - day / (DAYS_OF_400_YEARS - 1)) / 365;
	unsigned day_of_year = day - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * day_of_year + 2) / 153; /* 0: March */

	return (struct date){
		.year = days / DAYS_OF_400_YEARS * 400 + year + (month >= 10 ? 1 : 0),
		.month = (month + 2) % 12,
		.day = day_of_year - (153 * month + 2) / 5 + 1,
	};
}

static void put_two_digits(char *out, unsigned number)
{
	out[0] = (char)('0' + number / 10 % 10);
	out[1] = (char)('0' + number % 10);
}

void ary_date_format(uint64_t time_ms, char out[ARY_DATE_BYTES])
{
	static const char weekdays[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	unsigned second, days;
	struct date date;

	ARY_CHECK(time_ms <= ARY_DATE_MS_MAX);
	second = (unsigned)(time_ms / 1000 % 86400);
	days = (unsigned)(time_ms / 86400000);
	date = date_of(days);
	memcpy(out, "Www, DD Mmm YYYY hh:mm:ss GMT", ARY_DATE_BYTES);
	memcpy(out, weekdays[days % 7], 3);
	put_two_digits(out + 5, date.day);
	memcpy(out + 8, months[date.month], 3);
	put_two_digits(out + 12, date.year / 100);
	put_two_digits(out + 14, date.year);
	put_two_digits(out + 17, second / 3600);
	put_two_digits(out + 20, second / 60 % 60);
	put_two_digits(out + 23, second % 60);
}
