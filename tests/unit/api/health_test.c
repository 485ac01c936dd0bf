/* SPDX-License-Identifier: MIT */
/* Promise: live says only that the process answers; ready says whether requests are served, from
 * before the log is read until the server stops, and why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/api_fixture.h"

static void expect(struct api_fixture *fixture, const char *target, unsigned status,
		   const char *text)
{
	struct api_request request;

	api_request_init(&request, "GET", target);
	assert_int_equal(api_request_send(fixture, &request), status);
	assert_string_equal(api_request_field(&request, "Content-Type"),
			    "text/plain; charset=utf-8");
	assert_string_equal(api_request_field(&request, "Cache-Control"), "no-store");
	assert_int_equal(api_request_field(&request, "Retry-After") != NULL, status == 503);
	if (!ary_bytes_equal(request.call.response.body, ary_bytes_of(text)))
		fail_msg("%s: %.*s", target, (int)request.call.response.body.size,
			 (const char *)request.call.response.body.data);
	api_request_release(&request);
}

static void test_live_is_ok_in_every_phase(void **state)
{
	struct api_fixture fixture;

	(void)state;
	api_fixture_create(&fixture, NULL);
	expect(&fixture, "/livez", 200, "ok\n");
	api_fixture_serve(&fixture);
	expect(&fixture, "/livez?verbose", 200, "[+]process ok\nok\n");
	ary_api_set_draining(fixture.api);
	expect(&fixture, "/livez", 200, "ok\n");
	api_fixture_destroy(&fixture);
}

static void test_ready_tells_how_far_the_replay_is(void **state)
{
	struct api_fixture fixture;

	(void)state;
	api_fixture_create(&fixture, NULL);
	expect(&fixture, "/readyz", 503,
	       "[-]replay failed: 0.0 % of 0 bytes are read\nnot ready\n");
	ary_api_set_progress(fixture.api, 250, 1000);
	expect(&fixture, "/readyz", 503,
	       "[-]replay failed: 25.0 % of 1000 bytes are read\nnot ready\n");
	expect(&fixture, "/healthz?verbose", 503,
	       "[-]replay failed: 25.0 % of 1000 bytes are read\n[+]drain ok\nnot ready\n");
	ary_api_set_progress(fixture.api, 2000, 1000);
	expect(&fixture, "/readyz", 503,
	       "[-]replay failed: 100.0 % of 1000 bytes are read\nnot ready\n");
	api_fixture_serve(&fixture);
	expect(&fixture, "/readyz", 200, "ok\n");
	api_fixture_destroy(&fixture);
}

static void test_ready_lists_its_checks_when_asked(void **state)
{
	static const char all[] = "[+]replay ok\n[+]log ok\n[+]disk ok\n[+]drain ok\nok\n";
	struct api_fixture fixture;

	(void)state;
	api_fixture_create(&fixture, NULL);
	api_fixture_serve(&fixture);
	expect(&fixture, "/readyz?verbose", 200, all);
	expect(&fixture, "/healthz?verbose=1", 200, all);
	expect(&fixture, "/healthz", 200, "ok\n");
	api_fixture_destroy(&fixture);
}

static void test_ready_fails_while_stopping(void **state)
{
	struct api_fixture fixture;

	(void)state;
	api_fixture_create(&fixture, NULL);
	api_fixture_serve(&fixture);
	ary_api_set_draining(fixture.api);
	expect(&fixture, "/readyz", 503, "[-]drain failed: the server is stopping\nnot ready\n");
	api_fixture_destroy(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_is_ok_in_every_phase),
		cmocka_unit_test(test_ready_tells_how_far_the_replay_is),
		cmocka_unit_test(test_ready_lists_its_checks_when_asked),
		cmocka_unit_test(test_ready_fails_while_stopping),
	};

	return cmocka_run_group_tests_name("api/health", tests, NULL, NULL);
}
