/* SPDX-License-Identifier: MIT */
#include "env/posix_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/check.h"

/* Of longer reads the call costs little, and asks the disk for all at once where a map would for
 * one page after the other. */
enum { MAPPED_READ_BYTES_MAX = 8 * 1024 };

_Static_assert(sizeof(off_t) == sizeof(uint64_t), "files grow past 2 GiB");

static struct posix_file *file_of(struct ary_file *file)
{
	return (struct posix_file *)file;
}

static char *join(const char *path, const char *name)
{
	size_t size = strlen(path) + strlen(name) + sizeof("/");
	char *joined = ary_alloc(size);

	snprintf(joined, size, "%s/%s", path, name);
	return joined;
}

static int look_at(int fd, struct stat *out)
{
	unsigned tries = 0;
	int result;

	do {
		result = fstat(fd, out);
	} while (result != 0 && ary_posix_again(&tries));
	return result;
}

static enum ary_status check_regular(int fd, const struct posix_dir *dir, const char *name,
				     struct ary_error *err)
{
	struct stat status;

	if (look_at(fd, &status) != 0)
		return ary_fail_errno(err, errno, "cannot look at %s/%s", dir->path, name);
	if (!S_ISREG(status.st_mode))
		return ary_fail(err, ARY_IO, "%s/%s is not a regular file", dir->path, name);
	return ARY_OK;
}

enum ary_status ary_posix_open(struct posix_dir *dir, const char *name, int flags,
			       struct posix_file **out, struct ary_error *err)
{
	struct posix_file *file;
	enum ary_status status;
	unsigned tries = 0;
	int fd;

	/* O_NONBLOCK means nothing to a regular file, and keeps the open of a pipe from waiting
	 * for its other end before it is seen to be a pipe. */
	flags |= O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
	do {
		fd = openat(dir->fd, name, flags, 0600);
	} while (fd < 0 && ary_posix_again(&tries));
	if (fd < 0 && errno == ELOOP)
		return ary_fail(err, ARY_IO, "%s/%s is a symbolic link, which is not followed",
				dir->path, name);
	if (fd < 0)
		return ary_fail_errno(err, errno, "cannot open %s/%s", dir->path, name);
	status = check_regular(fd, dir, name, err);
	if (status != ARY_OK) {
		(void)close(fd);
		/* What was just made would be in the way of the next try. */
		if (flags & O_EXCL)
			(void)unlinkat(dir->fd, name, 0);
		return status;
	}
	file = ARY_NEW(struct posix_file);
	file->file.env = dir->dir.env;
	file->fd = fd;
	file->path = join(dir->path, name);
	*out = file;
	return ARY_OK;
}

static int open_flags(enum ary_open_mode mode)
{
	switch (mode) {
	case ARY_OPEN_READ:
		return O_RDONLY;
	case ARY_OPEN_WRITE:
		return O_RDWR;
	default:
		ARY_CHECK(mode == ARY_OPEN_CREATE_NEW);
		return O_RDWR | O_CREAT | O_EXCL;
	}
}

enum ary_status ary_posix_file_open(struct ary_dir *dir, const char *name,
				    enum ary_open_mode mode, struct ary_file **out,
				    struct ary_error *err)
{
	struct posix_file *file = NULL;
	enum ary_status status;

	status = ary_posix_open((struct posix_dir *)dir, name, open_flags(mode), &file, err);
	if (status == ARY_OK)
		*out = &file->file;
	return status;
}

enum ary_status ary_posix_file_close(struct ary_file *file, struct ary_error *err)
{
	struct posix_file *self = file_of(file);
	enum ary_status status = ARY_OK;

	/* After EINTR the descriptor is gone all the same, and trying again could close one that
	 * another thread has just opened. */
	if (close(self->fd) != 0 && errno != EINTR)
		status = ary_fail_errno(err, errno, "cannot close %s", self->path);
	ary_posix_map_release(self->map);
	free(self->path);
	free(self);
	return status;
}

enum ary_status ary_posix_file_size(struct ary_file *file, uint64_t *out, struct ary_error *err)
{
	struct posix_file *self = file_of(file);
	struct stat status;

