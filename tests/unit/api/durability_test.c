/* SPDX-License-Identifier: MIT */
/* Promise: a write is as durable as its request asks, by parameter or by header, and the answer
 * says what it got; what is not understood stores nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/api_fixture.h"

/* One write, and what comes of it on a store that syncs nothing by itself. */
struct row {
	const char *method;
	const char *target;
	const char *header; /* of Aryavarth-Durability; NULL: none */
	const char *got;    /* NULL: not told */
	unsigned long syncs;
};

static void begin(struct api_fixture *fixture, enum ary_durability durability)
{
	api_fixture_create(fixture, NULL);
	api_fixture_serve_with(fixture, durability);
	/* The first group of a run is synced in any case. */
	assert_int_equal(api_put(fixture, "/keys/k", "first"), 201);
}

static void send(struct api_fixture *fixture, struct api_request *request, const struct row *row)
{
	api_request_init(request, row->method, row->target);
	if (row->header != NULL)
		api_request_header(request, "Aryavarth-Durability", row->header);
	if (strcmp(row->method, "PUT") == 0)
		api_request_body(request, ary_bytes_of("value"));
	(void)api_request_send(fixture, request);
}

static void expect_got(const struct api_request *request, const char *got)
{
	const char *found = api_request_field(request, "Aryavarth-Durability");

	assert_int_equal(found != NULL, got != NULL);
	if (got != NULL)
		assert_string_equal(found, got);
}

static void expect_all(enum ary_durability durability, const struct row *rows, size_t count)
{
	struct api_fixture fixture;

	begin(&fixture, durability);
	for (size_t i = 0; i < count; i++) {
		unsigned long before = fault_env_calls(fixture.faults, FAULT_FILE_SYNC);
		struct api_request request;

		send(&fixture, &request, &rows[i]);
		assert_in_range(request.call.response.status, 201, 204);
		expect_got(&request, rows[i].got);
		assert_int_equal(fault_env_calls(fixture.faults, FAULT_FILE_SYNC) - before,
				 rows[i].syncs);
		api_request_release(&request);
	}
	api_fixture_destroy(&fixture);
}

static void test_more_than_the_server_gives_is_given(void **state)
{
	static const struct row rows[] = {
		{"PUT", "/keys/k", NULL, NULL, 0},
		{"PUT", "/keys/k?durability=never", NULL, "never", 0},
		{"PUT", "/keys/k?durability=always", NULL, "always", 1},
		{"PUT", "/keys/k", "always", "always", 1},
		{"PUT", "/keys/k?durability=%61lways", "always", "always", 1},
		{"PUT", "/keys/k", "never", "never", 0},
		{"DELETE", "/keys/k?durability=always", NULL, "always", 1},
		{"PUT", "/keys/k", NULL, NULL, 0},
		{"DELETE", "/keys/k", "always", "always", 1},
		{"PUT", "/keys/k", NULL, NULL, 0},
		{"DELETE", "/keys/k", NULL, NULL, 0},
	};

	(void)state;
	expect_all(ARY_DURABILITY_NEVER, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_no_less_than_the_server_gives_is_given(void **state)
{
	static const struct row rows[] = {
		{"PUT", "/keys/k?durability=never", NULL, "always", 1},
		{"PUT", "/keys/k", "interval", "always", 1},
		{"DELETE", "/keys/k?durability=interval", NULL, "always", 1},
	};

	(void)state;
	expect_all(ARY_DURABILITY_ALWAYS, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_what_is_not_understood_stores_nothing(void **state)
{
	static const struct row rows[] = {
		{"PUT", "/keys/new?durability=", NULL, NULL, 0},
		{"PUT", "/keys/new?durability", NULL, NULL, 0},
		{"PUT", "/keys/new?durability=Always", NULL, NULL, 0},
		{"PUT", "/keys/new?durability=fsync", NULL, NULL, 0},
		{"PUT", "/keys/new?durability=always", "never", NULL, 0},
		{"PUT", "/keys/new", "", NULL, 0},
		{"PUT", "/keys/new", "always, never", NULL, 0},
		{"DELETE", "/keys/k?durability=no", NULL, NULL, 0},
		{"DELETE", "/keys/k", "no", NULL, 0},
	};
	struct api_fixture fixture;

	(void)state;
	begin(&fixture, ARY_DURABILITY_NEVER);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_request request;

		send(&fixture, &request, &rows[i]);
		assert_true(request.refused);
		api_request_expect_problem(&request, "bad-durability");
		expect_got(&request, NULL);
		api_request_release(&request);
		assert_int_equal(api_send(&fixture, "GET", "/keys/new"), 404);
		assert_int_equal(api_send(&fixture, "GET", "/keys/k"), 200);
	}
	api_fixture_destroy(&fixture);
}

static void test_two_headers_must_agree(void **state)
{
	static const char *const second[] = {"always", "never"};
	struct api_fixture fixture;

	(void)state;
	begin(&fixture, ARY_DURABILITY_NEVER);
	for (unsigned i = 0; i < 2; i++) {
		struct api_request request;

		api_request_init(&request, "PUT", "/keys/k");
		api_request_header(&request, "Aryavarth-Durability", "always");
		api_request_header(&request, "Aryavarth-Durability", second[i]);
		assert_int_equal(api_request_send(&fixture, &request), i == 0 ? 204 : 400);
		api_request_release(&request);
	}
	api_fixture_destroy(&fixture);
}

/* Nothing was stored, so nothing is durable; and reading asks for no such thing. */
static void test_only_what_was_stored_is_told(void **state)
{
	struct api_fixture fixture;
	struct api_request request;

	(void)state;
	begin(&fixture, ARY_DURABILITY_NEVER);
	api_request_init(&request, "PUT", "/keys/k?durability=always");
	api_request_header(&request, "If-None-Match", "*");
	assert_int_equal(api_request_send(&fixture, &request), 412);
	expect_got(&request, NULL);
	api_request_release(&request);
	api_request_init(&request, "GET", "/keys/k");
	api_request_header(&request, "Aryavarth-Durability", "always");
	assert_int_equal(api_request_send(&fixture, &request), 200);
	expect_got(&request, NULL);
	api_request_release(&request);
	api_request_init(&request, "GET", "/keys/k?durability=always");
	assert_int_equal(api_request_send(&fixture, &request), 400);
	api_request_expect_problem(&request, "unknown-parameter");
	api_request_release(&request);
	api_fixture_destroy(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more_than_the_server_gives_is_given),
		cmocka_unit_test(test_no_less_than_the_server_gives_is_given),
		cmocka_unit_test(test_what_is_not_understood_stores_nothing),
		cmocka_unit_test(test_two_headers_must_agree),
		cmocka_unit_test(test_only_what_was_stored_is_told),
	};

	return cmocka_run_group_tests_name("api/durability", tests, NULL, NULL);
}
