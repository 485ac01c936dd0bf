/* SPDX-License-Identifier: MIT */
/* Promise: a connection serves one request after another, also after answers that are errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/wire.h"

static void test_connection_is_used_again(void **state)
{
	static const struct {
		const char *method;
		const char *target;
		const char *body;
		long status;
	} steps[] = {
		{ "GET", "/livez", NULL, 200 },		{ "GET", "/keys/none", NULL, 404 },
		{ "POST", "/keys/none", NULL, 405 },	{ "GET", "/keys/%zz", NULL, 400 },
		{ "PUT", "/keys/k", "one", 201 },	{ "PUT", "/keys/k", "", 204 },
		{ "GET", "/keys/k", NULL, 200 },	{ "HEAD", "/keys/k", NULL, 200 },
		{ "OPTIONS", "/keys/k", NULL, 204 },	{ "DELETE", "/keys/k", NULL, 204 },
		{ "DELETE", "/keys/k", NULL, 404 },	{ "BREW", "/keys/k", NULL, 501 },
		{ "GET", "/nowhere", NULL, 404 },	{ "GET", "/livez", NULL, 200 },
	};
	struct rest *rest = *state;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct client_request request = {
			.method = steps[i].method, .target = steps[i].target,
			.body = steps[i].body, .has_body = steps[i].body != NULL,
			.body_size = steps[i].body ? strlen(steps[i].body) : 0,
		};
		struct client_reply reply;

		assert_int_equal(client_send(rest->client, &request, &reply), steps[i].status);
		if (reply.connections_opened != (i == 0))
			fail_msg("%s %s: %ld new connections", steps[i].method, steps[i].target,
				 reply.connections_opened);
		client_reply_release(&reply);
	}
}

static void test_pipelined_requests_are_answered_in_order(void **state)
{
	static const char bytes[] =
		"PUT /keys/p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none"
		"GET /keys/p HTTP/1.1\r\nHost: h\r\n\r\n"
		"DELETE /keys/p HTTP/1.1\r\nHost: h\r\n\r\n"
		"GET /keys/p HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
	static const int statuses[] = { 201, 200, 204, 404 };
	struct rest *rest = *state;
	int fd = wire_open(rest->node->port);

	assert_true(fd >= 0);
	assert_true(wire_send(fd, bytes, sizeof(bytes) - 1));
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct wire_reply reply;

		assert_int_equal(wire_receive(fd, true, WIRE_TIMEOUT_MS, &reply), statuses[i]);
		wire_reply_release(&reply);
	}
	assert_true(wire_is_closed_within(fd, WIRE_TIMEOUT_MS));
	wire_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection_is_used_again),
		cmocka_unit_test(test_pipelined_requests_are_answered_in_order),
	};

	return cmocka_run_group_tests_name("rest/keepalive", tests, rest_setup, rest_teardown);
}
