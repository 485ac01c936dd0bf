/* SPDX-License-Identifier: MIT */
/* Promise: the server explains itself: text for curl, pages for browsers that load nothing but
 * their style, the contract it was built with, and every problem. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "api/embedded.h"
#include "api/problem.h"
#include "lib/api_fixture.h"

static void get_root(struct api_fixture *fixture, struct api_request *request, const char *accept)
{
	api_request_init(request, "GET", "/");
	if (accept != NULL)
		api_request_header(request, "Accept", accept);
	assert_int_equal(api_request_send(fixture, request), 200);
	assert_string_equal(api_request_field(request, "Link"),
			    "</openapi.json>; rel=\"service-desc\", </docs>; rel=\"service-doc\"");
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

/* What a page may load is our style sheet. */
static void expect_page(const struct api_request *request)
{
	assert_string_equal(api_request_field(request, "Content-Type"), "text/html; charset=utf-8");
	assert_non_null(strstr(api_request_field(request, "Content-Security-Policy"),
			       "default-src 'none'; style-src 'self'"));
	assert_true(body_has(request, "<!doctype html>"));
	assert_true(body_has(request, "href=\"/style.css\""));
	assert_false(body_has(request, "<script"));
	assert_false(body_has(request, "src="));
	assert_false(body_has(request, "style="));
}

static void test_browsers_get_a_page_that_loads_but_its_style(void **state)
{
	struct api_request request;

	get_root(*state, &request, "text/html,application/xhtml+xml,*/*;q=0.8");
	expect_page(&request);
	assert_true(body_has(&request, "href=\"/docs\""));
	api_request_release(&request);
}

static void get(struct api_fixture *fixture, struct api_request *request, const char *target,
		const char *accept)
{
	api_request_init(request, "GET", target);
	if (accept != NULL)
		api_request_header(request, "Accept", accept);
	assert_int_equal(api_request_send(fixture, request), 200);
}

static void test_files_are_those_built_in(void **state)
{
	static const struct {
		const char *target;
		const char *type;
		const struct ary_embedded *file;
		const char *part;
	} rows[] = {
		{"/openapi.yaml", "application/yaml", &ary_openapi_yaml, "openapi: 3.1.0"},
		{"/openapi.json", "application/json", &ary_openapi_json, "\"3.1.0\""},
		{"/docs", "text/html; charset=utf-8", &ary_docs_html, "id=\"putKey\""},
		{"/style.css", "text/css; charset=utf-8", &ary_style_css, "color-scheme"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ary_bytes whole = {rows[i].file->data, rows[i].file->size};
		struct api_request request;

		get(*state, &request, rows[i].target, NULL);
		assert_string_equal(api_request_field(&request, "Content-Type"), rows[i].type);
		assert_true(ary_bytes_equal(request.call.response.body, whole));
		assert_true(body_has(&request, rows[i].part));
		if (strstr(rows[i].type, "html"))
			expect_page(&request);
		api_request_release(&request);
	}
}

/* A 304 has the size that a 200 has, for its Content-Length. */
static unsigned ask_when(struct api_fixture *fixture, const char *target, const char *name,
			 const char *value, size_t size)
{
	struct api_request request;
	unsigned status;

	api_request_init(&request, "GET", target);
	api_request_header(&request, name, value);
	status = api_request_send(fixture, &request);
	if (status == 304)
		assert_string_equal(api_request_field(&request, "ETag"), value);
	if (status == 304 || status == 200)
		assert_int_equal(request.call.response.body.size, size);
	if (status == 400)
		api_request_expect_problem(&request, "bad-condition");
	if (status == 412)
		api_request_expect_problem(&request, "precondition-failed");
	api_request_release(&request);
	return status;
}

static void test_a_file_that_the_client_has_is_not_sent_again(void **state)
{
	static const char *const targets[] = {"/", "/openapi.json", "/openapi.yaml", "/docs",
					      "/style.css"};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct api_request request;
		char etag[64];
		size_t size;

		get(*state, &request, targets[i], NULL);
		size = request.call.response.body.size;
		(void)snprintf(etag, sizeof(etag), "%s", api_request_field(&request, "ETag"));
		api_request_release(&request);
		assert_int_equal(ask_when(*state, targets[i], "If-None-Match", etag, size), 304);
		assert_int_equal(ask_when(*state, targets[i], "If-None-Match", "\"1\"", size), 200);
		assert_int_equal(ask_when(*state, targets[i], "If-Match", etag, size), 200);
		assert_int_equal(ask_when(*state, targets[i], "If-Match", "\"1\"", size), 412);
		assert_int_equal(ask_when(*state, targets[i], "If-None-Match", "1", size), 400);
	}
}

static void test_the_page_and_the_text_are_two_entities(void **state)
{
	struct api_request text, page;

	get_root(*state, &text, NULL);
	get_root(*state, &page, "text/html");
	assert_string_not_equal(api_request_field(&text, "ETag"),
				api_request_field(&page, "ETag"));
	api_request_release(&text);
	api_request_release(&page);
}

static void test_a_problem_is_text_or_a_page_or_json(void **state)
{
	struct api_request request;

	get(*state, &request, "/problems/bad-target", NULL);
	assert_string_equal(api_request_field(&request, "Content-Type"),
			    "text/plain; charset=utf-8");
	assert_true(body_has(&request, "Remedy: Percent-encode"));
	api_request_release(&request);
	get(*state, &request, "/problems/bad-target", "text/html,*/*;q=0.8");
	expect_page(&request);
	assert_true(body_has(&request, "<code>bad-target</code>, status 400"));
	api_request_release(&request);
	get(*state, &request, "/problems/overloaded", "application/json");
	assert_string_equal(api_request_field(&request, "Content-Type"), "application/json");
	assert_true(body_has(&request, "\"type\":\"/problems/overloaded\""));
	assert_true(body_has(&request, "\"retry_after_seconds\":1"));
	api_request_release(&request);
}

static void expect_every_problem(const struct api_request *request)
{
	char link[96];

	for (unsigned kind = 0; kind < ARY_PROBLEM_COUNT; kind++) {
		(void)snprintf(link, sizeof(link), "/problems/%s",
			       ary_problem((enum ary_problem_kind)kind)->slug);
		assert_true(body_has(request, link));
	}
	assert_string_equal(api_request_field(request, "Vary"), "Accept");
}

static void test_all_problems_are_listed_in_each_form(void **state)
{
	static const char *const accepts[] = {NULL, "text/html", "application/json"};

	for (size_t i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
		struct api_request request;

		get(*state, &request, "/problems", accepts[i]);
		expect_every_problem(&request);
		api_request_release(&request);
	}
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
		cmocka_unit_test(test_browsers_get_a_page_that_loads_but_its_style),
		cmocka_unit_test(test_files_are_those_built_in),
		cmocka_unit_test(test_a_file_that_the_client_has_is_not_sent_again),
		cmocka_unit_test(test_the_page_and_the_text_are_two_entities),
		cmocka_unit_test(test_a_problem_is_text_or_a_page_or_json),
		cmocka_unit_test(test_all_problems_are_listed_in_each_form),
	};

	return cmocka_run_group_tests_name("api/pages", tests, setup, teardown);
}
