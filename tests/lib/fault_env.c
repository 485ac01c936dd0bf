/* SPDX-License-Identifier: MIT */
#include "lib/fault_env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "env/thread.h"

struct rule {
	struct fault fault;
	unsigned long calls; /* that it has seen */
	bool active;
};

struct fault_env {
	struct ary_env env; /* first: handles point here */
	struct ary_env *inner;
	struct ary_mutex mutex; /* guards all below */
	struct rule rules[FAULT_RULES_MAX];
	unsigned long calls[FAULT_COUNTS];
	unsigned long fired;
	fault_hook hook;
	void *hook_context;
	bool has_space;
	uint64_t free_bytes;
	uint64_t total_bytes;
	bool has_wall;
	uint64_t wall_ms;
	uint64_t held_ns;       /* of the monotonic clock; 0: it goes on */
	uint64_t passed_ns;     /* beside it */
	bool skips_syncs;
};

struct fault_dir {
	struct ary_dir dir;
	struct ary_dir *inner;
};

struct fault_file {
	struct ary_file file;
	struct ary_file *inner;
	char *name;
};

static struct fault_env *env_of(struct ary_env *env)
{
	return (struct fault_env *)env;
}

static struct fault_dir *dir_of(struct ary_dir *dir)
{
	return (struct fault_dir *)dir;
}

static struct fault_file *file_of(struct ary_file *file)
{
	return (struct fault_file *)file;
}

static bool rule_sees(const struct rule *rule, enum fault_kind kind, const char *name)
{
	if (!rule->active || (rule->fault.kind != kind && rule->fault.kind != FAULT_KINDS))
		return false;
	return !rule->fault.name || (name && strcmp(rule->fault.name, name) == 0);
}

/* Counts a call with every rule that sees it; *OUT is the first fault that is due. */
static bool find_due_locked(struct fault_env *self, enum fault_kind kind, const char *name,
			    struct fault *out)
{
	bool due = false;

	for (int i = 0; i < FAULT_RULES_MAX; i++) {
		struct rule *rule = &self->rules[i];
		if (!rule_sees(rule, kind, name) || ++rule->calls < rule->fault.nth)
			continue;
		if (!due)
			*out = rule->fault;
		due = true;
		rule->active = rule->fault.forever;
	}
	return due;
}

/* Counts one call. True: it is to fail as *OUT says. */
static bool is_due(struct fault_env *self, enum fault_kind kind, const char *name,
		   struct fault *out)
{
	ary_mutex_lock(&self->mutex);
	fault_hook hook = self->hook;
	void *context = self->hook_context;
	ary_mutex_unlock(&self->mutex);
	if (hook)
		hook(context, kind, name);

	ary_mutex_lock(&self->mutex);
	self->calls[kind]++;
	bool due = find_due_locked(self, kind, name, out);
	if (due)
		self->fired++;
	ary_mutex_unlock(&self->mutex);
	return due;
}

/* Counts a call that cannot fail. */
static void count(struct fault_env *self, enum fault_kind kind)
{
	ary_mutex_lock(&self->mutex);
	self->calls[kind]++;
	ary_mutex_unlock(&self->mutex);
}

static enum ary_status fail(const struct fault *fault, const char *name, struct ary_error *err)
{
	return ary_fail_errno(err, fault->os_errno, "%s (injected)", name ? name : "?");
}

/* A call without a result of its own, which may fail before or after it is made. */
#define PASS(self, kind, name, err, call) \
	do { \
		struct fault due; \
		bool fails = is_due(self, kind, name, &due); \
		if (fails && !due.after) \
			return fail(&due, name, err); \
		enum ary_status passed = call; \
		return fails && passed == ARY_OK ? fail(&due, name, err) : passed; \
	} while (0)

static enum ary_status dir_open(struct ary_env *env, const char *path, bool create,
				struct ary_dir **out, struct ary_error *err)
{
	struct fault_env *self = env_of(env);
	struct ary_dir *inner;
	struct fault due;

