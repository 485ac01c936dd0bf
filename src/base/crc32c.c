/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* CRC is linear: the entry of a byte is the exclusive-or of the entries of its bits. So eight
 * numbers make a table of 256, the compiler does it, and nothing has to run first. */
#define BIT(n, bit, value) (((n) & (bit)) != 0 ? (value) : 0u)
#define ENTRY(n, a, b, c, d, e, f, g, h) \
	(BIT(n, 0x80, a) ^ BIT(n, 0x40, b) ^ BIT(n, 0x20, c) ^ BIT(n, 0x10, d) ^ \
	 BIT(n, 0x08, e) ^ BIT(n, 0x04, f) ^ BIT(n, 0x02, g) ^ BIT(n, 0x01, h))
#define FOUR(n, ...) \
	ENTRY(n, __VA_ARGS__), ENTRY((n) + 1, __VA_ARGS__), \
	ENTRY((n) + 2, __VA_ARGS__), ENTRY((n) + 3, __VA_ARGS__)
#define SIXTEEN(n, ...) \
	FOUR(n, __VA_ARGS__), FOUR((n) + 4, __VA_ARGS__), \
	FOUR((n) + 8, __VA_ARGS__), FOUR((n) + 12, __VA_ARGS__)
#define QUARTER(n, ...) \
	SIXTEEN(n, __VA_ARGS__), SIXTEEN((n) + 16, __VA_ARGS__), \
	SIXTEEN((n) + 32, __VA_ARGS__), SIXTEEN((n) + 48, __VA_ARGS__)
#define SLICE(...) \
	QUARTER(0, __VA_ARGS__), QUARTER(64, __VA_ARGS__), \
	QUARTER(128, __VA_ARGS__), QUARTER(192, __VA_ARGS__)

/* slices[k][byte] is what BYTE does to the checksum when k further bytes follow it. The numbers
 * are one sequence: the polynomial (0x1edc6f41, bits reversed), each next one a bit further on. */
static const uint32_t slices[8][256] = {
	{ SLICE(0x82f63b78, 0x417b1dbc, 0x20bd8ede, 0x105ec76f,
		0x8ad958cf, 0xc79a971f, 0xe13b70f7, 0xf26b8303) },
	{ SLICE(0xfbc3faf9, 0xff17c604, 0x7f8be302, 0x3fc5f181,
		0x9d14c3b8, 0x4e8a61dc, 0x274530ee, 0x13a29877) },
	{ SLICE(0x8b277743, 0xc76580d9, 0xe144fb14, 0x70a27d8a,
		0x38513ec5, 0x9edea41a, 0x4f6f520d, 0xa541927e) },
	{ SLICE(0x52a0c93f, 0xaba65fe7, 0xd725148b, 0xe964b13d,
		0xf64463e6, 0x7b2231f3, 0xbf672381, 0xdd45aab8) },
	{ SLICE(0x6ea2d55c, 0x37516aae, 0x1ba8b557, 0x8f2261d3,
		0xc5670b91, 0xe045beb0, 0x7022df58, 0x38116fac) },
	{ SLICE(0x1c08b7d6, 0x0e045beb, 0x85f4168d, 0xc00c303e,
		0x6006181f, 0xb2f53777, 0xdb8ca0c3, 0xef306b19) },
	{ SLICE(0xf56e0ef4, 0x7ab7077a, 0x3d5b83bd, 0x9c5bfaa6,
		0x4e2dfd53, 0xa5e0c5d1, 0xd0065990, 0x68032cc8) },
	{ SLICE(0x34019664, 0x1a00cb32, 0x0d006599, 0x847609b4,
		0x423b04da, 0x211d826d, 0x9278fa4e, 0x493c7d27) },
};

