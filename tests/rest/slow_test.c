/* SPDX-License-Identifier: MIT */
/* Promise: who sends or takes a request byte by byte, or nothing at all, is cut off at the
 * deadline of what it is at, however steadily it drips; others are served meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/wire.h"

/* Deadlines are 300 ms; this is far beyond, for machines under load. */
enum { CLOSED_WITHIN_MS = 20000, DRIP_MS = 50 };

static int setup(void **state)
{
	static const char *const options[] = {
		"--header-timeout-ms", "300", "--body-timeout-ms", "3000",
		"--reply-timeout-ms", "300", "--idle-timeout-ms", "300",
		"--max-value-bytes", "4MiB", NULL,
	};

	*state = rest_start(options);
	return 0;
}

static int open_with(struct rest *rest, const char *text)
{
	int fd = wire_open(rest->node->port);

	assert_true(fd >= 0);
	assert_true(wire_send(fd, text, strlen(text)));
	return fd;
}

/* Sends one more byte now and then, which must not help. */
static void expect_cut_off(int fd, const char *drip)
{
	long long end = node_now_ms() + CLOSED_WITHIN_MS;
	bool is_closed = false;

	for (size_t i = 0; !is_closed && node_now_ms() < end; i++) {
		if (drip)
			wire_send(fd, drip + i % strlen(drip), 1);
		is_closed = wire_is_closed_within(fd, DRIP_MS);
	}
	assert_true(is_closed);
	wire_close(fd);
}

static void test_silent_connection_is_closed(void **state)
{
	struct rest *rest = *state;

	expect_cut_off(open_with(rest, ""), NULL);
	expect_cut_off(open_with(rest, "GET /li"), NULL);
}

static void test_dripping_head_is_cut_off(void **state)
{
	struct rest *rest = *state;

	expect_cut_off(open_with(rest, "GET /livez HTTP/1.1\r\nHost: h\r\n"), "X: y\r\n");
	rest_expect(rest, "GET", "/livez", 200);
}

static void test_dripping_body_is_cut_off(void **state)
{
	struct rest *rest = *state;

	expect_cut_off(open_with(rest, "PUT /keys/slow HTTP/1.1\r\nHost: h\r\n"
				       "Content-Length: 100000\r\n\r\n"), "v");
	expect_cut_off(open_with(rest, "PUT /keys/slow HTTP/1.1\r\nHost: h\r\n"
				       "Transfer-Encoding: chunked\r\n\r\n"), "1\r\nv\r\n");
	rest_expect(rest, "GET", "/keys/slow", 404);
}

/* However fast it comes, it does not end. */
static void test_endless_head_and_chunk_line_are_cut_off(void **state)
{
	struct rest *rest = *state;

	expect_cut_off(open_with(rest, "PUT /keys/slow HTTP/1.1\r\nHost: h\r\n"
				       "Transfer-Encoding: chunked\r\n\r\n"), "0");
	expect_cut_off(open_with(rest, "PUT /keys/slow HTTP/1.1\r\nHost: h\r\n"
				       "Transfer-Encoding: chunked\r\n\r\n1;a="), "x");
	expect_cut_off(open_with(rest, "PUT /keys/slow HTTP/1.1\r\nHost: h\r\n"
				       "Transfer-Encoding: chunked\r\n\r\n1\r\nv\r\n0\r\n"),
		       "X: y\r\n");
	expect_cut_off(open_with(rest, "\r\n"), "\r\n");
	expect_cut_off(open_with(rest, "GET /keys/"), "k");
	rest_expect(rest, "GET", "/keys/slow", 404);
}

static void test_idle_connection_is_closed(void **state)
{
	struct rest *rest = *state;
	struct wire_reply reply;
	int fd = open_with(rest, "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n");

	assert_int_equal(wire_receive(fd, true, WIRE_TIMEOUT_MS, &reply), 200);
	wire_reply_release(&reply);
	expect_cut_off(fd, NULL);
}

/* The server can only notice while its own buffers are full, so more is asked for than fits. */
static void test_reply_that_is_not_taken_is_given_up(void **state)
{
	static const char *const options[] = { "--reply-timeout-ms", "300", "--max-value-bytes",
					       "4MiB", NULL };
	struct rest *rest = rest_start(options);
	size_t size = 4 * 1024 * 1024;
	char *value = calloc(1, size);
	long long end;
	size_t taken = 0;
	ssize_t got;
	char *dropped;
	int fd;

	(void)state;
	assert_non_null(value);
	dropped = value;
	rest_expect_put(rest, "/keys/big", value, size, 201);
	fd = open_with(rest, "GET /keys/big HTTP/1.1\r\nHost: h\r\n\r\n"
			     "GET /keys/big HTTP/1.1\r\nHost: h\r\n\r\n"
			     "GET /keys/big HTTP/1.1\r\nHost: h\r\n\r\n"
			     "GET /keys/big HTTP/1.1\r\nHost: h\r\n\r\n");
	end = node_now_ms() + 1500;
	while (node_now_ms() < end)
		rest_expect(rest, "GET", "/livez", 200);
	while ((got = recv(fd, dropped, size, 0)) > 0)
		taken += (size_t)got;
	assert_true(taken < 4 * size);
	wire_close(fd);
	free(value);
	rest_end(rest);
}

/* All places, and those beyond them that are kept for probes, are taken by connections that never
 * send a thing. */
static void test_full_house_is_cleared(void **state)
{
	static const char *const options[] = { "--connections-max", "4", "--header-timeout-ms",
					       "300", NULL };
	struct rest *rest = rest_start(options);
	int idle[128];

	(void)state;
	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++) {
		idle[i] = wire_open(rest->node->port);
		assert_true(idle[i] >= 0);
	}
	rest_expect(rest, "GET", "/livez", 200);
	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		wire_close(idle[i]);
	rest_end(rest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent_connection_is_closed),
		cmocka_unit_test(test_dripping_head_is_cut_off),
		cmocka_unit_test(test_dripping_body_is_cut_off),
		cmocka_unit_test(test_endless_head_and_chunk_line_are_cut_off),
		cmocka_unit_test(test_idle_connection_is_closed),
		cmocka_unit_test(test_reply_that_is_not_taken_is_given_up),
		cmocka_unit_test(test_full_house_is_cleared),
	};

	return cmocka_run_group_tests_name("rest/slow", tests, setup, rest_teardown);
}
