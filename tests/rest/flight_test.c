/* SPDX-License-Identifier: MIT */
/* Promise: bodies being received and values being sent hold no more than --flight-bytes-max, to the
 * byte; what does not fit is told to come later, everything else goes on; and the room comes back
 * whatever becomes of a request. */
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

enum { MIB = 1024 * 1024, PIECE = MIB, PIECES = 8, FLIGHT_MAX = PIECES * PIECE };
enum { PATIENCE_MS = 20000, BODY_TIMEOUT_MS = 60000 };

/* One loop, so that the answer that tells the figure is not itself in flight any more when the next
 * bytes come in; and no kept answers, which need no room. */
static int setup(void **state)
{
	static const char *const options[] = { "--flight-bytes-max", "8MiB", "--threads", "1",
					       "--hot-bytes", "0", NULL };

	*state = rest_start(options);
	return 0;
}

/* Announces SIZE bytes of KEY and sends SENT of them. */
static int upload(struct rest *rest, const char *key, size_t size, size_t sent)
{
	char *bytes = calloc(1, sent + 256);
	int head;
	int fd = wire_open(rest->node->port);

	assert_non_null(bytes);
	assert_true(fd >= 0);
	head = snprintf(bytes, 256,
			"PUT /keys/%s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
			key, size);
	memset(bytes + head, 'u', sent);
	assert_true(wire_send(fd, bytes, (size_t)head + sent));
	free(bytes);
	return fd;
}

/* Sends the last byte of an upload; it must be stored. */
static void finish(int fd)
{
	struct wire_reply reply;

	assert_true(wire_send(fd, "u", 1));
	assert_int_equal(wire_receive(fd, true, WIRE_TIMEOUT_MS, &reply), 201);
	wire_reply_release(&reply);
	wire_close(fd);
}

static void reset(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	wire_close(fd);
}

/* Fails unless REQUEST is told to come later, and as its first answer. */
static void expect_later(struct rest *rest, const char *request)
{
	struct wire_reply reply;
	char text[64];

	if (wire_ask(rest->node->port, request, strlen(request), &reply) != 503)
		fail_msg("answered %d: %s", reply.status, request);
	assert_non_null(wire_header(&reply, "Retry-After", text, sizeof(text)));
	assert_non_null(strstr(reply.data + reply.head_size, "\"/problems/too-many-bytes\""));
	wire_reply_release(&reply);
}

static void expect_status(struct rest *rest, const char *request, int status)
{
	struct wire_reply reply;

	if (wire_ask(rest->node->port, request, strlen(request), &reply) != status)
		fail_msg("answered %d, not %d: %s", reply.status, status, request);
	wire_reply_release(&reply);
}

