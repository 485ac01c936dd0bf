/* SPDX-License-Identifier: MIT */
/* Dates as HTTP writes them (RFC 9110 section 5.6.7), in English whatever the locale is, and as RFC
 * 3339 does. */
#ifndef ARY_API_DATE_H
#define ARY_API_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum { ARY_DATE_BYTES = 30, ARY_DATE_INTERNET_BYTES = 25 };

/* The last millisecond that the form can hold: the year 9999 ends. */
#define ARY_DATE_MS_MAX UINT64_C(253402300799999)

/* Writes TIME_MS (milliseconds since 1970, at most ARY_DATE_MS_MAX) as
 * "Sun, 06 Nov 1994 08:49:37 GMT". */
void ary_date_format(uint64_t time_ms, char out[ARY_DATE_BYTES]);

/* Reads TEXT in any of HTTP's three forms: "Sun, 06 Nov 1994 08:49:37 GMT", and of old
 * "Sunday, 06-Nov-94 08:49:37 GMT" and "Sun Nov  6 08:49:37 1994". What is before 1970 counts as
 * its beginning. A year of two digits is the last one that lies no more than 50 years after NOW_MS.
 * Whether the weekday is that of the date is not looked at. False: it is no date. */
ARY_MUST_CHECK bool ary_date_parse(struct ary_bytes text, uint64_t now_ms, uint64_t *time_ms_out);

/* As ary_date_format, as "1994-11-06T08:49:37.123Z". */
void ary_date_format_internet(uint64_t time_ms, char out[ARY_DATE_INTERNET_BYTES]);

#endif
