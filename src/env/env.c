/* SPDX-License-Identifier: MIT */
/* The way from a handle to its implementation, and the contracts that hold for all of them. */
#include "env/env.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"

/* Names come from the program or from a listing, never from a peer. */
static void check_name(const char *name)
{
	ARY_CHECK(name[0] != '\0' && strchr(name, '/') == NULL);
}

enum ary_status ary_dir_open(struct ary_env *env, const char *path, bool create,
			     struct ary_dir **out, struct ary_error *err)
{
	return env->ops->dir_open(env, path, create, out, err);
}

void ary_dir_close(struct ary_dir *dir)
{
	if (dir != NULL)
		dir->env->ops->dir_close(dir);
}

enum ary_status ary_dir_list(struct ary_dir *dir, ary_name_visit visit, void *context,
			     struct ary_error *err)
{
	return dir->env->ops->dir_list(dir, visit, context, err);
}

enum ary_status ary_dir_sync(struct ary_dir *dir, struct ary_error *err)
{
	return dir->env->ops->dir_sync(dir, err);
}

enum ary_status ary_dir_rename(struct ary_dir *dir, const char *from, const char *to,
			       struct ary_error *err)
{
	check_name(from);
	check_name(to);
	return dir->env->ops->dir_rename(dir, from, to, err);
}

enum ary_status ary_dir_unlink(struct ary_dir *dir, const char *name, struct ary_error *err)
{
	check_name(name);
	return dir->env->ops->dir_unlink(dir, name, err);
}

enum ary_status ary_dir_lock(struct ary_dir *dir, const char *name, struct ary_file **out,
			     struct ary_error *err)
{
	check_name(name);
	return dir->env->ops->dir_lock(dir, name, out, err);
}

enum ary_status ary_dir_lock_shared(struct ary_dir *dir, const char *name, struct ary_file **out,
				    struct ary_error *err)
{
	check_name(name);
	return dir->env->ops->dir_lock_shared(dir, name, out, err);
}

enum ary_status ary_dir_space(struct ary_dir *dir, uint64_t *free_bytes_out,
			      uint64_t *total_bytes_out, struct ary_error *err)
{
	return dir->env->ops->dir_space(dir, free_bytes_out, total_bytes_out, err);
}

enum ary_status ary_file_open(struct ary_dir *dir, const char *name, enum ary_open_mode mode,
			      struct ary_file **out, struct ary_error *err)
{
	check_name(name);
	return dir->env->ops->file_open(dir, name, mode, out, err);
}

enum ary_status ary_file_close(struct ary_file *file, struct ary_error *err)
{
	return file == NULL ? ARY_OK : file->env->ops->file_close(file, err);
}

enum ary_status ary_file_size(struct ary_file *file, uint64_t *out, struct ary_error *err)
{
	return file->env->ops->file_size(file, out, err);
}

enum ary_status ary_file_read_at(struct ary_file *file, uint64_t offset, void *data, size_t size,
				 size_t *read_out, struct ary_error *err)
{
	return file->env->ops->file_read_at(file, offset, data, size, read_out, err);
}

enum ary_status ary_file_write_at(struct ary_file *file, uint64_t offset, const void *data,
				  size_t size, size_t *written_out, struct ary_error *err)
{
	return file->env->ops->file_write_at(file, offset, data, size, written_out, err);
}

enum ary_status ary_file_truncate(struct ary_file *file, uint64_t size, struct ary_error *err)
{
	return file->env->ops->file_truncate(file, size, err);
}

enum ary_status ary_file_sync(struct ary_file *file, struct ary_error *err)
{
	return file->env->ops->file_sync(file, err);
}

void ary_file_map(struct ary_file *file, uint64_t bytes)
{
	if (file->env->ops->file_map != NULL)
		file->env->ops->file_map(file, bytes);
}

enum ary_status ary_file_copy_init(struct ary_file_copy *copy, struct ary_file *file, size_t bytes,
				   struct ary_error *err)
{
	struct ary_file_copy out = {.bytes = bytes};

	if (file->env->ops->copy_map == NULL || !file->env->ops->copy_map(&out, file))
		out.data = ary_try_alloc(bytes);
	if (out.data == NULL)
		return ary_fail(err, ARY_NO_MEMORY, "no memory for %zu bytes of a file", bytes);
	*copy = out;
	return ARY_OK;
}

bool ary_file_copy_populate(const struct ary_file_copy *copy, size_t offset, size_t bytes)
{
	return copy->mapped_by != NULL &&
	       copy->mapped_by->ops->copy_populate(copy, offset, bytes);
}

void ary_file_copy_release(struct ary_file_copy *copy)
{
	if (copy->mapped_by != NULL)
		copy->mapped_by->ops->copy_release(copy);
	else
		free(copy->data);
	*copy = (struct ary_file_copy){.bytes = 0};
}

uint64_t ary_wall_ms(struct ary_env *env)
{
	return env->ops->wall_ms(env);
}

uint64_t ary_monotonic_ns(struct ary_env *env)
{
	return env->ops->monotonic_ns(env);
}

uint64_t ary_monotonic_ms(struct ary_env *env)
{
	return ary_monotonic_ns(env) / 1000000;
}

enum ary_status ary_random(struct ary_env *env, void *data, size_t size, struct ary_error *err)
{
	return env->ops->random(env, data, size, err);
}
