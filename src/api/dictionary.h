/* SPDX-License-Identifier: MIT */
/* Dictionaries of structured fields (RFC 8941 section 3.2), member by member. What their values are
 * is told as far as this server knows any of them; their parameters are passed over.
 * Threads: any. */
#ifndef ARY_API_DICTIONARY_H
#define ARY_API_DICTIONARY_H

#include <stdbool.h>

#include "base/bytes.h"

enum ary_member_kind {
	ARY_MEMBER_BYTES,   /* `value` is the base64 between the colons, not looked at */
	ARY_MEMBER_INTEGER, /* `value` is its digits, and perhaps a sign */
	ARY_MEMBER_OTHER,   /* well-formed, whatever it is */
};

struct ary_member {
	struct ary_bytes name;
	enum ary_member_kind kind;
	struct ary_bytes value;
};

enum ary_take { ARY_TAKE_ONE, ARY_TAKE_END, ARY_TAKE_BAD };

/* Takes the first member of *TEXT, which goes on behind it. ONE fills *OUT, which borrows from
 * TEXT. END: there is none left. BAD: it is no dictionary. */
enum ary_take ary_dictionary_take(struct ary_bytes *text, struct ary_member *out);

#endif
