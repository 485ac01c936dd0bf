/* SPDX-License-Identifier: MIT */
#include "lib/sim_env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"

struct sim_dir {
	struct ary_dir dir;
	bool outer;
};

struct sim_file {
	struct ary_file file;
	int inode; /* -1: the lock */
	char name[SIM_NAME_BYTES];
};

static struct sim_env *env_of(struct ary_env *env)
{
	return (struct sim_env *)env;
}

static struct sim_file *file_of(struct ary_file *file)
{
	return (struct sim_file *)file;
}

static bool is_outer(const struct ary_dir *dir)
{
	return ((const struct sim_dir *)dir)->outer;
}

/* What NAME in DIR is called on the disk. */
static const char *disk_name(const struct ary_dir *dir, const char *name, char out[SIM_NAME_BYTES])
{
	snprintf(out, SIM_NAME_BYTES, "%s%s", is_outer(dir) ? SIM_OUTER : "", name);
	return out;
}

static struct sim_inode *inode_of(struct ary_file *file)
{
	return env_of(file->env)->disk.inodes[file_of(file)->inode];
}

/* What is to become of CALL. */
static enum sim_verdict judge(struct sim_env *sim, struct sim_call *call)
{
	if (sim->frozen)
		return SIM_SKIP;
	call->disk = &sim->disk;
	call->recovering = sim->recovering;
	enum sim_verdict verdict = sim->hook != NULL ? sim->hook(sim->hook_context, call) : SIM_DO;
	return sim->frozen ? SIM_SKIP : verdict;
}

/* The answer to a call that is not made. */
static enum ary_status answer(enum sim_verdict verdict, const char *name, struct ary_error *err)
{
	if (verdict == SIM_SKIP)
		return ARY_OK;
	return ary_fail_errno(err, verdict == SIM_FAIL_IO ? EIO : ENOSPC, "%s (simulated)",
			      name != NULL ? name : "logs");
}

static enum ary_status dir_open(struct ary_env *env, const char *path, bool create,
				struct ary_dir **out, struct ary_error *err)
{
	static const char logs[] = "/logs";
	size_t size = strlen(path);
	size_t end = sizeof(logs) - 1;

	(void)create;
	(void)err;
	struct sim_dir *dir = ARY_NEW(struct sim_dir);
	dir->dir.env = env;
	dir->outer = size < end || strcmp(path + size - end, logs) != 0;
	*out = &dir->dir;
	return ARY_OK;
}

static void dir_close(struct ary_dir *dir)
{
	free(dir);
}

static enum ary_status dir_list(struct ary_dir *dir, ary_name_visit visit, void *context,
				struct ary_error *err)
{
	struct sim_env *sim = env_of(dir->env);

	(void)err;
	ary_mutex_lock(&sim->lock);
	struct sim_names names = sim->disk.cache;
	ary_mutex_unlock(&sim->lock);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.names[i].name;
		if (sim_name_outer(name) != is_outer(dir))
			continue;
		if (!visit(context, is_outer(dir) ? name + sizeof(SIM_OUTER) - 1 : name))
			break;
	}
	return ARY_OK;
}

static enum ary_status dir_sync(struct ary_dir *dir, struct ary_error *err)
{
	struct sim_env *sim = env_of(dir->env);
	struct sim_call call = {.op = SIM_OP_DIR_SYNC};

	enum sim_verdict verdict = judge(sim, &call);
	if (verdict != SIM_DO)
		return answer(verdict, NULL, err);
	ary_mutex_lock(&sim->lock);
	sim_disk_sync_dir(&sim->disk, is_outer(dir));
	ary_mutex_unlock(&sim->lock);
	return ARY_OK;
}

static enum ary_status dir_rename(struct ary_dir *dir, const char *from, const char *to,
				  struct ary_error *err)
{
	struct sim_env *sim = env_of(dir->env);
	char full_from[SIM_NAME_BYTES];
	char full_to[SIM_NAME_BYTES];
	struct sim_call call = {.op = SIM_OP_RENAME, .name = full_from, .to = full_to};

	(void)disk_name(dir, from, full_from);
	(void)disk_name(dir, to, full_to);
	if (sim_names_find(&sim->disk.cache, full_from) < 0)
		return ary_fail_errno(err, ENOENT, "%s", full_from);
	enum sim_verdict verdict = judge(sim, &call);
	if (verdict != SIM_DO)
		return answer(verdict, full_from, err);
	ary_mutex_lock(&sim->lock);
	sim_disk_rename(&sim->disk, full_from, full_to);
	ary_mutex_unlock(&sim->lock);
	return ARY_OK;
}

