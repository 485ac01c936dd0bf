/* SPDX-License-Identifier: MIT */
/* Promise: a request line or a header field that breaks the rules is refused, and nothing of it
 * carried out; one that is only odd is taken for what it says; one that is too long is refused,
 * however long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/probe.h"
#include "lib/wire.h"

static const struct probe lines[] = {
	CLEAR("another target than a path", 400, "PUT h:80 HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("the asterisk for a PUT", 400, "PUT * HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("CONNECT", 400, "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"),
	CLEAR("another scheme", 400, "PUT ftp://h/keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("a scheme without a host", 400,
	      "PUT http:///keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("a target without a slash", 400,
	      "PUT keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("two slashes at the start", 404,
	      "PUT //keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("a fragment", 400, "PUT /keys/probe#x HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("backslashes", 400, "PUT \\keys\\probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("a percent sign and no hexadecimal", 400,
	      "PUT /keys/probe%zz HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("a percent sign at the end", 400,
	      "PUT /keys/probe% HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("half an escape", 400, "PUT /keys/probe%2 HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("dot segments", 400, "PUT /keys/../keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("escaped dot segments", 400,
	      "PUT /keys/%2e%2e/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a tab in the target", 0, "PUT /keys/pro\tbe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a DEL in the target", 400,
	      "PUT /keys/pro\177be HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a CR in the target", 400, "PUT /keys/pro\rbe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a blank behind the version", 0,
	      "PUT /keys/probe HTTP/1.1 \r\nHost: h\r\n" PROBE_BODY),
	PROBE("two request lines", 0, "PUT /keys/probe HTTP/1.1\r\n" PROBE_INNER),
	PROBE("a blank before the line", 0,
	      " PUT /keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a CR before the line", 0, "\rPUT /keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a tab before the line", 0, "\tPUT /keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a NUL before the line", 0,
	      "\000PUT /keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("HTTP/0.9", 0, "GET /keys/probe\r\n"),
	PROBE("HTTP/0.9 with a body", 0, "PUT /keys/probe\r\n\r\na"),
	PROBE("a version of 0.9", 0, "PUT /keys/probe HTTP/0.9\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a version of 2.0", 0, "PUT /keys/probe HTTP/2.0\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a version without a dot", 0, "PUT /keys/probe HTTP/11\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a version of three digits", 0,
	      "PUT /keys/probe HTTP/1.10\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a version with a zero before it", 0,
	      "PUT /keys/probe HTTP/01.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a version in lower case", 0, "PUT /keys/probe http/1.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("half a version", 0, "PUT /keys/probe HTTP/1.\r\nHost: h\r\n" PROBE_BODY),
	PROBE("the preface of HTTP/2", 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	PROBE("a method past ASCII", 400,
	      "P\303\234T /keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	PROBE("no method", 0, " /keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	CLEAR("TRACE", 405, "TRACE /keys/probe HTTP/1.1\r\nHost: h\r\n\r\n"),
};

static const struct probe fields[] = {
	PROBE("a space before the colon", 400,
	      "PUT /keys/probe HTTP/1.1\r\nHost: h\r\nX-Odd : 1\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a space in a name", 400, PROBE_PUT "X Odd: 1\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a bracket in a name", 400, PROBE_PUT "X(Odd): 1\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a byte past ASCII in a name", 400,
	      PROBE_PUT "X\xc3\xa9: 1\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a control byte in a value", 400,
	      PROBE_PUT "X-Odd: a\001b\r\nContent-Length: 1\r\n\r\na"),
	PROBE("two hosts", 400,
	      "PUT /keys/probe HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\n\r\na"),
	PROBE("no host", 400, "PUT /keys/probe HTTP/1.1\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a host with a path", 400,
	      "PUT /keys/probe HTTP/1.1\r\nHost: a/b\r\nContent-Length: 1\r\n\r\na"),
	PROBE("an unknown expectation", 417,
	      PROBE_PUT "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na"),
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
	CLEAR("a method in lower case", 501,
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
	      PROBE_PUT "Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a TLS hello", 0, "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n"),
	PROBE("a line without a colon", 0, PROBE_PUT "X-Odd\r\nContent-Length: 1\r\n\r\na"),
	PROBE("a NUL in a value", 400, PROBE_PUT "X-Odd: a\000b\r\n" PROBE_BODY),
	PROBE("a NUL in the host", 400,
	      "PUT /keys/probe HTTP/1.1\r\nHost: h\000x\r\n" PROBE_BODY),
	PROBE("a NUL in a length", 400, PROBE_PUT "Content-Length: 1\0002\r\n\r\na"),
	PROBE("a NUL in a coding", 400,
	      PROBE_PUT "Transfer-Encoding: chunked\000x\r\n\r\n" PROBE_CHUNKS),
	PROBE("a NUL at the end of a value", 400, PROBE_PUT "X-Odd: a\000\r\n" PROBE_BODY),
	PROBE("a NUL at the start of a value", 400, PROBE_PUT "X-Odd: \000a\r\n" PROBE_BODY),
	PROBE("a NUL in a name", 0, PROBE_PUT "X-O\000dd: a\r\n" PROBE_BODY),
	PROBE("a NUL behind the name of the length", 0,
	      PROBE_PUT "Content-Length\000: 1\r\n\r\na"),
	PROBE("a NUL in the last value", 400,
	      PROBE_PUT "Content-Length: 1\r\nX-Odd: a\000b\r\n\r\na"),
	PROBE("a CR in a value", 400, PROBE_PUT "X-Odd: a\rb\r\n" PROBE_BODY),
	PROBE("a length behind a CR", 400, PROBE_PUT "X-Odd: a\r" PROBE_BODY),
	PROBE("two CRs at the end of a line", 400, PROBE_PUT "X-Odd: a\r\r\n" PROBE_BODY),
	PROBE("a folded first line", 0,
	      "PUT /keys/probe HTTP/1.1\r\n X: a\r\nHost: h\r\n" PROBE_BODY),
	PROBE("a field without a name", 400, PROBE_PUT ": a\r\n" PROBE_BODY),
	PROBE("a blank for a name", 400, PROBE_PUT " : a\r\n" PROBE_BODY),
	PROBE("a DEL in a value", 400, PROBE_PUT "X-Odd: a\177b\r\n" PROBE_BODY),
	PROBE("a tab in a name", 400, PROBE_PUT "X\tOdd: 1\r\n" PROBE_BODY),
	PROBE("a slash in a name", 400, PROBE_PUT "X/Odd: 1\r\n" PROBE_BODY),
	PROBE("a quote in a name", 400, PROBE_PUT "X\"Odd: 1\r\n" PROBE_BODY),
	PROBE("an at sign in a name", 400, PROBE_PUT "X@Odd: 1\r\n" PROBE_BODY),
	PROBE("a user in the host", 400, "PUT /keys/probe HTTP/1.1\r\nHost: u@h\r\n" PROBE_BODY),
	PROBE("a port of letters", 400, "PUT /keys/probe HTTP/1.1\r\nHost: h:80a\r\n" PROBE_BODY),
	PROBE("a host of two words", 400, "PUT /keys/probe HTTP/1.1\r\nHost: a b\r\n" PROBE_BODY),
	PROBE("a host in quotes", 400, "PUT /keys/probe HTTP/1.1\r\nHost: \"h\"\r\n" PROBE_BODY),
	PROBE("a host past ASCII", 400,
	      "PUT /keys/probe HTTP/1.1\r\nHost: \303\251\r\n" PROBE_BODY),
	PROBE("two hosts in different case", 400,
	      "PUT /keys/probe HTTP/1.1\r\nHost: a\r\nhOST: a\r\n" PROBE_BODY),
	PROBE("an empty expectation", 417, PROBE_PUT "Expect:\r\n" PROBE_BODY),
	PROBE("a list of expectations", 417, PROBE_PUT "Expect: 100-continue, x\r\n" PROBE_BODY),
};

struct oddity {
	struct probe probe;
	const char *target;
	const char *value;
};

static const struct oddity oddities[] = {
	{ CLEAR("leading zeros in a length", 201, PROBE_PUT "Content-Length: 0001\r\n\r\na"),
	  "/keys/probe", "a" },
	{ CLEAR("a tab before a length", 201, PROBE_PUT "Content-Length:\t1\r\n\r\na"),
	  "/keys/probe", "a" },
	{ CLEAR("a coding in capitals", 201,
	      PROBE_PUT "Transfer-Encoding: CHUNKED\r\n\r\n" PROBE_CHUNKS),
	  "/keys/probe", "abc" },
	{ CLEAR("no blank before a coding", 201,
	      PROBE_PUT "Transfer-Encoding:chunked\r\n\r\n" PROBE_CHUNKS),
	  "/keys/probe", "abc" },
	{ CLEAR("zeros before a chunk size", 201,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n0003\r\nabc\r\n0\r\n\r\n"),
	  "/keys/probe", "abc" },
	{ CLEAR("a trailer", 201,
	      PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"),
	  "/keys/probe", "abc" },
	{ CLEAR("a length in a trailer", 201,
	      PROBE_PUT
	      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nContent-Length: 50\r\n\r\n"),
	  "/keys/probe", "abc" },
	{ CLEAR("a host in a trailer", 201,
	      PROBE_PUT
	      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nHost: other\r\n"
	      "Authorization: x\r\n\r\n"), "/keys/probe", "abc" },
	{ CLEAR("a condition in a trailer", 201,
	      PROBE_PUT
	      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nIf-Match: \"1\"\r\n\r\n"),
	  "/keys/probe", "abc" },
	{ CLEAR("bytes past ASCII in a value", 201, PROBE_PUT "X-Odd: \303\251\r\n" PROBE_BODY),
	  "/keys/probe", "a" },
	{ CLEAR("a name of all that a token may hold", 201,
	      PROBE_PUT "!#$%&'*+-.^_`|~: 1\r\n" PROBE_BODY), "/keys/probe", "a" },
	{ CLEAR("an empty host", 201, "PUT /keys/probe HTTP/1.1\r\nHost:\r\n" PROBE_BODY),
	  "/keys/probe", "a" },
	{ CLEAR("a host with a port", 201,
	      "PUT /keys/probe HTTP/1.1\r\nHost: h:8080\r\n" PROBE_BODY), "/keys/probe", "a" },
	{ CLEAR("an address as host", 201,
	      "PUT /keys/probe HTTP/1.1\r\nHost: [::1]:80\r\n" PROBE_BODY),
	  "/keys/probe", "a" },
	{ CLEAR("an upgrade that is not asked for", 201,
	      PROBE_PUT
	      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
	      "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n" PROBE_BODY), "/keys/probe", "a" },
	{ CLEAR("a target with scheme and host", 201,
	      "PUT http://h/keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	  "/keys/probe", "a" },
	{ CLEAR("another host in the target", 201,
	      "PUT http://other/keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	  "/keys/probe", "a" },
	{ CLEAR("a backslash in a key", 201,
	      "PUT /keys/pro\\be HTTP/1.1\r\nHost: h\r\n" PROBE_BODY), "/keys/pro%5Cbe", "a" },
	{ CLEAR("an escaped NUL in a key", 201,
	      "PUT /keys/pro%00be HTTP/1.1\r\nHost: h\r\n" PROBE_BODY), "/keys/pro%00be", "a" },
	{ CLEAR("bytes past ASCII in a key", 201,
	      "PUT /keys/pr\303\266be HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	  "/keys/pr%C3%B6be", "a" },
	{ CLEAR("a byte that is no text in a key", 201,
	      "PUT /keys/probe\377 HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	  "/keys/probe%FF", "a" },
	{ CLEAR("empty lines before the line", 201,
	      "\r\n\r\n\r\nPUT /keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	  "/keys/probe", "a" },
	{ CLEAR("a later minor version", 201, "PUT /keys/probe HTTP/1.2\r\nHost: h\r\n" PROBE_BODY),
	  "/keys/probe", "a" },
};

/* What one version of the library takes, as RFC 9112 lets it, another refuses. */
static void test_what_versions_differ_in_is_taken_or_refused(void **state)
{
	static const struct probe probes[] = {
		CLEAR("a chunk extension", 201, PROBE_PUT
		      "Transfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n0\r\n\r\n"),
		PROBE("tabs between the words", 201,
		      "PUT\t/keys/probe\tHTTP/1.1\r\nHost: h\r\n" PROBE_BODY),
	};

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		probe_settled(*state, &probes[i], "/keys/probe", "a");
}

