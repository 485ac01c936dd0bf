/* SPDX-License-Identifier: MIT */
/* UTF-8 validity (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
#ifndef ARY_BASE_UTF8_H
#define ARY_BASE_UTF8_H

#include <stdbool.h>

#include "base/bytes.h"

/* Whether BYTES are UTF-8 throughout. U+0000 counts as valid here. */
bool ary_utf8_valid(struct ary_bytes bytes);

#endif