static enum ary_status dir_unlink(struct ary_dir *dir, const char *name, struct ary_error *err)
{
	struct sim_env *sim = env_of(dir->env);
	char full[SIM_NAME_BYTES];
	struct sim_call call = {.op = SIM_OP_UNLINK, .name = full};

	(void)disk_name(dir, name, full);
	if (sim_names_find(&sim->disk.cache, full) < 0)
		return ary_fail_errno(err, ENOENT, "%s", full);
	enum sim_verdict verdict = judge(sim, &call);
	if (verdict != SIM_DO)
		return answer(verdict, full, err);
	ary_mutex_lock(&sim->lock);
	sim_disk_unlink(&sim->disk, full);
	ary_mutex_unlock(&sim->lock);
	return ARY_OK;
}

static struct ary_file *new_file(struct ary_env *env, const char *name, int inode)
{
	struct sim_file *file = ARY_NEW(struct sim_file);

	file->file.env = env;
	file->inode = inode;
	snprintf(file->name, sizeof(file->name), "%s", name);
	return &file->file;
}

static enum ary_status dir_lock(struct ary_dir *dir, const char *name, struct ary_file **out,
				struct ary_error *err)
{
	struct sim_env *sim = env_of(dir->env);

	if (sim->locked)
		return ary_fail(err, ARY_LOCKED, "locked by another process (%s)", name);
	sim->locked = true;
	*out = new_file(dir->env, name, -1);
	return ARY_OK;
}

/* Nobody but the store itself is on this machine, so whoever reads only excludes it, too. */
static enum ary_status dir_lock_shared(struct ary_dir *dir, const char *name,
				       struct ary_file **out, struct ary_error *err)
{
	return dir_lock(dir, name, out, err);
}

static enum ary_status dir_space(struct ary_dir *dir, uint64_t *free_bytes_out,
				 uint64_t *total_bytes_out, struct ary_error *err)
{
	(void)dir;
	(void)err;
	*free_bytes_out = UINT64_C(1) << 40;
	*total_bytes_out = UINT64_C(1) << 40;
	return ARY_OK;
}

/* NAME as on the disk. */
static enum ary_status create(struct ary_dir *dir, const char *name, struct ary_file **out,
			      struct ary_error *err)
{
	struct sim_env *sim = env_of(dir->env);
	struct sim_call call = {.op = SIM_OP_CREATE, .name = name};

	if (sim_names_find(&sim->disk.cache, name) >= 0)
		return ary_fail_errno(err, EEXIST, "%s", name);
	enum sim_verdict verdict = judge(sim, &call);
	if (verdict != SIM_DO && verdict != SIM_SKIP)
		return answer(verdict, name, err);
	ary_mutex_lock(&sim->lock);
	int inode = verdict == SIM_DO ? sim_disk_create(&sim->disk, name)
				      : sim_disk_new_inode(&sim->disk);
	ary_mutex_unlock(&sim->lock);
	*out = new_file(dir->env, name, inode);
	return ARY_OK;
}

static enum ary_status file_open(struct ary_dir *dir, const char *name, enum ary_open_mode mode,
				 struct ary_file **out, struct ary_error *err)
{
	struct sim_env *sim = env_of(dir->env);
	char full[SIM_NAME_BYTES];

	name = disk_name(dir, name, full);
	if (mode == ARY_OPEN_CREATE_NEW)
		return create(dir, name, out, err);
	ary_mutex_lock(&sim->lock);
	int inode = sim_names_find(&sim->disk.cache, name);
	ary_mutex_unlock(&sim->lock);
	if (inode < 0)
		return ary_fail_errno(err, ENOENT, "%s", name);
	struct sim_call call = {.op = SIM_OP_OPEN, .name = name, .inode = inode};
	enum sim_verdict verdict = mode == ARY_OPEN_WRITE ? judge(sim, &call) : SIM_DO;
	if (verdict == SIM_FAIL_IO || verdict == SIM_FAIL_SPACE)
		return answer(verdict, name, err);
	*out = new_file(dir->env, name, inode);
	return ARY_OK;
}

static enum ary_status file_close(struct ary_file *file, struct ary_error *err)
{
	(void)err;
	if (file_of(file)->inode < 0)
		env_of(file->env)->locked = false;
	free(file);
	return ARY_OK;
}

