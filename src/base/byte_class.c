/* SPDX-License-Identifier: MIT */
#include "base/byte_class.h"

#include <string.h>

enum { WORD_BYTES = sizeof(uint64_t) };

enum {
	TOKEN = ARY_BYTE_TOKEN,
	HOST = ARY_BYTE_HOST,
	PATH = ARY_BYTE_PATH,
	ANY = TOKEN | HOST | PATH,
};

const uint8_t ary_byte_classes[256] = {
	['0'] = ANY, ['1'] = ANY, ['2'] = ANY, ['3'] = ANY, ['4'] = ANY, ['5'] = ANY, ['6'] = ANY,
	['7'] = ANY, ['8'] = ANY, ['9'] = ANY, ['A'] = ANY, ['B'] = ANY, ['C'] = ANY, ['D'] = ANY,
	['E'] = ANY, ['F'] = ANY, ['G'] = ANY, ['H'] = ANY, ['I'] = ANY, ['J'] = ANY, ['K'] = ANY,
	['L'] = ANY, ['M'] = ANY, ['N'] = ANY, ['O'] = ANY, ['P'] = ANY, ['Q'] = ANY, ['R'] = ANY,
	['S'] = ANY, ['T'] = ANY, ['U'] = ANY, ['V'] = ANY, ['W'] = ANY, ['X'] = ANY, ['Y'] = ANY,
	['Z'] = ANY, ['a'] = ANY, ['b'] = ANY, ['c'] = ANY, ['d'] = ANY, ['e'] = ANY, ['f'] = ANY,
	['g'] = ANY, ['h'] = ANY, ['i'] = ANY, ['j'] = ANY, ['k'] = ANY, ['l'] = ANY, ['m'] = ANY,
	['n'] = ANY, ['o'] = ANY, ['p'] = ANY, ['q'] = ANY, ['r'] = ANY, ['s'] = ANY, ['t'] = ANY,
	['u'] = ANY, ['v'] = ANY, ['w'] = ANY, ['x'] = ANY, ['y'] = ANY, ['z'] = ANY,
	['!'] = TOKEN | HOST, ['#'] = TOKEN, ['$'] = TOKEN | HOST, ['%'] = TOKEN | HOST,
	['&'] = TOKEN | HOST, ['\''] = TOKEN | HOST, ['('] = HOST, [')'] = HOST,
	['*'] = TOKEN | HOST, ['+'] = TOKEN | HOST, [','] = HOST, ['-'] = TOKEN | HOST | PATH,
	['.'] = TOKEN | HOST | PATH, ['/'] = PATH, [';'] = HOST, ['='] = HOST, ['^'] = TOKEN,
	['_'] = TOKEN | HOST | PATH, ['`'] = TOKEN, ['|'] = TOKEN, ['~'] = TOKEN | HOST | PATH,
};

bool ary_bytes_are_all(struct ary_bytes bytes, unsigned class)
{
	for (size_t i = 0; i < bytes.size; i++) {
		if (!ary_byte_is(bytes.data[i], class))
			return false;
	}
	return true;
}

/* Eight bytes with the value BYTE. */
static uint64_t eight_of(uint8_t byte)
{
	return UINT64_C(0x0101010101010101) * byte;
}

/* Whether one of the eight bytes WORD is less than LEAST, which is at most 0x80: subtracting it
 * borrows the highest bit of the first that is. */
static bool has_less(uint64_t word, uint8_t least)
{
	return ((word - eight_of(least)) & ~word & eight_of(0x80)) != 0;
}

static bool is_word_above(const uint8_t *bytes, uint8_t least)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return !has_less(word, least) && !has_less(word ^ eight_of(0x7f), 1);
}

bool ary_bytes_are_above(struct ary_bytes bytes, uint8_t least)
{
	size_t i = 0;

	if (bytes.size >= WORD_BYTES) {
		for (; bytes.size - i > WORD_BYTES; i += WORD_BYTES) {
			if (!is_word_above(bytes.data + i, least))
				return false;
		}
		/* The last word may have some of the one before it. */
		return is_word_above(bytes.data + bytes.size - WORD_BYTES, least);
	}
	for (; i < bytes.size; i++) {
		if (bytes.data[i] < least || bytes.data[i] == 0x7f)
			return false;
	}
	return true;
}
