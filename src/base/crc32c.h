/* SPDX-License-Identifier: MIT */
/* CRC-32C (Castagnoli; RFC 3720 appendix B.4): the checksum of every line of the log. */
#ifndef ARY_BASE_CRC32C_H
#define ARY_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of SIZE bytes at DATA. Uses the instruction of x86-64 where the processor has it.
 * Threads: any. */
uint32_t ary_crc32c(const void *data, size_t size);

/* Continues from CRC, the checksum of what came before. ary_crc32c(d, n) is
 * ary_crc32c_more(0, d, n). */
uint32_t ary_crc32c_more(uint32_t crc, const void *data, size_t size);

/* The table-driven form, for processors without the instruction; here so that it is tested. */
uint32_t ary_crc32c_portable(uint32_t crc, const void *data, size_t size);

#endif
