/* SPDX-License-Identifier: MIT */
#include "base/number.h"

#include <string.h>

bool ary_parse_u64(struct ary_bytes text, uint64_t *out)
{
	uint64_t value = 0;

	if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (c < '0' || c > '9')
			return false;
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
			return false;
	}
	*out = value;
	return true;
}

/* In lower case, for ASCII letters; locales have no say. */
static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Takes the suffix of a size away from TEXT; answers by how many bits it shifts. */
static unsigned take_suffix(struct ary_bytes *text)
{
	static const char letters[] = "kmg";
	size_t size = text->size;
	const char *found;

	if (size > 2 && lower(text->data[size - 1]) == 'b' && lower(text->data[size - 2]) == 'i')
		size -= 2;
	if (size == 0)
		return 0;
	found = memchr(letters, lower(text->data[size - 1]), strlen(letters));
	if (found == NULL)
		return 0;
	text->size = size - 1;
	return 10 * (unsigned)(found - letters + 1);
}

bool ary_parse_size(struct ary_bytes text, uint64_t *out)
{
	unsigned shift = take_suffix(&text);
	uint64_t value;

	if (!ary_parse_u64(text, &value) || value > UINT64_MAX >> shift)
		return false;
	*out = value << shift;
	return true;
}

/* Each line of the log has two long numbers: half of the divisions, and of the steps. */
static const char two_digits[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

size_t ary_format_u64(uint64_t value, uint8_t out[ARY_U64_DIGITS_MAX])
{
	uint8_t digits[ARY_U64_DIGITS_MAX];
	size_t first = sizeof(digits);

	while (value >= 10) {
		first -= 2;
		memcpy(digits + first, &two_digits[value % 100 * 2], 2);
		value /= 100;
	}
	if (value > 0 || first == sizeof(digits))
		digits[--first] = (uint8_t)('0' + value);
	memcpy(out, digits + first, sizeof(digits) - first);
	return sizeof(digits) - first;
}

/* One more than what a byte is as a digit; 0: it is none. */
static const uint8_t hex_digits[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* Without a branch for each digit, which no processor could predict: this reads checksums. */
bool ary_parse_hex32(const uint8_t digits[8], uint32_t *out)
{
	uint32_t value = 0;
	unsigned all = 0;

	for (int i = 0; i < 8; i++) {
		unsigned digit = hex_digits[digits[i]] - 1U;

		all |= digit;
		value = value << 4 | (digit & 0xf);
	}
	if (all > 0xf)
		return false;
	*out = value;
	return true;
}

/* Highest byte first. Written out: of a loop gcc makes no single store. */
static void store_big(uint64_t value, uint8_t out[8])
{
	out[0] = (uint8_t)(value >> 56);
	out[1] = (uint8_t)(value >> 48);
	out[2] = (uint8_t)(value >> 40);
	out[3] = (uint8_t)(value >> 32);
	out[4] = (uint8_t)(value >> 24);
	out[5] = (uint8_t)(value >> 16);
	out[6] = (uint8_t)(value >> 8);
	out[7] = (uint8_t)value;
}

/* All digits at once: each nibble gets a byte of its own, and those over 9 become letters. */
void ary_format_hex32(uint32_t value, uint8_t out[8])
{
	uint64_t digits = value;

	digits = (digits | digits << 16) & UINT64_C(0x0000ffff0000ffff);
	digits = (digits | digits << 8) & UINT64_C(0x00ff00ff00ff00ff);
	digits = (digits | digits << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	uint64_t letters = (digits + UINT64_C(0x0606060606060606)) >> 4 &
			   UINT64_C(0x0101010101010101);

	digits += UINT64_C(0x3030303030303030) + letters * ('a' - '0' - 10);
	store_big(digits, out);
}