static void expect_bodies_later(struct rest *rest)
{
	expect_later(rest, "PUT /keys/two HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab");
	expect_later(rest, "PUT /keys/two HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
			   "Expect: 100-continue\r\n\r\n");
	expect_later(rest, "PUT /keys/two HTTP/1.1\r\nHost: h\r\nContent-Length: 4194304\r\n"
			   "Expect: 100-continue\r\n\r\n");
	expect_later(rest, "PUT /keys/two HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "2\r\nab\r\n0\r\n\r\n");
	expect_later(rest, "GET /keys/small HTTP/1.1\r\nHost: h\r\n\r\n");
}

static void expect_rest_goes_on(struct rest *rest)
{
	struct client_reply reply;
	char etag[CLIENT_HEADER_BYTES];
	char condition[CLIENT_HEADER_BYTES + 32];

	rest_expect(rest, "GET", "/livez", 200);
	rest_expect(rest, "GET", "/readyz", 200);
	rest_expect(rest, "GET", "/keys/two", 404);
	rest_expect(rest, "DELETE", "/keys/two", 404);
	rest_expect(rest, "DELETE", "/keys/gone", 204);
	rest_expect_put(rest, "/keys/empty", "", 0, 201);
	assert_int_equal(client_ask(rest->client, "HEAD", "/keys/small", NULL, &reply), 200);
	assert_string_equal(client_header(&reply, "Content-Length", etag), "5");
	assert_non_null(client_header(&reply, "ETag", etag));
	client_reply_release(&reply);
	snprintf(condition, sizeof(condition), "If-None-Match: %s", etag);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/small", condition, &reply), 304);
	client_reply_release(&reply);
}

/* As many as there is room for, of which the last lacks LESS bytes; of each all but a byte. */
static void upload_all(struct rest *rest, int fds[PIECES], size_t less)
{
	char key[32];

	for (size_t i = 0; i < PIECES; i++) {
		size_t size = i < PIECES - 1 ? PIECE : PIECE - less;

		snprintf(key, sizeof(key), "upload-%zu", i);
		fds[i] = upload(rest, key, size, size - 1);
	}
}

static void finish_all(const int fds[PIECES])
{
	for (size_t i = 0; i < PIECES; i++)
		finish(fds[i]);
}

static void test_bound_holds_to_the_byte(void **state)
{
	struct rest *rest = *state;
	int fds[PIECES];

	rest_expect_put(rest, "/keys/small", "small", 5, 201);
	rest_expect_put(rest, "/keys/gone", "gone", 4, 201);
	upload_all(rest, fds, 1);
	rest_expect_flight(rest, FLIGHT_MAX - 1);
	expect_bodies_later(rest);
	expect_rest_goes_on(rest);
	rest_expect_flight(rest, FLIGHT_MAX - 1);
	rest_expect_put(rest, "/keys/one", "1", 1, 201);
	finish_all(fds);
	rest_expect_flight(rest, 0);
	rest_expect_value(rest, "/keys/small", "small", 5);
	rest_expect(rest, "GET", "/keys/two", 404);
}

/* A body that was let in, and finds the room taken as it grows. */
static void test_body_is_refused_as_it_grows(void **state)
{
	static char more[PIECE];
	struct rest *rest = *state;
	struct wire_reply reply;
	int late = upload(rest, "late", PIECE, 1000);
	int fds[PIECES];

	rest_expect_flight(rest, 1000);
	upload_all(rest, fds, 1000);
	rest_expect_flight(rest, FLIGHT_MAX);
	assert_true(wire_send(late, more, PIECE - 1000));
	assert_int_equal(wire_receive(late, true, WIRE_TIMEOUT_MS, &reply), 503);
	assert_non_null(strstr(reply.data + reply.head_size, "\"/problems/too-many-bytes\""));
	wire_reply_release(&reply);
	wire_close(late);
	for (size_t i = 0; i < PIECES; i++)
		wire_close(fds[i]);
	rest_expect_flight(rest, 0);
	rest_expect(rest, "GET", "/keys/late", 404);
}

/* Announcing alone takes nothing, but for what is longer than a piece. */
static void test_announcing_takes_no_room(void **state)
{
	struct rest *rest = *state;
	int fds[64];

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = upload(rest, "announced", PIECE, 0);
	rest_expect_flight(rest, 0);
	rest_expect_put(rest, "/keys/beside", "beside", 6, 201);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		wire_close(fds[i]);
}

/* Room for a piece of each long body is set aside, in half of the room: what comes after is refused
 * before it is sent, and what is short still has the other half. */
static void test_long_bodies_have_half_of_the_room(void **state)
{
	static const char one_more[] = "PUT /keys/two HTTP/1.1\r\nHost: h\r\n"
				       "Content-Length: 60000000\r\n\r\n";
	static const char asks[] = "PUT /keys/two HTTP/1.1\r\nHost: h\r\n"
				   "Content-Length: 1048577\r\nExpect: 100-continue\r\n\r\n";
	struct rest *rest = *state;
	int fds[PIECES / 2];

	for (size_t i = 0; i < PIECES / 2; i++)
		fds[i] = upload(rest, "announced", PIECE + 1, 0);
	rest_expect_flight(rest, FLIGHT_MAX / 2);
	expect_later(rest, one_more);
	expect_later(rest, asks);
	rest_expect_put(rest, "/keys/beside", "beside", 6, 204);
	rest_expect_flight(rest, FLIGHT_MAX / 2);
	for (size_t i = 0; i < PIECES / 2; i++)
		wire_close(fds[i]);
	rest_expect_flight(rest, 0);
}

static void test_room_comes_back_when_a_client_leaves(void **state)
{
	struct rest *rest = *state;
	int fds[PIECES];

	upload_all(rest, fds, 0);
	rest_expect_flight(rest, FLIGHT_MAX);
	expect_bodies_later(rest);
	for (size_t i = 0; i < PIECES / 2; i++)
		wire_close(fds[i]);
	rest_expect_flight(rest, FLIGHT_MAX / 2);
	for (size_t i = PIECES / 2; i < PIECES; i++)
		reset(fds[i]);
	rest_expect_flight(rest, 0);
}

/* The end comes with the last bytes, which hides it from the library. */
static void test_room_comes_back_when_bytes_and_end_come_together(void **state)
{
	struct rest *rest = *state;
	long long begin = node_now_ms();

	for (int i = 0; i < 32; i++)
		wire_close(upload(rest, "cut", 200000, 100000));
	/* Accepted after those, so that they are known by now. */
	expect_status(rest, "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n", 200);
	rest_expect_flight(rest, 0);
	assert_true(node_now_ms() - begin < BODY_TIMEOUT_MS / 2);
	rest_expect(rest, "GET", "/keys/cut", 404);
}

/* A client that has sent everything and ended its side is answered, and not waited for after. */
static void test_client_that_ended_its_side_is_answered(void **state)
{
	static const char ask[] = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n";
	struct rest *rest = *state;

	for (int i = 0; i < 2; i++) {
		struct wire_reply reply;
		int fd = wire_open(rest->node->port);

		assert_true(fd >= 0);
		assert_true(wire_send(fd, ask, sizeof(ask) - 1));
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		assert_int_equal(wire_receive(fd, true, WIRE_TIMEOUT_MS, &reply), 200);
		wire_reply_release(&reply);
		assert_true(wire_is_closed_within(fd, PATIENCE_MS));
		wire_close(fd);
	}
}

static void test_room_comes_back_after_a_timeout(void **state)
{
	static const char *const options[] = { "--flight-bytes-max", "8MiB",
					       "--body-timeout-ms", "3000", "--threads", "1",
					       NULL };
	struct rest *rest = rest_start(options);
	int fds[PIECES];

	(void)state;
	upload_all(rest, fds, 0);
	rest_expect_flight(rest, 0);
	for (size_t i = 0; i < PIECES; i++) {
		assert_true(wire_is_closed_within(fds[i], WIRE_TIMEOUT_MS));
		wire_close(fds[i]);
	}
	rest_expect_put(rest, "/keys/slow", "now", 3, 201);
	rest_end(rest);
}

/* Reads what the server sends until it is SIZE bytes. */
static void read_away(int fd, size_t size)
{
	static char dropped[65536];

	while (size > 0) {
		ssize_t got = recv(fd, dropped, sizeof(dropped), 0);

		assert_true(got > 0);
		size -= (size_t)got < size ? (size_t)got : size;
	}
}

/* More replies than fit into the buffers of sockets, so that one is held; with the line it is read
 * from, that is more than 2 MiB, and there is no room for more than three. */
static int ask_and_read_nothing(struct rest *rest)
{
	static const char ask[] = "GET /keys/big HTTP/1.1\r\nHost: h\r\n\r\n";
	int fd = wire_open(rest->node->port);

	assert_true(fd >= 0);
	for (int i = 0; i < 24; i++)
		assert_true(wire_send(fd, ask, sizeof(ask) - 1));
	return fd;
}

static void fill_with_replies(struct rest *rest, int fds[3])
{
	long long end = node_now_ms() + PATIENCE_MS;

	for (unsigned i = 0; i < 3; i++) {
		fds[i] = ask_and_read_nothing(rest);
		while (rest_flight_bytes(rest) < (i + 1) * 2 * MIB) {
			assert_true(node_now_ms() < end);
			node_sleep_ms(5);
		}
	}
	rest_expect(rest, "GET", "/keys/big", 503);
}

static void test_room_comes_back_after_a_reply_is_read(void **state)
{
	struct rest *rest = *state;
	size_t size = MIB - 1000;
	char *value = calloc(1, size);
	int fds[3];

	assert_non_null(value);
	rest_expect_put(rest, "/keys/big", value, size, 201);
	rest_expect(rest, "GET", "/keys/big", 200);
	fill_with_replies(rest, fds);
	expect_later(rest, "GET /keys/big HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_status(rest, "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n", 200);
	for (int i = 0; i < 3; i++) {
		read_away(fds[i], size);
		wire_close(fds[i]);
	}
	rest_expect_flight(rest, 0);
	rest_expect_value(rest, "/keys/big", value, size);
	fill_with_replies(rest, fds);
	for (int i = 0; i < 3; i++)
		reset(fds[i]);
	rest_expect_flight(rest, 0);
	rest_expect_value(rest, "/keys/big", value, size);
	free(value);
}

/* One of: an upload given up in the middle; a write whose client does not wait for it; an upload
 * past the limit; a value asked for and not read. */
static void disturb(struct rest *rest, int round)
{
	static const char ask[] = "GET /keys/mixed-0 HTTP/1.1\r\nHost: h\r\n\r\n";
	static const size_t sent[] = { 50000, 100000, 1, 100000 };
	char key[32];
	int fd;

	snprintf(key, sizeof(key), "mixed-%d", round % 7);
	fd = upload(rest, key, round % 4 == 3 ? 4 * MIB : 100000, sent[round % 4]);
	/* The server may have refused and closed it by now. */
	if (round % 5 == 0)
		(void)wire_send(fd, ask, sizeof(ask) - 1);
	reset(fd);
	fd = wire_open(rest->node->port);
	assert_true(fd >= 0);
	assert_true(wire_send(fd, ask, sizeof(ask) - 1));
	reset(fd);
}

static void test_nothing_is_left_after_mixed_load(void **state)
{
	static const char *const options[] = { "--flight-bytes-max", "8MiB", "--threads", "4",
					       NULL };
	struct rest *rest = rest_start(options);
	char *value = calloc(1, 200000);

	(void)state;
	assert_non_null(value);
	memset(value, 'v', 199999);
	for (int round = 0; round < 200; round++) {
		disturb(rest, round);
		if (round % 8 == 0)
			assert_true(client_put_status(rest->client, "/keys/mixed-0", value) < 300);
	}
	rest_expect_flight(rest, 0);
	free(value);
	rest_expect_put(rest, "/keys/after", "after", 5, 201);
	rest_end(rest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound_holds_to_the_byte),
		cmocka_unit_test(test_body_is_refused_as_it_grows),
		cmocka_unit_test(test_announcing_takes_no_room),
		cmocka_unit_test(test_long_bodies_have_half_of_the_room),
		cmocka_unit_test(test_room_comes_back_when_a_client_leaves),
		cmocka_unit_test(test_room_comes_back_when_bytes_and_end_come_together),
		cmocka_unit_test(test_client_that_ended_its_side_is_answered),
		cmocka_unit_test(test_room_comes_back_after_a_timeout),
		cmocka_unit_test(test_room_comes_back_after_a_reply_is_read),
		cmocka_unit_test(test_nothing_is_left_after_mixed_load),
	};

	return cmocka_run_group_tests_name("rest/flight", tests, setup, rest_teardown);
}