static void test_bad_lines_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		probe_refused(*state, &lines[i]);
}

static void test_bad_fields_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		probe_refused(*state, &fields[i]);
}

static void test_odd_requests_are_taken_for_what_they_say(void **state)
{
	for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++)
		probe_taken(*state, &oddities[i].probe, oddities[i].target, oddities[i].value);
}

/* START, then PIECE over and over for at least SIZE bytes, then END. */
static void expect_refused(struct rest *rest, int status, const char *start, const char *piece,
			   const char *end)
{
	enum { SIZE = 100000 };
	char *bytes = malloc(SIZE + 4096);
	size_t size = strlen(start);
	struct probe probe = { .name = start, .bytes = bytes, .status = status };

	assert_non_null(bytes);
	memcpy(bytes, start, size);
	for (; size < SIZE; size += strlen(piece))
		memcpy(bytes + size, piece, strlen(piece));
	memcpy(bytes + size, end, strlen(end));
	probe.size = size + strlen(end);
	probe_refused(rest, &probe);
	free(bytes);
}

/* Longer than what the library can hold, so that it is it that answers. */
static void test_endless_parts_are_refused(void **state)
{
	struct rest *rest = *state;

	expect_refused(rest, 0, "", "M", " /keys/probe HTTP/1.1\r\nHost: h\r\n" PROBE_BODY);
	expect_refused(rest, 0, "PUT /keys/", "k", " HTTP/1.1\r\nHost: h\r\n" PROBE_BODY);
	expect_refused(rest, 0, "PUT /keys/probe HTTP/1.1", "1", "\r\nHost: h\r\n" PROBE_BODY);
	expect_refused(rest, 0, PROBE_PUT "X: ", "v", "\r\n" PROBE_BODY);
	expect_refused(rest, 0, PROBE_PUT, "X", ": 1\r\n" PROBE_BODY);
	expect_refused(rest, 0, PROBE_PUT, "X: 1\r\n", PROBE_BODY);
	expect_refused(rest, 0, PROBE_PUT, "X: 1\r\n", "");
	expect_refused(rest, 0, PROBE_PUT "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
		       "X: 1\r\n", "");
}

