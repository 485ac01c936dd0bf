/* SPDX-License-Identifier: MIT */
#include "base/diag.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { LINE_BYTES = 1024 };

static enum ary_diag_level highest = ARY_DIAG_INFO;

void ary_diag_set_level(enum ary_diag_level level)
{
	highest = level;
}

/* What a snprintf that answered MADE left in SIZE bytes, without the terminator. */
static size_t kept(int made, size_t size)
{
	if (made < 0)
		return 0;
	return (size_t)made < size ? (size_t)made : size - 1;
}

void ary_diag(enum ary_diag_level level, const char *event, const char *format, ...)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	char line[LINE_BYTES];
	va_list values;
	size_t size;

	if (level > highest)
		return;
	size = kept(snprintf(line, sizeof(line), "level=%s event=%s ", names[level], event),
		    sizeof(line));
	va_start(values, format);
	size += kept(vsnprintf(line + size, sizeof(line) - size, format, values),
		     sizeof(line) - size);
	va_end(values);
	if (line[size - 1] == ' ')
		size--;
	for (size_t i = 0; i < size; i++)
		if (line[i] == '\n' || line[i] == '\r')
			line[i] = ' ';
	/* The newline takes the place of the terminator. Standard error has no buffer, so one
	 * fwrite is one write. When nobody takes the line, there is nobody left to tell. */
	line[size++] = '\n';
	(void)fwrite(line, 1, size, stderr);
}

const char *ary_diag_quote(const char *text, char out[ARY_DIAG_QUOTED_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	out[at++] = '"';
	/* Room is kept for the longest form of a byte, the closing quote and the terminator. */
	for (; *text != '\0' && at + 4 + 2 <= ARY_DIAG_QUOTED_BYTES; text++) {
		uint8_t c = (uint8_t)*text;

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			out[at++] = (char)c;
			continue;
		}
		out[at++] = '\\';
		out[at++] = 'x';
		out[at++] = digits[c >> 4];
		out[at++] = digits[c & 0xf];
	}
	out[at++] = '"';
	out[at] = '\0';
	return out;
}