static enum ary_status file_size(struct ary_file *file, uint64_t *out, struct ary_error *err)
{
	(void)err;
	ary_mutex_lock(&env_of(file->env)->lock);
	*out = inode_of(file)->cache.size;
	ary_mutex_unlock(&env_of(file->env)->lock);
	return ARY_OK;
}

static enum ary_status file_read_at(struct ary_file *file, uint64_t offset, void *data, size_t size,
				    size_t *read_out, struct ary_error *err)
{
	(void)err;
	ary_mutex_lock(&env_of(file->env)->lock);
	const struct ary_buf *cache = &inode_of(file)->cache;
	size_t left = offset < cache->size ? cache->size - offset : 0;
	size_t taken = size < left ? size : left;
	if (taken > 0)
		memcpy(data, cache->data + offset, taken);
	ary_mutex_unlock(&env_of(file->env)->lock);
	*read_out = taken;
	return ARY_OK;
}

static struct sim_call call_of(struct ary_file *file, enum sim_op op)
{
	return (struct sim_call){
		.op = op,
		.name = file_of(file)->name,
		.inode = file_of(file)->inode,
	};
}

static enum ary_status file_write_at(struct ary_file *file, uint64_t offset, const void *data,
				     size_t size, size_t *written_out, struct ary_error *err)
{
	struct sim_env *sim = env_of(file->env);
	struct sim_call call = call_of(file, SIM_OP_WRITE);

	call.offset = offset;
	call.data = (struct ary_bytes){data, size};
	enum sim_verdict verdict = judge(sim, &call);
	size_t taken = verdict == SIM_DO ? size : call.short_bytes;
	if (verdict != SIM_SKIP) {
		ary_mutex_lock(&sim->lock);
		sim_inode_write(inode_of(file), offset, data, taken);
		ary_mutex_unlock(&sim->lock);
	}
	*written_out = verdict == SIM_SKIP ? size : taken;
	return verdict == SIM_DO ? ARY_OK : answer(verdict, call.name, err);
}

static enum ary_status file_truncate(struct ary_file *file, uint64_t size, struct ary_error *err)
{
	struct sim_env *sim = env_of(file->env);
	struct sim_call call = call_of(file, SIM_OP_TRUNCATE);

	call.offset = size;
	enum sim_verdict verdict = judge(sim, &call);
	if (verdict != SIM_DO)
		return answer(verdict, call.name, err);
	ary_mutex_lock(&sim->lock);
	sim_inode_truncate(inode_of(file), size);
	ary_mutex_unlock(&sim->lock);
	return ARY_OK;
}

static enum ary_status file_sync(struct ary_file *file, struct ary_error *err)
{
	struct sim_env *sim = env_of(file->env);
	struct sim_call call = call_of(file, SIM_OP_SYNC);

	enum sim_verdict verdict = judge(sim, &call);
	ary_mutex_lock(&sim->lock);
	if (verdict == SIM_DO)
		sim_inode_sync(inode_of(file));
	else if (verdict != SIM_SKIP)
		sim_inode_forget(inode_of(file));
	ary_mutex_unlock(&sim->lock);
	return verdict == SIM_DO ? ARY_OK : answer(verdict, call.name, err);
}

static uint64_t wall_ms(struct ary_env *env)
{
	return atomic_load(&env_of(env)->wall_ms);
}

static uint64_t monotonic_ns(struct ary_env *env)
{
	return atomic_load(&env_of(env)->monotonic_ns);
}

static enum ary_status fill_random(struct ary_env *env, void *data, size_t size,
				   struct ary_error *err)
{
	struct sim_env *sim = env_of(env);

	(void)err;
	for (size_t i = 0; i < size; i++) {
		sim->random_state = sim->random_state * UINT64_C(6364136223846793005) + 1;
		((uint8_t *)data)[i] = (uint8_t)(sim->random_state >> 56);
	}
	return ARY_OK;
}

static const struct ary_env_ops sim_ops = {
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
	.random = fill_random,
};

void sim_env_init(struct sim_env *sim)
{
	*sim = (struct sim_env){
		.env.ops = &sim_ops,
		.wall_ms = UINT64_C(1700000000000),
		.monotonic_ns = UINT64_C(1000000000),
	};
	ary_mutex_init(&sim->lock);
}

void sim_env_release(struct sim_env *sim)
{
	ARY_CHECK(!sim->locked);
	sim_disk_release(&sim->disk);
	ary_mutex_release(&sim->lock);
}
