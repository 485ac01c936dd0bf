/* SPDX-License-Identifier: MIT */
/* Promise: over HTTP, on a server that leaves it to the system when a write reaches the disk, a
 * write that asks for more is synced before it is answered, and told so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"

static int setup(void **state)
{
	static const char *const options[] = { "--durability", "never", NULL };

	*state = rest_start(options);
	return 0;
}

static unsigned long long syncs(struct rest *rest)
{
	struct client_reply reply;

	assert_int_equal(client_ask(rest->client, "GET", "/stats", NULL, &reply), 200);
	const char *figure = strstr((const char *)reply.body, "\"syncs\":");
	assert_non_null(figure);
	unsigned long long count = strtoull(figure + strlen("\"syncs\":"), NULL, 10);
	client_reply_release(&reply);
	return count;
}

static void expect(struct rest *rest, const char *method, const char *target, const char *header,
		   const char *got)
{
	char found[CLIENT_HEADER_BYTES];
	struct client_reply reply;

	if (strcmp(method, "PUT") == 0)
		client_put(rest->client, target, "value", 5, header, &reply);
	else
		client_ask(rest->client, method, target, header, &reply);
	assert_int_equal(reply.status, 204);
	assert_int_equal(client_header(&reply, "Aryavarth-Durability", found) != NULL, got != NULL);
	if (got)
		assert_string_equal(found, got);
	client_reply_release(&reply);
}

static void test_a_write_that_asks_is_synced(void **state)
{
	struct rest *rest = *state;

	rest_expect_put(rest, "/keys/k", "first", 5, 201);
	unsigned long long before = syncs(rest);
	expect(rest, "PUT", "/keys/k", NULL, NULL);
	expect(rest, "PUT", "/keys/k?durability=never", NULL, "never");
	assert_int_equal(syncs(rest), before);
	expect(rest, "PUT", "/keys/k?durability=always", NULL, "always");
	assert_int_equal(syncs(rest), before + 1);
	expect(rest, "PUT", "/keys/k", "Aryavarth-Durability: always", "always");
	assert_int_equal(syncs(rest), before + 2);
	expect(rest, "DELETE", "/keys/k?durability=always", NULL, "always");
	assert_int_equal(syncs(rest), before + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_write_that_asks_is_synced),
	};

	return cmocka_run_group_tests_name("rest/durability", tests, setup, rest_teardown);
}
