/* SPDX-License-Identifier: MIT */
#include "lib/store_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "lib/tmpdir.h"

static void give_up(const char *what, const char *path)
{
	fail_msg("cannot %s %s: %s", what, path, strerror(errno));
}

static const char *log_path(const char *path, const char *name, char out[TMPDIR_PATH_BYTES])
{
	int size = snprintf(out, TMPDIR_PATH_BYTES, "%s/logs/%s", path, name);

	assert_in_range(size, 1, TMPDIR_PATH_BYTES - 1);
	return out;
}

/* Reads all of the file at PATH; false: there is none. */
static bool read_all(const char *path, struct ary_buf *out)
{
	FILE *file = fopen(path, "rb");

	if (!file && errno == ENOENT)
		return false;
	if (!file)
		give_up("open", path);
	while (!feof(file) && !ferror(file)) {
		assert_true(ary_buf_reserve(out, 65536));
		out->size += fread(out->data + out->size, 1, 65536, file);
	}
	if (ferror(file))
		give_up("read", path);
	fclose(file);
	return true;
}

static void write_all(const char *path, const char *mode, struct ary_bytes bytes)
{
	FILE *file = fopen(path, mode);

	if (!file)
		give_up("create", path);
	if (bytes.size > 0 && fwrite(bytes.data, 1, bytes.size, file) != bytes.size)
		give_up("write", path);
	if (fclose(file) != 0)
		give_up("write", path);
}

static void make_dir(const char *path)
{
	if (mkdir(path, 0700) != 0)
		give_up("make", path);
}

typedef void (*name_visit)(void *context, const char *path, const char *name);

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Visits the logs folder's files in the order of their names. */
static int visit_names(const char *path, name_visit visit, void *context)
{
	char logs[TMPDIR_PATH_BYTES];
	struct dirent **names;
	int visited = 0;

	int count = scandir(log_path(path, "", logs), &names, NULL, compare_names);
	if (count < 0)
		give_up("list", logs);
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0) {
			visited++;
			if (visit)
				visit(context, path, names[i]->d_name);
		}
		free(names[i]);
	}
	free(names);
	return visited;
}

static void copy_one(void *context, const char *path, const char *name)
{
	char from[TMPDIR_PATH_BYTES];
	struct ary_buf bytes = {0};

	if (read_all(log_path(path, name, from), &bytes))
		file_write(context, name, ary_buf_view(&bytes));
	ary_buf_release(&bytes);
}

void store_copy(const char *from, const char *to)
{
	char logs[TMPDIR_PATH_BYTES];
	char *target = strdup(to);

	make_dir(to);
	make_dir(log_path(to, "", logs));
	visit_names(from, copy_one, target);
	free(target);
}

void store_erase(const char *path)
{
	struct tmpdir dir;

	snprintf(dir.path, sizeof(dir.path), "%s", path);
	tmpdir_remove(&dir);
}

bool file_exists(const char *path, const char *name)
{
	char full[TMPDIR_PATH_BYTES];

	return access(log_path(path, name, full), F_OK) == 0;
}

struct ary_buf file_read(const char *path, const char *name)
{
	char full[TMPDIR_PATH_BYTES];
	struct ary_buf bytes = {0};

	if (!read_all(log_path(path, name, full), &bytes))
		give_up("open", full);
	return bytes;
}

void file_write(const char *path, const char *name, struct ary_bytes bytes)
{
	char full[TMPDIR_PATH_BYTES];

	write_all(log_path(path, name, full), "wb", bytes);
}

void file_append(const char *path, const char *name, struct ary_bytes bytes)
{
	char full[TMPDIR_PATH_BYTES];

	write_all(log_path(path, name, full), "ab", bytes);
}

void file_truncate(const char *path, const char *name, uint64_t size)
{
	char full[TMPDIR_PATH_BYTES];

	if (truncate(log_path(path, name, full), (off_t)size) != 0)
		give_up("truncate", full);
}

void file_remove(const char *path, const char *name)
{
	char full[TMPDIR_PATH_BYTES];

	if (unlink(log_path(path, name, full)) != 0)
		give_up("remove", full);
}

void file_flip(const char *path, const char *name, uint64_t offset, uint8_t mask)
{
	char full[TMPDIR_PATH_BYTES];
	uint8_t byte = 0;

	int fd = open(log_path(path, name, full), O_RDWR | O_CLOEXEC);
	if (fd < 0 || pread(fd, &byte, 1, (off_t)offset) != 1)
		give_up("read", full);
	byte ^= mask;
	if (pwrite(fd, &byte, 1, (off_t)offset) != 1 || close(fd) != 0)
		give_up("write", full);
}

uint64_t file_bytes(const char *path, const char *name)
{
	char full[TMPDIR_PATH_BYTES];
	struct stat status;

	if (stat(log_path(path, name, full), &status) != 0)
		give_up("look at", full);
	return (uint64_t)status.st_size;
}

static void sum_one(void *context, const char *path, const char *name)
{
	uint64_t *sum = context;
	struct ary_buf bytes = file_read(path, name);

	*sum = *sum * 31 + ary_crc32c(name, strlen(name));
	*sum = *sum * 31 + ary_crc32c(bytes.data, bytes.size);
	ary_buf_release(&bytes);
}

uint64_t store_sum(const char *path)
{
	uint64_t sum = 0;

	visit_names(path, sum_one, &sum);
	return sum;
}

int store_count(const char *path)
{
	return visit_names(path, NULL, NULL);
}

uint64_t line_start(struct ary_bytes bytes, uint64_t index)
{
	uint64_t start = 0;

	for (; index > 0; index--) {
		const uint8_t *newline = memchr(bytes.data + start, '\n', bytes.size - start);
		assert_non_null(newline);
		start = (uint64_t)(newline - bytes.data) + 1;
	}
	return start;
}

uint64_t line_count(struct ary_bytes bytes)
{
	uint64_t count = 0;

	for (size_t i = 0; i < bytes.size; i++)
		count += bytes.data[i] == '\n';
	return count;
}
