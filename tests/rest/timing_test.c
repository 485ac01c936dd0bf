/* SPDX-License-Identifier: MIT */
/* Promise: times are of the one request that asked for them: no answer that is sent again has any,
 * and none is kept that does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"

static void expect(struct rest *rest, const char *method, const char *header, long status,
		   const char *begins)
{
	char found[CLIENT_HEADER_BYTES] = "";
	struct client_reply reply;

	if (strcmp(method, "PUT") == 0)
		client_put(rest->client, "/keys/k", "value", 5, header, &reply);
	else
		client_ask(rest->client, method, "/keys/k", header, &reply);
	assert_int_equal(reply.status, status);
	(void)client_header(&reply, "Server-Timing", found);
	if (begins)
		assert_int_equal(strncmp(found, begins, strlen(begins)), 0);
	else
		assert_string_equal(found, "");
	client_reply_release(&reply);
}

static void test_times_are_of_one_request(void **state)
{
	static const char wish[] = "Prefer: server-timing";
	struct rest *rest = *state;

	expect(rest, "PUT", wish, 201, "queue;dur=");
	for (int i = 0; i < 3; i++) {
		expect(rest, "GET", wish, 200, "total;dur=");
		expect(rest, "GET", NULL, 200, NULL);
		expect(rest, "HEAD", wish, 200, "total;dur=");
		expect(rest, "PUT", NULL, 204, NULL);
		expect(rest, "PUT", wish, 204, "queue;dur=");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_are_of_one_request),
	};

	return cmocka_run_group_tests_name("rest/timing", tests, rest_setup, rest_teardown);
}
