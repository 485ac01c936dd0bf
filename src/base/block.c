/* SPDX-License-Identifier: MIT */
/* A file of its own, so that no compiler sees the size. */
#include "base/block.h"

#include <string.h>

void ary_block_clear(void *block, size_t size)
{
	memset(block, 0, size);
}

void ary_block_copy(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
}
