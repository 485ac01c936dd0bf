/* SPDX-License-Identifier: MIT */
#include "env/posix_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"

static struct posix_dir *dir_of(struct ary_dir *dir)
{
	return (struct posix_dir *)dir;
}

/* PATH without slashes at its end, owned: "link/" would be followed, whatever the flags say. */
static char *trim_path(const char *path)
{
	char *trimmed = ary_strdup(path);
	size_t size = strlen(trimmed);

	while (size > 1 && trimmed[size - 1] == '/')
		trimmed[--size] = '\0';
	return trimmed;
}

/* The directory that the last component of PATH (trimmed) is in, owned. */
static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent;

	if (slash == NULL)
		return ary_strdup(".");
	if (slash == path)
		return ary_strdup("/");
	parent = ary_strdup(path);
	parent[slash - path] = '\0';
	return parent;
}

static int open_directory(int at, const char *path, int more_flags)
{
	unsigned tries = 0;
	int fd;

	do {
		fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | more_flags);
	} while (fd < 0 && ary_posix_again(&tries));
	return fd;
}

static enum ary_status sync_directory(const char *path, struct ary_error *err)
{
	enum ary_status status = ARY_OK;
	int fd = open_directory(AT_FDCWD, path, 0);

	if (fd < 0)
		return ary_fail_errno(err, errno, "cannot open directory %s", path);
	if (fsync(fd) != 0)
		status = ary_fail_errno(err, errno, "cannot sync directory %s", path);
	(void)close(fd);
	return status;
}

/* Makes directory PATH and makes it durable, unless there is something of this name already. */
static enum ary_status create_directory(const char *path, struct ary_error *err)
{
	enum ary_status status;
	unsigned tries = 0;
	char *parent;
	int result;

	do {
		result = mkdir(path, 0700);
	} while (result != 0 && ary_posix_again(&tries));
	if (result != 0) {
		if (errno == EEXIST)
			return ARY_OK;
		return ary_fail_errno(err, errno, "cannot create directory %s", path);
	}
	parent = parent_of(path);
	status = sync_directory(parent, err);
	free(parent);
	/* The next start must not find a directory that may not be durable and rely on it. */
	if (status != ARY_OK)
		(void)rmdir(path);
	return status;
}

static enum ary_status open_failed(const char *path, int os_errno, struct ary_error *err)
{
	struct stat status;

	if ((os_errno == ENOTDIR || os_errno == ELOOP) && lstat(path, &status) == 0 &&
	    S_ISLNK(status.st_mode))
		return ary_fail(err, ARY_IO, "%s is a symbolic link, which is not followed", path);
	return ary_fail_errno(err, os_errno, "cannot open directory %s", path);
}

/* As ary_dir_open, of a trimmed PATH; answers a descriptor. */
static enum ary_status open_path(const char *path, bool create, int *fd_out, struct ary_error *err)
{
	int fd;

	if (create) {
		enum ary_status status = create_directory(path, err);

		if (status != ARY_OK)
			return status;
	}
	fd = open_directory(AT_FDCWD, path, O_NOFOLLOW);
	if (fd < 0)
		return open_failed(path, errno, err);
	*fd_out = fd;
	return ARY_OK;
}

enum ary_status ary_posix_dir_open(struct ary_env *env, const char *path, bool create,
				   struct ary_dir **out, struct ary_error *err)
{
	struct posix_dir *dir = ARY_NEW(struct posix_dir);
	enum ary_status status;

	dir->dir.env = env;
	dir->path = trim_path(path);
	status = open_path(dir->path, create, &dir->fd, err);
	if (status != ARY_OK) {
		free(dir->path);
		free(dir);
		return status;
	}
	*out = &dir->dir;
	return ARY_OK;
}

void ary_posix_dir_close(struct ary_dir *dir)
{
	struct posix_dir *self = dir_of(dir);

	(void)close(self->fd);
	free(self->path);
	free(self);
}

/* Visits the names in STREAM; answers 0 or the errno that ended it. */
static int visit_names(DIR *stream, ary_name_visit visit, void *context)
{
	unsigned tries = 0;

	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(stream); /* NOLINT(concurrency-mt-unsafe): the caller's own */
		if (entry == NULL && ary_posix_again(&tries))
			continue;
		if (entry == NULL)
			return errno;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!visit(context, entry->d_name))
			return 0;
	}
}

enum ary_status ary_posix_dir_list(struct ary_dir *dir, ary_name_visit visit, void *context,
				   struct ary_error *err)
{
	struct posix_dir *self = dir_of(dir);
	unsigned tries = 0;
	int os_errno;
	DIR *stream;
	/* Opened anew: a copy of the descriptor would share its position with other listings. */
	int fd = open_directory(self->fd, ".", 0);

	if (fd < 0)
		return ary_fail_errno(err, errno, "cannot open directory %s", self->path);
	do {
		stream = fdopendir(fd);
	} while (stream == NULL && ary_posix_again(&tries));
	if (stream == NULL) {
		os_errno = errno;
		(void)close(fd);
		return ary_fail_errno(err, os_errno, "cannot list %s", self->path);
	}
	os_errno = visit_names(stream, visit, context);
	(void)closedir(stream);
	if (os_errno != 0)
		return ary_fail_errno(err, os_errno, "cannot list %s", self->path);
	return ARY_OK;
}

enum ary_status ary_posix_dir_sync(struct ary_dir *dir, struct ary_error *err)
{
	struct posix_dir *self = dir_of(dir);

	if (fsync(self->fd) != 0)
		return ary_fail_errno(err, errno, "cannot sync directory %s", self->path);
	return ARY_OK;
}

enum ary_status ary_posix_dir_rename(struct ary_dir *dir, const char *from, const char *to,
				     struct ary_error *err)
{
	struct posix_dir *self = dir_of(dir);
	unsigned tries = 0;
	int result;

	do {
		result = renameat(self->fd, from, self->fd, to);
	} while (result != 0 && ary_posix_again(&tries));
	if (result != 0)
		return ary_fail_errno(err, errno, "cannot rename %s/%s to %s", self->path, from,
				      to);
	return ARY_OK;
}

enum ary_status ary_posix_dir_unlink(struct ary_dir *dir, const char *name, struct ary_error *err)
{
	struct posix_dir *self = dir_of(dir);
	unsigned tries = 0;
	int result;

	do {
		result = unlinkat(self->fd, name, 0);
	} while (result != 0 && ary_posix_again(&tries));
	if (result != 0)
		return ary_fail_errno(err, errno, "cannot remove %s/%s", self->path, name);
	return ARY_OK;
}

enum ary_status ary_posix_dir_space(struct ary_dir *dir, uint64_t *free_bytes_out,
				    uint64_t *total_bytes_out, struct ary_error *err)
{
	struct posix_dir *self = dir_of(dir);
	struct statvfs space;
	unsigned tries = 0;
	int result;

	do {
		result = fstatvfs(self->fd, &space);
	} while (result != 0 && ary_posix_again(&tries));
	if (result != 0)
		return ary_fail_errno(err, errno, "cannot see the space of %s", self->path);
	*free_bytes_out = (uint64_t)space.f_bavail * space.f_frsize;
	*total_bytes_out = (uint64_t)space.f_blocks * space.f_frsize;
	return ARY_OK;
}
