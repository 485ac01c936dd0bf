/* SPDX-License-Identifier: MIT */
/* Lines that come from elsewhere, and lines that go there: one JSON object each. Pure functions.
 *
 * Read are: `{"cmd":"Set","key":"k","value":"v"}` with its fields in any order, Set, Rm and Get in
 * lower case too; `{"Set":{"key":"k","value":"v"}}`; and lines of our own log, whose checksum must
 * be right, whose Expire removes, and whose control lines mean nothing here. Written is the first
 * of these forms. A value may be in Part lines, as in our own log.
 *
 * Threads: any. Limits: as long a line as memory holds; the caller bounds it. */
#ifndef ARY_FORMAT_FOREIGN_H
#define ARY_FORMAT_FOREIGN_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "format/record.h"

enum ary_foreign_op {
	ARY_FOREIGN_SET,
	ARY_FOREIGN_RM,
	ARY_FOREIGN_PART, /* a piece of a value that a later Set names */
	ARY_FOREIGN_NONE, /* changes nothing: a Get, a control line, a blank line */
};

/* What one line asks for. */
struct ary_foreign {
	enum ary_foreign_op op;
	struct ary_bytes key;   /* Set, Rm: 1.. bytes, any bytes */
	struct ary_bytes value; /* Set, Part: any bytes */
	struct ary_record_large large; /* Set: where the value is, if it is in parts */
	uint64_t upload;        /* Part: whose it is */
	uint64_t part;          /* and the how manieth, from 0 on */
	/* Set, as in a record. */
	struct ary_bytes type;
	struct ary_bytes encoding;
	uint64_t expires_ms;
	struct ary_bytes meta;
	struct ary_bytes sha256;
};

/* A line of the largest key and value that any store takes is not longer than this. */
enum { ARY_FOREIGN_LINE_BYTES_MAX = 32 * 1024 * 1024 };

/* Reads LINE, newline included. Views in OUT borrow from LINE or from SCRATCH, which is emptied
 * first, may be used again for the next line, and must outlive them.
 * CORRUPT: the line is none of these, or its checksum is wrong; the text says how. UNSUPPORTED: a
 * later version of this program wrote it. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_foreign_decode(struct ary_bytes line, struct ary_buf *scratch,
						  struct ary_foreign *out, struct ary_error *err);

/* Appends the line of a Set, Rm or Part to OUT, newline included: bytes as text where they are
 * UTF-8 without U+0000, else in base64. False: out of memory, OUT is as it was. */
ARY_MUST_CHECK bool ary_foreign_encode(const struct ary_foreign *foreign, struct ary_buf *out);

#endif
