/* SPDX-License-Identifier: MIT */
/* Sockets and waiting on them: what the http floor needs of the system beside its library.
 * Door of <sys/socket.h>, <netdb.h>, <poll.h>. */
#ifndef ARY_ENV_NET_H
#define ARY_ENV_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { ARY_ADDRESS_BYTES = 64 };

/* An address to listen on, from HOST:PORT, [HOST]:PORT or PORT. */
struct ary_address {
	char host[ARY_ADDRESS_BYTES]; /* numeric or a name, without brackets; never empty */
	uint16_t port;                /* 0: the system chooses */
};

/* Parses TEXT; PORT alone means 127.0.0.1. INVALID: says what is wrong. */
ARY_MUST_CHECK enum ary_status ary_address_parse(const char *text, struct ary_address *out,
						 struct ary_error *err);

/* Whether ADDRESS is a loopback address (127.0.0.0/8, ::1, localhost). */
bool ary_address_is_loopback(const struct ary_address *address);

/* Opens a non-blocking, close-on-exec TCP socket that listens on ADDRESS, with SO_REUSEADDR and a
 * backlog of 1024. Answers its descriptor and the address it is bound to (numeric, the real port).
 * IO: names the address and the reason. BUSY: no more descriptors. */
ARY_MUST_CHECK enum ary_status ary_net_listen(const struct ary_address *address, int *fd_out,
					      struct ary_address *bound_out, struct ary_error *err);

void ary_net_close(int fd);

/* Ends both directions of socket FD without closing it: whoever reads it sees its end. */
void ary_net_shutdown(int fd);

/* Sends SIZE bytes at DATA on socket FD, without waiting. False: it does not take all of them. */
ARY_MUST_CHECK bool ary_net_send(int fd, const void *data, size_t size);

/* Ends the sending direction of socket FD: its peer sees the end, and may go on sending. */
void ary_net_end(int fd);

/* Whether nothing more will come from socket FD: its peer has ended, and all that it sent was read;
 * or the connection is broken. Does not block. */
bool ary_net_is_at_end(int fd);

/* A wake-up that one thread waits for and any thread gives. */
struct ary_wake {
	int fd;
};

ARY_MUST_CHECK enum ary_status ary_wake_init(struct ary_wake *wake, struct ary_error *err);
void ary_wake_release(struct ary_wake *wake);
/* Threads: any, signal handlers too. */
void ary_wake_give(struct ary_wake *wake);

/* Waits until FD or WAKE is readable or TIMEOUT_MS is over (negative: for ever), and takes the
 * wake-ups given so far. An interrupted wait returns early. */
void ary_net_wait(int fd, struct ary_wake *wake, int timeout_ms);

/* The most file descriptors this process may have; raised to the hard limit first. */
uint64_t ary_fd_limit_raise(void);

#endif
