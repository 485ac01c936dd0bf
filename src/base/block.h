/* SPDX-License-Identifier: MIT */
/* Structs of some hundred bytes, cleared and copied by the C library's own loops. Of an assignment
 * of such a size gcc makes an instruction of x86 that takes as long to begin as a cache miss.
 *
 * Threads: the caller's own memory. */
#ifndef ARY_BASE_BLOCK_H
#define ARY_BASE_BLOCK_H

#include <stddef.h>

/* Sets SIZE bytes at BLOCK to zero. */
void ary_block_clear(void *block, size_t size);

/* Copies SIZE bytes from FROM to TO, which do not overlap. */
void ary_block_copy(void *to, const void *from, size_t size);

#endif
