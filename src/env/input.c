/* SPDX-License-Identifier: MIT */
#include "env/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

struct ary_input {
	int fd;
	char *path;    /* for error texts */
	uint64_t left; /* bytes that may still be read */
};

static bool is_standard(const char *path)
{
	return strcmp(path, "-") == 0;
}

bool ary_input_repeatable(const char *path, uint64_t *bytes_out)
{
	struct stat status;

	*bytes_out = 0;
	if (is_standard(path))
		return false;
	if (stat(path, &status) != 0)
		return true;
	if (S_ISREG(status.st_mode))
		*bytes_out = (uint64_t)status.st_size;
	return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

/* Opens PATH, which is not standard input. */
static enum ary_status open_path(const char *path, int *fd_out, struct ary_error *err)
{
	int fd;

	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return ary_fail_errno(err, errno, "cannot open %s", path);
	*fd_out = fd;
	return ARY_OK;
}

/* How many bytes there are to read from FD. */
static enum ary_status measure(int fd, const char *path, uint64_t *out, struct ary_error *err)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return ary_fail_errno(err, errno, "cannot look at %s", path);
	if (S_ISDIR(status.st_mode))
		return ary_fail(err, ARY_IO, "%s is a directory", path);
	/* Standard input may begin in the middle of its file. */
	*out = S_ISREG(status.st_mode) && !is_standard(path) ? (uint64_t)status.st_size :
							       UINT64_MAX;
	return ARY_OK;
}

enum ary_status ary_input_open(const char *path, struct ary_input **out, struct ary_error *err)
{
	uint64_t left = 0;
	int fd = STDIN_FILENO;
	enum ary_status status = is_standard(path) ? ARY_OK : open_path(path, &fd, err);

	if (status != ARY_OK)
		return status;
	status = measure(fd, path, &left, err);
	if (status != ARY_OK) {
		if (fd != STDIN_FILENO)
			(void)close(fd);
		return status;
	}
	struct ary_input *input = ARY_NEW(struct ary_input);
	input->fd = fd;
	input->path = ary_strdup(is_standard(path) ? "standard input" : path);
	input->left = left;
	*out = input;
	return ARY_OK;
}

enum ary_status ary_input_read(struct ary_input *input, void *data, size_t size, size_t *got_out,
			       struct ary_error *err)
{
	size_t wanted = size < input->left ? size : (size_t)input->left;
	ssize_t got;

	do {
		got = read(input->fd, data, wanted);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return ary_fail_errno(err, errno, "cannot read %s", input->path);
	if (input->left != UINT64_MAX)
		input->left -= (uint64_t)got;
	*got_out = (size_t)got;
	return ARY_OK;
}

void ary_input_close(struct ary_input *input)
{
	if (input == NULL)
		return;
	if (input->fd != STDIN_FILENO)
		(void)close(input->fd);
	free(input->path);
	free(input);
}
