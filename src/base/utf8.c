/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <string.h>

/* What may follow a first byte: how many bytes more, and the range of the first of them. The
 * narrow ranges keep out overlong forms (E0, F0), surrogates (ED) and all above U+10FFFF (F4). */
struct lead {
	uint8_t more;
	uint8_t low;
	uint8_t high;
};

static struct lead lead_of(uint8_t first)
{
	if (first < 0x80)
		return (struct lead){ 0, 0, 0 };
	if (first >= 0xc2 && first <= 0xdf)
		return (struct lead){ 1, 0x80, 0xbf };
	if (first == 0xe0)
		return (struct lead){ 2, 0xa0, 0xbf };
	if (first == 0xed)
		return (struct lead){ 2, 0x80, 0x9f };
	if (first >= 0xe1 && first <= 0xef)
		return (struct lead){ 2, 0x80, 0xbf };
	if (first == 0xf0)
		return (struct lead){ 3, 0x90, 0xbf };
	if (first >= 0xf1 && first <= 0xf3)
		return (struct lead){ 3, 0x80, 0xbf };
	if (first == 0xf4)
		return (struct lead){ 3, 0x80, 0x8f };
	return (struct lead){ 1, 1, 0 }; /* no byte is in this range */
}

/* The size of the character at the front of the SIZE (at least 1) bytes at AT; 0: not one. */
static size_t character_size(const uint8_t *at, size_t size)
{
	struct lead lead = lead_of(at[0]);

	if (lead.more == 0)
		return 1;
	if (size <= lead.more || at[1] < lead.low || at[1] > lead.high)
		return 0;
	for (size_t i = 2; i <= lead.more; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return (size_t)lead.more + 1;
}

/* How many bytes at the front are ASCII, in steps of eight: most text is, and this is quicker. */
static size_t skip_ascii(const uint8_t *at, size_t size)
{
	size_t done = 0;

	for (; size - done >= 8; done += 8) {
		uint64_t word;

		memcpy(&word, at + done, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return done;
}

bool ary_utf8_valid(struct ary_bytes bytes)
{
	size_t done = 0;

	while (done < bytes.size) {
		size_t taken = skip_ascii(bytes.data + done, bytes.size - done);

		if (taken == 0)
			taken = character_size(bytes.data + done, bytes.size - done);
		if (taken == 0)
			return false;
		done += taken;
	}
	return true;
}
