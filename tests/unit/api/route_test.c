/* SPDX-License-Identifier: MIT */
/* Promise: every method of every target answers what the contract says: its own status, 405 with
 * the right Allow, 501 for what is no method of HTTP, 404 for what is no target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "api/route.h"
#include "lib/api_fixture.h"

static const char *const methods[] = {"GET",	 "HEAD",  "PUT",   "POST",    "DELETE", "OPTIONS",
				      "PATCH", "TRACE", "CONNECT", "BREW", "get",    "GETS"};
enum { METHOD_COUNT = sizeof(methods) / sizeof(methods[0]) };

struct row {
	const char *target;
	const char *allow;
	unsigned statuses[METHOD_COUNT];
};

#define KEY_ALLOW "GET, HEAD, PUT, DELETE, OPTIONS"
#define GET_ALLOW "GET, HEAD, OPTIONS"
#define KEYS_ALLOW "GET, HEAD, POST, DELETE, OPTIONS"
#define KEYS_ROW {200, 200, 405, 201, 400, 204, 405, 405, 405, 501, 501, 501}
#define GET_ROW {200, 200, 405, 405, 405, 204, 405, 405, 405, 501, 501, 501}
#define NO_ROW {404, 404, 404, 404, 404, 404, 404, 404, 404, 501, 501, 501}

/* In the order of `methods`, each request sent on its own: PUT makes the key, DELETE removes it. */
static const struct row rows[] = {
	{"/keys/k", KEY_ALLOW, {404, 404, 201, 405, 204, 204, 405, 405, 405, 501, 501, 501}},
	{"/keys/a/b", KEY_ALLOW, {404, 404, 201, 405, 204, 204, 405, 405, 405, 501, 501, 501}},
	{"/keys/%00", KEY_ALLOW, {404, 404, 201, 405, 204, 204, 405, 405, 405, 501, 501, 501}},
	{"/%6beys%2Fx", KEY_ALLOW, {404, 404, 201, 405, 204, 204, 405, 405, 405, 501, 501, 501}},
	{"http://h/keys/x",
	 KEY_ALLOW,
	 {404, 404, 201, 405, 204, 204, 405, 405, 405, 501, 501, 501}},
	{"/keys-b64/_w", KEY_ALLOW, {404, 404, 201, 405, 204, 204, 405, 405, 405, 501, 501, 501}},
	{"/keys-b64/", NULL, NO_ROW},
	{"/keys-b64", NULL, NO_ROW},
	{"/keys//", KEY_ALLOW, {404, 404, 201, 405, 204, 204, 405, 405, 405, 501, 501, 501}},
	{"/compact",
	 "GET, HEAD, POST, DELETE, OPTIONS",
	 {200, 200, 405, 200, 200, 204, 405, 405, 405, 501, 501, 501}},
	{"/stats", GET_ALLOW, GET_ROW},
	{"/livez", GET_ALLOW, GET_ROW},
	{"/readyz", GET_ALLOW, GET_ROW},
	{"/healthz", GET_ALLOW, GET_ROW},
	{"/readyz?verbose", GET_ALLOW, GET_ROW},
	{"/compact?full",
	 "GET, HEAD, POST, DELETE, OPTIONS",
	 {400, 400, 405, 200, 400, 204, 405, 405, 405, 501, 501, 501}},
	{"/", GET_ALLOW, GET_ROW},
	{"http://h", GET_ALLOW, GET_ROW},
	{"/openapi.yaml", GET_ALLOW, GET_ROW},
	{"/openapi.json", GET_ALLOW, GET_ROW},
	{"/docs", GET_ALLOW, GET_ROW},
	{"/style.css", GET_ALLOW, GET_ROW},
	{"/problems", GET_ALLOW, GET_ROW},
	{"/problems/key-not-found", GET_ALLOW, GET_ROW},
	{"*",
	 "GET, HEAD, PUT, POST, DELETE, OPTIONS",
	 {400, 400, 400, 400, 400, 204, 400, 400, 400, 501, 501, 501}},
	{"/keys", KEYS_ALLOW, KEYS_ROW},
	{"/keys/", KEYS_ALLOW, KEYS_ROW},
	{"/keys?", KEYS_ALLOW, KEYS_ROW},
	{"/%6beys%2F", KEYS_ALLOW, KEYS_ROW},
	{"/keys?limit=1", KEYS_ALLOW, {200, 200, 405, 400, 400, 204, 405, 405, 405, 501, 501, 501}},
	{"/keys?prefix=a",
	 KEYS_ALLOW,
	 {200, 200, 405, 201, 200, 204, 405, 405, 405, 501, 501, 501}},
	{"/keysx", NULL, NO_ROW},
	{"/key/x", NULL, NO_ROW},
	{"/Keys/x", NULL, NO_ROW},
	{"//keys/x", NULL, NO_ROW},
	{"/stats/", NULL, NO_ROW},
	{"/statsx", NULL, NO_ROW},
	{"/stat", NULL, NO_ROW},
	{"/livez/x", NULL, NO_ROW},
	{"/compact/", NULL, NO_ROW},
	{"/problems/", NULL, NO_ROW},
	{"/openapi.yaml%00", NULL, NO_ROW},
	{"/docs/", NULL, NO_ROW},
	{"/index.html", NULL, NO_ROW},
	{"//", NULL, NO_ROW},
};

