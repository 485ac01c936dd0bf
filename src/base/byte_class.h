/* SPDX-License-Identifier: MIT */
/* What a byte may be part of: each byte of a request's head is asked for that, so a look into a
 * table answers. */
#ifndef ARY_BASE_BYTE_CLASS_H
#define ARY_BASE_BYTE_CLASS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
	ARY_BYTE_TOKEN = 1, /* RFC 9110 section 5.6.2: a method, the name of a field */
	ARY_BYTE_HOST = 2,  /* RFC 3986 section 3.2.2: a name or an address, without brackets */
	ARY_BYTE_PATH = 4,  /* stands for itself in a path that we write */
};

extern const uint8_t ary_byte_classes[256];

/* Whether BYTE is of CLASS. */
static inline bool ary_byte_is(uint8_t byte, unsigned class)
{
	return (ary_byte_classes[byte] & class) != 0;
}

/* Whether all BYTES are of CLASS. */
bool ary_bytes_are_all(struct ary_bytes bytes, unsigned class);

/* Whether all BYTES are LEAST (at most 0x80) or above, and none is DEL. */
bool ary_bytes_are_above(struct ary_bytes bytes, uint8_t least);

#endif
