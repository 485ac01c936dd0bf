/* SPDX-License-Identifier: MIT */
/* The blocks of a checkpoint's data, each of which has a hash of its own, so that they are read and
 * proved side by side.
 *
 * Threads: the caller's, and others that end before the answer. */
#ifndef ARY_STORE_CHECKPOINT_BLOCKS_H
#define ARY_STORE_CHECKPOINT_BLOCKS_H

#include <stdint.h>

#include "base/hash.h"
#include "base/status.h"
#include "env/env.h"

/* One read, of so much that calls cost little, and so little that it is hashed where the processor
 * still has it. */
enum { ARY_CHECKPOINT_BLOCK_BYTES = 512 << 10 };

/* The data, as they lie in the file. */
struct ary_checkpoint_data {
	struct ary_file *file;
	uint64_t offset; /* where they begin */
	uint64_t bytes;
	const uint64_t *hashes; /* of the blocks */
	const struct ary_hash_secret *secret;
	uint8_t *place; /* where they are read to; NULL: nobody wants them, they are proved only */
};

/* How many blocks DATA_BYTES are. */
uint64_t ary_checkpoint_blocks(uint64_t data_bytes);

/* Reads all blocks, and proves that each has its hash.
 * CORRUPT: one has not, or the file has become shorter; IO; NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_checkpoint_blocks_read(const struct ary_checkpoint_data *data,
							  struct ary_error *err);

#endif