	if (is_due(self, FAULT_DIR_OPEN, path, &due))
		return fail(&due, path, err);
	enum ary_status status = ary_dir_open(self->inner, path, create, &inner, err);
	if (status != ARY_OK)
		return status;
	struct fault_dir *dir = ARY_NEW(struct fault_dir);
	dir->dir.env = env;
	dir->inner = inner;
	*out = &dir->dir;
	return ARY_OK;
}

static void dir_close(struct ary_dir *dir)
{
	count(env_of(dir->env), FAULT_DIR_CLOSE);
	ary_dir_close(dir_of(dir)->inner);
	free(dir_of(dir));
}

static enum ary_status dir_list(struct ary_dir *dir, ary_name_visit visit, void *context,
				struct ary_error *err)
{
	PASS(env_of(dir->env), FAULT_DIR_LIST, NULL, err,
	     ary_dir_list(dir_of(dir)->inner, visit, context, err));
}

static enum ary_status dir_sync(struct ary_dir *dir, struct ary_error *err)
{
	PASS(env_of(dir->env), FAULT_DIR_SYNC, NULL, err,
	     env_of(dir->env)->skips_syncs ? ARY_OK : ary_dir_sync(dir_of(dir)->inner, err));
}

static enum ary_status dir_rename(struct ary_dir *dir, const char *from, const char *to,
				  struct ary_error *err)
{
	PASS(env_of(dir->env), FAULT_DIR_RENAME, from, err,
	     ary_dir_rename(dir_of(dir)->inner, from, to, err));
}

static enum ary_status dir_unlink(struct ary_dir *dir, const char *name, struct ary_error *err)
{
	PASS(env_of(dir->env), FAULT_DIR_UNLINK, name, err,
	     ary_dir_unlink(dir_of(dir)->inner, name, err));
}

static struct ary_file *wrap_file(struct ary_env *env, struct ary_file *inner, const char *name)
{
	struct fault_file *file = ARY_NEW(struct fault_file);

	file->file.env = env;
	file->inner = inner;
	file->name = ary_strdup(name);
	return &file->file;
}

static enum ary_status dir_lock(struct ary_dir *dir, const char *name, struct ary_file **out,
				struct ary_error *err)
{
	struct ary_file *inner;
	struct fault due;

	if (is_due(env_of(dir->env), FAULT_DIR_LOCK, name, &due))
		return fail(&due, name, err);
	enum ary_status status = ary_dir_lock(dir_of(dir)->inner, name, &inner, err);
	if (status == ARY_OK)
		*out = wrap_file(dir->env, inner, name);
	return status;
}

static enum ary_status dir_lock_shared(struct ary_dir *dir, const char *name,
				       struct ary_file **out, struct ary_error *err)
{
	struct ary_file *inner;
	struct fault due;

	if (is_due(env_of(dir->env), FAULT_DIR_LOCK_SHARED, name, &due))
		return fail(&due, name, err);
	enum ary_status status = ary_dir_lock_shared(dir_of(dir)->inner, name, &inner, err);
	if (status == ARY_OK)
		*out = wrap_file(dir->env, inner, name);
	return status;
}

static enum ary_status dir_space(struct ary_dir *dir, uint64_t *free_bytes_out,
				 uint64_t *total_bytes_out, struct ary_error *err)
{
	struct fault_env *self = env_of(dir->env);
	struct fault due;

	if (is_due(self, FAULT_DIR_SPACE, NULL, &due))
		return fail(&due, NULL, err);
	ary_mutex_lock(&self->mutex);
	bool has_space = self->has_space;
	uint64_t free_bytes = self->free_bytes;
	uint64_t total_bytes = self->total_bytes;
	ary_mutex_unlock(&self->mutex);
	if (!has_space)
		return ary_dir_space(dir_of(dir)->inner, free_bytes_out, total_bytes_out, err);
	*free_bytes_out = free_bytes;
	*total_bytes_out = total_bytes;
	return ARY_OK;
}

static enum ary_status file_open(struct ary_dir *dir, const char *name, enum ary_open_mode mode,
				 struct ary_file **out, struct ary_error *err)
{
	bool creates = mode == ARY_OPEN_CREATE_NEW;
	struct ary_file *inner;
	struct fault due;

