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
	[ARY_OP_MARK] = "Mark", [ARY_OP_EXPIRE] = "Expire", [ARY_OP_PART] = "Part",
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

/* Eight digits stand for four bytes, the first one first. */
enum { HEX_DIGITS = 8, HEX_BYTES = 4 };

void ary_record_put_sha256(const uint8_t *sha256, uint8_t *out)
{
	for (size_t i = 0; i < ARY_RECORD_SHA256_BYTES; i += HEX_BYTES) {
		const uint8_t *four = sha256 + i;
		ary_format_hex32((uint32_t)four[0] << 24 | (uint32_t)four[1] << 16 |
				 (uint32_t)four[2] << 8 | four[3], out + i * 2);
	}
}

bool ary_record_take_sha256(struct ary_bytes digits, uint8_t *out)
{
	uint32_t number;

	if (digits.size != ARY_RECORD_SHA256_DIGITS)
		return false;
	for (size_t i = 0; i < ARY_RECORD_SHA256_DIGITS; i += HEX_DIGITS) {
		if (!ary_parse_hex32(digits.data + i, &number))
			return false;
		for (unsigned shift = 32; shift > 0; shift -= 8)
			*out++ = (uint8_t)(number >> (shift - 8));
	}
	return true;
}

bool ary_record_large_valid(const struct ary_record_large *large, uint64_t seq)
{
	if (large->upload == 0 || large->upload >= seq || large->count == 0 ||
	    large->count > ARY_RECORD_PARTS_MAX)
		return false;
	if (large->part_bytes == 0 || large->part_bytes > ARY_RECORD_PART_BYTES_MAX)
		return false;
	return large->size > (large->count - 1) * large->part_bytes &&
	       large->size <= large->count * large->part_bytes;
}

uint64_t ary_record_part_bytes(const struct ary_record_large *large, uint64_t number)
{
	uint64_t before = number * large->part_bytes;

	return number + 1 < large->count ? large->part_bytes : large->size - before;
}

bool ary_record_part_valid(const struct ary_record *record)
{
	if (record->upload == 0 || record->part >= ARY_RECORD_PARTS_MAX)
		return false;
	return record->part == 0 ? record->upload == record->seq : record->upload < record->seq;
}

bool ary_record_intact(struct ary_bytes line)
{
	uint8_t digits[HEX_DIGITS];

	if (line.size <= ARY_RECORD_TRAILER_BYTES)
		return false;
	size_t body_bytes = line.size - ARY_RECORD_TRAILER_BYTES;
	const uint8_t *trailer = line.data + body_bytes;
	if (memcmp(trailer, ",\"crc\":\"", 8) != 0 || memcmp(trailer + 16, "\"}\n", 3) != 0)
		return false;
	/* The digits that should stand there are made quicker than those that do are read. */
	ary_format_hex32(ary_crc32c(line.data, body_bytes), digits);
	return memcmp(trailer + 8, digits, sizeof(digits)) == 0;
}
