/* SPDX-License-Identifier: MIT */
#include "lib/memory_env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "env/thread.h"

enum { TICK_NS = 1000, FIRST_MS = 1700000000 };

/* A file, for as long as it has a name or is open. */
struct inode {
	struct ary_buf data;
	unsigned refs;
	bool locked;
};

struct name {
	char *folder;
	char *name; /* NULL: the folder itself */
	struct inode *inode;
	struct name *next;
};

struct memory_env {
	struct ary_env env; /* first: handles point here */
	struct ary_mutex mutex; /* guards all below, and what inodes hold */
	struct name *names;
	uint64_t ticks;
	uint64_t random;
	unsigned open; /* handles */
};

struct memory_dir {
	struct ary_dir dir;
	char *path;
};

struct memory_file {
	struct ary_file file;
	struct inode *inode;
	bool holds_lock;
};

static struct memory_env *env_of(struct ary_env *env)
{
	return (struct memory_env *)env;
}

static struct memory_dir *dir_of(struct ary_dir *dir)
{
	return (struct memory_dir *)dir;
}

static struct memory_file *file_of(struct ary_file *file)
{
	return (struct memory_file *)file;
}

static void unref_locked(struct inode *inode)
{
	if (!inode || --inode->refs > 0)
		return;
	ary_buf_release(&inode->data);
	free(inode);
}

/* Where the entry NAME of FOLDER hangs; what it points at is NULL where there is none. */
static struct name **find_locked(struct memory_env *self, const char *folder, const char *name)
{
	struct name **link = &self->names;

	while (*link) {
		bool same = name ? (*link)->name && strcmp((*link)->name, name) == 0
				 : !(*link)->name;
		if (same && strcmp((*link)->folder, folder) == 0)
			break;
		link = &(*link)->next;
	}
	return link;
}

static struct name *add_locked(struct memory_env *self, const char *folder, const char *name)
{
	struct name *entry = ARY_NEW(struct name);

	entry->folder = ary_strdup(folder);
	if (name) {
		entry->name = ary_strdup(name);
		entry->inode = ARY_NEW(struct inode);
		entry->inode->refs = 1;
	}
	entry->next = self->names;
	self->names = entry;
	return entry;
}

static void remove_locked(struct name **link)
{
	struct name *entry = *link;

	*link = entry->next;
	unref_locked(entry->inode);
	free(entry->folder);
	free(entry->name);
	free(entry);
}

static enum ary_status dir_open(struct ary_env *env, const char *path, bool create,
				struct ary_dir **out, struct ary_error *err)
{
	struct memory_env *self = env_of(env);

	ary_mutex_lock(&self->mutex);
	bool is_there = *find_locked(self, path, NULL) != NULL;
	if (!is_there && create)
		add_locked(self, path, NULL);
	self->open += is_there || create;
	ary_mutex_unlock(&self->mutex);
	if (!is_there && !create)
		return ary_fail_errno(err, ENOENT, "%s", path);
	struct memory_dir *dir = ARY_NEW(struct memory_dir);
	dir->dir.env = env;
	dir->path = ary_strdup(path);
	*out = &dir->dir;
	return ARY_OK;
}

static void dir_close(struct ary_dir *dir)
{
	struct memory_env *self = env_of(dir->env);

	ary_mutex_lock(&self->mutex);
	self->open--;
	ary_mutex_unlock(&self->mutex);
	free(dir_of(dir)->path);
	free(dir);
}

/* Visits a copy of the names, as visitors may change the folder. */
static enum ary_status dir_list(struct ary_dir *dir, ary_name_visit visit, void *context,
				struct ary_error *err)
{
	struct memory_env *self = env_of(dir->env);
	struct ary_buf names = {0};
	bool go_on = true;

	(void)err;
	ary_mutex_lock(&self->mutex);
	for (struct name *entry = self->names; entry; entry = entry->next) {
		if (!entry->name || strcmp(entry->folder, dir_of(dir)->path) != 0)
			continue;
		struct ary_bytes with_end = {(const uint8_t *)entry->name, strlen(entry->name) + 1};
		ARY_CHECK(ary_buf_append(&names, with_end));
	}
	ary_mutex_unlock(&self->mutex);
	for (size_t at = 0; at < names.size && go_on;) {
		const char *name = (const char *)names.data + at;
		at += strlen(name) + 1;
		go_on = visit(context, name);
	}
	ary_buf_release(&names);
	return ARY_OK;
}

static enum ary_status dir_sync(struct ary_dir *dir, struct ary_error *err)
{
	(void)dir;
	(void)err;
	return ARY_OK;
}

