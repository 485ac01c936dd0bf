/* SPDX-License-Identifier: MIT */
/* Wake-ups and waiting for them; an eventfd counts those given until one wait takes them all. */
#include "env/net.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"

enum ary_status ary_wake_init(struct ary_wake *wake, struct ary_error *err)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return ary_fail_errno(err, errno, "cannot make a wake-up");
	wake->fd = fd;
	return ARY_OK;
}

void ary_wake_release(struct ary_wake *wake)
{
	ary_net_close(wake->fd);
	wake->fd = -1;
}

void ary_wake_give(struct ary_wake *wake)
{
	const uint64_t one = 1;
	int errno_before = errno; /* this may run between any two lines of another function */
	ssize_t put = write(wake->fd, &one, sizeof(one));

	/* EAGAIN: the counter is full, so the waiter wakes anyway. */
	ARY_CHECK(put == (ssize_t)sizeof(one) || errno == EAGAIN);
	errno = errno_before;
}

static void take(struct ary_wake *wake)
{
	uint64_t given;
	ssize_t got = read(wake->fd, &given, sizeof(given));

	/* EAGAIN: another thread took them. */
	ARY_CHECK(got == (ssize_t)sizeof(given) || errno == EAGAIN);
}

void ary_net_wait(int fd, struct ary_wake *wake, int timeout_ms)
{
	struct pollfd waiting[] = {
		{ .fd = wake->fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	/* A failed wait (a signal, memory) is an early return: the caller looks and waits again. */
	if (poll(waiting, 2, timeout_ms) > 0 && (waiting[0].revents & POLLIN) != 0)
		take(wake);
}
