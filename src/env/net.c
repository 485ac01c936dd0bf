/* SPDX-License-Identifier: MIT */
#include "env/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/number.h"

enum { BACKLOG = 1024 };

/* Room for "[host]:65535". */
enum { ADDRESS_TEXT_BYTES = ARY_ADDRESS_BYTES + 10 };

static enum ary_status parse_port(const char *text, uint16_t *out, struct ary_error *err)
{
	uint64_t port;

	if (!ary_parse_u64(ary_bytes_of(text), &port) || port > UINT16_MAX)
		return ary_fail(err, ARY_INVALID, "'%s' is not a port (0 to 65535)", text);
	*out = (uint16_t)port;
	return ARY_OK;
}

/* Names of other scripts have to come in their ASCII form (punycode). */
static bool is_host_character(uint8_t c)
{
	return c > ' ' && c < 0x7f && strchr("/[]@\"\\", c) == NULL;
}

/* Copies the SIZE characters at HOST. A colon is for IPv6, which needs its brackets. */
static enum ary_status parse_host(const char *host, size_t size, bool in_brackets,
				  struct ary_address *out, struct ary_error *err)
{
	int shown = size < ARY_ADDRESS_BYTES ? (int)size : ARY_ADDRESS_BYTES;

	if (size == 0)
		return ary_fail(err, ARY_INVALID, "the address has no host before its port");
	if (size >= sizeof(out->host))
		return ary_fail(err, ARY_INVALID, "host '%.*s...' is longer than %d characters",
				shown, host, ARY_ADDRESS_BYTES - 1);
	if (!in_brackets && memchr(host, ':', size) != NULL)
		return ary_fail(err, ARY_INVALID, "IPv6 address '%.*s' needs brackets, as in [::1]",
				shown, host);
	for (size_t i = 0; i < size; i++)
		if (!is_host_character((uint8_t)host[i]))
			return ary_fail(err, ARY_INVALID, "'%.*s' is not a host", shown, host);
	memcpy(out->host, host, size);
	out->host[size] = '\0';
	return ARY_OK;
}

static enum ary_status parse_bracketed(const char *text, struct ary_address *out,
				       struct ary_error *err)
{
	const char *end = strchr(text, ']');
	enum ary_status status;

	if (end == NULL || end[1] != ':')
		return ary_fail(err, ARY_INVALID, "'%s' is not of the form [HOST]:PORT", text);
	status = parse_host(text + 1, (size_t)(end - text) - 1, true, out, err);
	return status == ARY_OK ? parse_port(end + 2, &out->port, err) : status;
}

enum ary_status ary_address_parse(const char *text, struct ary_address *out, struct ary_error *err)
{
	struct ary_address address = { .host = "127.0.0.1" };
	const char *colon = strrchr(text, ':');
	enum ary_status status;

	if (text[0] == '[') {
		status = parse_bracketed(text, &address, err);
	} else if (colon == NULL) {
		status = parse_port(text, &address.port, err);
	} else {
		status = parse_host(text, (size_t)(colon - text), false, &address, err);
		if (status == ARY_OK)
			status = parse_port(colon + 1, &address.port, err);
	}
	if (status == ARY_OK)
		*out = address;
	return status;
}

static bool is_localhost(const char *host)
{
	return strcasecmp(host, "localhost") == 0;
}

bool ary_address_is_loopback(const struct ary_address *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address->host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, address->host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return is_localhost(address->host);
}

/* ADDRESS as people write it; answers OUT. */
static const char *address_text(const struct ary_address *address, char out[ADDRESS_TEXT_BYTES])
{
	bool v6 = strchr(address->host, ':') != NULL;

	snprintf(out, ADDRESS_TEXT_BYTES, v6 ? "[%s]:%u" : "%s:%u", address->host,
		 (unsigned)address->port);
	return out;
}