static enum ary_status dir_rename(struct ary_dir *dir, const char *from, const char *to,
				  struct ary_error *err)
{
	struct memory_env *self = env_of(dir->env);
	const char *folder = dir_of(dir)->path;

	ary_mutex_lock(&self->mutex);
	struct name *entry = *find_locked(self, folder, from);
	if (entry && strcmp(from, to) != 0) {
		struct name **replaced = find_locked(self, folder, to);
		if (*replaced)
			remove_locked(replaced);
		free(entry->name);
		entry->name = ary_strdup(to);
	}
	ary_mutex_unlock(&self->mutex);
	return entry ? ARY_OK : ary_fail_errno(err, ENOENT, "%s", from);
}

static enum ary_status dir_unlink(struct ary_dir *dir, const char *name, struct ary_error *err)
{
	struct memory_env *self = env_of(dir->env);

	ary_mutex_lock(&self->mutex);
	struct name **link = find_locked(self, dir_of(dir)->path, name);
	bool is_there = *link != NULL;
	if (is_there)
		remove_locked(link);
	ary_mutex_unlock(&self->mutex);
	return is_there ? ARY_OK : ary_fail_errno(err, ENOENT, "%s", name);
}

static struct ary_file *open_locked(struct memory_env *self, struct inode *inode)
{
	struct memory_file *file = ARY_NEW(struct memory_file);

	file->file.env = &self->env;
	file->inode = inode;
	inode->refs++;
	self->open++;
	return &file->file;
}

static enum ary_status lock_locked(struct memory_env *self, struct name *entry,
				   struct ary_file **out, struct ary_error *err)
{
	if (entry->inode->locked)
		return ary_fail(err, ARY_LOCKED, "%s: locked", entry->name);
	entry->inode->locked = true;
	*out = open_locked(self, entry->inode);
	file_of(*out)->holds_lock = true;
	return ARY_OK;
}

static enum ary_status dir_lock(struct ary_dir *dir, const char *name, struct ary_file **out,
				struct ary_error *err)
{
	struct memory_env *self = env_of(dir->env);

	ary_mutex_lock(&self->mutex);
	struct name *entry = *find_locked(self, dir_of(dir)->path, name);
	if (!entry)
		entry = add_locked(self, dir_of(dir)->path, name);
	enum ary_status status = lock_locked(self, entry, out, err);
	ary_mutex_unlock(&self->mutex);
	return status;
}

/* One reader at a time is enough here. */
static enum ary_status dir_lock_shared(struct ary_dir *dir, const char *name,
				       struct ary_file **out, struct ary_error *err)
{
	struct memory_env *self = env_of(dir->env);

	ary_mutex_lock(&self->mutex);
	struct name *entry = *find_locked(self, dir_of(dir)->path, name);
	enum ary_status status = entry ? lock_locked(self, entry, out, err)
				       : ary_fail_errno(err, ENOENT, "%s", name);
	ary_mutex_unlock(&self->mutex);
	return status;
}

static enum ary_status dir_space(struct ary_dir *dir, uint64_t *free_bytes_out,
				 uint64_t *total_bytes_out, struct ary_error *err)
{
	(void)dir;
	(void)err;
	*free_bytes_out = UINT64_C(1) << 40;
	*total_bytes_out = UINT64_C(1) << 41;
	return ARY_OK;
}

static enum ary_status file_open(struct ary_dir *dir, const char *name, enum ary_open_mode mode,
				 struct ary_file **out, struct ary_error *err)
{
	struct memory_env *self = env_of(dir->env);
	bool creates = mode == ARY_OPEN_CREATE_NEW;

	ary_mutex_lock(&self->mutex);
	struct name *entry = *find_locked(self, dir_of(dir)->path, name);
	bool fits = creates == (entry == NULL);
	if (fits && creates)
		entry = add_locked(self, dir_of(dir)->path, name);
	if (fits)
		*out = open_locked(self, entry->inode);
	ary_mutex_unlock(&self->mutex);
	return fits ? ARY_OK : ary_fail_errno(err, creates ? EEXIST : ENOENT, "%s", name);
}

static enum ary_status file_close(struct ary_file *file, struct ary_error *err)
{
	struct memory_env *self = env_of(file->env);
	struct memory_file *memory_file = file_of(file);

	(void)err;
	ary_mutex_lock(&self->mutex);
	if (memory_file->holds_lock)
		memory_file->inode->locked = false;
	unref_locked(memory_file->inode);
	self->open--;
	ary_mutex_unlock(&self->mutex);
	free(memory_file);
	return ARY_OK;
}

static enum ary_status file_size(struct ary_file *file, uint64_t *out, struct ary_error *err)
{
	struct memory_env *self = env_of(file->env);

