/* SPDX-License-Identifier: MIT */
#include "base/sha2.h"

#include <nettle/sha2.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"

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

struct ary_sha2 {
	size_t digest_bytes;
	union {
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
	} context;
};

struct ary_sha2 *ary_sha2_create(size_t digest_bytes)
{
	struct ary_sha2 *sha2 = ary_try_alloc(sizeof(*sha2));

	ARY_CHECK(digest_bytes == ARY_SHA256_BYTES || digest_bytes == ARY_SHA512_BYTES);
	if (sha2 == NULL)
		return NULL;
	sha2->digest_bytes = digest_bytes;
	if (digest_bytes == ARY_SHA256_BYTES)
		sha256_init(&sha2->context.sha256);
	else
		sha512_init(&sha2->context.sha512);
	return sha2;
}

void ary_sha2_destroy(struct ary_sha2 *sha2)
{
	free(sha2);
}

void ary_sha2_add(struct ary_sha2 *sha2, struct ary_bytes bytes)
{
	if (sha2->digest_bytes == ARY_SHA256_BYTES)
		sha256_update(&sha2->context.sha256, bytes.size, bytes.data);
	else
		sha512_update(&sha2->context.sha512, bytes.size, bytes.data);
}

/* Of a copy, as the library begins anew once it has told a digest. */
void ary_sha2_digest(const struct ary_sha2 *sha2, uint8_t *out)
{
	struct ary_sha2 copy = *sha2;

	if (sha2->digest_bytes == ARY_SHA256_BYTES)
		sha256_digest(&copy.context.sha256, ARY_SHA256_BYTES, out);
	else
		sha512_digest(&copy.context.sha512, ARY_SHA512_BYTES, out);
}
