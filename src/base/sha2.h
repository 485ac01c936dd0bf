/* SPDX-License-Identifier: MIT */
/* The digests SHA-256 and SHA-512 (FIPS 180-4). Door of <nettle/sha2.h>. Threads: any. */
#ifndef ARY_BASE_SHA2_H
#define ARY_BASE_SHA2_H

#include "base/attr.h"
#include "base/bytes.h"

enum { ARY_SHA256_BYTES = 32, ARY_SHA512_BYTES = 64 };

/* Write the digest of BYTES to OUT. */
void ary_sha256(struct ary_bytes bytes, uint8_t out[ARY_SHA256_BYTES]);
void ary_sha512(struct ary_bytes bytes, uint8_t out[ARY_SHA512_BYTES]);

/* A digest of bytes that come piece by piece. */
struct ary_sha2;

/* A digest of nothing so far, by the algorithm whose digests have DIGEST_BYTES. Returns owned, or
 * NULL: no memory. */
ARY_MUST_CHECK struct ary_sha2 *ary_sha2_create(size_t digest_bytes);

/* Takes SHA2 (NULL is fine). */
void ary_sha2_destroy(struct ary_sha2 *sha2);

/* BYTES come next. */
void ary_sha2_add(struct ary_sha2 *sha2, struct ary_bytes bytes);

/* Writes the digest of all that has come to OUT; more may come after. */
void ary_sha2_digest(const struct ary_sha2 *sha2, uint8_t *out);

#endif
