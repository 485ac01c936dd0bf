/* SPDX-License-Identifier: MIT */
/* Promise: a page of a configured origin can do all that curl can: the browser may send what it
 * asked for, and hands every answer to the page, whoever refused it and however early; pages of
 * other origins get none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/wire.h"

#define APP "https://app.example"
#define OTHER "https://other.example"

static int setup(void **state)
{
	static const char origins[] = "https://a.example, " APP;
	static const char *const options[] = { "--cors-origin", origins,
					       "--max-value-bytes", "1000", NULL };

	*state = rest_start(options);
	return 0;
}

static void expect_header(const struct client_reply *reply, const char *name, const char *value)
{
	char found[CLIENT_HEADER_BYTES];

	assert_non_null(client_header(reply, name, found));
	assert_string_equal(found, value);
}

/* As a browser asks before a PUT with a condition and metadata. */
static void test_a_browser_is_told_what_it_may_send(void **state)
{
	static const char *const headers[] = {
		"Origin: " APP,
		"Access-Control-Request-Method: PUT",
		"Access-Control-Request-Headers: aryavarth-meta-color,content-type,if-none-match",
		NULL,
	};
	struct rest *rest = *state;
	struct client_request request = { .method = "OPTIONS", .target = "/keys/a%2Fb",
					  .headers = headers };
	struct client_reply reply;
	char found[CLIENT_HEADER_BYTES];

	assert_int_equal(client_send(rest->client, &request, &reply), 204);
	expect_header(&reply, "Access-Control-Allow-Origin", APP);
	expect_header(&reply, "Access-Control-Allow-Methods", "GET, HEAD, PUT, DELETE, OPTIONS");
	expect_header(&reply, "Access-Control-Max-Age", "7200");
	assert_non_null(client_header(&reply, "Access-Control-Allow-Headers", found));
	assert_non_null(strstr(found, "aryavarth-meta-color"));
	assert_non_null(strstr(found, "Content-Type"));
	assert_non_null(strstr(found, "If-None-Match"));
	client_reply_release(&reply);
}

/* Sends BYTES, with ORIGIN's header put in after the request line, and expects STATUS and, if it
 * IS_ALLOWED, that the page may read the answer. */
static void exchange(struct rest *rest, const char *line, const char *rest_of_it,
		     const char *origin, int status, bool is_allowed)
{
	struct wire_reply reply;
	char bytes[1024], found[256];

	snprintf(bytes, sizeof(bytes), "%s\r\nOrigin: %s\r\n%s", line, origin, rest_of_it);
	int fd = wire_open(rest->node->port);
	assert_true(fd >= 0);
	assert_true(wire_send(fd, bytes, strlen(bytes)));
	assert_int_equal(wire_receive(fd, status != 304, WIRE_TIMEOUT_MS, &reply), status);
	const char *allowed =
		wire_header(&reply, "Access-Control-Allow-Origin", found, sizeof(found));
	assert_int_equal(allowed != NULL, is_allowed);
	if (allowed)
		assert_string_equal(allowed, origin);
	assert_string_equal(wire_header(&reply, "Vary", found, sizeof(found)), "Origin");
	wire_reply_release(&reply);
	wire_close(fd);
}

static void test_a_page_reads_every_answer(void **state)
{
	static const struct {
		const char *line;
		const char *rest;
		int status;
	} rows[] = {
		{ "PUT /keys/k HTTP/1.1", "Host: h\r\nContent-Length: 3\r\n\r\none", 201 },
		{ "PUT /keys/k HTTP/1.1", "Host: h\r\nContent-Length: 3\r\n\r\ntwo", 204 },
		{ "GET /keys/k HTTP/1.1", "Host: h\r\n\r\n", 200 },
		{ "GET /keys/k HTTP/1.1", "Host: h\r\nIf-None-Match: *\r\n\r\n", 304 },
		{ "GET /keys/none HTTP/1.1", "Host: h\r\n\r\n", 404 },
		{ "PATCH /keys/k HTTP/1.1", "Host: h\r\n\r\n", 405 },
		{ "PUT /keys/k HTTP/1.1", "Host: h\r\nIf-None-Match: *\r\n\r\n", 412 },
		{ "PUT /keys/k HTTP/1.1", "Host: h\r\nContent-Length: 1001\r\n"
		  "Expect: 100-continue\r\n\r\n", 413 },
		{ "GET /keys/k HTTP/1.1", "Host: h\r\nHost: h\r\n\r\n", 400 },
		{ "GET /keys/k HTTP/1.1", "Host: h\r\nExpect: rain\r\n\r\n", 417 },
		{ "put /keys/k HTTP/1.1", "Host: h\r\nContent-Length: 0\r\n\r\n", 501 },
		{ "DELETE /keys/k HTTP/1.1", "Host: h\r\n\r\n", 204 },
	};
	struct rest *rest = *state;

	for (int i = 0; i < 2; i++)
		for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
			exchange(rest, rows[row].line, rows[row].rest, i == 0 ? APP : OTHER,
				 rows[row].status, i == 0);
}

static void test_only_its_pages_have_a_post_sent(void **state)
{
	static const char line[] = "POST /keys HTTP/1.1";
	static const char body[] = "Host: h\r\nContent-Length: 3\r\n\r\none";

	exchange(*state, line, body, APP, 201, true);
	exchange(*state, line, body, OTHER, 403, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_browser_is_told_what_it_may_send),
		cmocka_unit_test(test_a_page_reads_every_answer),
		cmocka_unit_test(test_only_its_pages_have_a_post_sent),
	};

	return cmocka_run_group_tests_name("rest/cors", tests, setup, rest_teardown);
}
