/* SPDX-License-Identifier: MIT */
/* Numbers from text, without the surprises of strtoull: no sign, no white space, no wrap. */
#ifndef ARY_BASE_NUMBER_H
#define ARY_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"

/* Decimal digits only, all of TEXT, no leading zero but "0" itself. False: not such a number, or
 * over 64 bits; OUT is untouched. */
ARY_MUST_CHECK bool ary_parse_u64(struct ary_bytes text, uint64_t *out);

/* As ary_parse_u64, with an optional suffix k, M, G (times 1024, 1024^2, 1024^3; case ignored),
 * with or without "iB" after it. */
ARY_MUST_CHECK bool ary_parse_size(struct ary_bytes text, uint64_t *out);

enum { ARY_U64_DIGITS_MAX = 20 };

/* Writes VALUE in decimal, no terminator; answers how many digits these are. */
size_t ary_format_u64(uint64_t value, uint8_t out[ARY_U64_DIGITS_MAX]);

/* Exactly eight lower-case hexadecimal digits. */
ARY_MUST_CHECK bool ary_parse_hex32(const uint8_t digits[8], uint32_t *out);

/* Writes eight lower-case hexadecimal digits, no terminator. */
void ary_format_hex32(uint32_t value, uint8_t out[8]);

#endif
