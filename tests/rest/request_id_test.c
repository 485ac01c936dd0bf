/* SPDX-License-Identifier: MIT */
/* Promise: an id goes with the one request that it came with: not with the next one on the
 * connection, not with an answer that is sent again; what is refused before it is understood has
 * one too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/wire.h"

/* Fails unless METHOD of TARGET, with HEADER or NULL, answers STATUS and the id WANTED; NULL: any
 * id, "": none. */
static void expect_id(struct rest *rest, const char *method, const char *target,
		      const char *header, long status, const char *wanted)
{
	char found[CLIENT_HEADER_BYTES] = "";
	struct client_reply reply;

	client_ask(rest->client, method, target, header, &reply);
	assert_int_equal(reply.status, status);
	(void)client_header(&reply, "X-Request-Id", found);
	if (wanted)
		assert_string_equal(found, wanted);
	else
		assert_true(found[0] != '\0');
	client_reply_release(&reply);
}

static void test_an_id_is_of_one_request_only(void **state)
{
	struct rest *rest = *state;

	rest_expect_put(rest, "/keys/k", "value", 5, 201);
	for (int i = 0; i < 2; i++) {
		/* The second GET makes an answer to keep, the third gets that. */
		expect_id(rest, "GET", "/keys/k", "X-Request-Id: a", 200, "a");
		expect_id(rest, "GET", "/keys/k", NULL, 200, "");
		expect_id(rest, "GET", "/keys/k", NULL, 200, "");
		expect_id(rest, "GET", "/keys/k", "X-Request-Id: b", 200, "b");
		expect_id(rest, "HEAD", "/keys/k", "X-Request-Id: c", 200, "c");
		expect_id(rest, "GET", "/keys/none", NULL, 404, NULL);
		expect_id(rest, "PUT", "/keys/k", "X-Request-Id: d", 204, "d");
		expect_id(rest, "PUT", "/keys/k", NULL, 204, "");
	}
}

static void test_what_is_refused_early_has_an_id(void **state)
{
	static const struct {
		const char *bytes;
		int status;
		const char *id; /* NULL: any */
	} rows[] = {
		{ "GET /keys/k HTTP/1.1\r\nHost: h\r\nHost: h\r\nX-Request-Id: e\r\n\r\n",
		  400, "e" },
		{ "GET /keys/k HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400, NULL },
		{ "PUT /keys/k HTTP/1.1\r\nHost: h\r\nX-Request-Id: f\r\nExpect: 100-continue\r\n"
		  "Content-Length: 99000000\r\n\r\n", 413, "f" },
		{ "put /keys/k HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 501, NULL },
	};
	struct rest *rest = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire_reply reply;
		char id[256];

		assert_int_equal(wire_ask(rest->node->port, rows[i].bytes, strlen(rows[i].bytes),
					  &reply),
				 rows[i].status);
		assert_non_null(wire_header(&reply, "X-Request-Id", id, sizeof(id)));
		if (rows[i].id)
			assert_string_equal(id, rows[i].id);
		wire_reply_release(&reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_id_is_of_one_request_only, rest_setup,
						rest_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_refused_early_has_an_id, rest_setup,
						rest_teardown),
	};

	return cmocka_run_group_tests_name("rest/request_id", tests, NULL, NULL);
}
