/* SPDX-License-Identifier: MIT */
/* Promise: the probes answer as an orchestrator expects, and the server explains itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/rest.h"

static const char *const probes[] = { "/livez", "/readyz", "/healthz" };

static void test_probes_answer_ok(void **state)
{
	struct rest *rest = *state;

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		struct client_reply reply;
		char text[CLIENT_HEADER_BYTES];

		assert_int_equal(client_ask(rest->client, "GET", probes[i], NULL, &reply), 200);
		assert_string_equal((char *)reply.body, "ok\n");
		assert_string_equal(client_header(&reply, "Cache-Control", text), "no-store");
		client_reply_release(&reply);
		rest_expect(rest, "HEAD", probes[i], 200);
		rest_expect(rest, "DELETE", probes[i], 405);
	}
}

static void test_verbose_names_the_checks(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;

	assert_int_equal(client_ask(rest->client, "GET", "/readyz?verbose", NULL, &reply), 200);
	assert_int_equal(strncmp((char *)reply.body, "[+]", 3), 0);
	client_reply_release(&reply);
}

static void test_figures_follow_the_writes(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	json_t *figures;

	rest_expect_put(rest, "/keys/one", "1", 1, 201);
	rest_expect_put(rest, "/keys/two", "2", 1, 201);
	rest_expect(rest, "DELETE", "/keys/one", 204);
	assert_int_equal(client_ask(rest->client, "GET", "/stats", NULL, &reply), 200);
	figures = json_loadb((char *)reply.body, reply.body_size, 0, NULL);
	assert_non_null(figures);
	assert_int_equal(json_integer_value(json_object_get(figures, "keys")), 1);
	json_decref(figures);
	client_reply_release(&reply);
}

static void test_server_describes_itself(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;

	assert_int_equal(client_ask(rest->client, "GET", "/openapi.yaml", NULL, &reply), 200);
	assert_non_null(strstr((char *)reply.body, "openapi: "));
	client_reply_release(&reply);
	assert_int_equal(client_ask(rest->client, "GET", "/", NULL, &reply), 200);
	assert_non_null(strstr((char *)reply.body, "curl"));
	client_reply_release(&reply);
	assert_int_equal(client_ask(rest->client, "GET", "/problems/key-not-found", NULL, &reply),
			 200);
	client_reply_release(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probes_answer_ok),
		cmocka_unit_test(test_verbose_names_the_checks),
		cmocka_unit_test(test_figures_follow_the_writes),
		cmocka_unit_test(test_server_describes_itself),
	};

	return cmocka_run_group_tests_name("rest/health", tests, rest_setup, rest_teardown);
}
