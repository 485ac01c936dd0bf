/* SPDX-License-Identifier: MIT */
#include "format/text.h"

#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"

/* Bytes that are looked at together: every processor of today has registers of this size, and the
 * compiler makes do for those that have not. */
enum { LANES = 16 };
typedef uint8_t ary_lanes __attribute__((vector_size(LANES)));

static ary_lanes load(const uint8_t *data)
{
	ary_lanes lanes;

	memcpy(&lanes, data, sizeof(lanes));
	return lanes;
}

static bool any_bit(ary_lanes lanes)
{
	uint64_t halves[2];

	memcpy(halves, &lanes, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

static bool are_plain(ary_lanes lanes)
{
	return !any_bit((ary_lanes)((lanes < 0x20) | (lanes == '"') | (lanes == '\\')));
}

static bool is_plain(uint8_t byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

size_t ary_text_plain(const uint8_t *data, size_t size)
{
	size_t i = 0;

	while (size - i >= LANES && are_plain(load(data + i)))
		i += LANES;
	while (i < size && is_plain(data[i]))
		i++;
	return i;
}

bool ary_text_ascii(struct ary_bytes bytes)
{
	ary_lanes all = {0};
	uint8_t rest = 0;
	size_t i = 0;

	for (; bytes.size - i >= LANES; i += LANES)
		all |= load(bytes.data + i);
	for (; i < bytes.size; i++)
		rest |= bytes.data[i];
	return rest < 0x80 && !any_bit(all & 0x80);
}

bool ary_text_valid(struct ary_bytes bytes)
{
	if (bytes.size == 0)
		return true;
	return !memchr(bytes.data, 0, bytes.size) && ary_utf8_valid(bytes);
}

/* The letter of a two-byte escape, or 0 when there is none. */
static char short_escape(uint8_t byte)
{
	switch (byte) {
	case '"':
		return '"';
	case '\\':
		return '\\';
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

static uint8_t *escape_byte(uint8_t byte, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";
	char letter = short_escape(byte);

	*out++ = '\\';
	if (letter) {
		*out++ = (uint8_t)letter;
		return out;
	}
	memcpy(out, "u00", 3);
	out[3] = (uint8_t)digits[byte >> 4];
	out[4] = (uint8_t)digits[byte & 15];
	return out + 5;
}

uint8_t *ary_text_escape(struct ary_bytes bytes, uint8_t *out)
{
	size_t i = 0;

	while (i < bytes.size) {
		size_t plain = ary_text_plain(bytes.data + i, bytes.size - i);
		memcpy(out, bytes.data + i, plain);
		out += plain;
		i += plain;
		if (i < bytes.size)
			out = escape_byte(bytes.data[i++], out);
	}
	return out;
}

/* Text that is being read, and where its meaning goes. */
struct reader {
	const uint8_t *at;
	const uint8_t *end;
	uint8_t *out;
};

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

/* Four digits at the reader, as a number. */
static bool read_unit(struct reader *reader, uint32_t *out)
{
	uint32_t unit = 0;

	if (reader->end - reader->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(reader->at[i]);
		if (digit < 0)
			return false;
		unit = unit << 4 | (uint32_t)digit;
	}
	reader->at += 4;
	*out = unit;
	return true;
}

/* The UTF-8 of CODE is never longer than the escape that it came from. */
static uint8_t *put_utf8(uint32_t code, uint8_t *out)
{
	if (code < 0x80) {
		*out++ = (uint8_t)code;
		return out;
	}
	if (code < 0x800) {
		*out++ = (uint8_t)(0xc0 | code >> 6);
	} else if (code < 0x10000) {
		*out++ = (uint8_t)(0xe0 | code >> 12);
		*out++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
	} else {
		*out++ = (uint8_t)(0xf0 | code >> 18);
		*out++ = (uint8_t)(0x80 | (code >> 12 & 0x3f));
		*out++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
	}
	*out++ = (uint8_t)(0x80 | (code & 0x3f));
	return out;
}

/* What follows `\u`: one unit, or a surrogate pair. */
static bool unescape_unicode(struct reader *reader)
{
	uint32_t code;
	uint32_t low;

	if (!read_unit(reader, &code) || code == 0 || (code >= 0xdc00 && code <= 0xdfff))
		return false;
	if (code >= 0xd800 && code <= 0xdbff) {
		if (reader->end - reader->at < 2 || memcmp(reader->at, "\\u", 2) != 0)
			return false;
		reader->at += 2;
		if (!read_unit(reader, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	reader->out = put_utf8(code, reader->out);
	return true;
}

/* What the LETTER after a backslash stands for, or 0 when that is no escape. */
static char short_meaning(uint8_t letter)
{
	switch (letter) {
	case '"':
	case '\\':
	case '/':
		return (char)letter;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

/* What follows a backslash. */
static bool unescape_one(struct reader *reader)
{
	if (reader->at == reader->end)
		return false;
	uint8_t letter = *reader->at++;
	if (letter == 'u')
		return unescape_unicode(reader);
	char meaning = short_meaning(letter);
	if (!meaning)
		return false;
	*reader->out++ = (uint8_t)meaning;
	return true;
}

bool ary_text_unescape(struct ary_bytes text, uint8_t *out, size_t *size_out)
{
	struct reader reader = {.at = text.data, .end = text.data + text.size, .out = out};

	while (reader.at < reader.end) {
		size_t plain = ary_text_plain(reader.at, (size_t)(reader.end - reader.at));
		memcpy(reader.out, reader.at, plain);
		reader.at += plain;
		reader.out += plain;
		if (reader.at == reader.end)
			break;
		if (*reader.at++ != '\\' || !unescape_one(&reader))
			return false;
	}
	*size_out = (size_t)(reader.out - out);
	return true;
}

bool ary_text_append_member(struct ary_buf *out, const char *name, struct ary_bytes bytes)
{
	bool text = ary_text_valid(bytes);
	size_t size_max = text ? bytes.size * ARY_TEXT_ESCAPE_BYTES_MAX :
				 ary_base64_size(bytes.size);

	if (!ary_buf_printf(out, "\"%s%s\":\"", name, text ? "" : "_b64") ||
	    !ary_buf_reserve(out, size_max))
		return false;
	if (text) {
		out->size = (size_t)(ary_text_escape(bytes, out->data + out->size) - out->data);
	} else {
		ary_base64_encode(bytes, out->data + out->size);
		out->size += size_max;
	}
	return ary_buf_append(out, ary_bytes_of("\""));
}
