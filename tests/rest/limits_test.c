/* SPDX-License-Identifier: MIT */
/* Promise: each limit holds exactly at its edge, with the status that names it, and a body that is
 * too large is refused before the client was asked to send it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/wire.h"

enum { VALUE_MAX = 100000, TARGET_MAX = 1000, HEADER_MAX = 4096, KEY_MAX = 64 };

static int setup(void **state)
{
	static const char *const options[] = {
		"--max-value-bytes", "100000", "--max-target-bytes", "1000",
		"--max-header-bytes", "4096", "--max-key-bytes", "64", NULL,
	};

	*state = rest_start(options);
	return 0;
}

static char *make_text(size_t size)
{
	char *text = malloc(size + 1);

	assert_non_null(text);
	memset(text, 'v', size);
	text[size] = '\0';
	return text;
}

static long put(struct rest *rest, size_t size, bool is_chunked)
{
	char *body = make_text(size);
	struct client_request request = { .method = "PUT", .target = "/keys/sized", .body = body,
					  .body_size = size, .has_body = true,
					  .is_chunked = is_chunked };
	struct client_reply reply;
	long status = client_send(rest->client, &request, &reply);

	client_reply_release(&reply);
	free(body);
	return status;
}

static void test_value_at_the_limit_is_taken(void **state)
{
	struct rest *rest = *state;

	assert_int_equal(put(rest, VALUE_MAX, false), 201);
	assert_int_equal(put(rest, VALUE_MAX, true), 204);
	assert_int_equal(put(rest, 0, true), 204);
	rest_expect_value(rest, "/keys/sized", "", 0);
}

static void test_value_past_the_limit_is_413(void **state)
{
	struct rest *rest = *state;

	rest_expect_put(rest, "/keys/sized", "kept", 4, 204);
	assert_int_equal(put(rest, VALUE_MAX + 1, false), 413);
	assert_int_equal(put(rest, VALUE_MAX + 1, true), 413);
	assert_int_equal(put(rest, 2 * VALUE_MAX, true), 413);
	rest_expect_value(rest, "/keys/sized", "kept", 4);
}

static void test_endless_chunked_body_is_cut_off(void **state)
{
	struct rest *rest = *state;
	static const char head[] = "PUT /keys/endless HTTP/1.1\r\nHost: h\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";
	char *piece = make_text(4096 + 8);
	int fd = wire_open(rest->node->port);
	int sent = 0;

	assert_true(fd >= 0);
	memcpy(piece, "1000\r\n", 6);
	memcpy(piece + 6 + 4096, "\r\n", 2);
	assert_true(wire_send(fd, head, sizeof(head) - 1));
	/* Well past twice the limit; what is in flight in the sockets counts too. */
	while (sent < 16384 && wire_send(fd, piece, 4096 + 8))
		sent++;
	assert_true(sent < 16384);
	wire_close(fd);
	free(piece);
	rest_expect(rest, "GET", "/keys/endless", 404);
}

static int ask_to_continue(struct rest *rest, const char *length, struct wire_reply *reply,
			   int *fd_out)
{
	char head[256];

	*fd_out = wire_open(rest->node->port);
	assert_true(*fd_out >= 0);
	snprintf(head, sizeof(head),
		 "PUT /keys/asked HTTP/1.1\r\nHost: h\r\nContent-Length: %s\r\n"
		 "Expect: 100-continue\r\n\r\n", length);
	assert_true(wire_send(*fd_out, head, strlen(head)));
	return wire_receive(*fd_out, true, WIRE_TIMEOUT_MS, reply);
}

static void test_body_is_asked_for_when_it_fits(void **state)
{
	struct rest *rest = *state;
	struct wire_reply reply;
	int fd;

	assert_int_equal(ask_to_continue(rest, "5", &reply, &fd), 100);
	wire_reply_release(&reply);
	assert_true(wire_send(fd, "12345", 5));
	assert_int_equal(wire_receive(fd, true, WIRE_TIMEOUT_MS, &reply), 201);
	wire_reply_release(&reply);
	wire_close(fd);
	rest_expect_value(rest, "/keys/asked", "12345", 5);
}

static void test_too_large_body_is_refused_before_it_is_sent(void **state)
{
	static const char *const lengths[] = { "100001", "9999999999", "18446744073709551615" };
	struct rest *rest = *state;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct wire_reply reply;
		char text[64];
		int fd;

		assert_int_equal(ask_to_continue(rest, lengths[i], &reply, &fd), 413);
		assert_string_equal(wire_header(&reply, "Connection", text, sizeof(text)), "close");
		wire_reply_release(&reply);
		assert_true(wire_is_closed_within(fd, WIRE_TIMEOUT_MS));
		wire_close(fd);
	}
}

static long get_target_of(struct rest *rest, size_t size)
{
	char *target = make_text(size);
	long status;

	memcpy(target, "/livez?", 7);
	status = client_status(rest->client, "GET", target);
	free(target);
	return status;
}

static void test_target_past_the_limit_is_414(void **state)
{
	struct rest *rest = *state;

	/* At the limit it is read, and found to be a parameter that nobody knows. */
	assert_int_equal(get_target_of(rest, TARGET_MAX), 400);
	assert_int_equal(get_target_of(rest, TARGET_MAX + 1), 414);
	assert_int_equal(get_target_of(rest, 4 * TARGET_MAX), 414);
}

