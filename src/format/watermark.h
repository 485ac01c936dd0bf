/* SPDX-License-Identifier: MIT */
/* What the file WATERMARK says: how far the log was known to be durable. docs/FORMAT.md, "The file
 * WATERMARK", is the contract. Pure functions.
 *
 * Threads: any. Limits: the file is always ARY_WATERMARK_BYTES long, one sector, so that it is
 * written with one write and, where disks keep sectors whole, never torn. */
#ifndef ARY_FORMAT_WATERMARK_H
#define ARY_FORMAT_WATERMARK_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum { ARY_WATERMARK_BYTES = 512 };

/* The first `durable_bytes` (at least 1) of log `log` are on disk, and `seq` is that of the last
 * line in them. All zero: nothing is known. */
struct ary_watermark {
	uint64_t seq;
	uint64_t time_ms; /* when it was written; for people */
	uint64_t log;
	uint64_t durable_bytes;
};

/* Writes the whole file that says MARK, whose numbers are at most ARY_SEQ_MAX (a later time is
 * written as that). */
void ary_watermark_encode(const struct ary_watermark *mark, uint8_t out[ARY_WATERMARK_BYTES]);

/* Reads BYTES, the contents of a file: its first line counts, and fields of it that are not known
 * are ignored. CORRUPT: that is not a watermark. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_watermark_decode(struct ary_bytes bytes,
						    struct ary_watermark *out,
						    struct ary_error *err);

#endif
