/* SPDX-License-Identifier: MIT */
/* Promise: pages of the configured origins, and no others, may use the service; without an origin
 * configured nothing tells browsers anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/api_fixture.h"

#define APP "https://app.example"

/* Sends a request of a page of ORIGIN (or NULL), a preflight when it asks for METHOD. */
static void send(struct api_request *request, const char *configured, const char *origin,
		 const char *wanted)
{
	struct api_fixture fixture;

	api_fixture_create(&fixture, configured);
	api_request_init(request, wanted != NULL ? "OPTIONS" : "GET", "/compact");
	if (origin != NULL)
		api_request_header(request, "Origin", origin);
	if (wanted != NULL)
		api_request_header(request, "Access-Control-Request-Method", wanted);
	/* The store is not open: even a 503 must be readable for the page. */
	assert_int_equal(api_request_send(&fixture, request), wanted != NULL ? 204 : 503);
	api_fixture_destroy(&fixture);
}

static void expect(const char *configured, const char *origin, const char *allowed,
		   const char *vary)
{
	struct api_request request;
	const char *found;

	send(&request, configured, origin, NULL);
	found = api_request_field(&request, "Access-Control-Allow-Origin");
	assert_int_equal(found != NULL, allowed != NULL);
	if (allowed != NULL) {
		assert_string_equal(found, allowed);
		assert_string_equal(api_request_field(&request, "Access-Control-Expose-Headers"),
				    "ETag, Location, Retry-After");
	} else {
		assert_null(api_request_field(&request, "Access-Control-Expose-Headers"));
	}
	found = api_request_field(&request, "Vary");
	assert_int_equal(found != NULL, vary != NULL);
	if (vary != NULL)
		assert_string_equal(found, vary);
	assert_null(api_request_field(&request, "Access-Control-Allow-Methods"));
	api_request_release(&request);
}

static void test_origins_are_allowed_as_configured(void **state)
{
	(void)state;
	expect(NULL, APP, NULL, NULL);
	expect("*", APP, "*", NULL);
	expect("*", NULL, NULL, NULL);
	expect(APP, APP, APP, "Origin");
	expect(APP, NULL, NULL, "Origin");
	expect(APP, "https://app.example.evil", NULL, "Origin");
	expect(APP, "https://app.exampl", NULL, "Origin");
	expect(APP, "http://app.example", NULL, "Origin");
	expect(APP, "null", NULL, "Origin");
	expect(APP, "", NULL, "Origin");
	expect(APP, APP ", https://b.example", NULL, "Origin");
	expect("https://a.example, " APP ",https://c.example", APP, APP, "Origin");
	expect("https://a.example,https://c.example", "https://c.example", "https://c.example",
	       "Origin");
}

static void test_preflight_tells_what_may_be_sent(void **state)
{
	struct api_request request;

	(void)state;
	send(&request, APP, APP, "POST");
	assert_string_equal(api_request_field(&request, "Access-Control-Allow-Origin"), APP);
	assert_string_equal(api_request_field(&request, "Access-Control-Allow-Methods"),
			    "GET, HEAD, POST, DELETE, OPTIONS");
	assert_string_equal(api_request_field(&request, "Access-Control-Allow-Headers"),
			    "Content-Type, If-Match, If-None-Match, Prefer");
	assert_string_equal(api_request_field(&request, "Access-Control-Max-Age"), "7200");
	assert_null(api_request_field(&request, "Access-Control-Expose-Headers"));
	api_request_release(&request);
}

static void test_preflight_of_a_stranger_learns_nothing(void **state)
{
	struct api_request request;

	(void)state;
	send(&request, APP, "https://evil.example", "POST");
	assert_null(api_request_field(&request, "Access-Control-Allow-Origin"));
	assert_null(api_request_field(&request, "Access-Control-Allow-Methods"));
	assert_string_equal(api_request_field(&request, "Allow"),
			    "GET, HEAD, POST, DELETE, OPTIONS");
	api_request_release(&request);
}

static void test_refused_preflight_permits_nothing(void **state)
{
	struct api_fixture fixture;
	struct api_request request;

	(void)state;
	api_fixture_create(&fixture, APP);
	api_request_init(&request, "OPTIONS", "/nothing");
	api_request_header(&request, "Origin", APP);
	api_request_header(&request, "Access-Control-Request-Method", "PUT");
	assert_int_equal(api_request_send(&fixture, &request), 404);
	assert_null(api_request_field(&request, "Access-Control-Allow-Methods"));
	api_request_release(&request);
	api_fixture_destroy(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origins_are_allowed_as_configured),
		cmocka_unit_test(test_preflight_tells_what_may_be_sent),
		cmocka_unit_test(test_preflight_of_a_stranger_learns_nothing),
		cmocka_unit_test(test_refused_preflight_permits_nothing),
	};

	return cmocka_run_group_tests_name("api/cors", tests, NULL, NULL);
}
