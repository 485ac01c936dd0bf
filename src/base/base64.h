/* SPDX-License-Identifier: MIT */
/* Base64 of RFC 4648: section 4 (padded, the standard alphabet), and section 5 for URLs. Door of
 * <nettle/base64.h>. */
#ifndef ARY_BASE_BASE64_H
#define ARY_BASE_BASE64_H

#include "base/bytes.h"
#include "base/status.h"

/* How many characters SIZE bytes take. */
size_t ary_base64_size(size_t size);

/* Writes ary_base64_size(BYTES.size) characters to OUT, no terminator. */
void ary_base64_encode(struct ary_bytes bytes, uint8_t *out);

/* Decodes TEXT, which must be canonical: no white space, full padding. Appends to OUT.
 * INVALID: not base64. NO_MEMORY. OUT is untouched on failure. */
ARY_MUST_CHECK enum ary_status ary_base64_decode(struct ary_bytes text, struct ary_buf *out);

/* Appends BYTES in the alphabet for URLs, without padding. False: out of memory. */
ARY_MUST_CHECK bool ary_base64url_encode(struct ary_bytes bytes, struct ary_buf *out);

/* As ary_base64_decode, in the alphabet for URLs; TEXT has all of its padding or none. */
ARY_MUST_CHECK enum ary_status ary_base64url_decode(struct ary_bytes text, struct ary_buf *out);

#endif
