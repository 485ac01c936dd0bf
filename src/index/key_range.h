/* SPDX-License-Identifier: MIT */
/* Some of the keys, in byte order: those between two bounds. */
#ifndef ARY_INDEX_KEY_RANGE_H
#define ARY_INDEX_KEY_RANGE_H

#include <stdbool.h>

#include "base/bytes.h"

/* The keys >= FROM, or > FROM when AFTER, and < TO. An empty FROM is before the first key, and an
 * empty TO behind the last one. REVERSE: they are visited from the last one on. Borrows both. */
struct ary_key_range {
	struct ary_bytes from;
	bool after;
	struct ary_bytes to;
	bool reverse;
};

#endif