/* The names and values of a request with a header of SIZE bytes beside these. */
static int get_with_header_bytes(struct rest *rest, size_t bytes)
{
	static const char start[] = "GET /livez HTTP/1.1\r\nHost: h\r\nX-Long: ";
	size_t others = strlen("Host") + strlen("h") + strlen("X-Long");
	char *value = make_text(bytes - others);
	size_t size = sizeof(start) + bytes + 8;
	char *head = malloc(size);
	struct wire_reply reply;
	int status;

	assert_non_null(head);
	snprintf(head, size, "%s%s\r\n\r\n", start, value);
	status = wire_ask(rest->node->port, head, strlen(head), &reply);
	if (status == 431)
		assert_non_null(strstr(reply.data, "application/problem+json"));
	wire_reply_release(&reply);
	free(head);
	free(value);
	return status;
}

static void test_headers_past_the_limit_are_431(void **state)
{
	struct rest *rest = *state;

	assert_int_equal(get_with_header_bytes(rest, HEADER_MAX), 200);
	assert_int_equal(get_with_header_bytes(rest, HEADER_MAX + 1), 431);
	assert_int_equal(get_with_header_bytes(rest, 3 * HEADER_MAX), 431);
}

/* A PUT of a key of KEY_BYTES, each of which becomes three in the answer's Location, with COUNT
 * header fields of HEADER_BYTES in all. */
static int put_with_fields(struct rest *rest, size_t key_bytes, unsigned count,
			   size_t header_bytes)
{
	size_t size = key_bytes + header_bytes + count * 4 + 256;
	char *head = malloc(size);
	struct wire_reply reply;
	size_t at;
	int status;

	assert_non_null(head);
	at = (size_t)snprintf(head, size, "PUT /keys/");
	memset(head + at, 0xe4, key_bytes);
	at += key_bytes;
	at += (size_t)snprintf(head + at, size - at,
			       " HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n");
	header_bytes -= strlen("Hosth") + strlen("Content-Length0");
	for (unsigned i = 2; i < count; i++) {
		size_t bytes = header_bytes / (count - i);

		head[at++] = 'x';
		head[at++] = ':';
		memset(head + at, 'v', bytes - 1);
		at += bytes - 1;
		head[at++] = '\r';
		head[at++] = '\n';
		header_bytes -= bytes;
	}
	memcpy(head + at, "\r\n", 2);
	status = wire_ask(rest->node->port, head, at + 2, &reply);
	if (status == 201)
		assert_non_null(strstr(reply.data, "Location: /keys/%E4"));
	if (status == 431)
		assert_non_null(strstr(reply.data, "application/problem+json"));
	wire_reply_release(&reply);
	free(head);
	return status;
}

/* What is carried out is answered: a head with all its parts at their limits leaves room for the
 * answer. */
static void expect_answers(const char *const *options, size_t key_bytes, unsigned fields,
			   size_t header_bytes)
{
	const unsigned counts[] = { 3, 10, fields / 2, fields };
	struct rest *rest = rest_start(options);

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		assert_int_equal(put_with_fields(rest, key_bytes - i, counts[i], header_bytes),
				 201);
		assert_int_equal(put_with_fields(rest, key_bytes, counts[i], header_bytes + 1),
				 431);
	}
	assert_int_equal(put_with_fields(rest, 8, fields + 1, 2000), 431);
	assert_int_equal(put_with_fields(rest, 8, fields + 20, 2000), 431);
	rest_end(rest);
}

static void test_heads_at_all_limits_are_answered(void **state)
{
	static const char *const long_keys[] = { "--max-key-bytes", "4KiB", NULL };
	static const char *const all[] = { "--max-key-bytes", "4KiB", "--max-target-bytes", "16KiB",
					   "--max-header-bytes", "64KiB", "--max-header-fields",
					   "500", NULL };
	static const char *const few[] = { "--max-key-bytes", "100", "--max-target-bytes", "256",
					   "--max-header-bytes", "1KiB", "--max-header-fields",
					   "20", NULL };

	(void)state;
	expect_answers(NULL, 1024, 80, 16384);
	expect_answers(long_keys, 4096, 80, 16384);
	expect_answers(all, 4096, 500, 65536);
	expect_answers(few, 100, 20, 1024);
}

static void test_key_past_the_limit_is_414(void **state)
{
	struct rest *rest = *state;
	char target[6 + KEY_MAX + 2] = "/keys/";

	memset(target + 6, 'k', KEY_MAX);
	rest_expect_put(rest, target, "x", 1, 201);
	target[6 + KEY_MAX] = 'k';
	rest_expect_put(rest, target, "x", 1, 414);
	rest_expect(rest, "GET", target, 414);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value_at_the_limit_is_taken),
		cmocka_unit_test(test_value_past_the_limit_is_413),
		cmocka_unit_test(test_endless_chunked_body_is_cut_off),
		cmocka_unit_test(test_body_is_asked_for_when_it_fits),
		cmocka_unit_test(test_too_large_body_is_refused_before_it_is_sent),
		cmocka_unit_test(test_target_past_the_limit_is_414),
		cmocka_unit_test(test_headers_past_the_limit_are_431),
		cmocka_unit_test(test_heads_at_all_limits_are_answered),
		cmocka_unit_test(test_key_past_the_limit_is_414),
	};

	return cmocka_run_group_tests_name("rest/limits", tests, setup, rest_teardown);
}
