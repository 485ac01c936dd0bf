/* SPDX-License-Identifier: MIT */
/* Promise: who prefers server-timing is told what the request's time went into, as far as it came;
 * nobody else costs a look at the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "lib/api_fixture.h"

#define DUR ";dur=[0-9]+\\.[0-9]{3}"
#define TOTAL "^total" DUR "$"
#define QUEUE "^queue" DUR ", total" DUR "$"
#define APPEND "^queue" DUR ", append" DUR ", total" DUR "$"
#define SYNC "^queue" DUR ", append" DUR ", sync" DUR ", total" DUR "$"

static void expect_match(const char *text, const char *pattern)
{
	regex_t compiled;

	assert_non_null(text);
	assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&compiled, text, 0, NULL, 0) != 0)
		fail_msg("%s is not %s", text, pattern);
	regfree(&compiled);
}

static void begin(struct api_fixture *fixture, const char *origins)
{
	api_fixture_create(fixture, origins);
	api_fixture_serve_with(fixture, ARY_DURABILITY_NEVER);
	assert_int_equal(api_put(fixture, "/keys/k", "first"), 201);
}

static void test_times_are_told_as_far_as_it_came(void **state)
{
	static const struct {
		const char *method;
		const char *target;
		const char *prefer;
		const char *condition; /* If-None-Match; NULL: none */
		unsigned status;
		const char *times;
	} rows[] = {
		{"GET", "/keys/k", "server-timing", NULL, 200, TOTAL},
		{"HEAD", "/keys/k", "wait=3, Server-Timing; x=1", NULL, 200, TOTAL},
		{"GET", "/keys/k", "server-timing", "*", 304, TOTAL},
		{"GET", "/keys/none", "server-timing", NULL, 404, TOTAL},
		{"GET", "/stats", "server-timing", NULL, 200, TOTAL},
		{"GET", "/keys/%zz", "server-timing", NULL, 400, TOTAL},
		{"PUT", "/keys/k", "server-timing", "*", 412, QUEUE},
		{"DELETE", "/keys/none", "server-timing", NULL, 404, QUEUE},
		{"PUT", "/keys/k", "server-timing", NULL, 204, APPEND},
		{"PUT", "/keys/k?durability=always", "server-timing", NULL, 204, SYNC},
		{"PUT", "/keys/k", "server-timing", NULL, 204, APPEND},
		{"DELETE", "/keys/k?durability=always", "server-timing", NULL, 204, SYNC},
		{"POST", "/compact", "respond-async, server-timing", NULL, 202, TOTAL},
	};
	struct api_fixture fixture;

	(void)state;
	begin(&fixture, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_request request;

		api_request_init(&request, rows[i].method, rows[i].target);
		api_request_header(&request, "Prefer", rows[i].prefer);
		if (rows[i].condition != NULL)
			api_request_header(&request, "If-None-Match", rows[i].condition);
		assert_int_equal(api_request_send(&fixture, &request), rows[i].status);
		expect_match(api_request_field(&request, "Server-Timing"), rows[i].times);
		assert_null(api_request_field(&request, "Timing-Allow-Origin"));
		api_request_release(&request);
	}
	api_fixture_destroy(&fixture);
}

static void test_a_total_is_what_all_of_it_took(void **state)
{
	struct api_fixture fixture;
	struct api_request request;
	double queue, append, sync, total;

	(void)state;
	begin(&fixture, NULL);
	api_request_init(&request, "PUT", "/keys/k?durability=always");
	api_request_header(&request, "Prefer", "server-timing");
	assert_int_equal(api_request_send(&fixture, &request), 204);
	assert_int_equal(sscanf(api_request_field(&request, "Server-Timing"),
				"queue;dur=%lf, append;dur=%lf, sync;dur=%lf, total;dur=%lf",
				&queue, &append, &sync, &total),
			 4);
	/* Each is cut to whole microseconds. */
	assert_true(queue + append + sync <= total + 0.001);
	api_request_release(&request);
	api_fixture_destroy(&fixture);
}

static unsigned long clock_reads(struct api_fixture *fixture, const char *target,
				 const char *prefer)
{
	unsigned long before = fault_env_calls(fixture->faults, FAULT_MONOTONIC_NS);
	struct api_request request;

	api_request_init(&request, "GET", target);
	if (prefer != NULL)
		api_request_header(&request, "Prefer", prefer);
	(void)api_request_send(fixture, &request);
	assert_int_equal(api_request_field(&request, "Server-Timing") != NULL,
			 prefer != NULL && strcmp(prefer, "server-timing") == 0);
	api_request_release(&request);
	return fault_env_calls(fixture->faults, FAULT_MONOTONIC_NS) - before;
}

static void test_who_does_not_ask_costs_no_look_at_the_clock(void **state)
{
	struct api_fixture fixture;

	(void)state;
	/* Without a store there is no thread that looks at the clock by itself. */
	api_fixture_create(&fixture, NULL);
	assert_int_equal(clock_reads(&fixture, "/livez", NULL), 0);
	assert_int_equal(clock_reads(&fixture, "/keys/k", "respond-async"), 0);
	assert_int_equal(clock_reads(&fixture, "/keys/k", "server-timing"), 2);
	api_fixture_destroy(&fixture);
}

static void test_pages_of_other_origins_may_see_the_times(void **state)
{
	struct api_fixture fixture;
	struct api_request request;

	(void)state;
	begin(&fixture, "https://app.example");
	api_request_init(&request, "PUT", "/keys/k");
	api_request_header(&request, "Prefer", "server-timing");
	api_request_header(&request, "Origin", "https://app.example");
	assert_int_equal(api_request_send(&fixture, &request), 204);
	assert_string_equal(api_request_field(&request, "Timing-Allow-Origin"),
			    "https://app.example");
	api_request_release(&request);
	api_request_init(&request, "PUT", "/keys/k");
	api_request_header(&request, "Prefer", "server-timing");
	api_request_header(&request, "Origin", "https://other.example");
	assert_int_equal(api_request_send(&fixture, &request), 204);
	assert_null(api_request_field(&request, "Timing-Allow-Origin"));
	api_request_release(&request);
	api_fixture_destroy(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_are_told_as_far_as_it_came),
		cmocka_unit_test(test_a_total_is_what_all_of_it_took),
		cmocka_unit_test(test_who_does_not_ask_costs_no_look_at_the_clock),
		cmocka_unit_test(test_pages_of_other_origins_may_see_the_times),
	};

	return cmocka_run_group_tests_name("api/timing", tests, NULL, NULL);
}
