/* SPDX-License-Identifier: MIT */
/* A disk that takes its time to sync, for a program that knows nothing of it:
 *
 *   LD_PRELOAD=.../slow_sync.so SLOW_SYNC_MS=10 PROGRAM...
 *
 * fdatasync and fsync wait for so many milliseconds, and then do what they are asked for. Without
 * the variable they wait for nothing, so that programs with and without delay are otherwise the
 * same. Limits: a sync that the system is asked for in another way is not seen. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The variable is read each time: that costs nothing beside a sync, and needs no start. */
static void wait_first(void)
{
	const char *text = getenv("SLOW_SYNC_MS");
	long ms = text ? strtol(text, NULL, 10) : 0;
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (ms > 0 && nanosleep(&left, &left) != 0)
		continue;
}

int fdatasync(int fd)
{
	wait_first();
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	wait_first();
	return (int)syscall(SYS_fsync, fd);
}
