/* SPDX-License-Identifier: MIT */
#include "lib/stub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { CONNECTIONS_MAX = 256, FILLER_BYTES = 65536 };

struct connection {
	struct stub *stub;
	pthread_t thread;
	int fd;
};

struct stub {
	stub_answer answer;
	void *context;
	int fd;
	int port;
	pthread_t thread;
	pthread_mutex_t mutex;
	/* Under `mutex`. */
	bool ends;
	unsigned requests;
	size_t filled_bytes;
	struct connection connections[CONNECTIONS_MAX];
	size_t connection_count;
};

static bool send_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		data += sent;
		size -= (size_t)sent;
	}
	return true;
}

/* Receives up to the end of the head. False: the client has gone, or sends too much. */
static bool receive_head(int fd, struct stub_request *request)
{
	size_t size = 0;

	while (size < STUB_HEAD_BYTES - 1) {
		if (recv(fd, request->head + size, 1, 0) != 1)
			return false;
		request->head[++size] = '\0';
		if (size >= 4 && strcmp(request->head + size - 4, "\r\n\r\n") == 0)
			return sscanf(request->head, "%15s %4095s", request->method,
				      request->target) == 2;
	}
	return false;
}

static bool receive_body(int fd, struct stub_request *request)
{
	const char *length = strstr(request->head, "Content-Length: ");
	size_t left = length ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0;

	if (left >= STUB_BODY_BYTES)
		return false;
	if (strstr(request->head, "Expect: 100-continue") &&
	    !send_all(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25))
		return false;
	while (left > 0) {
		ssize_t got = recv(fd, request->body + request->body_size, left, 0);

		if (got <= 0)
			return false;
		request->body_size += (size_t)got;
		left -= (size_t)got;
	}
	request->body[request->body_size] = '\0';
	return true;
}

static bool send_filler(struct stub *stub, int fd, size_t size)
{
	static const char filler[FILLER_BYTES];

	while (size > 0) {
		size_t piece = size < FILLER_BYTES ? size : FILLER_BYTES;

		if (!send_all(fd, filler, piece))
			return false;
		pthread_mutex_lock(&stub->mutex);
		stub->filled_bytes += piece;
		pthread_mutex_unlock(&stub->mutex);
		size -= piece;
	}
	return true;
}

/* Takes one request and answers it. False: the connection has ended. */
static bool serve_one(struct connection *connection, struct stub_request *request,
		      struct stub_reply *reply)
{
	struct stub *stub = connection->stub;
	char byte;

	request->body_size = 0;
	if (!receive_head(connection->fd, request) || !receive_body(connection->fd, request))
		return false;
	request->on_connection++;
	memset(reply, 0, sizeof(*reply));
	pthread_mutex_lock(&stub->mutex);
	request->number = ++stub->requests;
	stub->answer(stub->context, request, reply);
	pthread_mutex_unlock(&stub->mutex);
	if (reply->hangs)
		return recv(connection->fd, &byte, 1, 0) == 1;
	return send_all(connection->fd, reply->text, strlen(reply->text)) &&
	       send_filler(stub, connection->fd, reply->filler_bytes) && !reply->closes;
}

static void *serve(void *context)
{
	struct connection *connection = context;
	struct stub_request *request = calloc(1, sizeof(*request));
	struct stub_reply *reply = calloc(1, sizeof(*reply));

	while (request && reply && serve_one(connection, request, reply))
		continue;
	free(request);
	free(reply);
	/* Closed by stub_end, so that its number stays this connection's. */
	shutdown(connection->fd, SHUT_RDWR);
	return NULL;
}

/* Serves FD in a thread. */
static void open_connection(struct stub *stub, int fd)
{
	struct connection *connection;

	pthread_mutex_lock(&stub->mutex);
	connection = &stub->connections[stub->connection_count];
	*connection = (struct connection){ .stub = stub, .fd = fd };
	if (!stub->ends && stub->connection_count < CONNECTIONS_MAX &&
	    pthread_create(&connection->thread, NULL, serve, connection) == 0)
		stub->connection_count++;
	else
		close(fd);
	pthread_mutex_unlock(&stub->mutex);
}

static void *accept_all(void *context)
{
	struct stub *stub = context;
	int fd;

	while ((fd = accept4(stub->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		open_connection(stub, fd);
	return NULL;
}

struct stub *stub_start(stub_answer answer, void *context)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	struct stub *stub = calloc(1, sizeof(*stub));

	assert_non_null(stub);
	stub->answer = answer;
	stub->context = context;
	pthread_mutex_init(&stub->mutex, NULL);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	stub->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(stub->fd >= 0);
	assert_int_equal(bind(stub->fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(stub->fd, CONNECTIONS_MAX), 0);
	assert_int_equal(getsockname(stub->fd, (struct sockaddr *)&address, &size), 0);
	stub->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&stub->thread, NULL, accept_all, stub), 0);
	return stub;
}

int stub_port(const struct stub *stub)
{
	return stub->port;
}

void stub_sync(struct stub *stub)
{
	pthread_mutex_lock(&stub->mutex);
	pthread_mutex_unlock(&stub->mutex);
}

unsigned stub_requests(struct stub *stub)
{
	unsigned requests;

	pthread_mutex_lock(&stub->mutex);
	requests = stub->requests;
	pthread_mutex_unlock(&stub->mutex);
	return requests;
}

size_t stub_filled_bytes(struct stub *stub)
{
	size_t bytes;

	pthread_mutex_lock(&stub->mutex);
	bytes = stub->filled_bytes;
	pthread_mutex_unlock(&stub->mutex);
	return bytes;
}

void stub_end(struct stub *stub)
{
	pthread_mutex_lock(&stub->mutex);
	stub->ends = true;
	for (size_t i = 0; i < stub->connection_count; i++)
		shutdown(stub->connections[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&stub->mutex);
	shutdown(stub->fd, SHUT_RDWR);
	pthread_join(stub->thread, NULL);
	for (size_t i = 0; i < stub->connection_count; i++) {
		pthread_join(stub->connections[i].thread, NULL);
		close(stub->connections[i].fd);
	}
	close(stub->fd);
	pthread_mutex_destroy(&stub->mutex);
	free(stub);
}

void stub_respond(struct stub_reply *reply, const char *status, const char *fields,
		  const char *body)
{
	int size = snprintf(reply->text, sizeof(reply->text),
			    "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, fields,
			    strlen(body), body);

	assert_true(size > 0 && size < (int)sizeof(reply->text));
}
