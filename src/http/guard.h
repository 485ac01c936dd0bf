/* SPDX-License-Identifier: MIT */
/* What the library lets through but RFC 9110 and RFC 9112 do not: requests that two programs on
 * the way could understand in two ways are refused, not guessed at.
 *
 * Threads: any; works on the caller's memory. */
#ifndef ARY_HTTP_GUARD_H
#define ARY_HTTP_GUARD_H

#include <stdbool.h>

#include "api/call.h"
#include "base/bytes.h"

/* Why a request is refused; the texts borrow for ever. */
struct ary_guard_finding {
	unsigned status;
	const char *slug;   /* a problem's name, see api/problem.h */
	const char *detail;
};

/* What a head that is in order says of its message. */
struct ary_guard_framing {
	bool is_chunked;
	bool has_length;
	uint64_t length;
	bool expects_continue; /* the client waits for `100 Continue` before it sends the body */
};

/* Checks the head REQUEST (method, target, fields) of a message of VERSION ("HTTP/1.1").
 * False: *FINDING says why not; else *FRAMING is filled. */
bool ary_guard_check(const struct ary_request *request, struct ary_bytes version,
		     struct ary_guard_framing *framing, struct ary_guard_finding *finding);

#endif