/* Four bytes, the first one lowest, whatever the byte order of the machine. */
static uint32_t load_little(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* Written out: of a loop over the slices gcc makes code of a quarter of the speed. */
static uint32_t step_eight(uint32_t state, const uint8_t *bytes)
{
	uint32_t low = load_little(bytes) ^ state;
	uint32_t high = load_little(bytes + 4);

	return slices[7][low & 0xff] ^ slices[6][low >> 8 & 0xff] ^
	       slices[5][low >> 16 & 0xff] ^ slices[4][low >> 24] ^
	       slices[3][high & 0xff] ^ slices[2][high >> 8 & 0xff] ^
	       slices[1][high >> 16 & 0xff] ^ slices[0][high >> 24];
}

uint32_t ary_crc32c_portable(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint32_t state = ~crc;

	for (; size >= 8; size -= 8, bytes += 8)
		state = step_eight(state, bytes);
	for (; size > 0; size--, bytes++)
		state = state >> 8 ^ slices[0][(state ^ *bytes) & 0xff];
	return ~state;
}

#if defined(__x86_64__)

/* The instruction answers after three cycles and can begin one each cycle, so three pieces that
 * follow each other are summed side by side, and then made one: short ones for a line with a small
 * value, long ones for a part of a large one. */
static const size_t short_bytes = 56;
static const size_t long_bytes = 1024;

/* x^(8n - 33) modulo the polynomial, bits reversed, for n bytes. The product of a checksum with it,
 * reduced by the instruction, which multiplies by x^32 (and reversed products are one bit short),
 * is that checksum when n zeroes follow (Gopal et al., Fast CRC Computation for iSCSI Polynomial
 * Using CRC32 Instruction, Intel 2011). */
static const uint32_t shift_short = 0x1c291d04;
static const uint32_t shift_two_short = 0x47db8317;
static const uint32_t shift_long = 0x170076fa;
static const uint32_t shift_two_long = 0xa51b6135;

__attribute__((target("sse4.2"))) static inline uint64_t step_word(uint64_t state,
								   const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return __builtin_ia32_crc32di(state, word);
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t state,
							       const uint8_t *bytes, size_t size)
{
	uint64_t wide = state;

	for (; size >= 8; size -= 8, bytes += 8)
		wide = step_word(wide, bytes);
	uint32_t narrow = (uint32_t)wide;
	if (size >= 4) {
		narrow = __builtin_ia32_crc32si(narrow, load_little(bytes));
		size -= 4;
		bytes += 4;
	}
	for (; size > 0; size--, bytes++)
		narrow = __builtin_ia32_crc32qi(narrow, *bytes);
	return narrow;
}

__attribute__((target("sse4.2,pclmul"))) static inline uint64_t multiply(uint64_t state,
									 uint32_t shift)
{
	return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(
		_mm_cvtsi64_si128((int64_t)state), _mm_cvtsi64_si128(shift), 0));
}

/* STATE after three pieces of SIZE bytes each, one and two of which SHIFT and SHIFT_TWO are for. */
__attribute__((target("sse4.2,pclmul"))) static inline uint32_t
step_three(uint32_t state, const uint8_t *bytes, size_t size, uint32_t shift, uint32_t shift_two)
{
	uint64_t first = state;
	uint64_t second = 0;
	uint64_t third = 0;

	for (size_t at = 0; at < size; at += 8) {
		first = step_word(first, bytes + at);
		second = step_word(second, bytes + size + at);
		third = step_word(third, bytes + 2 * size + at);
	}
	uint64_t both = multiply(first, shift_two) ^ multiply(second, shift);

	return (uint32_t)(__builtin_ia32_crc32di(0, both) ^ third);
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t crc32c_pclmul(uint32_t state,
								       const uint8_t *bytes,
								       size_t size)
{
	for (; size >= 3 * long_bytes; size -= 3 * long_bytes, bytes += 3 * long_bytes)
		state = step_three(state, bytes, long_bytes, shift_long, shift_two_long);
	for (; size >= 3 * short_bytes; size -= 3 * short_bytes, bytes += 3 * short_bytes)
		state = step_three(state, bytes, short_bytes, shift_short, shift_two_short);
	return crc32c_sse42(state, bytes, size);
}

uint32_t ary_crc32c_more(uint32_t crc, const void *data, size_t size)
{
	if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"))
		return ~crc32c_pclmul(~crc, data, size);
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc32c_sse42(~crc, data, size);
	return ary_crc32c_portable(crc, data, size);
}

#else

uint32_t ary_crc32c_more(uint32_t crc, const void *data, size_t size)
{
	return ary_crc32c_portable(crc, data, size);
}

#endif

uint32_t ary_crc32c(const void *data, size_t size)
{
	return ary_crc32c_more(0, data, size);
}
