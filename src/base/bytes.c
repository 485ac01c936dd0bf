/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

enum { FIRST_CAPACITY_BYTES = 64 };

int ary_bytes_compare(struct ary_bytes a, struct ary_bytes b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

	if (order != 0)
		return order;
	return (a.size > b.size) - (a.size < b.size);
}

bool ary_bytes_are_caseless(struct ary_bytes bytes, const char *text)
{
	return bytes.size == strlen(text) &&
	       (bytes.size == 0 || strncasecmp((const char *)bytes.data, text, bytes.size) == 0);
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

struct ary_bytes ary_bytes_trim(struct ary_bytes bytes)
{
	while (bytes.size > 0 && is_blank(bytes.data[0]))
		bytes = (struct ary_bytes){bytes.data + 1, bytes.size - 1};
	while (bytes.size > 0 && is_blank(bytes.data[bytes.size - 1]))
		bytes.size--;
	return bytes;
}

struct ary_bytes ary_bytes_cut(struct ary_bytes bytes, char separator, struct ary_bytes *rest_out)
{
	const uint8_t *at;
	size_t size, rest;

	if (bytes.size == 0) {
		*rest_out = bytes;
		return bytes;
	}
	at = memchr(bytes.data, separator, bytes.size);
	size = at != NULL ? (size_t)(at - bytes.data) : bytes.size;
	rest = at != NULL ? size + 1 : size;
	*rest_out = (struct ary_bytes){bytes.data + rest, bytes.size - rest};
	return (struct ary_bytes){bytes.data, size};
}

bool ary_bytes_printable(struct ary_bytes bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		if (bytes.data[i] < 0x20 || bytes.data[i] > 0x7e)
			return false;
	}
	return true;
}

bool ary_bytes_start_with(struct ary_bytes bytes, struct ary_bytes prefix)
{
	if (bytes.size < prefix.size)
		return false;
	bytes.size = prefix.size;
	return ary_bytes_equal(bytes, prefix);
}

bool ary_buf_reserve(struct ary_buf *buf, size_t more)
{
	size_t capacity = buf->capacity;
	size_t needed;
	uint8_t *data;

	if (more <= capacity - buf->size)
		return true;
	/* No object is larger than PTRDIFF_MAX, so that doubling cannot wrap either. */
	if (more > PTRDIFF_MAX - buf->size)
		return false;
	needed = buf->size + more;
	capacity *= 2;
	if (capacity < FIRST_CAPACITY_BYTES)
		capacity = FIRST_CAPACITY_BYTES;
	if (capacity < needed)
		capacity = needed;
	data = ary_try_realloc(buf->data, capacity);
	if (data == NULL)
		return false;
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

bool ary_buf_append(struct ary_buf *buf, struct ary_bytes bytes)
{
	if (bytes.size == 0)
		return true;
	if (!ary_buf_reserve(buf, bytes.size))
		return false;
	memcpy(buf->data + buf->size, bytes.data, bytes.size);
	buf->size += bytes.size;
	return true;
}

/* How many characters the text takes; negative: it cannot be made. */
ARY_PRINTF(1, 0)
static int measure(const char *format, va_list values)
{
	va_list copy;
	int size;

	va_copy(copy, values);
	size = vsnprintf(NULL, 0, format, copy);
	va_end(copy);
	return size;
}

bool ary_buf_printf(struct ary_buf *buf, const char *format, ...)
{
	va_list values;
	bool done = false;
	int size;

	va_start(values, format);
	size = measure(format, values);
	/* One byte more, because vsnprintf always writes its terminator. */
	if (size >= 0 && ary_buf_reserve(buf, (size_t)size + 1)) {
		vsnprintf((char *)buf->data + buf->size, (size_t)size + 1, format, values);
		buf->size += (size_t)size;
		done = true;
	}
	va_end(values);
	return done;
}

bool ary_bytes_behind_prefix(struct ary_bytes prefix, struct ary_buf *out)
{
	while (prefix.size > 0 && prefix.data[prefix.size - 1] == 0xff)
		prefix.size--;
	out->size = 0;
	if (prefix.size == 0)
		return true;
	if (!ary_buf_append(out, prefix))
		return false;
	out->data[out->size - 1]++;
	return true;
}

struct ary_bytes ary_buf_view(const struct ary_buf *buf)
{
	return (struct ary_bytes){ .data = buf->data, .size = buf->size };
}
