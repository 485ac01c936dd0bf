/* SPDX-License-Identifier: MIT */
#include "lib/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/exchange.h"

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int wire_open(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	address.sin_port = htons((unsigned short)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	exchange_opened(fd);
	return fd;
}

void wire_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

bool wire_send(int fd, const void *data, size_t size)
{
	const char *rest = data;

	exchange_sends(fd, (struct exchange_bytes){ data, size });
	while (size > 0) {
		ssize_t sent = send(fd, rest, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		rest += sent;
		size -= (size_t)sent;
	}
	return true;
}

static bool wait_readable(int fd, long long end_ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	for (;;) {
		long long rest = end_ms - now_ms();
		int ready = poll(&wait, 1, rest > 0 ? (int)rest : 0);

		if (ready > 0)
			return true;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}

/* As recv; waits for it. 0 and less: nothing came, as the peer has ended or the time is over. */
static ssize_t receive_some(int fd, struct wire_reply *reply, char *out, size_t size, int flags,
			    long long end_ms)
{
	ssize_t got;

	do {
		if (!wait_readable(fd, end_ms))
			return -1;
		got = recv(fd, out, size, flags);
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		reply->is_closed = true;
	return got;
}

static bool make_room(struct wire_reply *reply, size_t size)
{
	char *data = realloc(reply->data, size + 1);

	if (data)
		reply->data = data;
	return data != NULL;
}

/* Receives exactly up to MORE further bytes behind the SIZE there are. False: no more came. */
static bool receive_more(int fd, struct wire_reply *reply, size_t size, size_t more,
			 long long end_ms)
{
	if (!make_room(reply, size + more))
		return false;
	while (more > 0) {
		ssize_t got = receive_some(fd, reply, reply->data + size, more, 0, end_ms);

		if (got <= 0)
			return false;
		size += (size_t)got;
		more -= (size_t)got;
		reply->data[size] = '\0';
	}
	return true;
}

/* How many of the MORE bytes of TEXT behind the first SIZE belong to the head: all, as long as it
 * does not end there. */
static size_t head_part(const char *text, size_t size, size_t more, bool *ends)
{
	size_t from = size < 3 ? 0 : size - 3;
	const char *end = memmem(text + from, size + more - from, "\r\n\r\n", 4);

	*ends = end != NULL;
	return end ? (size_t)(end - text) + 4 - size : more;
}

/* Looks at what is there before it takes it, so that nothing of the next response is taken. */
static bool receive_head(int fd, struct wire_reply *reply, long long end_ms)
{
	enum { LOOK = 2048 };
	size_t size = 0;
	bool ends = false;

	while (!ends && size < 65536) {
		ssize_t there = -1;

		if (make_room(reply, size + LOOK))
			there = receive_some(fd, reply, reply->data + size, LOOK, MSG_PEEK, end_ms);
		if (there <= 0)
			break;
		size_t part = head_part(reply->data, size, (size_t)there, &ends);

		if (!receive_more(fd, reply, size, part, end_ms))
			return false;
		size += part;
	}
	if (ends)
		reply->head_size = size;
	return ends;
}

const char *wire_header(const struct wire_reply *reply, const char *name, char *out, size_t size)
{
	size_t name_size = strlen(name);
	const char *line = reply->data ? strstr(reply->data, "\r\n") : NULL;

	while (line && (size_t)(line - reply->data) + 4 < reply->head_size) {
		const char *end = strstr(line + 2, "\r\n");

		line += 2;
		if (strncasecmp(line, name, name_size) == 0 && line[name_size] == ':') {
			line += name_size + 1;
			line += strspn(line, " \t");
			snprintf(out, size, "%.*s", (int)(end - line), line);
			return out;
		}
		line = end;
	}
	return NULL;
}

int wire_receive(int fd, bool has_body, int timeout_ms, struct wire_reply *reply)
{
	long long end_ms = now_ms() + timeout_ms;
	char text[32];
	int status;

	memset(reply, 0, sizeof(*reply));
	if (!receive_head(fd, reply, end_ms))
		return 0;
	if (sscanf(reply->data, "HTTP/1.%*1[01] %d", &status) != 1)
		return 0;
	if (has_body && wire_header(reply, "Content-Length", text, sizeof(text)))
		reply->body_size = (size_t)strtoull(text, NULL, 10);
	if (!receive_more(fd, reply, reply->head_size, reply->body_size, end_ms))
		return 0;
	exchange_got(fd, (struct exchange_bytes){ reply->data, reply->head_size },
		     (struct exchange_bytes){ reply->data + reply->head_size, reply->body_size });
	reply->status = status;
	return status;
}

void wire_reply_release(struct wire_reply *reply)
{
	free(reply->data);
	memset(reply, 0, sizeof(*reply));
}

int wire_ask(int port, const void *data, size_t size, struct wire_reply *reply)
{
	int fd = wire_open(port);
	int status = 0;

	memset(reply, 0, sizeof(*reply));
	if (fd < 0)
		return 0;
	/* The server may answer and close before it took everything. */
	wire_send(fd, data, size);
	status = wire_receive(fd, true, WIRE_TIMEOUT_MS, reply);
	wire_close(fd);
	return status;
}

bool wire_is_closed_within(int fd, int timeout_ms)
{
	long long end_ms = now_ms() + timeout_ms;
	char dropped[4096];

	while (wait_readable(fd, end_ms)) {
		ssize_t got = recv(fd, dropped, sizeof(dropped), 0);

		if (got == 0 || (got < 0 && errno != EINTR))
			return true;
	}
	return false;
}
