/* SPDX-License-Identifier: MIT */
/* Promise: when --connections-max are open, a further one is told so at once and closed, on
 * whatever loop it lands, and probes are answered on it; a place that becomes free is taken
 * again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/wire.h"

enum { PLACES = 8, WAITING = 30, SURPLUS = 64, PATIENCE_MS = 20000 };

static const char live[] = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n";
static const char get[] = "GET /keys/crowd HTTP/1.1\r\nHost: h\r\n\r\n";

/* A server, and as many connections as it serves. */
struct crowd {
	struct node *node;
	int fds[PLACES];
};

static int ask_on(int fd, const char *request, struct wire_reply *reply)
{
	assert_true(fd >= 0);
	wire_send(fd, request, strlen(request));
	return wire_receive(fd, true, WIRE_TIMEOUT_MS, reply);
}

static int ask(int port, const char *request)
{
	struct wire_reply reply;
	int status = wire_ask(port, request, strlen(request), &reply);

	wire_reply_release(&reply);
	return status;
}

static void expect_live(int fd)
{
	struct wire_reply reply;

	assert_int_equal(ask_on(fd, live, &reply), 200);
	wire_reply_release(&reply);
}

/* A connection that is served, as soon as there is a place for one; REPLY is its first answer. */
static int take_place(int port, struct wire_reply *reply)
{
	long long deadline_ms = node_now_ms() + PATIENCE_MS;
	int fd;

	for (;;) {
		fd = wire_open(port);
		if (ask_on(fd, get, reply) == 200)
			return fd;
		wire_reply_release(reply);
		wire_close(fd);
		if (node_now_ms() > deadline_ms)
			fail_msg("the free place was not taken");
		node_sleep_ms(5);
	}
}

static void begin(struct crowd *crowd)
{
	static const char *const options[] = { "--connections-max", "8", "--threads", "4",
					       "--idle-timeout-ms", "600000",
					       "--header-timeout-ms", "600000", NULL };

	crowd->node = node_start(options);
	assert_int_equal(ask(crowd->node->port, "PUT /keys/crowd HTTP/1.1\r\nHost: h\r\n"
						"Content-Length: 3\r\n\r\nold"), 201);
	for (int i = 0; i < PLACES; i++) {
		struct wire_reply reply;

		/* The place of a connection that has just ended may not be free yet. */
		crowd->fds[i] = take_place(crowd->node->port, &reply);
		wire_reply_release(&reply);
	}
}

static void end(struct crowd *crowd)
{
	for (int i = 0; i < PLACES; i++)
		wire_close(crowd->fds[i]);
	assert_int_equal(node_stop(crowd->node), 0);
	node_destroy(crowd->node);
}

/* Fails unless REQUEST is turned away as one connection too many. */
static void expect_turned_away(int port, const char *request)
{
	struct wire_reply reply;
	int fd = wire_open(port);
	char text[64];

	if (ask_on(fd, request, &reply) != 503)
		fail_msg("answered %d: %s", reply.status, request);
	assert_non_null(wire_header(&reply, "Retry-After", text, sizeof(text)));
	assert_string_equal(wire_header(&reply, "Connection", text, sizeof(text)), "close");
	assert_non_null(strstr(reply.data + reply.head_size, "\"/problems/too-many-connections\""));
	assert_true(wire_is_closed_within(fd, PATIENCE_MS));
	wire_reply_release(&reply);
	wire_close(fd);
}

static void expect_served_soon(int port)
{
	long long deadline_ms = node_now_ms() + PATIENCE_MS;

	while (ask(port, get) != 200) {
		if (node_now_ms() > deadline_ms)
			fail_msg("the free place was not taken");
		node_sleep_ms(5);
	}
}

static void test_one_too_many_is_turned_away(void **state)
{
	static const char *const probes[] = { "/livez", "/readyz", "/healthz", "/readyz?verbose" };
	struct crowd crowd;
	int port;

	(void)state;
	begin(&crowd);
	port = crowd.node->port;
	for (int i = 0; i < 3; i++) {
		expect_turned_away(port, get);
		expect_turned_away(port, "PUT /keys/crowd HTTP/1.1\r\nHost: h\r\n"
					 "Content-Length: 3\r\n\r\nnew");
		expect_turned_away(port, "PUT /keys/crowd HTTP/1.1\r\nHost: h\r\n"
					 "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
		expect_turned_away(port, "DELETE /keys/crowd HTTP/1.1\r\nHost: h\r\n\r\n");
		expect_turned_away(port, "GET /stats HTTP/1.1\r\nHost: h\r\n\r\n");
	}
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		char request[128];

		snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", probes[i]);
		assert_int_equal(ask(port, request), 200);
	}
	for (int i = 0; i < PLACES; i++)
		expect_live(crowd.fds[i]);
	end(&crowd);
}

static void test_free_place_is_taken(void **state)
{
	struct crowd crowd;
	struct wire_reply reply;

	(void)state;
	begin(&crowd);
	expect_turned_away(crowd.node->port, get);
	wire_close(crowd.fds[3]);
	crowd.fds[3] = take_place(crowd.node->port, &reply);
	assert_memory_equal(reply.data + reply.head_size, "old", 3);
	wire_reply_release(&reply);
	expect_turned_away(crowd.node->port, get);
	end(&crowd);
}

/* What was surplus when it came is like any other once there is a place, and stays open. */
static void test_surplus_connection_moves_up(void **state)
{
	struct crowd crowd;
	struct wire_reply reply;
	int waiting[WAITING];
	int first = 0;

	(void)state;
	begin(&crowd);
	for (int i = 0; i < WAITING; i++)
		waiting[i] = wire_open(crowd.node->port);
	expect_turned_away(crowd.node->port, get);
	wire_close(crowd.fds[0]);
	/* One that asks before the server has seen that there is a place is turned away. */
	while (first < WAITING && ask_on(waiting[first], get, &reply) != 200) {
		wire_reply_release(&reply);
		wire_close(waiting[first++]);
		node_sleep_ms(50);
	}
	assert_true(first < WAITING);
	wire_reply_release(&reply);
	assert_int_equal(ask_on(waiting[first], get, &reply), 200);
	wire_reply_release(&reply);
	crowd.fds[0] = waiting[first];
	for (int i = first + 1; i < WAITING; i++)
		wire_close(waiting[i]);
	expect_turned_away(crowd.node->port, get);
	end(&crowd);
}

/* Beyond the surplus they wait, and are served when it is their turn. */
static void test_what_is_beyond_the_surplus_waits(void **state)
{
	struct crowd crowd;
	int silent[SURPLUS + PLACES];

	(void)state;
	begin(&crowd);
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		silent[i] = wire_open(crowd.node->port);
		assert_true(silent[i] >= 0);
	}
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		wire_close(silent[i]);
	assert_int_equal(ask(crowd.node->port, live), 200);
	wire_close(crowd.fds[1]);
	crowd.fds[1] = -1;
	expect_served_soon(crowd.node->port);
	end(&crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_too_many_is_turned_away),
		cmocka_unit_test(test_free_place_is_taken),
		cmocka_unit_test(test_surplus_connection_moves_up),
		cmocka_unit_test(test_what_is_beyond_the_surplus_waits),
	};

	return cmocka_run_group_tests_name("rest/crowd", tests, NULL, NULL);
}
