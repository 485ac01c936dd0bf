/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#if defined(HAVE_XXH3_DISPATCH)
/* Else the header would put its functions in the place of the plain ones, which choose nothing and
 * are the faster ones for keys. */
#define XXH_DISPATCH_DISABLE_REPLACE
#include <xxh_x86dispatch.h>
#endif
#include <xxhash.h>

_Static_assert((int)ARY_HASH_SECRET_BYTES >= (int)XXH3_SECRET_SIZE_MIN,
	       "a shorter secret is refused by XXH3");

uint64_t ary_hash(const struct ary_hash_secret *secret, struct ary_bytes bytes)
{
	return XXH3_64bits_withSecret(bytes.data, bytes.size, secret->bytes,
				      sizeof(secret->bytes));
}

#if defined(HAVE_XXH3_DISPATCH)

/* The library chooses at its first call with more than 240 bytes, and takes no lock for it. So that
 * call is made before there are threads. */
__attribute__((constructor)) static void choose(void)
{
	static const struct ary_hash_secret secret;
	static const uint8_t zeros[256];

	(void)ary_hash_long(&secret, (struct ary_bytes){zeros, sizeof(zeros)});
}

uint64_t ary_hash_long(const struct ary_hash_secret *secret, struct ary_bytes bytes)
{
	return XXH3_64bits_withSecret_dispatch(bytes.data, bytes.size, secret->bytes,
					       sizeof(secret->bytes));
}

#else

uint64_t ary_hash_long(const struct ary_hash_secret *secret, struct ary_bytes bytes)
{
	return ary_hash(secret, bytes);
}

#endif
