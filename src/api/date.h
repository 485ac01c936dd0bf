/* SPDX-License-Identifier: MIT */
/* Dates as HTTP writes them (RFC 9110 section 5.6.7), in English whatever the locale is. */
#ifndef ARY_API_DATE_H
#define ARY_API_DATE_H

#include <stdbool.h>
#include <stdint.h>

enum { ARY_DATE_BYTES = 30 };

/* The last millisecond that the form can hold: the year 9999 ends. */
#define ARY_DATE_MS_MAX UINT64_C(253402300799999)

/* Writes TIME_MS (milliseconds since 1970, at most ARY_DATE_MS_MAX) as
 * "Sun, 06 Nov 1994 08:49:37 GMT". */
void ary_date_format(uint64_t time_ms, char out[ARY_DATE_BYTES]);

#endif
