/* SPDX-License-Identifier: MIT */
/* Which part of a value is asked for (RFC 9110 section 14). One range of bytes is sent; what asks
 * for several, in another unit or in another way is ignored, as that section allows or wants.
 * Threads: any. */
#ifndef ARY_API_RANGE_H
#define ARY_API_RANGE_H

#include "api/call.h"

enum ary_range_kind {
	ARY_RANGE_WHOLE,         /* there is no range that counts */
	ARY_RANGE_PART,
	ARY_RANGE_UNSATISFIABLE, /* 416 */
};

/* The part of a value. */
struct ary_range {
	uint64_t first;
	uint64_t size; /* at least 1 */
};

/* Reads TEXT, the value of a Range field, for a value of VALUE_BYTES. PART fills *OUT. */
enum ary_range_kind ary_range_parse(struct ary_bytes text, uint64_t value_bytes,
				    struct ary_range *out);

/* As ary_range_parse, of the Range of CALL, which was admitted and asks for the value with SEQ: it
 * counts only in a GET, and where If-Range, if there is one, names that very value. A date there
 * never does: a value can be written twice in a second, so that no date is a strong validator
 * (RFC 9110 section 13.1.5), and then the whole is right whatever the client has. */
enum ary_range_kind ary_range_of(const struct ary_call *call, uint64_t seq, uint64_t value_bytes,
				 struct ary_range *out);

#endif
