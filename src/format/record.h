/* SPDX-License-Identifier: MIT */
/* One line of the log: what it means, how it is written and how it is read. docs/FORMAT.md is the
 * contract; this is its only implementation. Pure functions: no file, no clock, no lock.
 *
 * A line is one JSON object and its newline. Its last 19 bytes are `,"crc":"xxxxxxxx"}` and the
 * newline; the checksum is CRC-32C of every byte before them. */
#ifndef ARY_FORMAT_RECORD_H
#define ARY_FORMAT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum {
	ARY_FORMAT_VERSION = 1,
	ARY_RECORD_TRAILER_BYTES = 19,
	/* Longer lines are neither written nor read: what looks for a newline needs an end too. */
	ARY_RECORD_LINE_BYTES_MAX = 8 * 1024 * 1024,
	/* Values longer than this are written as base64 even where they are text. */
	ARY_RECORD_TEXT_VALUE_BYTES_MAX = 64 * 1024,
	/* One part of a value has at most so many bytes, and no value more parts than this. */
	ARY_RECORD_PART_BYTES_MAX = 1024 * 1024,
	ARY_RECORD_PARTS_MAX = 65536,
	/* Content types and codings longer than this are refused. */
	ARY_RECORD_TYPE_BYTES_MAX = 255,
	ARY_RECORD_SHA256_BYTES = 32,
};

enum ary_op {
	ARY_OP_SET,  /* key has value from here on */
	ARY_OP_RM,   /* tombstone: key has no value from here on */
	ARY_OP_EXPIRE, /* as Rm, because the time of the key's value was over */
	ARY_OP_LOG,  /* first line of a log as it was begun */
	ARY_OP_BASE, /* first line of a log that is the merge of all logs from `base` to itself */
	ARY_OP_SEAL, /* last line of a log that is complete */
	ARY_OP_MARK, /* neither data nor structure: an open, a clean close, a jump of seq */
	ARY_OP_MERGE, /* as Base, but logs lower than `base` still count */
	ARY_OP_PART, /* a piece of a value, which counts if a Set names it */
	ARY_OP_UNKNOWN, /* a valid line of a later version that this one does not understand */
};

/* The largest seq: every reader of JSON can hold it exactly (2^53 - 1). */
#define ARY_SEQ_MAX ((UINT64_C(1) << 53) - 1)

/* A value that lies in lines of its own, the parts. All zero: there is none. */
struct ary_record_large {
	uint64_t upload;     /* which: the seq of the first of them */
	uint64_t count;
	uint64_t part_bytes; /* of each but the last, which has the rest */
	uint64_t size;       /* of the value */
};

/* What one line says. Views borrow: from the caller when encoding, from the decode buffers after
 * decoding. Fields that do not belong to `op` are zero. */
struct ary_record {
	uint64_t seq;
	uint64_t time_ms;
	enum ary_op op;
	struct ary_bytes key;   /* Set, Rm, Expire: 1.. bytes, any bytes */
	struct ary_bytes value; /* Set, Part */
	struct ary_record_large large; /* Set: instead of a value */
	uint64_t upload;        /* Part: the seq of the upload's first one; this one's, if it is */
	uint64_t part;          /* Part: its number, from 0 on */
	struct ary_bytes type;  /* Set: Content-Type, printable ASCII, or empty */
	struct ary_bytes encoding; /* Set: Content-Encoding, printable ASCII, or empty */
	uint64_t expires_ms;    /* Set: from when on the key has no value any more; 0: never */
	struct ary_bytes meta;  /* Set: an object of meta.h, or empty */
	struct ary_bytes sha256; /* Set: of the value, 32 bytes, or empty */
	uint64_t prev;          /* Set, Rm: seq of what it replaced, 0 when nothing or not said;
				 * Expire: of the Set that it ends */
	bool has_durable;
	uint64_t durable_bytes; /* bytes of this file known to be durable when the line was made */
	uint64_t log;           /* Log, Base, Merge: the number in the file's name */
	uint64_t version;       /* Log, Base, Merge: ARY_FORMAT_VERSION */
	uint64_t base;          /* Base, Merge: the lowest log merged */
	uint64_t cleaned;       /* Base, Merge: no Set is here that a write up to this seq
				 * replaced or removed; 0 when that is not said */
	uint64_t lines;         /* Seal: how many lines come before it in this file */
	bool clean;             /* Mark: everything before it was synced and the store was closed */
	struct ary_bytes durability; /* Mark of an open: "always", "interval", "never", or empty */
};

/* Appends the line of RECORD to OUT. Keys and values may be any bytes; the caller has checked
 * sizes, that type and encoding are printable ASCII, that meta is ary_meta_valid, that numbers are
 * at most ARY_SEQ_MAX (a later time is written as that), and ary_record_large_valid. OUT is as it
 * was on failure.
 * TOO_LARGE: longer than ARY_RECORD_LINE_BYTES_MAX. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_record_encode(const struct ary_record *record,
						 struct ary_buf *out);

/* An upper bound on the line of RECORD, newline included; only the sizes of its views count. */
uint64_t ary_record_line_bytes_max(const struct ary_record *record);

/* Whether LARGE may stand in a Set with SEQ: the numbers are those of a value, and the upload began
 * before it. */
bool ary_record_large_valid(const struct ary_record_large *large, uint64_t seq);

/* How many bytes part NUMBER of LARGE has. */
uint64_t ary_record_part_bytes(const struct ary_record_large *large, uint64_t number);

/* Whether LINE (newline included) has the trailer's form and the right checksum. */
bool ary_record_intact(struct ary_bytes line);

/* Reads LINE (newline included, ary_record_intact already true or not: it is checked here).
 * Views in OUT borrow from LINE, or from SCRATCH where unescaping was needed; SCRATCH is emptied
 * first, may be used again for the next line, and must outlive OUT's views.
 * The canonical form is read by hand; any other valid JSON object through the JSON library, so
 * that unknown fields and another order of fields are read too.
 * CORRUPT: checksum, JSON, or a field missing or of the wrong form. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_record_decode(struct ary_bytes line, struct ary_buf *scratch,
						 struct ary_record *out, struct ary_error *err);

/* As ary_record_decode, but leaves `value` empty: for replay, which needs keys only. Where the
 * line has the form that this program writes, the value's text is not even looked at: whether it
 * can be decoded, and fields that a stranger put behind it, are for ary_record_decode to find. */
ARY_MUST_CHECK enum ary_status ary_record_decode_head(struct ary_bytes line,
						      struct ary_buf *scratch,
						      struct ary_record *out,
						      struct ary_error *err);

#endif
