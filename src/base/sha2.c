/* SPDX-License-Identifier: MIT */
#include "base/sha2.h"

#include <nettle/sha2.h>

void ary_sha256(struct ary_bytes bytes, uint8_t out[ARY_SHA256_BYTES])
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, bytes.size, bytes.data);
	sha256_digest(&context, ARY_SHA256_BYTES, out);
}

void ary_sha512(struct ary_bytes bytes, uint8_t out[ARY_SHA512_BYTES])
{
	struct sha512_ctx context;

	sha512_init(&context);
	sha512_update(&context, bytes.size, bytes.data);
	sha512_digest(&context, ARY_SHA512_BYTES, out);
}
