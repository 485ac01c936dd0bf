/* SPDX-License-Identifier: MIT */
/* Promise: the server explains itself: text for curl, a page for browsers that loads nothing, and
 * the contract it was built with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/openapi.h"
#include "lib/api_fixture.h"

static void get_root(struct api_fixture *fixture, struct api_request *request, const char *accept)
{
	api_request_init(request, "GET", "/");
	if (accept != NULL)
		api_request_header(request, "Accept", accept);
	assert_int_equal(api_request_send(fixture, request), 200);
	assert_string_equal(api_request_field(request, "Link"),
			    "</openapi.yaml>; rel=\"service-desc\"");
	assert_string_equal(api_request_field(request, "Vary"), "Accept");
}

static bool body_has(const struct api_request *request, const char *text)
{
	const struct ary_bytes body = request->call.response.body;
	size_t size = strlen(text);

	for (size_t i = 0; i + size <= body.size; i++)
		if (memcmp(body.data + i, text, size) == 0)
			return true;
	return false;
}

static void test_curl_gets_text(void **state)
{
	struct api_request request;

	get_root(*state, &request, "*/*");
	assert_string_equal(api_request_field(&request, "Content-Type"),
			    "text/plain; charset=utf-8");
	assert_true(body_has(&request, "curl -X PUT --data-binary"));
	assert_true(body_has(&request, "/keys/"));
	api_request_release(&request);
	get_root(*state, &request, NULL);
	assert_string_equal(api_request_field(&request, "Content-Type"),
			    "text/plain; charset=utf-8");
	api_request_release(&request);
}

static void test_browsers_get_a_page_that_loads_nothing(void **state)
{
	struct api_request request;

	get_root(*state, &request, "text/html,application/xhtml+xml,*/*;q=0.8");
	assert_string_equal(api_request_field(&request, "Content-Type"),
			    "text/html; charset=utf-8");
	assert_non_null(strstr(api_request_field(&request, "Content-Security-Policy"),
			       "default-src 'none'"));
	assert_true(body_has(&request, "<!doctype html>"));
	assert_false(body_has(&request, "<script"));
	assert_false(body_has(&request, "src="));
	assert_false(body_has(&request, "style"));
	api_request_release(&request);
}

static void test_contract_is_the_one_built_in(void **state)
{
	const struct ary_bytes contract = {ary_openapi_yaml, ary_openapi_yaml_size};
	struct api_request request;

	api_request_init(&request, "GET", "/openapi.yaml");
	assert_int_equal(api_request_send(*state, &request), 200);
	assert_string_equal(api_request_field(&request, "Content-Type"), "application/yaml");
	assert_true(ary_bytes_equal(request.call.response.body, contract));
	assert_true(body_has(&request, "openapi: 3.1.0"));
	api_request_release(&request);
}

static int setup(void **state)
{
	static struct api_fixture fixture;

	api_fixture_create(&fixture, NULL);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	api_fixture_destroy(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_curl_gets_text),
		cmocka_unit_test(test_browsers_get_a_page_that_loads_nothing),
		cmocka_unit_test(test_contract_is_the_one_built_in),
	};

	return cmocka_run_group_tests_name("api/pages", tests, setup, teardown);
}
