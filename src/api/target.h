/* SPDX-License-Identifier: MIT */
/* Request targets and percent-encoding, with lengths instead of terminators: a key may hold any
 * byte, and %00 must not end it.
 *
 * Raw bytes from 0x80 on stand for themselves (curl sends them so); a plus is a plus; a slash and
 * %2F are the same byte. Threads: any. */
#ifndef ARY_API_TARGET_H
#define ARY_API_TARGET_H

#include "base/bytes.h"
#include "base/status.h"

/* A target in its parts, which borrow from it. */
struct ary_target {
	struct ary_bytes path;  /* still encoded; "*" for the asterisk form */
	struct ary_bytes query; /* still encoded, without its question mark */
};

/* Splits RAW, dropping scheme and authority of an absolute form. INVALID: a space, a control
 * character or a '#', or a form that only a proxy is sent. */
ARY_MUST_CHECK enum ary_status ary_target_split(struct ary_bytes raw, struct ary_target *out);

/* Decodes TEXT once. *OUT borrows from TEXT where there was nothing to decode, or else from
 * STORAGE, which is emptied first. INVALID: a broken escape. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_percent_decode(struct ary_bytes text, struct ary_buf *storage,
						  struct ary_bytes *out);

/* Appends the canonical form of BYTES to OUT: all but RFC 3986's unreserved characters and '/' is
 * encoded. False: out of memory. */
ARY_MUST_CHECK bool ary_percent_encode(struct ary_bytes bytes, struct ary_buf *out);

/* Whether TEXT is what ary_percent_encode makes of BYTES. */
bool ary_percent_is_canonical(struct ary_bytes text, struct ary_bytes bytes);

/* Whether a part of PATH between slashes is "." or "..". */
bool ary_path_has_dot_segment(struct ary_bytes path);

#endif
