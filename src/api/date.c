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
	unsigned month;  /* 0: January */
	unsigned day;    /* 1: the first */
	unsigned second; /* of the day */
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

static const char weekdays[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void put_time(char *out, uint64_t time_ms)
{
	unsigned second = (unsigned)(time_ms / 1000 % 86400);

	put_two_digits(out, second / 3600);
	put_two_digits(out + 3, second / 60 % 60);
	put_two_digits(out + 6, second % 60);
}

void ary_date_format(uint64_t time_ms, char out[ARY_DATE_BYTES])
{
	unsigned days;
	struct date date;

	ARY_CHECK(time_ms <= ARY_DATE_MS_MAX);
	days = (unsigned)(time_ms / 86400000);
	date = date_of(days);
	memcpy(out, "Www, DD Mmm YYYY hh:mm:ss GMT", ARY_DATE_BYTES);
	memcpy(out, weekdays[days % 7], 3);
	put_two_digits(out + 5, date.day);
	memcpy(out + 8, months[date.month], 3);
	put_two_digits(out + 12, date.year / 100);
	put_two_digits(out + 14, date.year);
	put_time(out + 17, time_ms);
}

void ary_date_format_internet(uint64_t time_ms, char out[ARY_DATE_INTERNET_BYTES])
{
	struct date date;

	ARY_CHECK(time_ms <= ARY_DATE_MS_MAX);
	date = date_of((unsigned)(time_ms / 86400000));
	memcpy(out, "YYYY-MM-DDThh:mm:ss.mmmZ", ARY_DATE_INTERNET_BYTES);
	put_two_digits(out, date.year / 100);
	put_two_digits(out + 2, date.year);
	put_two_digits(out + 5, date.month + 1);
	put_two_digits(out + 8, date.day);
	put_time(out + 11, time_ms);
	put_two_digits(out + 20, (unsigned)(time_ms % 1000 / 10));
	out[22] = (char)('0' + time_ms % 10);
}

/* The other way round, by the same rule: days_from_civil. */
static unsigned days_since_1970(const struct date *date)
{
	unsigned year = date->year - (date->month < 2 ? 1 : 0);
	unsigned month = (date->month + 10) % 12; /* 0: March */
	unsigned day = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 +
		       date->day - 1;

	return day - DAYS_BEFORE_1970;
}

static bool is_day(const struct date *date)
{
	static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);
	unsigned last = days[date->month] + (is_leap && date->month == 1 ? 1U : 0U);

	return date->day >= 1 && date->day <= last;
}

static bool take_text(struct ary_bytes *text, const char *expected)
{
	struct ary_bytes bytes = ary_bytes_of(expected);

	if (!ary_bytes_start_with(*text, bytes))
		return false;
	text->data += bytes.size;
	text->size -= bytes.size;
	return true;
}

static bool take_number(struct ary_bytes *text, size_t digits, unsigned *out)
{
	unsigned number = 0;

	if (text->size < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		uint8_t byte = text->data[i];

		if (byte < '0' || byte > '9')
			return false;
		number = number * 10 + (unsigned)(byte - '0');
	}
	text->data += digits;
	text->size -= digits;
	*out = number;
	return true;
}

static bool take_name(struct ary_bytes *text, const char names[][4], unsigned count, unsigned *out)
{
	for (unsigned i = 0; i < count; i++) {
		if (!take_text(text, names[i]))
			continue;
		*out = i;
		return true;
	}
	return false;
}

static bool take_month(struct ary_bytes *text, struct date *date)
{
	return take_name(text, months, 12, &date->month);
}

/* A minute may have a leap second; it counts as the first one of the next. */
static bool take_time(struct ary_bytes *text, struct date *date)
{
	unsigned hour, minute, second;

	if (!take_number(text, 2, &hour) || !take_text(text, ":") ||
	    !take_number(text, 2, &minute) || !take_text(text, ":") ||
	    !take_number(text, 2, &second) || hour > 23 || minute > 59 || second > 60)
		return false;
	date->second = hour * 3600 + minute * 60 + second;
	return true;
}

/* "06 Nov 1994 08:49:37 GMT" */
static bool take_fixed(struct ary_bytes *text, struct date *date)
{
	return take_number(text, 2, &date->day) && take_text(text, " ") &&
	       take_month(text, date) && take_text(text, " ") &&
	       take_number(text, 4, &date->year) && take_text(text, " ") &&
	       take_time(text, date) && take_text(text, " GMT");
}

/* "Nov  6 08:49:37 1994" */
static bool take_asctime(struct ary_bytes *text, struct date *date)
{
	if (!take_month(text, date) || !take_text(text, " "))
		return false;
	if (!take_number(text, take_text(text, " ") ? 1 : 2, &date->day))
		return false;
	return take_text(text, " ") && take_time(text, date) && take_text(text, " ") &&
	       take_number(text, 4, &date->year);
}

/* Dates in their order. */
static uint64_t rank(const struct date *date)
{
	return ((uint64_t)date->year * 12 + date->month) * 32 * 86401 +
	       (uint64_t)date->day * 86401 + date->second;
}

/* Puts the two digits of DATE's year into the last century that RFC 9110 section 5.6.7 leaves. */
static void find_century(struct date *date, uint64_t now_ms)
{
	struct date limit = date_of((unsigned)(now_ms / 86400000));

	limit.year += 50;
	limit.second = (unsigned)(now_ms / 1000 % 86400);
	date->year += limit.year / 100 * 100;
	if (rank(date) > rank(&limit))
		date->year -= 100;
}

/* "06-Nov-94 08:49:37 GMT" */
static bool take_rfc850(struct ary_bytes *text, uint64_t now_ms, struct date *date)
{
	if (!take_number(text, 2, &date->day) || !take_text(text, "-") ||
	    !take_month(text, date) || !take_text(text, "-") ||
	    !take_number(text, 2, &date->year) || !take_text(text, " ") ||
	    !take_time(text, date) || !take_text(text, " GMT"))
		return false;
	find_century(date, now_ms);
	return true;
}

static bool take_date(struct ary_bytes *text, uint64_t now_ms, struct date *date)
{
	static const char *const ends[] = {"rsday", "day", "urday", "day", "day", "sday", "nesday"};
	unsigned weekday;

	if (!take_name(text, weekdays, 7, &weekday))
		return false;
	if (take_text(text, ", "))
		return take_fixed(text, date);
	if (take_text(text, " "))
		return take_asctime(text, date);
	return take_text(text, ends[weekday]) && take_text(text, ", ") &&
	       take_rfc850(text, now_ms, date);
}

bool ary_date_parse(struct ary_bytes text, uint64_t now_ms, uint64_t *time_ms_out)
{
	struct date date;

	if (now_ms > ARY_DATE_MS_MAX)
		now_ms = ARY_DATE_MS_MAX;
	if (!take_date(&text, now_ms, &date) || text.size > 0 || !is_day(&date))
		return false;
	*time_ms_out = 0;
	if (date.year >= 1970)
		*time_ms_out = (days_since_1970(&date) * UINT64_C(86400) + date.second) * 1000;
	return true;
}
