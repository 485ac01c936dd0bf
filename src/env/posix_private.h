/* SPDX-License-Identifier: MIT */
/* What the parts of the posix environment share: its handles, and its operations by file.
 * The contracts of the operations are those of env/env.h.
 *
 * Threads: handles do not change after they are opened, but that a mapped file knows its size. */
#ifndef ARY_ENV_POSIX_PRIVATE_H
#define ARY_ENV_POSIX_PRIVATE_H

#include <stdatomic.h>

#include "env/env.h"

struct posix_map;

/* An open directory; owns its descriptor and its path, which is for error texts only. */
struct posix_dir {
	struct ary_dir dir;
	int fd;
	char *path;
};

/* An open file; owns its descriptor and its path, which is for error texts only. */
struct posix_file {
	struct ary_file file;
	int fd;
	char *path;
	struct posix_map *map;        /* owned; NULL: it is read by system calls only */
	_Atomic uint64_t mapped_size; /* of the file, as far as it may be read by way of the map */
};

/* Whether to make a call again that has just failed. An interrupted one is, but no more than a
 * hundred times in one operation: that is no chance, and must not be waited for. TRIES begins
 * with 0. */
bool ary_posix_again(unsigned *tries);

/* Opens NAME in DIR with FLAGS of open(2) beside those that every file gets, and makes sure that it
 * is a regular file. Returns owned. */
ARY_MUST_CHECK enum ary_status ary_posix_open(struct posix_dir *dir, const char *name, int flags,
					      struct posix_file **out, struct ary_error *err);

/* Maps the first BYTES of the file FD, which may end before, for reading. Returns owned, NULL where
 * the system does not map it, or addresses are limited (32 bits, RLIMIT_AS). From the first map on
 * SIGBUS is handled: where it is about a map from here, that map is broken, and the program goes
 * on; else it is, from then on, for whoever had it before. */
struct posix_map *ary_posix_map_create(int fd, size_t bytes);

/* Takes MAP; NULL is fine. Nobody reads it any more. */
void ary_posix_map_release(struct posix_map *map);

/* Copies SIZE bytes at OFFSET of the file to DATA. False: they are not mapped, or the map is broken
 * since a page could not be had, and DATA holds anything; a system call tells what is the
 * matter. Threads: any. */
bool ary_posix_map_read(struct posix_map *map, uint64_t offset, void *data, size_t size);

enum ary_status ary_posix_dir_open(struct ary_env *env, const char *path, bool create,
				   struct ary_dir **out, struct ary_error *err);
void ary_posix_dir_close(struct ary_dir *dir);
enum ary_status ary_posix_dir_list(struct ary_dir *dir, ary_name_visit visit, void *context,
				   struct ary_error *err);
enum ary_status ary_posix_dir_sync(struct ary_dir *dir, struct ary_error *err);
enum ary_status ary_posix_dir_rename(struct ary_dir *dir, const char *from, const char *to,
				     struct ary_error *err);
enum ary_status ary_posix_dir_unlink(struct ary_dir *dir, const char *name,
				     struct ary_error *err);
enum ary_status ary_posix_dir_lock(struct ary_dir *dir, const char *name, struct ary_file **out,
				   struct ary_error *err);
enum ary_status ary_posix_dir_lock_shared(struct ary_dir *dir, const char *name,
					  struct ary_file **out, struct ary_error *err);
enum ary_status ary_posix_dir_space(struct ary_dir *dir, uint64_t *free_bytes_out,
				    uint64_t *total_bytes_out, struct ary_error *err);

enum ary_status ary_posix_file_open(struct ary_dir *dir, const char *name,
				    enum ary_open_mode mode, struct ary_file **out,
				    struct ary_error *err);
enum ary_status ary_posix_file_close(struct ary_file *file, struct ary_error *err);
enum ary_status ary_posix_file_size(struct ary_file *file, uint64_t *out, struct ary_error *err);
enum ary_status ary_posix_file_read_at(struct ary_file *file, uint64_t offset, void *data,
				       size_t size, size_t *read_out, struct ary_error *err);
enum ary_status ary_posix_file_write_at(struct ary_file *file, uint64_t offset, const void *data,
					size_t size, size_t *written_out,
					struct ary_error *err);
enum ary_status ary_posix_file_truncate(struct ary_file *file, uint64_t size,
					struct ary_error *err);
enum ary_status ary_posix_file_sync(struct ary_file *file, struct ary_error *err);
void ary_posix_file_map(struct ary_file *file, uint64_t bytes);
bool ary_posix_copy_map(struct ary_file_copy *copy, struct ary_file *file);
bool ary_posix_copy_populate(const struct ary_file_copy *copy, size_t offset, size_t bytes);
void ary_posix_copy_release(struct ary_file_copy *copy);

#endif
