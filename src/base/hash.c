/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <xxhash.h>

_Static_assert((int)ARY_HASH_SECRET_BYTES >= (int)XXH3_SECRET_SIZE_MIN,
	       "a shorter secret is refused by XXH3");

uint64_t ary_hash(const struct ary_hash_secret *secret, struct ary_bytes bytes)
{
	return XXH3_64bits_withSecret(bytes.data, bytes.size, secret->bytes,
				      sizeof(secret->bytes));
}