/* A head of SIZE bytes, sent PIECE bytes at a time. */
static int send_in_pieces(struct rest *rest, size_t size, size_t piece)
{
	char *bytes = malloc(size + 1);
	struct wire_reply reply;
	size_t sent = 0;
	int fd = wire_open(rest->node->port);
	int status;

	assert_non_null(bytes);
	assert_true(fd >= 0);
	sent = (size_t)snprintf(bytes, size,
				"GET /livez HTTP/1.1\r\nHost: h\r\nCookie: a=b; c=d\r\n"
				"X-Empty:\r\nX-Blank: \t\r\nX-Behind: a \t\r\nX-Long: ");
	memset(bytes + sent, 'v', size - 4 - sent);
	memcpy(bytes + size - 4, "\r\n\r\n", 4);
	for (sent = 0; sent < size; sent += piece)
		assert_true(wire_send(fd, bytes + sent, sent + piece < size ? piece : size - sent));
	status = wire_receive(fd, true, WIRE_TIMEOUT_MS, &reply);
	wire_reply_release(&reply);
	wire_close(fd);
	free(bytes);
	return status;
}

/* What lies where must not depend on how it came in. */
static void test_head_may_come_in_pieces(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 100, 1000, 4096 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		assert_int_equal(send_in_pieces(*state, 200, pieces[i]), 200);
		assert_int_equal(send_in_pieces(*state, 9000, pieces[i]), 200);
		assert_int_equal(send_in_pieces(*state, 28000, pieces[i] * 8), 431);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_versions_differ_in_is_taken_or_refused),
		cmocka_unit_test(test_bad_lines_are_refused),
		cmocka_unit_test(test_bad_fields_are_refused),
		cmocka_unit_test(test_odd_requests_are_taken_for_what_they_say),
		cmocka_unit_test(test_endless_parts_are_refused),
		cmocka_unit_test(test_head_may_come_in_pieces),
	};

	return cmocka_run_group_tests_name("rest/line", tests, rest_setup, rest_teardown);
}
