/* SPDX-License-Identifier: MIT */
#include "app/console.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "env/system.h"

enum { PROGRESS_BYTES_MIN = 64 * 1024 * 1024 };

enum ary_exit ary_complain(enum ary_exit code, const char *format, ...)
{
	va_list values;

	/* What was printed so far comes first also where both streams go to the same place. */
	fflush(stdout);
	fputs("aryavarth: ", stderr);
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
	return code;
}

void ary_console_write(struct ary_bytes bytes)
{
	if (bytes.size > 0)
		fwrite(bytes.data, 1, bytes.size, stdout);
}

bool ary_console_good(void)
{
	return !ferror(stdout);
}

void ary_console_end_line(void)
{
	if (ary_is_terminal(1))
		ary_console_write(ary_bytes_of("\n"));
}

enum ary_status ary_console_read_some(size_t size, struct ary_buf *out, struct ary_error *err)
{
	out->size = 0;
	if (!ary_buf_reserve(out, size))
		return ary_fail(err, ARY_NO_MEMORY, "no memory for standard input");
	out->size = fread(out->data, 1, size, stdin);
	if (out->size < size && ferror(stdin))
		return ary_fail_errno(err, errno, "cannot read standard input");
	return ARY_OK;
}

void ary_console_progress(const char *what, uint64_t done_bytes, uint64_t total_bytes)
{
	if (total_bytes < PROGRESS_BYTES_MIN || !ary_is_terminal(2))
		return;
	if (done_bytes >= total_bytes)
		fprintf(stderr, "\r%*s\r", (int)strlen(what) + 8, "");
	else
		fprintf(stderr, "\r%s %3u%%", what,
			(unsigned)((double)done_bytes * 100 / (double)total_bytes));
}

enum ary_exit ary_console_finish(enum ary_exit code)
{
	/* A write that failed earlier left the stream's mark, but no reason: the last flush fails
	 * for the same one, as a rule. */
	bool failed = ferror(stdout);
	int os_errno = fflush(stdout) == 0 ? 0 : errno;
	struct ary_error err;

	if (!failed && os_errno == 0)
		return code;
	(void)ary_fail_errno(&err, os_errno ? os_errno : EIO, "cannot write to standard output");
	return ary_complain(ARY_EXIT_STORE, "%s", err.text);
}
