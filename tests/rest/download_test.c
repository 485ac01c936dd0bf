/* SPDX-License-Identifier: MIT */
/* Promise: the time for a reply is for each part of a large value: who takes one slowly, but goes
 * on taking it, gets all of it, however long that takes; who stops in the middle is cut off,
 * and nothing is held for him. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/program.h"
#include "lib/rest.h"
#include "lib/wire.h"

/* More parts than the system takes off the server's hands, each taken in far less than the time for
 * it, and all of them in more. */
enum {
	REPLY_MS = 4000,
	PAUSE_MS = 300,
	TAKEN_BYTES = 1024 * 1024,
	TIMES = 20,
	VALUE_BYTES = TIMES * TAKEN_BYTES,
	STEP_BYTES = 64 * 1024,
	BUFFER_BYTES = 128 * 1024,
};

static char byte_at(size_t offset)
{
	return (char)('a' + (offset * 7 + offset / 1000) % 26);
}

/* Puts the value behind the server's back. */
static void put_value(struct rest *rest)
{
	char *text = malloc(VALUE_BYTES + 1);
	const char *const words[] = {"set", "--dir", rest->node->store, "big", "-", NULL};
	struct program program;

	assert_non_null(text);
	for (size_t i = 0; i < VALUE_BYTES; i++)
		text[i] = byte_at(i);
	text[VALUE_BYTES] = '\0';
	assert_int_equal(node_stop(rest->node), 0);
	program_run(&program, text, words);
	assert_int_equal(program.status, 0);
	program_release(&program);
	free(text);
	node_restart(rest->node);
	rest_reconnect(rest);
}

/* Asks for the value; little of it is taken without being read. */
static int ask(struct rest *rest)
{
	static const char text[] = "GET /keys/big HTTP/1.1\r\nHost: h\r\n\r\n";
	int bytes = BUFFER_BYTES;
	int fd = wire_open(rest->node->port);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)), 0);
	assert_true(wire_send(fd, text, sizeof(text) - 1));
	return fd;
}

/* What was taken of an answer. */
struct taken {
	size_t head_bytes; /* 0: the head is not complete */
	size_t body_bytes;
	size_t matched;    /* of the empty line that ends the head */
	bool wrong;
	char step[STEP_BYTES];
};

static void take_byte(struct taken *taken, char byte)
{
	static const char end[] = "\r\n\r\n";

	if (taken->head_bytes > 0) {
		taken->wrong = taken->wrong || byte != byte_at(taken->body_bytes);
		taken->body_bytes++;
		return;
	}
	taken->matched = byte == end[taken->matched] ? taken->matched + 1 : byte == '\r';
	if (taken->matched == 4)
		taken->head_bytes = 1;
}

/* Takes up to SIZE bytes more. False: the connection ended. */
static bool take(struct taken *taken, int fd, size_t size)
{
	while (size > 0) {
		size_t wanted = size < STEP_BYTES ? size : STEP_BYTES;
		ssize_t got = recv(fd, taken->step, wanted, 0);

		if (got <= 0)
			return false;
		for (ssize_t i = 0; i < got; i++)
			take_byte(taken, taken->step[i]);
		size -= (size_t)got;
		if (taken->body_bytes >= VALUE_BYTES)
			return true;
	}
	return true;
}

static void test_who_goes_on_is_served_and_who_stops_is_not(void **state)
{
	static struct taken slow;
	static struct taken stopped;
	struct rest *rest = *state;
	long long begun_ms = node_now_ms();
	int stopped_fd, slow_fd;

	put_value(rest);
	stopped_fd = ask(rest);
	assert_true(take(&stopped, stopped_fd, TAKEN_BYTES));
	slow_fd = ask(rest);
	for (int time = 0; time < TIMES; time++) {
		assert_true(take(&slow, slow_fd, TAKEN_BYTES));
		node_sleep_ms(PAUSE_MS);
	}
	assert_true(node_now_ms() - begun_ms > REPLY_MS);
	assert_true(take(&slow, slow_fd, TAKEN_BYTES));
	assert_int_equal(slow.body_bytes, VALUE_BYTES);
	assert_false(slow.wrong);
	wire_close(slow_fd);
	rest_expect_flight(rest, 0);
	/* What the system had of it still comes, and then the end. */
	while (take(&stopped, stopped_fd, TAKEN_BYTES))
		assert_true(stopped.body_bytes < VALUE_BYTES);
	assert_true(stopped.body_bytes < VALUE_BYTES);
	assert_false(stopped.wrong);
	wire_close(stopped_fd);
	rest_expect(rest, "GET", "/livez", 200);
}

static int setup(void **state)
{
	static const char *const options[] = {"--reply-timeout-ms", "4000", "--threads", "1", NULL};

	*state = rest_start(options);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_who_goes_on_is_served_and_who_stops_is_not,
						setup, rest_teardown),
	};

	return cmocka_run_group_tests_name("rest/download", tests, NULL, NULL);
}
