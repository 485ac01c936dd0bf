/* SPDX-License-Identifier: MIT */
/* What a client says of a value beside its type: names, each with a text, as the canonical JSON
 * object of strings that stands in a line. The same metadata always is the same bytes:
 *
 *     {"author":"John","title":"a \"b\""}
 *
 * A name is a token of RFC 9110 in lower case; names rise in byte order, so that none is there
 * twice. A text is printable ASCII (0x20 to 0x7e), without a space at either end, and may be
 * empty; only `"` and `\` are escaped. No metadata at all is the empty text, never `{}`.
 *
 * Threads: any. Limits: ARY_META_BYTES_MAX for the object's text, ARY_META_NAMES_MAX names: each
 * becomes a field in the head of an answer. */
#ifndef ARY_FORMAT_META_H
#define ARY_FORMAT_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum { ARY_META_BYTES_MAX = 4096, ARY_META_NAMES_MAX = 64 };

/* Puts NAME (its letters in lower case) with VALUE into the object that BUF holds from START on,
 * which is empty, or was made by this function.
 * INVALID: no such name or value, or the name is there; TOO_LARGE: the object would be; NO_MEMORY.
 * BUF is as it was then. */
ARY_MUST_CHECK enum ary_status ary_meta_add(struct ary_buf *buf, size_t start,
					    struct ary_bytes name, struct ary_bytes value,
					    struct ary_error *err);

/* How many bytes at the beginning of TEXT are a canonical object; 0: they are none. */
size_t ary_meta_span(struct ary_bytes text);

/* Whether TEXT is empty, or a canonical object from its first byte to its last. */
bool ary_meta_valid(struct ary_bytes text);

/* Where a walk through an object is. Private but for its place in memory, which must not change. */
struct ary_meta_cursor {
	const uint8_t *at;
	const uint8_t *end;
	uint8_t unescaped[ARY_META_BYTES_MAX];
};

/* Begins a walk through TEXT, which is ary_meta_valid and borrowed until its end. */
void ary_meta_begin(struct ary_meta_cursor *cursor, struct ary_bytes text);

/* The next name and its value, both borrowed until the next call. False: there is none. */
bool ary_meta_next(struct ary_meta_cursor *cursor, struct ary_bytes *name_out,
		   struct ary_bytes *value_out);

#endif
