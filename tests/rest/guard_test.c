/* SPDX-License-Identifier: MIT */
/* Promise: a request whose end two programs on the way could see in two places is refused, or its
 * connection is closed; nothing of it is carried out, and the server serves on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/probe.h"
#include "lib/wire.h"

static const struct probe probes[] = {
	PROBE("two lengths", 400,
	      PROBE_PUT "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
	PROBE("the same length twice", 400,
	      PROBE_PUT "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
	PROBE("a length and chunks", 400,
	      PROBE_PUT "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" PROBE_CHUNKS),
	PROBE("chunks and a length", 400,
	      PROBE_PUT "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n" PROBE_CHUNKS),
	PROBE("a negative length", 0, PROBE_PUT "Content-Length: -1\r\n\r\n"),
	PROBE("a signed length", 0, PROBE_PUT "Content-Length: +3\r\n\r\nabc"),
	PROBE("a list of lengths", 0, PROBE_PUT "Content-Length: 3, 3\r\n\r\nabc"),
	PROBE("a hexadecimal length", 0, PROBE_PUT "Content-Length: 0x3\r\n\r\nabc"),
	PROBE("a length past 64 bits", 0, PROBE_PUT "Content-Length: 18446744073709551616\r\n\r\n"),
	PROBE("an unknown coding", 0, PROBE_PUT "Transfer-Encoding: gzip\r\n\r\nabc"),
	PROBE("a stacked coding", 0,
	      PROBE_PUT "Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
	PROBE("chunked twice", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
		       "3\r\nabc\r\n0\r\n\r\n"),
	PROBE("an unknown coding of one letter more", 0,
	      PROBE_PUT "Transfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
	PROBE("a bad chunk size", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"),
	PROBE("a chunk size past 64 bits", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nabc\r\n0\r\n\r\n"),
	PROBE("an empty length", 0, PROBE_PUT "Content-Length:\r\n\r\na"),
	PROBE("a length with a space in it", 0,
	      PROBE_PUT "Content-Length: 1 1\r\n\r\nabcdefghijk"),
	PROBE("a length with a letter behind it", 0, PROBE_PUT "Content-Length: 1a\r\n\r\na"),
	PROBE("a length with a fraction", 0, PROBE_PUT "Content-Length: 1.0\r\n\r\na"),
	PROBE("a length with a vertical tab", 0, PROBE_PUT "Content-Length: \0131\r\n\r\na"),
	PROBE("a length of 2^63", 413, PROBE_PUT "Content-Length: 9223372036854775808\r\n\r\na"),
	PROBE("a length of 2^64 - 1", 413,
	      PROBE_PUT "Content-Length: 18446744073709551615\r\n\r\na"),
	PROBE("two lengths in different case", 400,
	      PROBE_PUT "Content-Length: 1\r\ncontent-length: 2\r\n\r\nab"),
	PROBE("a coding in quotes", 0,
	      PROBE_PUT "Transfer-Encoding: \"chunked\"\r\n\r\n" PROBE_CHUNKS),
	PROBE("a coding with a vertical tab", 0,
	      PROBE_PUT "Transfer-Encoding: \013chunked\r\n\r\n" PROBE_CHUNKS),
	PROBE("a coding with a parameter", 0,
	      PROBE_PUT "Transfer-Encoding: chunked;q=1\r\n\r\n" PROBE_CHUNKS),
	PROBE("a coding and a comma", 0,
	      PROBE_PUT "Transfer-Encoding: chunked,\r\n\r\n" PROBE_CHUNKS),
	PROBE("chunked, then another coding", 0,
	      PROBE_PUT "Transfer-Encoding: chunked, identity\r\n\r\n" PROBE_CHUNKS),
	PROBE("the identity coding and a length", 0,
	      PROBE_PUT "Transfer-Encoding: identity\r\n" PROBE_BODY),
	PROBE("the identity coding alone", 0,
	      PROBE_PUT "Transfer-Encoding: identity\r\n\r\n" PROBE_INNER),
	PROBE("an empty coding", 0, PROBE_PUT "Transfer-Encoding:\r\n\r\n" PROBE_INNER),
	PROBE("a coding behind a space before the colon", 0,
	      PROBE_PUT "Transfer-Encoding : chunked\r\nContent-Length: 3\r\n\r\n" PROBE_CHUNKS),
	PROBE("chunks in HTTP/1.0", 400,
	      "PUT /keys/probe HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	      PROBE_CHUNKS),
	PROBE("a chunk size with a plus", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n"),
	PROBE("a chunk size with a minus", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n"),
	PROBE("a chunk size with 0x", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n"),
	PROBE("a blank before a chunk size", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n"),
	PROBE("a blank behind a chunk size", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n"),
	PROBE("a tab behind a chunk size", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n3\t\r\nabc\r\n0\r\n\r\n"),
	PROBE("no chunk size", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n"),
	PROBE("a NUL behind a chunk size", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n3\000\r\nabc\r\n0\r\n\r\n"),
	PROBE("chunk lines that end in CR", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n3\rabc\r0\r\r"),
	PROBE("chunk data without its end", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n3\r\nabc0\r\n\r\n"),
	PROBE("chunk data longer than its size", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"),
	PROBE("a line end in a quoted chunk extension", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n"),
	PROBE("a trailer without a colon", 0,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nXY\r\n\r\n"),
};

static void test_ambiguous_requests_are_refused(void **state)
{
	struct rest *rest = *state;

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		probe_refused(rest, &probes[i]);
}

/* A folded line could be the end of the field before it, or a field of its own. */
static void test_folded_line_changes_nothing(void **state)
{
	static const char bytes[] = PROBE_PUT "X-Folded: a\r\n b\r\nContent-Length: 1\r\n\r\na";
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

/* A body that never ends is waited for no longer than this. */
static int setup(void **state)
{
	static const char *const options[] = { "--body-timeout-ms=5000", NULL };

	*state = rest_start(options);
	return 0;
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

	return cmocka_run_group_tests_name("rest/guard", tests, setup, rest_teardown);
}