	bool fails = is_due(env_of(dir->env), creates ? FAULT_FILE_CREATE : FAULT_FILE_OPEN, name,
			    &due);
	if (fails && !due.after)
		return fail(&due, name, err);
	enum ary_status status = ary_file_open(dir_of(dir)->inner, name, mode, &inner, err);
	if (status != ARY_OK)
		return status;
	if (fails) {
		(void)ary_file_close(inner, NULL);
		return fail(&due, name, err);
	}
	*out = wrap_file(dir->env, inner, name);
	return ARY_OK;
}

static enum ary_status file_close(struct ary_file *file, struct ary_error *err)
{
	struct fault_file *self = file_of(file);
	struct fault due;

	/* The handle is gone either way. */
	bool fails = is_due(env_of(file->env), FAULT_FILE_CLOSE, self->name, &due);
	enum ary_status status = ary_file_close(self->inner, err);
	if (fails)
		status = fail(&due, self->name, err);
	free(self->name);
	free(self);
	return status;
}

static enum ary_status file_size(struct ary_file *file, uint64_t *out, struct ary_error *err)
{
	struct fault due;

	if (is_due(env_of(file->env), FAULT_FILE_SIZE, file_of(file)->name, &due))
		return fail(&due, file_of(file)->name, err);
	return ary_file_size(file_of(file)->inner, out, err);
}

static enum ary_status file_read_at(struct ary_file *file, uint64_t offset, void *data, size_t size,
				    size_t *read_out, struct ary_error *err)
{
	struct fault due;

	if (is_due(env_of(file->env), FAULT_FILE_READ, file_of(file)->name, &due)) {
		if (!due.short_read)
			return fail(&due, file_of(file)->name, err);
		size = size < due.short_bytes ? size : due.short_bytes;
	}
	return ary_file_read_at(file_of(file)->inner, offset, data, size, read_out, err);
}

static enum ary_status file_write_at(struct ary_file *file, uint64_t offset, const void *data,
				     size_t size, size_t *written_out, struct ary_error *err)
{
	struct fault due;

	if (!is_due(env_of(file->env), FAULT_FILE_WRITE, file_of(file)->name, &due))
		return ary_file_write_at(file_of(file)->inner, offset, data, size, written_out,
					 err);
	size_t taken = size < due.short_bytes ? size : due.short_bytes;
	if (due.after)
		taken = size;
	*written_out = 0;
	enum ary_status status = ARY_OK;
	if (taken > 0)
		status = ary_file_write_at(file_of(file)->inner, offset, data, taken, written_out,
					   err);
	return status == ARY_OK ? fail(&due, file_of(file)->name, err) : status;
}

static enum ary_status file_truncate(struct ary_file *file, uint64_t size, struct ary_error *err)
{
	PASS(env_of(file->env), FAULT_FILE_TRUNCATE, file_of(file)->name, err,
	     ary_file_truncate(file_of(file)->inner, size, err));
}

static enum ary_status file_sync(struct ary_file *file, struct ary_error *err)
{
	PASS(env_of(file->env), FAULT_FILE_SYNC, file_of(file)->name, err,
	     env_of(file->env)->skips_syncs ? ARY_OK
					    : ary_file_sync(file_of(file)->inner, err));
}

static uint64_t wall_ms(struct ary_env *env)
{
	struct fault_env *self = env_of(env);

	count(self, FAULT_WALL_MS);
	ary_mutex_lock(&self->mutex);
	bool has_wall = self->has_wall;
	uint64_t fixed_ms = self->wall_ms;
	ary_mutex_unlock(&self->mutex);
	return has_wall ? fixed_ms : ary_wall_ms(self->inner);
}

static uint64_t monotonic_ns(struct ary_env *env)
{
	struct fault_env *self = env_of(env);

	count(self, FAULT_MONOTONIC_NS);
	ary_mutex_lock(&self->mutex);
	uint64_t held_ns = self->held_ns;
	uint64_t passed_ns = self->passed_ns;
	ary_mutex_unlock(&self->mutex);
	return (held_ns != 0 ? held_ns : ary_monotonic_ns(self->inner)) + passed_ns;
}

