/* SPDX-License-Identifier: MIT */
#include "api/dictionary.h"

/* More digits than these are no number (RFC 8941 section 3.3). */
enum { INTEGER_DIGITS_MAX = 15, WHOLE_DIGITS_MAX = 12, FRACTION_DIGITS_MAX = 3 };

static bool is_lower(uint8_t byte)
{
	return byte >= 'a' && byte <= 'z';
}

static bool is_alpha(uint8_t byte)
{
	return is_lower(byte | 0x20) && byte < 0x80;
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_one_of(uint8_t byte, const char *set)
{
	for (; *set != '\0'; set++)
		if (byte == (uint8_t)*set)
			return true;
	return false;
}

static bool is_key_byte(uint8_t byte)
{
	return is_lower(byte) || is_digit(byte) || is_one_of(byte, "_-.*");
}

static bool is_token_byte(uint8_t byte)
{
	return is_alpha(byte) || is_digit(byte) || is_one_of(byte, "!#$%&'*+-.^_`|~:/");
}

static bool is_base64_byte(uint8_t byte)
{
	return is_alpha(byte) || is_digit(byte) || is_one_of(byte, "+/=");
}

/* The next byte of TEXT; 0, which may not be there, at its end. */
static uint8_t peek(const struct ary_bytes *text)
{
	return text->size > 0 ? text->data[0] : 0;
}

static void skip(struct ary_bytes *text, size_t size)
{
	*text = (struct ary_bytes){text->data + size, text->size - size};
}

static bool take_byte(struct ary_bytes *text, char byte)
{
	if (peek(text) != (uint8_t)byte)
		return false;
	skip(text, 1);
	return true;
}

static struct ary_bytes take_while(struct ary_bytes *text, bool (*belongs)(uint8_t byte))
{
	struct ary_bytes taken = {text->data, 0};

	while (taken.size < text->size && belongs(text->data[taken.size]))
		taken.size++;
	skip(text, taken.size);
	return taken;
}

static bool is_space(uint8_t byte)
{
	return byte == ' ';
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static bool take_key(struct ary_bytes *text, struct ary_bytes *out)
{
	if (!is_lower(peek(text)) && peek(text) != '*')
		return false;
	*out = take_while(text, is_key_byte);
	return true;
}

static bool take_bytes(struct ary_bytes *text, struct ary_member *out)
{
	skip(text, 1);
	out->kind = ARY_MEMBER_BYTES;
	out->value = take_while(text, is_base64_byte);
	return take_byte(text, ':');
}

static bool take_string(struct ary_bytes *text)
{
	skip(text, 1);
	while (text->size > 0) {
		uint8_t byte = peek(text);

		skip(text, 1);
		if (byte == '"')
			return true;
		if (byte < 0x20 || byte > 0x7e)
			return false;
		if (byte == '\\' && !take_byte(text, '"') && !take_byte(text, '\\'))
			return false;
	}
	return false;
}

static bool take_number(struct ary_bytes *text, struct ary_member *out)
{
	const uint8_t *start = text->data;
	struct ary_bytes digits, fraction;

	(void)take_byte(text, '-');
	digits = take_while(text, is_digit);
	out->kind = ARY_MEMBER_INTEGER;
	out->value = (struct ary_bytes){start, (size_t)(text->data - start)};
	if (peek(text) != '.')
		return digits.size > 0 && digits.size <= INTEGER_DIGITS_MAX;
	skip(text, 1);
	out->kind = ARY_MEMBER_OTHER;
	fraction = take_while(text, is_digit);
	return digits.size > 0 && digits.size <= WHOLE_DIGITS_MAX && fraction.size > 0 &&
	       fraction.size <= FRACTION_DIGITS_MAX;
}

static bool take_item(struct ary_bytes *text, struct ary_member *out)
{
	uint8_t first = peek(text);

	out->kind = ARY_MEMBER_OTHER;
	if (first == ':')
		return take_bytes(text, out);
	if (first == '-' || is_digit(first))
		return take_number(text, out);
	if (first == '"')
		return take_string(text);
	if (take_byte(text, '?'))
		return take_byte(text, '0') || take_byte(text, '1');
	if (!is_alpha(first) && first != '*')
		return false;
	(void)take_while(text, is_token_byte);
	return true;
}

/* Passes over `;name` and `;name=item`. */
static bool take_parameters(struct ary_bytes *text)
{
	struct ary_member ignored;

	while (take_byte(text, ';')) {
		(void)take_while(text, is_space);
		if (!take_key(text, &ignored.name))
			return false;
		if (take_byte(text, '=') && !take_item(text, &ignored))
			return false;
	}
	return true;
}

/* Passes over `(item item)`, from behind its first parenthesis on. */
static bool take_inner_list(struct ary_bytes *text)
{
	struct ary_member ignored;
	bool parted = true;

	for (;;) {
		parted = take_while(text, is_space).size > 0 || parted;
		if (take_byte(text, ')'))
			return true;
		if (!parted || !take_item(text, &ignored) || !take_parameters(text))
			return false;
		parted = false;
	}
}

static bool take_value(struct ary_bytes *text, struct ary_member *out)
{
	out->kind = ARY_MEMBER_OTHER;
	if (!take_byte(text, '='))
		return true;
	if (take_byte(text, '('))
		return take_inner_list(text);
	return take_item(text, out);
}

enum ary_take ary_dictionary_take(struct ary_bytes *text, struct ary_member *out)
{
	struct ary_member member = {.kind = ARY_MEMBER_OTHER};

	if (text->size > 0)
		(void)take_while(text, is_blank);
	if (text->size == 0)
		return ARY_TAKE_END;
	if (!take_key(text, &member.name) || !take_value(text, &member) || !take_parameters(text))
		return ARY_TAKE_BAD;
	(void)take_while(text, is_blank);
	if (text->size > 0) {
		if (!take_byte(text, ','))
			return ARY_TAKE_BAD;
		(void)take_while(text, is_blank);
		/* A comma is followed by a member. */
		if (text->size == 0)
			return ARY_TAKE_BAD;
	}
	*out = member;
	return ARY_TAKE_ONE;
}