static void expect_allow(const struct api_request *request, const struct row *row, unsigned status)
{
	const char *allow = api_request_field(request, "Allow");

	if (status != 405 && status != 204) {
		assert_null(allow);
		return;
	}
	/* 204 is OPTIONS's, or that of a DELETE. */
	if (allow == NULL)
		assert_true(ary_bytes_equal(request->call.request.method, ary_bytes_of("DELETE")));
	else
		assert_string_equal(allow, row->allow);
}

static void expect_row(struct api_fixture *fixture, const struct row *row)
{
	for (size_t i = 0; i < METHOD_COUNT; i++) {
		struct api_request request;
		unsigned status;

		api_request_init(&request, methods[i], row->target);
		status = api_request_send(fixture, &request);
		if (status != row->statuses[i])
			fail_msg("%s %s: %u", methods[i], row->target, status);
		expect_allow(&request, row, status);
		if (status == 501)
			api_request_expect_problem(&request, "unknown-method");
		if (status == 405)
			api_request_expect_problem(&request, "method-not-allowed");
		if (status == 404 && row->allow == NULL)
			api_request_expect_problem(&request, "no-such-resource");
		if (status == 404 && row->allow != NULL)
			api_request_expect_problem(&request, "key-not-found");
		api_request_release(&request);
	}
}

static void test_every_method_of_every_target_answers_as_described(void **state)
{
	struct api_fixture fixture;

	(void)state;
	api_fixture_create(&fixture, NULL);
	api_fixture_serve(&fixture);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_row(&fixture, &rows[i]);
	api_fixture_destroy(&fixture);
}

/* What needs the store is 503 before it is open; everything else answers as ever. */
static void test_only_what_needs_the_store_waits_for_it(void **state)
{
	struct api_fixture fixture;
	struct api_request request;

	(void)state;
	api_fixture_create(&fixture, NULL);
	assert_int_equal(api_send(&fixture, "GET", "/"), 200);
	assert_int_equal(api_send(&fixture, "GET", "/openapi.yaml"), 200);
	assert_int_equal(api_send(&fixture, "GET", "/problems/starting"), 200);
	assert_int_equal(api_send(&fixture, "GET", "/livez"), 200);
	assert_int_equal(api_send(&fixture, "GET", "/readyz"), 503);
	assert_int_equal(api_send(&fixture, "OPTIONS", "/keys/k"), 204);
	assert_int_equal(api_send(&fixture, "PATCH", "/keys/k"), 405);
	assert_int_equal(api_send(&fixture, "GET", "/stats"), 503);
	assert_int_equal(api_send(&fixture, "GET", "/compact"), 503);
	assert_int_equal(api_send(&fixture, "POST", "/compact"), 503);
	assert_int_equal(api_put(&fixture, "/keys/k", "v"), 503);
	assert_int_equal(api_send(&fixture, "DELETE", "/keys/k"), 503);
	api_request_init(&request, "GET", "/keys/k");
	assert_int_equal(api_request_send(&fixture, &request), 503);
	api_request_expect_problem(&request, "starting");
	assert_string_equal(api_request_field(&request, "Retry-After"), "1");
	api_request_release(&request);
	api_fixture_serve(&fixture);
	assert_int_equal(api_send(&fixture, "GET", "/keys/k"), 404);
	api_fixture_destroy(&fixture);
}