	(void)err;
	ary_mutex_lock(&self->mutex);
	*out = file_of(file)->inode->data.size;
	ary_mutex_unlock(&self->mutex);
	return ARY_OK;
}

static enum ary_status file_read_at(struct ary_file *file, uint64_t offset, void *data, size_t size,
				    size_t *read_out, struct ary_error *err)
{
	struct memory_env *self = env_of(file->env);
	const struct ary_buf *from = &file_of(file)->inode->data;

	(void)err;
	ary_mutex_lock(&self->mutex);
	size_t left = offset < from->size ? from->size - (size_t)offset : 0;
	*read_out = size < left ? size : left;
	if (*read_out > 0)
		memcpy(data, from->data + offset, *read_out);
	ary_mutex_unlock(&self->mutex);
	return ARY_OK;
}

/* Makes room for SIZE bytes in all, and zeroes what is new. */
static void grow_locked(struct ary_buf *data, size_t size)
{
	if (size <= data->size)
		return;
	ARY_CHECK(ary_buf_reserve(data, size - data->size));
	memset(data->data + data->size, 0, size - data->size);
	data->size = size;
}

static enum ary_status file_write_at(struct ary_file *file, uint64_t offset, const void *data,
				     size_t size, size_t *written_out, struct ary_error *err)
{
	struct memory_env *self = env_of(file->env);
	struct ary_buf *to = &file_of(file)->inode->data;

	(void)err;
	ary_mutex_lock(&self->mutex);
	grow_locked(to, (size_t)offset + size);
	if (size > 0)
		memcpy(to->data + offset, data, size);
	ary_mutex_unlock(&self->mutex);
	*written_out = size;
	return ARY_OK;
}

static enum ary_status file_truncate(struct ary_file *file, uint64_t size, struct ary_error *err)
{
	struct memory_env *self = env_of(file->env);
	struct ary_buf *data = &file_of(file)->inode->data;

	(void)err;
	ary_mutex_lock(&self->mutex);
	grow_locked(data, (size_t)size);
	data->size = (size_t)size;
	ary_mutex_unlock(&self->mutex);
	return ARY_OK;
}

static enum ary_status file_sync(struct ary_file *file, struct ary_error *err)
{
	(void)file;
	(void)err;
	return ARY_OK;
}

static uint64_t tick(struct ary_env *env)
{
	struct memory_env *self = env_of(env);

	ary_mutex_lock(&self->mutex);
	uint64_t ticks = ++self->ticks;
	ary_mutex_unlock(&self->mutex);
	return ticks;
}

static uint64_t wall_ms(struct ary_env *env)
{
	return (uint64_t)FIRST_MS * 1000 + tick(env);
}

static uint64_t monotonic_ns(struct ary_env *env)
{
	return tick(env) * TICK_NS;
}

static enum ary_status random_bytes(struct ary_env *env, void *data, size_t size,
				    struct ary_error *err)
{
	struct memory_env *self = env_of(env);
	uint8_t *bytes = data;

	(void)err;
	ary_mutex_lock(&self->mutex);
	for (size_t i = 0; i < size; i++) {
		self->random = self->random * UINT64_C(6364136223846793005) + 1;
		bytes[i] = (uint8_t)(self->random >> 56);
	}
	ary_mutex_unlock(&self->mutex);
	return ARY_OK;
}

static const struct ary_env_ops memory_ops = {
	.dir_open = dir_open,
	.dir_close = dir_close,
	.dir_list = dir_list,
	.dir_sync = dir_sync,
	.dir_rename = dir_rename,
	.dir_unlink = dir_unlink,
	.dir_lock = dir_lock,
	.dir_lock_shared = dir_lock_shared,
	.dir_space = dir_space,
	.file_open = file_open,
	.file_close = file_close,
	.file_size = file_size,
	.file_read_at = file_read_at,
	.file_write_at = file_write_at,
	.file_truncate = file_truncate,
	.file_sync = file_sync,
	.wall_ms = wall_ms,
	.monotonic_ns = monotonic_ns,
	.random = random_bytes,
};

struct memory_env *memory_env_create(void)
{
	struct memory_env *self = ARY_NEW(struct memory_env);

	self->env.ops = &memory_ops;
	ary_mutex_init(&self->mutex);
	return self;
}

void memory_env_destroy(struct memory_env *self)
{
	if (!self)
		return;
	ARY_CHECK(self->open == 0);
	while (self->names)
		remove_locked(&self->names);
	ary_mutex_release(&self->mutex);
	free(self);
}

struct ary_env *memory_env_env(struct memory_env *self)
{
	return &self->env;
}
