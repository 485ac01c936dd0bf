/* SPDX-License-Identifier: MIT */
/* Promise: a request that two programs on the way could read in two ways is refused (4xx or 501),
 * or its connection is closed; nothing of it is carried out, and the server serves on.
 *
 * Not here, because libmicrohttpd 0.9.75 hides them from its callers: a NUL in a value, and a field
 * without a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/wire.h"

struct probe {
	const char *name;
	const char *bytes;
	size_t size;
	int status; /* 0: whatever it is, if it is not a success */
};

#define PROBE(name, status, bytes) { name, bytes, sizeof(bytes) - 1, status }
#define LOWER_CASE "a method in lower case"
#define CHUNKS "3\r\nabc\r\n0\r\n\r\n"
#define PUT_HEAD "PUT /keys/probe HTTP/1.1\r\nHost: h\r\n"

static const struct probe probes[] = {
	PROBE("two lengths", 400,
	      PUT_HEAD "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
	PROBE("the same length twice", 400,
	      PUT_HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
	PROBE("a length and chunks", 400,
	      PUT_HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNKS),
	PROBE("chunks and a length", 400,
	      PUT_HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n" CHUNKS),
	PROBE("a negative length", 0, PUT_HEAD "Content-Length: -1\r\n\r\n"),
	PROBE("a signed length", 0, PUT_HEAD "Content-Length: +3\r\n\r\nabc"),
	PROBE("a list of lengths", 0, PUT_HEAD "Content-Length: 3, 3\r\n\r\nabc"),
	PROBE("a hexadecimal length", 0, PUT_HEAD "Content-Length: 0x3\r\n\r\nabc"),
	PROBE("a length past 64 bits", 0, PUT_HEAD "Content-Length: 18446744073709551616\r\n\r\n"),
	PROBE("an unknown coding", 0, PUT_HEAD "Transfer-Encoding: gzip\r\n\r\nabc"),
	PROBE("a stacked coding", 0,
	      PUT_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
	PROBE("chunked twice", 0,
	      PUT_HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
		       "3\r\nabc\r\n0\r\n\r\n"),
	PROBE("an unknown coding of one letter more", 0,
	      PUT_HEAD "Transfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
	PROBE("a space before the colon", 400,
	      "PUT /keys/probe HTTP/1.1\r\nHost: h\r\nX-Odd : 1\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a space in a name", 400, PUT_HEAD "X Odd: 1\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a bracket in a name", 400, PUT_HEAD "X(Odd): 1\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a byte past ASCII in a name", 400,
	      PUT_HEAD "X\xc3\xa9: 1\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a control byte in a value", 400,
	      PUT_HEAD "X-Odd: a\001b\r\nContent-Length: 1\r\n\r\na"),
	PROBE("two hosts", 400,
	      "PUT /keys/probe HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\n\r\na"),
	PROBE("no host", 400, "PUT /keys/probe HTTP/1.1\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a host with a path", 400,
	      "PUT /keys/probe HTTP/1.1\r\nHost: a/b\r\nContent-Length: 1\r\n\r\na"),
	PROBE("an unknown expectation", 417,
	      PUT_HEAD "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a control byte in the target", 400,
	      "PUT /keys/pro\001be HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a NUL in the target", 0,
	      "PUT /keys/probe\0x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a NUL at the end of the target", 0,
	      "PUT /keys/probe\0 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a NUL in the method", 0,
	      "PUT\0X /keys/probe HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("two spaces before the target", 0,
	      "PUT  /keys/probe HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a space in the target", 0,
	      "PUT /keys/pro be HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE(LOWER_CASE, 501,
	      "put /keys/probe HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a method that is no token", 0,
	      "P(T /keys/probe HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("another protocol", 0,
	      "PUT /keys/probe FTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("another version", 0,
	      "PUT /keys/probe HTTP/3.0\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("no version", 0, "PUT /keys/probe\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("no target", 0, "PUT\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
	PROBE("two content types", 400,
	      PUT_HEAD "Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a bad chunk size", 0,
	      PUT_HEAD "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"),
	PROBE("a chunk size past 64 bits", 0,
	      PUT_HEAD "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nabc\r\n0\r\n\r\n"),
	PROBE("a TLS hello", 0, "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n"),
	PROBE("a line without a colon", 0, PUT_HEAD "X-Odd\r\nContent-Length: 1\r\n\r\na"),
};

static void check(struct rest *rest, const struct probe *probe)
{
	struct wire_reply reply;
	int fd = wire_open(rest->node->port);
	bool is_refused;

	assert_true(fd >= 0);
	wire_send(fd, probe->bytes, probe->size);
	wire_receive(fd, true, WIRE_TIMEOUT_MS, &reply);
	/* A target with a space may also be redirected to its right form (RFC 9112 section 3.2), as
	 * later versions of the library do. */
	is_refused = (reply.status >= 400 && reply.status < 500) || reply.status == 501 ||
		     reply.status == 505 || reply.status == 301;
	if (!is_refused && !reply.is_closed)
		fail_msg("%s: answered %d, and not closed", probe->name, reply.status);
	if (probe->status && reply.status != probe->status)
		fail_msg("%s: answered %d, not %d", probe->name, reply.status, probe->status);
	/* Where it ends is not known, so nothing after it may be read as a request. A method is
	 * unknown without making the end so. */
	if (strcmp(probe->name, LOWER_CASE) != 0 && !reply.is_closed &&
	    !wire_is_closed_within(fd, WIRE_TIMEOUT_MS))
		fail_msg("%s: the connection stays open", probe->name);
	wire_reply_release(&reply);
	wire_close(fd);
	if (client_status(rest->client, "GET", "/keys/probe") != 404)
		fail_msg("%s: it was carried out", probe->name);
}

static void test_ambiguous_requests_are_refused(void **state)
{
	struct rest *rest = *state;

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		check(rest, &probes[i]);
}

/* A folded line could be the end of the field before it, or a field of its own. */
static void test_folded_line_changes_nothing(void **state)
{
	static const char bytes[] = PUT_HEAD "X-Folded: a\r\n b\r\nContent-Length: 1\r\n\r\na";
	struct rest *rest = *state;
	struct wire_reply reply;
	int status = wire_ask(rest->node->port, bytes, sizeof(bytes) - 1, &reply);

	wire_reply_release(&reply);
	if (status >= 200 && status < 300)
		rest_expect_value(rest, "/keys/probe", "a", 1);
	else
		rest_expect(rest, "GET", "/keys/probe", 404);
}

/* Neither a length nor a coding may be lost in a fold: the body would be the next request. */
static void test_folded_framing_smuggles_nothing(void **state)
{
	static const char *const fields[] = { "Content-Length:\r\n 57", "Content-Length: 5\r\n 7",
					      "Transfer-Encoding:\r\n chunked" };
	static const char last[] = "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
	struct rest *rest = *state;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		int fd = wire_open(rest->node->port);
		char bytes[256];
		int size = snprintf(bytes, sizeof(bytes),
				    "PUT /keys/outer HTTP/1.1\r\nHost: h\r\n%s\r\n\r\n"
				    "PUT /keys/inner HTTP/1.1\r\nHost: h\r\n"
				    "Content-Length: 1\r\n\r\na",
				    fields[i]);

		assert_true(fd >= 0);
		wire_send(fd, bytes, (size_t)size);
		wire_send(fd, last, sizeof(last) - 1);
		assert_true(wire_is_closed_within(fd, WIRE_TIMEOUT_MS));
		wire_close(fd);
		rest_expect(rest, "GET", "/keys/inner", 404);
	}
}

static void test_smuggled_request_is_not_served(void **state)
{
	static const char bytes[] =
		"PUT /keys/outer HTTP/1.1\r\nHost: h\r\nContent-Length: 60\r\n"
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
		"PUT /keys/inner HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na";
	struct rest *rest = *state;
	int fd = wire_open(rest->node->port);

	assert_true(fd >= 0);
	wire_send(fd, bytes, sizeof(bytes) - 1);
	assert_true(wire_is_closed_within(fd, WIRE_TIMEOUT_MS));
	wire_close(fd);
	rest_expect(rest, "GET", "/keys/outer", 404);
	rest_expect(rest, "GET", "/keys/inner", 404);
}

/* Where an empty value lies must not make it look folded. */
static void test_empty_values_are_fine(void **state)
{
	static const char bytes[] = "GET /livez HTTP/1.1\r\nX-One:\r\nX-Two: \t\r\nHost: h\r\n"
				    "X-Three:\r\n\r\n";
	struct rest *rest = *state;
	struct wire_reply reply;

	assert_int_equal(wire_ask(rest->node->port, bytes, sizeof(bytes) - 1, &reply), 200);
	wire_reply_release(&reply);
}

static void test_old_version_needs_no_host(void **state)
{
	static const char bytes[] = "GET /livez HTTP/1.0\r\n\r\n";
	struct rest *rest = *state;
	struct wire_reply reply;

	assert_int_equal(wire_ask(rest->node->port, bytes, sizeof(bytes) - 1, &reply), 200);
	wire_reply_release(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ambiguous_requests_are_refused),
		cmocka_unit_test(test_smuggled_request_is_not_served),
		cmocka_unit_test(test_old_version_needs_no_host),
		cmocka_unit_test(test_empty_values_are_fine),
		cmocka_unit_test(test_folded_line_changes_nothing),
		cmocka_unit_test(test_folded_framing_smuggles_nothing),
	};

	return cmocka_run_group_tests_name("rest/guard", tests, rest_setup, rest_teardown);
}
