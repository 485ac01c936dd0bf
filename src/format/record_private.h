/* SPDX-License-Identifier: MIT */
/* What the reader and the writer of lines share, inside this floor only.
 *
 * Threads: any. Limits: as record.h. */
#ifndef ARY_FORMAT_RECORD_PRIVATE_H
#define ARY_FORMAT_RECORD_PRIVATE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"
#include "format/record.h"

enum { ARY_RECORD_SHA256_DIGITS = 2 * ARY_RECORD_SHA256_BYTES };

/* What `cmd` says for OP, which is not ARY_OP_UNKNOWN; returns borrowed until for ever. */
const char *ary_record_cmd(enum ary_op op);

/* The op that `cmd` CMD means, ARY_OP_UNKNOWN for one of a later version. */
enum ary_op ary_record_op_of(struct ary_bytes cmd);

/* Whether TYPE may be a content type, or a coding. */
bool ary_record_type_valid(struct ary_bytes type);

/* Writes the 32 bytes of SHA256 as 64 lower-case hexadecimal digits to OUT. */
void ary_record_put_sha256(const uint8_t *sha256, uint8_t *out);

/* Writes the 32 bytes that DIGITS stand for to OUT. False: they are not such digits. */
bool ary_record_take_sha256(struct ary_bytes digits, uint8_t *out);

/* Whether `upload` and `part` of RECORD, a Part, may stand in it. Its value is not looked at. */
bool ary_record_part_valid(const struct ary_record *record);

/* Reads LINE, whose checksum is right, through the JSON library. WITH_VALUE: the value too.
 * All views of *OUT borrow from SCRATCH. CORRUPT, NO_MEMORY; *OUT is untouched then. */
ARY_MUST_CHECK enum ary_status ary_record_decode_json(struct ary_bytes line, bool with_value,
						      struct ary_buf *scratch,
						      struct ary_record *out,
						      struct ary_error *err);

#endif
