/* SPDX-License-Identifier: MIT */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

struct row {
	const char *name;
	const char *text;
};

static const struct row *find_row(enum ary_status status)
{
	static const struct row rows[] = {
#define ROW(name, text) { #name, text },
		ARY_STATUS_TABLE(ROW)
#undef ROW
	};
	size_t i = (size_t)status;

	ARY_CHECK(i < sizeof(rows) / sizeof(rows[0]));
	return &rows[i];
}

const char *ary_status_text(enum ary_status status)
{
	return find_row(status)->text;
}

const char *ary_status_name(enum ary_status status)
{
	return find_row(status)->name;
}

/* How many bytes the UTF-8 sequence that FIRST begins should have. */
static size_t sequence_size(uint8_t first)
{
	if (first >= 0xf0)
		return 4;
	if (first >= 0xe0)
		return 3;
	return first >= 0xc0 ? 2 : 1;
}

/* Takes away a character that the cut at the end of TEXT left without its last bytes: an error
 * text may travel in JSON, which must be UTF-8. */
static void drop_half_character(char *text)
{
	size_t size = strlen(text);
	size_t start = size;

	while (start > 0 && ((uint8_t)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && sequence_size((uint8_t)text[start - 1]) > size - (start - 1))
		text[start - 1] = '\0';
}

/* File names and the texts of libraries may hold anything; an error is one line. */
static void keep_one_line(char *text)
{
	for (; *text != '\0'; text++)
		if ((uint8_t)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

/* Makes TEXT of at most SIZE bytes with its terminator. */
ARY_PRINTF(3, 0)
static void make_text(char *text, size_t size, const char *format, va_list values)
{
	int made = vsnprintf(text, size, format, values);

	if (made < 0)
		text[0] = '\0';
	else if ((size_t)made >= size)
		drop_half_character(text);
	keep_one_line(text);
}

enum ary_status ary_fail(struct ary_error *err, enum ary_status status, const char *format, ...)
{
	char text[ARY_ERROR_TEXT_BYTES];
	va_list values;

	if (err == NULL)
		return status;
	/* Made aside, because a value may be the old text of ERR. */
	va_start(values, format);
	make_text(text, sizeof(text), format, values);
	va_end(values);
	err->status = status;
	err->os_errno = 0;
	memcpy(err->text, text, sizeof(text));
	return status;
}

static enum ary_status status_of_errno(int os_errno)
{
	switch (os_errno) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ARY_NO_SPACE;
	case ENOENT:
		return ARY_NOT_FOUND;
	case EEXIST:
		return ARY_EXISTS;
	case ENOMEM:
		return ARY_NO_MEMORY;
	case EMFILE:
	case ENFILE:
		return ARY_BUSY;
	default:
		return ARY_IO;
	}
}

enum ary_status ary_fail_errno(struct ary_error *err, int os_errno, const char *format, ...)
{
	enum ary_status status = status_of_errno(os_errno);
	char what[ARY_ERROR_TEXT_BYTES];
	char buffer[ARY_ERROR_TEXT_BYTES / 2];
	const char *why;
	va_list values;

	if (err == NULL)
		return status;
	/* A long path is cut before the reason, which is what one needs to read. */
	why = strerror_r(os_errno, buffer, sizeof(buffer));
	va_start(values, format);
	make_text(what, sizeof(what) - strnlen(why, sizeof(buffer)) - strlen(": "), format, values);
	va_end(values);
	(void)ary_fail(err, status, "%s: %s", what, why);
	err->os_errno = os_errno;
	return status;
}

enum ary_status ary_error_wrap(struct ary_error *err, enum ary_status otherwise,
			       const char *format, ...)
{
	char context[ARY_ERROR_TEXT_BYTES];
	int os_errno;
	va_list values;

	if (err == NULL)
		return otherwise;
	va_start(values, format);
	make_text(context, sizeof(context), format, values);
	va_end(values);
	os_errno = err->os_errno;
	(void)ary_fail(err, err->status, "%s: %s", context, err->text);
	err->os_errno = os_errno;
	return err->status;
}