static enum ary_status random_bytes(struct ary_env *env, void *data, size_t size,
				    struct ary_error *err)
{
	PASS(env_of(env), FAULT_RANDOM, NULL, err, ary_random(env_of(env)->inner, data, size, err));
}

static const struct ary_env_ops fault_ops = {
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

struct fault_env *fault_env_create(struct ary_env *inner)
{
	struct fault_env *self = ARY_NEW(struct fault_env);

	self->env.ops = &fault_ops;
	self->inner = inner;
	ary_mutex_init(&self->mutex);
	return self;
}

void fault_env_destroy(struct fault_env *self)
{
	if (!self)
		return;
	ary_mutex_release(&self->mutex);
	free(self);
}

void fault_env_skip_syncs(struct fault_env *self)
{
	self->skips_syncs = true;
}

struct ary_env *fault_env_env(struct fault_env *self)
{
	return &self->env;
}

void fault_env_fail(struct fault_env *self, struct fault fault)
{
	int free_rule = 0;

	ARY_CHECK(fault.nth > 0);
	if (fault.os_errno == 0)
		fault.os_errno = EIO;
	ary_mutex_lock(&self->mutex);
	while (free_rule < FAULT_RULES_MAX && self->rules[free_rule].active)
		free_rule++;
	ARY_CHECK(free_rule < FAULT_RULES_MAX);
	self->rules[free_rule] = (struct rule){.fault = fault, .active = true};
	ary_mutex_unlock(&self->mutex);
}

void fault_env_reset(struct fault_env *self)
{
	ary_mutex_lock(&self->mutex);
	memset(self->rules, 0, sizeof(self->rules));
	memset(self->calls, 0, sizeof(self->calls));
	self->fired = 0;
	self->hook = NULL;
	self->has_space = false;
	self->has_wall = false;
	self->held_ns = 0;
	ary_mutex_unlock(&self->mutex);
}

unsigned long fault_env_calls(struct fault_env *self, enum fault_kind kind)
{
	unsigned long calls = 0;

	ary_mutex_lock(&self->mutex);
	if (kind != FAULT_KINDS)
		calls = self->calls[kind];
	for (int i = 0; kind == FAULT_KINDS && i < FAULT_KINDS; i++)
		calls += self->calls[i];
	ary_mutex_unlock(&self->mutex);
	return calls;
}

unsigned long fault_env_fired(struct fault_env *self)
{
	ary_mutex_lock(&self->mutex);
	unsigned long fired = self->fired;
	ary_mutex_unlock(&self->mutex);
	return fired;
}

void fault_env_set_hook(struct fault_env *self, fault_hook hook, void *context)
{
	ary_mutex_lock(&self->mutex);
	self->hook = hook;
	self->hook_context = context;
	ary_mutex_unlock(&self->mutex);
}

void fault_env_set_space(struct fault_env *self, uint64_t free_bytes, uint64_t total_bytes)
{
	ary_mutex_lock(&self->mutex);
	self->has_space = true;
	self->free_bytes = free_bytes;
	self->total_bytes = total_bytes;
	ary_mutex_unlock(&self->mutex);
}

void fault_env_pass_time(struct fault_env *fault_env, uint64_t ns)
{
	ary_mutex_lock(&fault_env->mutex);
	fault_env->passed_ns += ns;
	ary_mutex_unlock(&fault_env->mutex);
}

void fault_env_set_wall_ms(struct fault_env *self, uint64_t fixed_ms)
{
	ary_mutex_lock(&self->mutex);
	self->has_wall = true;
	self->wall_ms = fixed_ms;
	ary_mutex_unlock(&self->mutex);
}

void fault_env_hold_clock(struct fault_env *self, bool hold)
{
	ary_mutex_lock(&self->mutex);
	self->held_ns = hold ? ary_monotonic_ns(self->inner) : 0;
	ary_mutex_unlock(&self->mutex);
}
