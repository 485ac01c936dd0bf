/* SPDX-License-Identifier: MIT */
/* The operating system as an environment: its table of operations, its clocks and random bytes. */
#include "env/posix_private.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "base/check.h"

enum { TRIES_MAX = 100 };

bool ary_posix_again(unsigned *tries)
{
	return errno == EINTR && ++*tries < TRIES_MAX;
}

static struct timespec now(clockid_t clock)
{
	struct timespec time;

	ARY_CHECK(clock_gettime(clock, &time) == 0);
	return time;
}

static uint64_t wall_ms(struct ary_env *env)
{
	struct timespec time = now(CLOCK_REALTIME);

	(void)env;
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static uint64_t monotonic_ns(struct ary_env *env)
{
	struct timespec time = now(CLOCK_MONOTONIC);

	(void)env;
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static enum ary_status fill_random(struct ary_env *env, void *data, size_t size,
				   struct ary_error *err)
{
	size_t done = 0;
	unsigned tries = 0;

	(void)env;
	while (done < size) {
		ssize_t got = getrandom((char *)data + done, size - done, 0);

		if (got >= 0)
			done += (size_t)got;
		else if (!ary_posix_again(&tries))
			return ary_fail_errno(err, errno, "cannot get random bytes");
	}
	return ARY_OK;
}

struct ary_env *ary_env_posix(void)
{
	static const struct ary_env_ops ops = {
		.dir_open = ary_posix_dir_open,
		.dir_close = ary_posix_dir_close,
		.dir_list = ary_posix_dir_list,
		.dir_sync = ary_posix_dir_sync,
		.dir_rename = ary_posix_dir_rename,
		.dir_unlink = ary_posix_dir_unlink,
		.dir_lock = ary_posix_dir_lock,
		.dir_lock_shared = ary_posix_dir_lock_shared,
		.dir_space = ary_posix_dir_space,
		.file_open = ary_posix_file_open,
		.file_close = ary_posix_file_close,
		.file_size = ary_posix_file_size,
		.file_read_at = ary_posix_file_read_at,
		.file_write_at = ary_posix_file_write_at,
		.file_truncate = ary_posix_file_truncate,
		.file_sync = ary_posix_file_sync,
		.file_map = ary_posix_file_map,
		.copy_map = ary_posix_copy_map,
		.copy_populate = ary_posix_copy_populate,
		.copy_release = ary_posix_copy_release,
		.wall_ms = wall_ms,
		.monotonic_ns = monotonic_ns,
		.random = fill_random,
	};
	static struct ary_env env = { .ops = &ops };

	return &env;
}
