/* SPDX-License-Identifier: MIT */
/* Promise: after kill -9, in whatever moment, every acknowledged write is there, every value byte
 * for byte, and nothing that was deleted comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/load.h"
#include "lib/rest.h"

enum { ROUNDS = 5, WRITERS = 8, ENOUGH_WRITES = 150, GIVE_UP_MS = 60000, LARGE_BYTES = 1 << 20 };

static void test_values_survive_kill(void **state)
{
	static const char odd[] = "\"\\\n\r\t\0\xe2\x80\xa8\xff";
	static const char *const targets[] = { "/keys/a%2Fb", "/keys/a%00b", "/keys/%FF",
					       "/keys/+", "/keys/a" };
	size_t count = sizeof(targets) / sizeof(targets[0]);
	struct rest *rest = *state;
	char *large = malloc(LARGE_BYTES);
	struct client_reply reply;
	char before[CLIENT_HEADER_BYTES];
	char after[CLIENT_HEADER_BYTES];

	assert_non_null(large);
	for (int i = 0; i < LARGE_BYTES; i++)
		large[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < count; i++)
		rest_expect_put(rest, targets[i], odd, sizeof(odd) - 1 - i, 201);
	rest_expect_put(rest, "/keys/large", large, LARGE_BYTES, 201);
	rest_expect_put(rest, "/keys/empty", "", 0, 201);
	rest_expect_put(rest, "/keys/gone", "x", 1, 201);
	rest_expect(rest, "DELETE", "/keys/gone", 204);
	assert_int_equal(client_put(rest->client, "/keys/typed", "<p>", 3,
				    "Content-Type: text/html", &reply), 201);
	assert_non_null(client_header(&reply, "ETag", before));
	client_reply_release(&reply);

	node_kill(rest->node);
	node_restart(rest->node);
	rest_reconnect(rest);

	for (size_t i = 0; i < count; i++)
		rest_expect_value(rest, targets[i], odd, sizeof(odd) - 1 - i);
	rest_expect_value(rest, "/keys/large", large, LARGE_BYTES);
	rest_expect_value(rest, "/keys/empty", "", 0);
	rest_expect(rest, "GET", "/keys/gone", 404);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/typed", NULL, &reply), 200);
	assert_string_equal(client_header(&reply, "ETag", after), before);
	assert_string_equal(client_header(&reply, "Content-Type", after), "text/html");
	client_reply_release(&reply);
	free(large);
}

static void test_kill_under_load_loses_nothing(void **state)
{
	static const char *const options[] = { "--rotate-bytes", "32768",
					       "--compact-stale-bytes", "32768", NULL };
	struct rest *rest = rest_start(options);

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct load *load = load_start(rest->node->port, WRITERS);
		long long end = node_now_ms() + GIVE_UP_MS;

		while (load_acknowledged(load) < ENOUGH_WRITES) {
			assert_true(node_now_ms() < end);
			node_sleep_ms(1);
		}
		node_kill(rest->node);
		load_stop(load);
		node_restart(rest->node);
		load_check(load, rest->node->port);
		load_destroy(load);
	}
	rest_end(rest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_survive_kill),
		cmocka_unit_test(test_kill_under_load_loses_nothing),
	};

	return cmocka_run_group_tests_name("rest/restart", tests, rest_setup, rest_teardown);
}
