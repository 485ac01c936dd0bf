/* SPDX-License-Identifier: MIT */
/* Promise: over HTTP, a HEAD and a 304 state the size that a GET with the same headers has, packed
 * or not, and what was packed is forgotten once it was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/gunzip.h"
#include "lib/rest.h"

enum { KEYS = 100 };

static int setup(void **state)
{
	struct rest *rest = rest_start((const char *const[]){ "--durability", "never", NULL });

	for (int i = 0; i < KEYS; i++) {
		char target[32];

		snprintf(target, sizeof(target), "/keys/a-key-%d", i);
		rest_expect_put(rest, target, "value", 5, 201);
	}
	*state = rest;
	return 0;
}

/* Asks; the answer's Content-Length must be that of its body, or of WANTED's where it has none. */
static void ask(struct rest *rest, const char *method, const char *target, const char *header,
		const struct client_reply *wanted, struct client_reply *reply)
{
	char text[CLIENT_HEADER_BYTES];

	assert_int_equal(client_ask(rest->client, method, target, header, reply), 200);
	assert_non_null(client_header(reply, "Content-Length", text));
	assert_int_equal(strtoull(text, NULL, 10), (wanted ? wanted : reply)->body_size);
}

static void expect_packed(struct rest *rest, const char *target)
{
	static const char accept[] = "Accept-Encoding: gzip";
	struct client_reply plain, packed, head;
	char text[CLIENT_HEADER_BYTES];

	ask(rest, "GET", target, NULL, NULL, &plain);
	ask(rest, "GET", target, accept, NULL, &packed);
	assert_string_equal(client_header(&packed, "Content-Encoding", text), "gzip");
	struct ary_buf unpacked = gunzip((struct ary_bytes){ packed.body, packed.body_size });
	assert_true(ary_bytes_equal(ary_buf_view(&unpacked),
				    (struct ary_bytes){ plain.body, plain.body_size }));
	assert_true(packed.body_size < plain.body_size / 2);
	ask(rest, "HEAD", target, accept, &packed, &head);
	ary_buf_release(&unpacked);
	client_reply_release(&plain);
	client_reply_release(&packed);
	client_reply_release(&head);
}

static void test_sizes_are_exact(void **state)
{
	struct rest *rest = *state;

	for (int i = 0; i < 3; i++) {
		expect_packed(rest, "/keys");
		expect_packed(rest, "/openapi.yaml");
	}
	assert_int_equal(rest_flight_bytes(rest), 0);
}

/* RFC 9110 section 8.6: the Content-Length of a 304 is absent, or that of the 200. */
static void test_size_of_what_is_unchanged_is_exact(void **state)
{
	static const char *const codings[] = { "Accept-Encoding: gzip", "Accept-Encoding: br" };
	struct rest *rest = *state;

	for (int i = 0; i < 2; i++) {
		char etag[CLIENT_HEADER_BYTES], length[CLIENT_HEADER_BYTES];
		char text[CLIENT_HEADER_BYTES], condition[CLIENT_HEADER_BYTES + 32];
		const char *const headers[] = { codings[i], condition, NULL };
		const struct client_request request = { .method = "GET", .target = "/docs",
							.headers = headers };
		struct client_reply reply;

		ask(rest, "GET", "/docs", codings[i], NULL, &reply);
		assert_non_null(client_header(&reply, "ETag", etag));
		assert_non_null(client_header(&reply, "Content-Length", length));
		client_reply_release(&reply);
		snprintf(condition, sizeof(condition), "If-None-Match: %s", etag);
		assert_int_equal(client_send(rest->client, &request, &reply), 304);
		assert_int_equal(reply.body_size, 0);
		assert_string_equal(client_header(&reply, "ETag", text), etag);
		if (client_header(&reply, "Content-Length", text))
			assert_string_equal(text, length);
		assert_null(client_header(&reply, "Content-Encoding", text));
		client_reply_release(&reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_are_exact),
		cmocka_unit_test(test_size_of_what_is_unchanged_is_exact),
	};

	return cmocka_run_group_tests_name("rest/gzip", tests, setup, rest_teardown);
}
