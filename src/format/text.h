/* SPDX-License-Identifier: MIT */
/* The inside of a JSON string: what must be escaped, and what escapes stand for. Pure functions.
 *
 * Threads: any. Limits: none; linear in the text. */
#ifndef ARY_FORMAT_TEXT_H
#define ARY_FORMAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"

/* The longest escape: `\u00xx`. */
enum { ARY_TEXT_ESCAPE_BYTES_MAX = 6 };

/* How many bytes from DATA on, at most SIZE, are neither a quote, a backslash nor below 0x20. */
size_t ary_text_plain(const uint8_t *data, size_t size);

/* Whether BYTES are all below 0x80. */
bool ary_text_ascii(struct ary_bytes bytes);

/* Whether BYTES can be written as text: UTF-8 throughout, without U+0000. */
bool ary_text_valid(struct ary_bytes bytes);

/* Writes BYTES, escaped, to OUT, which has room for six times as many. Answers the byte after. */
uint8_t *ary_text_escape(struct ary_bytes bytes, uint8_t *out);

/* Appends the member `"NAME":"..."` with BYTES escaped, or `"NAME_b64":"..."` with BYTES in base64
 * where they cannot be text. False: out of memory; part of it may have been appended. */
ARY_MUST_CHECK bool ary_text_append_member(struct ary_buf *out, const char *name,
					   struct ary_bytes bytes);

/* Writes what TEXT (without its quotes) stands for to OUT, which has room for TEXT.size bytes.
 * False: a bad escape, a lone surrogate, U+0000 or a byte that may not stand for itself; what was
 * written to OUT then is of no use. Whether TEXT is UTF-8 is not looked at. */
ARY_MUST_CHECK bool ary_text_unescape(struct ary_bytes text, uint8_t *out, size_t *size_out);

#endif
