/* SPDX-License-Identifier: MIT */
#include "api/target.h"

#include <string.h>
#include <strings.h>

#include "base/byte_class.h"

static const char hex_digits[] = "0123456789ABCDEF";

static struct ary_bytes skip(struct ary_bytes bytes, size_t size)
{
	return (struct ary_bytes){bytes.data + size, bytes.size - size};
}

static bool has_bad_byte(struct ary_bytes raw)
{
	return !ary_bytes_are_above(raw, '!') || memchr(raw.data, '#', raw.size) != NULL;
}

static bool strip_prefix(struct ary_bytes *bytes, const char *prefix)
{
	size_t size = strlen(prefix);

	if (bytes->size < size || strncasecmp((const char *)bytes->data, prefix, size) != 0)
		return false;
	*bytes = skip(*bytes, size);
	return true;
}

/* Drops `http://authority`; what is left begins with a slash or a question mark, or is empty. */
static enum ary_status strip_origin(struct ary_bytes *raw)
{
	size_t size = 0;

	if (!strip_prefix(raw, "http://") && !strip_prefix(raw, "https://"))
		return ARY_INVALID;
	while (size < raw->size && raw->data[size] != '/' && raw->data[size] != '?')
		size++;
	if (size == 0)
		return ARY_INVALID;
	*raw = skip(*raw, size);
	return ARY_OK;
}

enum ary_status ary_target_split(struct ary_bytes raw, struct ary_target *out)
{
	struct ary_target target;
	bool absolute;

	if (raw.size == 0 || has_bad_byte(raw))
		return ARY_INVALID;
	absolute = raw.data[0] != '/' && !(raw.size == 1 && raw.data[0] == '*');
	if (absolute && strip_origin(&raw) != ARY_OK)
		return ARY_INVALID;
	target.path = ary_bytes_cut(raw, '?', &target.query);
	if (target.path.size == 0)
		target.path = ary_bytes_of("/");
	*out = target;
	return ARY_OK;
}

/* The value of a hexadecimal digit of either case, or -1. */
static int digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return -1;
}

/* Writes what TEXT decodes to, which is never longer, to OUT. */
static enum ary_status decode_into(struct ary_bytes text, uint8_t *out, size_t *size_out)
{
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i];

		if (byte == '%') {
			int high = i + 2 < text.size ? digit(text.data[i + 1]) : -1;
			int low = i + 2 < text.size ? digit(text.data[i + 2]) : -1;

			if (high < 0 || low < 0)
				return ARY_INVALID;
			byte = (uint8_t)(high << 4 | low);
			i += 2;
		}
		out[size++] = byte;
	}
	*size_out = size;
	return ARY_OK;
}

enum ary_status ary_percent_decode(struct ary_bytes text, struct ary_buf *storage,
				   struct ary_bytes *out)
{
	enum ary_status status;

	if (text.size == 0 || memchr(text.data, '%', text.size) == NULL) {
		*out = text;
		return ARY_OK;
	}
	storage->size = 0;
	if (!ary_buf_reserve(storage, text.size))
		return ARY_NO_MEMORY;
	status = decode_into(text, storage->data, &storage->size);
	if (status == ARY_OK)
		*out = ary_buf_view(storage);
	return status;
}

static bool is_literal(uint8_t byte)
{
	return ary_byte_is(byte, ARY_BYTE_PATH);
}

bool ary_percent_encode(struct ary_bytes bytes, struct ary_buf *out)
{
	if (!ary_buf_reserve(out, bytes.size * 3))
		return false;
	for (size_t i = 0; i < bytes.size; i++) {
		uint8_t byte = bytes.data[i];

		if (is_literal(byte)) {
			out->data[out->size++] = byte;
			continue;
		}
		out->data[out->size++] = '%';
		out->data[out->size++] = (uint8_t)hex_digits[byte >> 4];
		out->data[out->size++] = (uint8_t)hex_digits[byte & 15];
	}
	return true;
}

bool ary_percent_is_canonical(struct ary_bytes text, struct ary_bytes bytes)
{
	size_t at = 0;

	for (size_t i = 0; i < bytes.size; i++) {
		uint8_t byte = bytes.data[i];

		if (is_literal(byte)) {
			if (at >= text.size || text.data[at++] != byte)
				return false;
			continue;
		}
		if (text.size - at < 3 || text.data[at] != '%' ||
		    text.data[at + 1] != (uint8_t)hex_digits[byte >> 4] ||
		    text.data[at + 2] != (uint8_t)hex_digits[byte & 15])
			return false;
		at += 3;
	}
	return at == text.size;
}

bool ary_path_has_dot_segment(struct ary_bytes path)
{
	struct ary_bytes segment;

	while (path.size > 0) {
		segment = ary_bytes_cut(path, '/', &path);
		if (ary_bytes_equal(segment, ary_bytes_of(".")) ||
		    ary_bytes_equal(segment, ary_bytes_of("..")))
			return true;
	}
	return false;
}
