/* SPDX-License-Identifier: MIT */
/* Promise: on the wire, a key is the complete resource that HTTP describes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"

static long ask(struct rest *rest, const char *method, const char *target, const char *header)
{
	struct client_reply reply;
	long status = client_ask(rest->client, method, target, header, &reply);

	client_reply_release(&reply);
	return status;
}

static void test_the_date_of_a_value_is_a_condition(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];
	char since[CLIENT_HEADER_BYTES + 32];

	rest_expect_put(rest, "/keys/dated", "12345", 5, 201);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/dated", NULL, &reply), 200);
	assert_non_null(client_header(&reply, "Last-Modified", text));
	client_reply_release(&reply);
	snprintf(since, sizeof(since), "If-Modified-Since: %s", text);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/dated", since, &reply), 304);
	assert_int_equal(reply.body_size, 0);
	client_reply_release(&reply);
	snprintf(since, sizeof(since), "If-Unmodified-Since: %s", text);
	assert_int_equal(ask(rest, "GET", "/keys/dated", since), 200);
	assert_int_equal(client_put(rest->client, "/keys/dated", "6", 1,
				    "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", &reply),
			 412);
	client_reply_release(&reply);
	assert_int_equal(ask(rest, "DELETE", "/keys/dated", since), 204);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_date_of_a_value_is_a_condition),
	};

	return cmocka_run_group_tests_name("rest/resource", tests, rest_setup, rest_teardown);
}