	if (look_at(self->fd, &status) != 0)
		return ary_fail_errno(err, errno, "cannot look at %s", self->path);
	*out = (uint64_t)status.st_size;
	return ARY_OK;
}

/* Whether the map has answered. It ends nowhere that the file does not, as far as is known here. */
static bool read_mapped(struct posix_file *self, uint64_t offset, void *data, size_t size)
{
	if (self->map == NULL || size > MAPPED_READ_BYTES_MAX)
		return false;
	uint64_t end = atomic_load_explicit(&self->mapped_size, memory_order_acquire);
	return offset <= end && size <= end - offset &&
	       ary_posix_map_read(self->map, offset, data, size);
}

enum ary_status ary_posix_file_read_at(struct ary_file *file, uint64_t offset, void *data,
				       size_t size, size_t *read_out, struct ary_error *err)
{
	struct posix_file *self = file_of(file);
	unsigned tries = 0;
	size_t done = read_mapped(self, offset, data, size) ? size : 0;

	while (done < size) {
		ssize_t got = pread(self->fd, (char *)data + done, size - done,
				    (off_t)(offset + done));

		if (got == 0)
			break;
		if (got > 0)
			done += (size_t)got;
		else if (!ary_posix_again(&tries))
			return ary_fail_errno(err, errno, "cannot read %s at byte %llu", self->path,
					      (unsigned long long)offset + done);
	}
	*read_out = done;
	return ARY_OK;
}

/* The file reaches at least to END. One thread writes at a time. */
static void note_end(struct posix_file *self, uint64_t end)
{
	if (self->map != NULL && atomic_load(&self->mapped_size) < end)
		atomic_store(&self->mapped_size, end);
}

enum ary_status ary_posix_file_write_at(struct ary_file *file, uint64_t offset, const void *data,
					size_t size, size_t *written_out, struct ary_error *err)
{
	struct posix_file *self = file_of(file);
	enum ary_status status = ARY_OK;
	unsigned tries = 0;
	size_t done = 0;

	while (done < size && status == ARY_OK) {
		ssize_t put = pwrite(self->fd, (const char *)data + done, size - done,
				     (off_t)(offset + done));

		if (put > 0)
			done += (size_t)put;
		else if (put == 0 || !ary_posix_again(&tries)) /* none taken: it would go on */
			status = ary_fail_errno(err, put == 0 ? EIO : errno,
						"cannot write %s at byte %llu", self->path,
						(unsigned long long)offset + done);
	}
	*written_out = done;
	if (done > 0)
		note_end(self, offset + done);
	return status;
}

enum ary_status ary_posix_file_truncate(struct ary_file *file, uint64_t size,
					struct ary_error *err)
{
	struct posix_file *self = file_of(file);
	unsigned tries = 0;
	int result;

	/* Before it is so: what is cut off must not be looked for. */
	if (self->map != NULL && atomic_load(&self->mapped_size) > size)
		atomic_store(&self->mapped_size, size);
	do {
		result = ftruncate(self->fd, (off_t)size);
	} while (result != 0 && ary_posix_again(&tries));
	if (result != 0)
		return ary_fail_errno(err, errno, "cannot set the size of %s", self->path);
	return ARY_OK;
}

enum ary_status ary_posix_file_sync(struct ary_file *file, struct ary_error *err)
{
	struct posix_file *self = file_of(file);

	if (fdatasync(self->fd) != 0)
		return ary_fail_errno(err, errno, "cannot sync %s", self->path);
	return ARY_OK;
}

void ary_posix_file_map(struct ary_file *file, uint64_t bytes)
{
	struct posix_file *self = file_of(file);
	struct stat status;

	ARY_CHECK(self->map == NULL);
	if (bytes == 0 || bytes > SIZE_MAX / 2 || look_at(self->fd, &status) != 0)
		return;
	atomic_store(&self->mapped_size, (uint64_t)status.st_size);
	self->map = ary_posix_map_create(self->fd, (size_t)bytes);
}
