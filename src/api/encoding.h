/* SPDX-License-Identifier: MIT */
/* Content codings of what this server composes: gzip, for who accepts it (RFC 9110 section 12.5.3).
 * Stored values go out as they were stored.
 *
 * Threads: any; literal bodies are packed once, under a lock. */
#ifndef ARY_API_ENCODING_H
#define ARY_API_ENCODING_H

#include "api/call.h"
#include "env/thread.h"

enum { ARY_PACKED_LITERALS_MAX = 16 };

/* A body that lives for ever, and what it is packed. */
struct ary_packed_literal {
	const uint8_t *data; /* where the body is; NULL: the place is free */
	struct ary_buf packed;
};

struct ary_encoding {
	uint64_t bytes_min; /* shorter bodies go out as they are; 0: all do */
	struct ary_mutex lock;
	struct ary_packed_literal literals[ARY_PACKED_LITERALS_MAX]; /* under lock */
};

void ary_encoding_init(struct ary_encoding *encoding, uint64_t bytes_min);
void ary_encoding_release(struct ary_encoding *encoding);

/* Packs the body of CALL's response, if that is worth it and CALL accepts it, and tells caches that
 * it hangs on that. A body for which there is no memory to be packed goes out as it is. One that is
 * packed borrows from ENCODING where it was a literal. */
void ary_encoding_apply(struct ary_encoding *encoding, struct ary_call *call);

#endif
