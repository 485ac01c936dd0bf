/* SPDX-License-Identifier: MIT */
/* The lock of a store. flock, not fcntl locks: those vanish when any descriptor of the file is
 * closed, and do not keep out a second opening by the same process. */
#include "env/posix_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/number.h"

enum { PID_LINE_BYTES = 24 };

/* HOW is LOCK_EX or LOCK_SH. */
static enum ary_status take_lock(struct posix_file *file, int how)
{
	unsigned tries = 0;
	int result;

	do {
		result = flock(file->fd, how | LOCK_NB);
	} while (result != 0 && ary_posix_again(&tries));
	if (result == 0)
		return ARY_OK;
	return errno == EWOULDBLOCK ? ARY_LOCKED : ARY_IO;
}

/* Whether the file holds a process id, which it does not while its holder is just writing it. */
static bool read_pid(struct posix_file *file, uint64_t *out)
{
	uint8_t line[PID_LINE_BYTES];
	const uint8_t *end;
	size_t size;

	if (ary_file_read_at(&file->file, 0, line, sizeof(line), &size, NULL) != ARY_OK)
		return false;
	end = memchr(line, '\n', size);
	if (end == NULL)
		return false;
	return ary_parse_u64((struct ary_bytes){ line, (size_t)(end - line) }, out);
}

static enum ary_status refuse(struct posix_file *file, struct ary_error *err)
{
	uint64_t pid;

	/* Those who share the lock do not write their id, so the one in the file is not theirs. */
	if (take_lock(file, LOCK_SH) == ARY_OK)
		return ary_fail(err, ARY_LOCKED, "locked by another process, which reads it (%s)",
				file->path);
	if (read_pid(file, &pid))
		return ary_fail(err, ARY_LOCKED, "locked by process %" PRIu64 " (%s)", pid,
				file->path);
	return ary_fail(err, ARY_LOCKED, "locked by another process (%s)", file->path);
}

/* Best effort: the id is for people, the lock holds without it, and a full disk must not keep a
 * store from being opened. The id of an earlier holder goes first, so that it is never named. */
static void write_pid(struct posix_file *file)
{
	char line[PID_LINE_BYTES];
	int size = snprintf(line, sizeof(line), "%ld\n", (long)getpid());
	size_t written;

	if (ary_file_truncate(&file->file, 0, NULL) != ARY_OK ||
	    ary_file_write_at(&file->file, 0, line, (size_t)size, &written, NULL) != ARY_OK)
		return;
}

/* Takes FILE. *OUT is the lock. */
static enum ary_status lock_file(struct posix_file *file, int how, struct ary_file **out,
				 struct ary_error *err)
{
	enum ary_status status = take_lock(file, how);

	if (status == ARY_OK) {
		*out = &file->file;
		return ARY_OK;
	}
	if (status == ARY_LOCKED)
		status = refuse(file, err);
	else
		status = ary_fail_errno(err, errno, "cannot lock %s", file->path);
	(void)ary_file_close(&file->file, NULL);
	return status;
}

enum ary_status ary_posix_dir_lock(struct ary_dir *dir, const char *name, struct ary_file **out,
				   struct ary_error *err)
{
	struct posix_file *file;
	enum ary_status status;

	status = ary_posix_open((struct posix_dir *)dir, name, O_RDWR | O_CREAT, &file, err);
	if (status == ARY_OK)
		status = lock_file(file, LOCK_EX, out, err);
	if (status == ARY_OK)
		write_pid(file);
	return status;
}

enum ary_status ary_posix_dir_lock_shared(struct ary_dir *dir, const char *name,
					  struct ary_file **out, struct ary_error *err)
{
	struct posix_file *file;
	enum ary_status status;

	status = ary_posix_open((struct posix_dir *)dir, name, O_RDONLY, &file, err);
	return status == ARY_OK ? lock_file(file, LOCK_SH, out, err) : status;
}
