/* SPDX-License-Identifier: MIT */
/* Packing bytes with gzip (RFC 1952). Door of <zlib.h>. Threads: any. */
#ifndef ARY_BASE_GZIP_H
#define ARY_BASE_GZIP_H

#include "base/bytes.h"

/* How much work it is: what is packed for one reader, and what is packed once for all. */
enum ary_gzip_effort { ARY_GZIP_FAST = 1, ARY_GZIP_BEST = 9 };

/* Appends BYTES, packed, to OUT; the same bytes give the same. Takes about 270 KiB meanwhile.
 * False: out of memory, OUT is as it was. */
ARY_MUST_CHECK bool ary_gzip(struct ary_bytes bytes, enum ary_gzip_effort effort,
			     struct ary_buf *out);

#endif
