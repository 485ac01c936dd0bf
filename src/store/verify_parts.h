/* SPDX-License-Identifier: MIT */
/* Whether the present Sets have their parts, found out line by line and without an index: a Set
 * that lacks some is remembered until a later line takes its key's value away, as it must.
 *
 * Threads: the caller's own memory. Memory: 4 bytes a part, some 70 for a Set that lacked some, and
 * an index of the keys of those that still do: so a line costs one look-up, however many there
 * are. */
#ifndef ARY_STORE_VERIFY_PARTS_H
#define ARY_STORE_VERIFY_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "format/name.h"
#include "index/index.h"
#include "segment/scan.h"

/* The parts of one upload that were read. */
struct ary_verified_upload {
	uint64_t upload;
	uint64_t count;    /* the highest number, and 1 */
	uint32_t *sizes;   /* by number; 0: not read. Owned */
	uint64_t capacity;
	bool named;        /* by a Set */
};

/* A Set that lacks parts. */
struct ary_suspect {
	bool cleared;              /* it need not have them: its key has another value, or none */
	char name[ARY_NAME_BYTES]; /* of its log */
	uint64_t offset;
	uint64_t seq;
	uint64_t part;             /* that is not there, or of another size */
};

/* All zero at the start, but `secret`, which is the caller's to fill. */
struct ary_verify_parts {
	struct ary_hash_secret secret;
	struct ary_verified_upload *uploads; /* by rising `upload`; owned */
	size_t upload_count;
	size_t upload_capacity;
	struct ary_suspect *suspects;        /* in the order of their lines; owned */
	size_t suspect_count;
	size_t suspect_capacity;
	struct ary_index *keys;              /* of those not cleared, `seq` their number; owned */
};

/* LINE of log NAME is the next one, and RECORD is what it says, a part's value included.
 * CORRUPT: a part twice, or out of place. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_verify_parts_line(struct ary_verify_parts *parts,
						     const char *name,
						     const struct ary_scan_line *line,
						     const struct ary_record *record,
						     struct ary_error *err);

/* Suspect NUMBER, all logs being read, is damage unless it was cleared: answers CORRUPT, which ERR
 * explains, or OK. */
enum ary_status ary_verify_parts_tell(const struct ary_verify_parts *parts, size_t number,
				      struct ary_error *err);

void ary_verify_parts_release(struct ary_verify_parts *parts);

#endif
