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

/* What `cmd` says for OP, which is not ARY_OP_UNKNOWN; returns borrowed until for ever. */
const char *ary_record_cmd(enum ary_op op);

/* The op that `cmd` CMD means, ARY_OP_UNKNOWN for one of a later version. */
enum ary_op ary_record_op_of(struct ary_bytes cmd);

/* Whether TYPE may be a content type. */
bool ary_record_type_valid(struct ary_bytes type);

/* Reads LINE, whose checksum is right, through the JSON library. WITH_VALUE: the value too.
 * All views of *OUT borrow from SCRATCH. CORRUPT, NO_MEMORY; *OUT is untouched then. */
ARY_MUST_CHECK enum ary_status ary_record_decode_json(struct ary_bytes line, bool with_value,
						      struct ary_buf *scratch,
						      struct ary_record *out,
						      struct ary_error *err);

#endif
