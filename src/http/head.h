/* SPDX-License-Identifier: MIT */
/* Whether the head of a request is as it was sent: the library passes over what it does not
 * understand, so that two requests could be read as one, or one as another.
 *
 * Threads: any; works on the caller's memory. */
#ifndef ARY_HTTP_HEAD_H
#define ARY_HTTP_HEAD_H

#include "http/guard.h"

/* A head as the library hands it out; the strings lie where they were received. */
struct ary_head {
	const struct ary_request *request; /* its method, target and fields */
	const char *target_start;          /* not to be read: it may have been written over */
	struct ary_bytes version;
};

/* Checks HEAD, by the rules of http/guard.h too. False: *FINDING says why not; else *FRAMING is
 * filled. */
bool ary_head_check(const struct ary_head *head, struct ary_guard_framing *framing,
		    struct ary_guard_finding *finding);

#endif