static const struct {
	const char *target;
	const char *slug;
} bad_targets[] = {
	{"/keys/%zz", "bad-percent-encoding"},
	{"/keys/a%4", "bad-percent-encoding"},
	{"/%", "bad-percent-encoding"},
	{"/keys/a b", "bad-target"},
	{"/keys/a#b", "bad-target"},
	{"keys/a", "bad-target"},
	{"/keys/.", "dot-segment"},
	{"/keys/..", "dot-segment"},
	{"/keys/a/../b", "dot-segment"},
	{"/keys/%2e%2E", "dot-segment"},
	{"/keys/a%2F.%2Fb", "dot-segment"},
	{"/keys-b64/+w", "bad-key-encoding"},
	{"/keys-b64/_", "bad-key-encoding"},
	{"/keys-b64/_w=", "bad-key-encoding"},
	{"/keys-b64/==", "bad-key-encoding"},
	{"/keys-b64/a/b", "bad-key-encoding"},
	{"/keys-b64/Lg", "dot-segment"},
	{"/keys-b64/YS8uLg", "dot-segment"},
	{"/keys-b64/_w?x", "unknown-parameter"},
	{"/keys/a?x", "unknown-parameter"},
	{"/keys/a?verbose", "unknown-parameter"},
	{"/stats?x=1", "unknown-parameter"},
	{"/readyz?Verbose", "unknown-parameter"},
	{"/readyz?=", "unknown-parameter"},
	{"/readyz?verbose&x", "unknown-parameter"},
	{"/readyz?verbose&verbose", "repeated-parameter"},
	{"/readyz?verbose=2", "invalid-parameter"},
	{"/readyz?verbose=%2", "bad-percent-encoding"},
	{"/readyz?%76erbose", "unknown-parameter"},
	{"/compact?full", "unknown-parameter"},
};

static void test_bad_targets_are_named(void **state)
{
	struct api_fixture fixture;

	(void)state;
	api_fixture_create(&fixture, NULL);
	api_fixture_serve(&fixture);
	for (size_t i = 0; i < sizeof(bad_targets) / sizeof(bad_targets[0]); i++) {
		struct api_request request;

		api_request_init(&request, "GET", bad_targets[i].target);
		if (api_request_send(&fixture, &request) != 400)
			fail_msg("%s", bad_targets[i].target);
		assert_true(request.refused);
		api_request_expect_problem(&request, bad_targets[i].slug);
		api_request_release(&request);
	}
	assert_int_equal(api_send(&fixture, "GET", "/stats?"), 200);
	assert_int_equal(api_send(&fixture, "GET", "/stats?&"), 200);
	assert_int_equal(api_send(&fixture, "GET", "/readyz?verbose=1"), 200);
	assert_int_equal(api_send(&fixture, "GET", "/readyz?verbose=true&"), 200);
	api_fixture_destroy(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_method_of_every_target_answers_as_described),
		cmocka_unit_test(test_only_what_needs_the_store_waits_for_it),
		cmocka_unit_test(test_bad_targets_are_named),
	};

	return cmocka_run_group_tests_name("api/route", tests, NULL, NULL);
}
