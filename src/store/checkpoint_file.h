/* SPDX-License-Identifier: MIT */
/* What is in the file CHECKPOINT: a head; the facts, which are about the store; the head of the
 * index's image, a hash of each block of its data, and these. In the byte order of the machine, as
 * only the program that wrote it reads it.
 *
 * Threads: the caller's own memory. */
#ifndef ARY_STORE_CHECKPOINT_FILE_H
#define ARY_STORE_CHECKPOINT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/status.h"
#include "store/checkpoint_blocks.h"
#include "store/store_private.h"

enum {
	ARY_CHECKPOINT_VERSION = 2,
	ARY_CHECKPOINT_PAGE_BYTES = 4096,
	/* So many data begin where a block could: the system keeps a file in larger pieces where it
	 * is written in these, and reads them faster. */
	ARY_CHECKPOINT_ALIGNED_BYTES_MIN = 16 * 1024 * 1024,
	/* So many bytes at the end of a log tell it from another one. */
	ARY_CHECKPOINT_TAIL_BYTES = 4096,
	ARY_CHECKPOINT_MAGIC_BYTES = 32,
};

/* The first bytes. Behind it: the facts, the image's head, the hashes, and zeros to the next page.
 * The image's data, which end the file, begin there, or at the next block where they are large. All
 * hashes are ary_hash's, with `secret`. */
struct ary_checkpoint_head {
	char magic[ARY_CHECKPOINT_MAGIC_BYTES];
	uint64_t version;
	struct ary_hash_secret secret;
	uint64_t facts_bytes;
	uint64_t image_head_bytes;
	uint64_t data_bytes;
	uint64_t described_hash; /* of what is described behind this */
	uint64_t head_hash;      /* of what stands before it here */
};

/* What is known of one log. */
struct ary_checkpoint_log {
	uint64_t number;
	uint64_t slot;
	uint64_t base;
	uint64_t cleaned;
	uint64_t seq_first;
	uint64_t lines;
	uint64_t live_bytes;
	uint64_t tombstone_bytes;
	uint64_t mark_bytes;
	uint64_t overhead_bytes;
	uint64_t bytes;
	uint64_t tail_hash;
	uint64_t merged;
	uint64_t sealed;
};

/* The facts: this, then so many logs, uploads and ends. */
struct ary_checkpoint_facts {
	uint64_t log_count;
	uint64_t upload_count; /* each: struct ary_checkpoint_upload, then its places */
	uint64_t ending_count; /* each: struct ary_checkpoint_ending, then the key, to 8 bytes */
	uint64_t seq;          /* of the last line */
	uint64_t last_ms;      /* the store's time, clock.h */
	uint64_t strict;       /* the last run was in mode `always` */
};

struct ary_checkpoint_upload {
	struct ary_record_large large;
	uint64_t set_seq; /* of the Set that names it */
	uint64_t place_count;
};

struct ary_checkpoint_ending {
	uint64_t seq;
	uint64_t expires_ms;
	uint64_t key_bytes;
};

/* Bytes of the facts that are yet to be read. */
struct ary_checkpoint_reader {
	struct ary_bytes rest;
};

/* Fills in by what HEAD is known. */
void ary_checkpoint_sign(struct ary_checkpoint_head *head);

/* Whether HEAD is of this version of the program. */
bool ary_checkpoint_is_signed(const struct ary_checkpoint_head *head);

uint64_t ary_checkpoint_head_hash(const struct ary_checkpoint_head *head);

/* Where the data begin behind HEAD's descriptions. */
uint64_t ary_checkpoint_data_offset(const struct ary_checkpoint_head *head);

/* How many bytes follow the head and have their hash in it, zeros to the next page with them. */
uint64_t ary_checkpoint_described_bytes(const struct ary_checkpoint_head *head);

/* The hash by which LOG, whose first BYTES count, is told from another one. IO. */
ARY_MUST_CHECK enum ary_status ary_checkpoint_tail_hash(struct ary_segment *segment,
							uint64_t bytes,
							const struct ary_hash_secret *secret,
							uint64_t *out, struct ary_error *err);

/* Appends to OUT the facts about STORE, which is closed but for its memory.
 * UNSUPPORTED: they cannot tell all; IO; NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_checkpoint_facts(struct ary_store *store,
						    const struct ary_hash_secret *secret,
						    struct ary_buf *out, struct ary_error *err);

/* The next BYTES; returns borrowed. NULL: there are not so many. */
const void *ary_checkpoint_take(struct ary_checkpoint_reader *reader, uint64_t bytes);

#endif
