/* SPDX-License-Identifier: MIT */
/* The keyed hash of the index, and of what is kept of it. Keys come from strangers: without a
 * secret, chosen keys could all fall into one chain. Door of <xxhash.h>. */
#ifndef ARY_BASE_HASH_H
#define ARY_BASE_HASH_H

#include <stdint.h>

#include "base/bytes.h"

enum { ARY_HASH_SECRET_BYTES = 192 };

/* The secret of one index, filled with random bytes by its owner. */
struct ary_hash_secret {
	uint8_t bytes[ARY_HASH_SECRET_BYTES];
};

/* The hash of BYTES under SECRET (XXH3, 64 bits). Threads: any. */
uint64_t ary_hash(const struct ary_hash_secret *secret, struct ary_bytes bytes);

/* The same hash, for KiB and more: by the widest vectors that this processor has, where the library
 * can choose. Threads: any. */
uint64_t ary_hash_long(const struct ary_hash_secret *secret, struct ary_bytes bytes);

#endif
