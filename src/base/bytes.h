/* SPDX-License-Identifier: MIT */
/* Byte strings: a borrowed view, and a growing buffer that owns its bytes. */
#ifndef ARY_BASE_BYTES_H
#define ARY_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

/* Borrows SIZE bytes at DATA; DATA may be NULL when SIZE is 0. */
struct ary_bytes {
	const uint8_t *data;
	size_t size;
};

/* A view of a C string without its terminator. */
static inline struct ary_bytes ary_bytes_of(const char *text)
{
	return (struct ary_bytes){ .data = (const uint8_t *)text, .size = strlen(text) };
}

static inline bool ary_bytes_equal(struct ary_bytes a, struct ary_bytes b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Byte order, a shorter prefix first: negative, 0 or positive. */
int ary_bytes_compare(struct ary_bytes a, struct ary_bytes b);

/* Whether BYTES are TEXT, the case of ASCII letters ignored. */
bool ary_bytes_are_caseless(struct ary_bytes bytes, const char *text);

/* BYTES without the blanks (spaces and tabs) at both ends; returns borrowed as BYTES are. */
struct ary_bytes ary_bytes_trim(struct ary_bytes bytes);

/* What of BYTES comes before the first SEPARATOR, or all of it; *REST_OUT is what comes behind it,
 * or nothing. Both return borrowed as BYTES are. */
struct ary_bytes ary_bytes_cut(struct ary_bytes bytes, char separator, struct ary_bytes *rest_out);

/* Whether all bytes are printable ASCII, 0x20 to 0x7e. */
bool ary_bytes_printable(struct ary_bytes bytes);

bool ary_bytes_start_with(struct ary_bytes bytes, struct ary_bytes prefix);

/* Owns `capacity` bytes at DATA, of which SIZE are in use. All zero is a valid empty buffer.
 * Growing doubles, so that n appended bytes cost O(n). */
struct ary_buf {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

/* Makes room for MORE further bytes. False: out of memory, the buffer is as it was. */
ARY_MUST_CHECK bool ary_buf_reserve(struct ary_buf *buf, size_t more);

/* Copies BYTES to the end. False: out of memory, the buffer is as it was. */
ARY_MUST_CHECK bool ary_buf_append(struct ary_buf *buf, struct ary_bytes bytes);

/* Appends text made from FORMAT (no terminator). False: out of memory, as it was. */
ARY_MUST_CHECK bool ary_buf_printf(struct ary_buf *buf, const char *format, ...) ARY_PRINTF(2, 3);

/* Makes OUT the least byte string that is behind all that begin with PREFIX, or empty where there
 * is none. False: out of memory. */
ARY_MUST_CHECK bool ary_bytes_behind_prefix(struct ary_bytes prefix, struct ary_buf *out);

/* A view of what is in BUF; returns borrowed until BUF changes. */
struct ary_bytes ary_buf_view(const struct ary_buf *buf);

/* Frees the bytes; BUF is empty and usable again. Most of a call's are empty. */
static inline void ary_buf_release(struct ary_buf *buf)
{
	if (buf->data)
		free(buf->data);
	*buf = (struct ary_buf){ 0 };
}

#endif
