/* SPDX-License-Identifier: MIT */
/* The blocks of a checkpoint's data, each of which has a hash of its own, so that they are proved
 * side by side.
 *
 * Threads: the caller's, and others that end before the answer. */
#ifndef ARY_STORE_CHECKPOINT_BLOCKS_H
#define ARY_STORE_CHECKPOINT_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

enum { ARY_CHECKPOINT_BLOCK_BYTES = 1 << 20 };

/* How many blocks DATA_BYTES are. */
uint64_t ary_checkpoint_blocks(uint64_t data_bytes);

/* Whether each block of the DATA_BYTES at DATA has its hash of HASHES, under SECRET. */
bool ary_checkpoint_blocks_intact(const uint8_t *data, uint64_t data_bytes, const uint64_t *hashes,
				  const struct ary_hash_secret *secret);

#endif
