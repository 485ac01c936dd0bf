/* SPDX-License-Identifier: MIT */
/* The digests SHA-256 and SHA-512 (FIPS 180-4). Door of <nettle/sha2.h>. Threads: any. */
#ifndef ARY_BASE_SHA2_H
#define ARY_BASE_SHA2_H

#include "base/bytes.h"

enum { ARY_SHA256_BYTES = 32, ARY_SHA512_BYTES = 64 };

/* Write the digest of BYTES to OUT. */
void ary_sha256(struct ary_bytes bytes, uint8_t out[ARY_SHA256_BYTES]);
void ary_sha512(struct ary_bytes bytes, uint8_t out[ARY_SHA512_BYTES]);

#endif
