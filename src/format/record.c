/* SPDX-License-Identifier: MIT */
/* What reading and writing have in common: names, limits and the trailer. */
#include "format/record.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/number.h"
#include "format/record_private.h"
#include "format/text.h"

static const char *const cmds[ARY_OP_UNKNOWN] = {
	[ARY_OP_SET] = "Set",   [ARY_OP_RM] = "Rm",     [ARY_OP_LOG] = "Log",
	[ARY_OP_BASE] = "Base", [ARY_OP_MERGE] = "Merge", [ARY_OP_SEAL] = "Seal",
	[ARY_OP_MARK] = "Mark",
};

const char *ary_record_cmd(enum ary_op op)
{
	return cmds[op];
}

enum ary_op ary_record_op_of(struct ary_bytes cmd)
{
	for (int op = 0; op < ARY_OP_UNKNOWN; op++) {
		if (ary_bytes_equal(cmd, ary_bytes_of(cmds[op])))
			return (enum ary_op)op;
	}
	return ARY_OP_UNKNOWN;
}

bool ary_record_type_valid(struct ary_bytes type)
{
	return type.size <= ARY_RECORD_TYPE_BYTES_MAX && ary_bytes_printable(type);
}

bool ary_record_intact(struct ary_bytes line)
{
	uint32_t crc;

	if (line.size <= ARY_RECORD_TRAILER_BYTES)
		return false;
	size_t body_bytes = line.size - ARY_RECORD_TRAILER_BYTES;
	const uint8_t *trailer = line.data + body_bytes;
	if (memcmp(trailer, ",\"crc\":\"", 8) != 0 || memcmp(trailer + 16, "\"}\n", 3) != 0)
		return false;
	return ary_parse_hex32(trailer + 8, &crc) && crc == ary_crc32c(line.data, body_bytes);
}
