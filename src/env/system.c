/* SPDX-License-Identifier: MIT */
#include "env/system.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/check.h"

unsigned ary_cpu_count(void)
{
	cpu_set_t set;

	/* A container may be confined to fewer processors than the machine has. */
	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return (unsigned)CPU_COUNT(&set);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned)online : 1;
}

bool ary_is_terminal(int fd)
{
	return isatty(fd) == 1;
}

void ary_standard_streams_secure(void)
{
	/* Open for as long as the process runs. */
	static int stand_ins[3];

	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		/* The lowest free number is FD itself, as those below it are in use by now. */
		stand_ins[fd] = open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
		ARY_CHECK(stand_ins[fd] == fd);
	}
}