/* Opens, binds and listens at INFO. Answers the descriptor, or minus the errno. */
static int listen_at(const struct addrinfo *info)
{
	const int on = 1;
	int os_errno;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		goto fail;
	/* [::] without this would take the port of 0.0.0.0 too, or not, as the system is set. */
	if (info->ai_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		goto fail;
	if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
		goto fail;
	return fd;
fail:
	os_errno = errno;
	ary_net_close(fd);
	return -os_errno;
}

/* Whether this machine has no such address, so that the next one of a name is worth trying. A taken
 * port is not such a case: half of "localhost" would be another server's. */
static bool is_absent(int os_errno)
{
	return os_errno == EAFNOSUPPORT || os_errno == EADDRNOTAVAIL;
}

/* As listen_at, at the first address of INFO that this machine has. */
static int listen_at_any(const struct addrinfo *info)
{
	int fd = -EADDRNOTAVAIL;

	for (; info != NULL && fd < 0 && is_absent(-fd); info = info->ai_next)
		fd = listen_at(info);
	return fd;
}

/* The addresses of ADDRESS; returns owned (freeaddrinfo). */
static enum ary_status resolve(const struct ary_address *address, struct addrinfo **out,
			       struct ary_error *err)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	char port[sizeof("65535")];
	char text[ADDRESS_TEXT_BYTES];
	const char *host;
	int result;

	snprintf(port, sizeof(port), "%u", (unsigned)address->port);
	/* A name that no look-up may lead elsewhere (RFC 6761 section 6.3). */
	host = is_localhost(address->host) ? "127.0.0.1" : address->host;
	result = getaddrinfo(host, port, &hints, out);
	if (result == EAI_SYSTEM)
		return ary_fail_errno(err, errno, "cannot listen on %s",
				      address_text(address, text));
	if (result != 0)
		return ary_fail(err, ARY_IO, "cannot listen on %s: %s",
				address_text(address, text), gai_strerror(result));
	return ARY_OK;
}

static enum ary_status bound_address(int fd, struct ary_address *out, struct ary_error *err)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name = { .any = { .sa_family = AF_UNSPEC } };
	socklen_t size = sizeof(name);
	struct ary_address bound;
	int result;

	if (getsockname(fd, &name.any, &size) != 0)
		return ary_fail_errno(err, errno, "cannot see the address of a socket");
	result = getnameinfo(&name.any, size, bound.host, sizeof(bound.host), NULL, 0,
			     NI_NUMERICHOST);
	if (result != 0)
		return ary_fail(err, ARY_IO, "cannot see the address of a socket: %s",
				gai_strerror(result));
	bound.port = ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
	*out = bound;
	return ARY_OK;
}

enum ary_status ary_net_listen(const struct ary_address *address, int *fd_out,
			       struct ary_address *bound_out, struct ary_error *err)
{
	char text[ADDRESS_TEXT_BYTES];
	struct addrinfo *found;
	enum ary_status status;
	int fd;

	status = resolve(address, &found, err);
	if (status != ARY_OK)
		return status;
	fd = listen_at_any(found);
	freeaddrinfo(found);
	if (fd < 0)
		return ary_fail_errno(err, -fd, "cannot listen on %s",
				      address_text(address, text));
	status = bound_address(fd, bound_out, err);
	if (status != ARY_OK) {
		ary_net_close(fd);
		return status;
	}
	*fd_out = fd;
	return ARY_OK;
}

void ary_net_close(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void ary_net_shutdown(int fd)
{
	/* A peer that has already gone is what was wanted. */
	(void)shutdown(fd, SHUT_RDWR);
}

bool ary_net_send(int fd, const void *data, size_t size)
{
	ssize_t sent;

	do
		sent = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0 && (size_t)sent == size;
}

void ary_net_end(int fd)
{
	(void)shutdown(fd, SHUT_WR);
}

bool ary_net_is_at_end(int fd)
{
	char next;
	ssize_t got = recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT);

	if (got < 0)
		return errno != EAGAIN && errno != EINTR;
	return got == 0;
}

uint64_t ary_fd_limit_raise(void)
{
	struct rlimit limit;

	/* getrlimit of a known resource into our own memory has no way to fail. */
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		struct rlimit raised = { .rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max };

		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			limit = raised;
	}
	return limit.rlim_cur;
}
