/* SPDX-License-Identifier: MIT */
/* Promise: any number of busy connections is served, exactly k x 128 of them too (where the
 * library's own event loop stalls), reads and writes mixed. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/wire.h"

enum { REQUESTS = 6, CONNECTIONS_MAX = 512, STALLED_AFTER_MS = 10000 };

struct talker {
	int number;
	int sent;
	int answered;
	char received[2048];
	size_t size;
};

/* Every third request is a write. All of them are one segment, and so is each answer. */
static bool send_next(struct talker *talker, int fd)
{
	char text[256];

	if (talker->sent % 3 == 0)
		snprintf(text, sizeof(text),
			 "PUT /keys/many-%d HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n%08d",
			 talker->number, talker->sent);
	else
		snprintf(text, sizeof(text), "GET /keys/many-%d HTTP/1.1\r\nHost: h\r\n\r\n",
			 talker->number);
	talker->sent++;
	return wire_send(fd, text, strlen(text));
}

/* The size of the complete answer at the start of what was received; 0: not complete. */
static size_t complete_answer(struct talker *talker)
{
	const char *end;
	const char *length;
	size_t size;

	talker->received[talker->size] = '\0';
	end = strstr(talker->received, "\r\n\r\n");
	if (!end)
		return 0;
	size = (size_t)(end - talker->received) + 4;
	length = strstr(talker->received, "Content-Length: ");
	if (length && length < end)
		size += strtoul(length + 16, NULL, 10);
	return size <= talker->size ? size : 0;
}

static void expect_success(const struct talker *talker)
{
	if (strncmp(talker->received, "HTTP/1.1 20", 11) != 0)
		fail_msg("connection %d was answered: %s", talker->number, talker->received);
}

/* Takes what arrived. Answers how many requests that completed. */
static int take(struct talker *talker, int fd)
{
	ssize_t got = recv(fd, talker->received + talker->size,
			   sizeof(talker->received) - 1 - talker->size, MSG_DONTWAIT);
	size_t size;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	assert_true(got > 0);
	talker->size += (size_t)got;
	size = complete_answer(talker);
	if (size == 0)
		return 0;
	expect_success(talker);
	assert_int_equal(size, talker->size);
	talker->size = 0;
	talker->answered++;
	if (talker->sent < REQUESTS)
		assert_true(send_next(talker, fd));
	return 1;
}

/* Sends on all first, so that all are ready at once, then keeps each one busy. */
static void talk(struct talker *talkers, struct pollfd *waits, int count)
{
	int rest = count * REQUESTS;

	for (int i = 0; i < count; i++)
		assert_true(send_next(&talkers[i], waits[i].fd));
	while (rest > 0) {
		int before = rest;
		long long end = node_now_ms() + STALLED_AFTER_MS;

		while (rest == before) {
			if (node_now_ms() > end)
				fail_msg("%d connections: no answer, %d still due", count, rest);
			poll(waits, (nfds_t)count, 1000);
			for (int i = 0; i < count; i++) {
				if (waits[i].revents)
					rest -= take(&talkers[i], waits[i].fd);
			}
		}
	}
}

static void serve_all(struct rest *rest, int count)
{
	struct talker *talkers = calloc((size_t)count, sizeof(*talkers));
	struct pollfd *waits = calloc((size_t)count, sizeof(*waits));

	assert_true(talkers && waits);
	for (int i = 0; i < count; i++) {
		talkers[i].number = i;
		waits[i].events = POLLIN;
		waits[i].fd = wire_open(rest->node->port);
		assert_true(waits[i].fd >= 0);
	}
	talk(talkers, waits, count);
	for (int i = 0; i < count; i++) {
		assert_int_equal(talkers[i].answered, REQUESTS);
		wire_close(waits[i].fd);
	}
	free(talkers);
	free(waits);
}

static void test_every_busy_connection_is_served(void **state)
{
	static const int counts[] = { 64, 127, 128, 129, 256, CONNECTIONS_MAX };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		serve_all(*state, counts[i]);
}

/* One loop gets them all, so that the ready connections of one epoll are exactly these. */
static void test_one_loop_serves_every_busy_connection(void **state)
{
	static const char *const options[] = { "--threads", "1", NULL };
	struct rest *rest = rest_start(options);

	(void)state;
	serve_all(rest, 128);
	serve_all(rest, 256);
	rest_end(rest);
}

/* Their writes are waiting for the disk when they go. */
static void test_clients_that_leave_do_no_harm(void **state)
{
	static const char head[] =
		"PUT /keys/left HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n";
	struct rest *rest = *state;
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	for (int i = 0; i < 300; i++) {
		int fd = wire_open(rest->node->port);

		assert_true(fd >= 0);
		assert_true(wire_send(fd, head, sizeof(head) - 1));
		if (i % 3 != 0)
			assert_true(wire_send(fd, "left", 4));
		if (i % 2 == 0)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		wire_close(fd);
	}
	serve_all(rest, 64);
	rest_expect_put(rest, "/keys/left", "here", 4, 204);
	rest_expect_value(rest, "/keys/left", "here", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_busy_connection_is_served),
		cmocka_unit_test(test_one_loop_serves_every_busy_connection),
		cmocka_unit_test(test_clients_that_leave_do_no_harm),
	};
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return cmocka_run_group_tests_name("rest/many", tests, rest_setup, rest_teardown);
}
