/* SPDX-License-Identifier: MIT */
/* Promise: every limit holds exactly, and is decided by the head where the head tells; a service
 * that stops serves what it can and closes; memory that runs out is answered, never guessed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "lib/api_fixture.h"

enum { TEXT_BYTES = 4096 };

/* Writes PREFIX and then FILL up to SIZE bytes in all. */
static const char *filled(char out[TEXT_BYTES], const char *prefix, char fill, size_t size)
{
	assert_true(size < TEXT_BYTES);
	memset(out, fill, size);
	memcpy(out, prefix, strlen(prefix));
	out[size] = '\0';
	return out;
}

static void expect_refused(struct api_fixture *fixture, struct api_request *request,
			   unsigned status, const char *slug)
{
	assert_int_equal(api_request_send(fixture, request), status);
	assert_true(request->refused);
	api_request_expect_problem(request, slug);
	api_request_release(request);
}

static void test_target_limit_is_exact(void **state)
{
	struct api_request request;
	char target[TEXT_BYTES];

	/* Empty parameters make a long target of a short path. */
	filled(target, "/livez?", '&', API_TARGET_BYTES_MAX);
	assert_int_equal(api_send(*state, "GET", target), 200);
	filled(target, "/livez?", '&', API_TARGET_BYTES_MAX + 1);
	api_request_init(&request, "GET", target);
	expect_refused(*state, &request, 414, "target-too-long");
}

static void test_key_limit_counts_decoded_bytes(void **state)
{
	struct api_request request;
	char target[TEXT_BYTES] = "/keys/";

	for (size_t i = 0; i < API_KEY_BYTES_MAX; i++)
		strncat(target, "%FF", 4);
	assert_int_equal(api_put(*state, target, "v"), 201);
	assert_int_equal(api_send(*state, "GET", target), 200);
	strncat(target, "a", 2);
	api_request_init(&request, "GET", target);
	expect_refused(*state, &request, 414, "key-too-long");
	api_request_init(&request, "PUT", target);
	api_request_body(&request, ary_bytes_of("v"));
	expect_refused(*state, &request, 414, "key-too-long");
}

static void test_header_limit_is_exact(void **state)
{
	struct api_request request;
	char value[TEXT_BYTES];

	filled(value, "", 'v', API_HEADER_BYTES_MAX - 2);
	api_request_init(&request, "GET", "/livez");
	api_request_header(&request, "X", value);
	api_request_header(&request, "Y", "");
	assert_int_equal(api_request_send(*state, &request), 200);
	api_request_release(&request);
	api_request_init(&request, "GET", "/livez");
	api_request_header(&request, "X", value);
	api_request_header(&request, "Y", "v");
	expect_refused(*state, &request, 431, "headers-too-large");
}

static void test_announced_value_limit_is_exact(void **state)
{
	struct api_request request;
	char value[TEXT_BYTES];

	filled(value, "", 'v', API_VALUE_BYTES_MAX);
	assert_int_equal(api_put(*state, "/keys/k", value), 201);
	filled(value, "", 'v', API_VALUE_BYTES_MAX + 1);
	api_request_init(&request, "PUT", "/keys/k");
	api_request_body(&request, ary_bytes_of(value));
	expect_refused(*state, &request, 413, "value-too-large");
}

static void test_chunked_value_limit_is_exact(void **state)
{
	char value[TEXT_BYTES];

	for (size_t over = 0; over < 2; over++) {
		struct api_request request;

		filled(value, "", 'v', API_VALUE_BYTES_MAX + over);
		api_request_init(&request, "PUT", "/keys/k");
		request.chunked = true;
		api_request_body(&request, ary_bytes_of(value));
		assert_int_equal(api_request_send(*state, &request), over == 0 ? 201 : 413);
		assert_false(request.refused);
		assert_int_equal(request.call.body_bytes_max, API_VALUE_BYTES_MAX);
		if (over > 0)
			api_request_expect_problem(&request, "value-too-large");
		api_request_release(&request);
	}
}

static void test_huge_length_is_refused(void **state)
{
	struct api_request request;

	api_request_init(&request, "PUT", "/keys/k");
	request.call.request.has_body = true;
	request.call.request.has_length = true;
	request.call.request.length = UINT64_MAX;
	expect_refused(*state, &request, 413, "value-too-large");
}

static void test_bodies_are_for_put_only(void **state)
{
	static const struct {
		const char *method;
		const char *target;
	} rows[] = {
		{"GET", "/keys/k"},  {"HEAD", "/keys/k"},  {"DELETE", "/keys/k"},
		{"GET", "/stats"},   {"POST", "/compact"}, {"OPTIONS", "/keys/k"},
		{"OPTIONS", "*"},    {"GET", "/livez"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_request request;

		for (int chunked = 0; chunked < 2; chunked++) {
			api_request_init(&request, rows[i].method, rows[i].target);
			request.chunked = chunked != 0;
			api_request_body(&request, ary_bytes_of("x"));
			expect_refused(*state, &request, 400, "unexpected-body");
		}
	}
}

static void test_content_length_zero_is_no_body(void **state)
{
	struct api_request request;

	api_request_init(&request, "POST", "/compact");
	api_request_body(&request, ary_bytes_of(""));
	assert_int_equal(api_request_send(*state, &request), 200);
	api_request_release(&request);
}

static void test_draining_serves_and_closes(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;

	assert_int_equal(api_put(fixture, "/keys/k", "v"), 201);
	ary_api_set_draining(fixture->api);
	api_request_init(&request, "GET", "/keys/k");
	assert_int_equal(api_request_send(fixture, &request), 200);
	assert_true(request.call.response.close);
	api_request_release(&request);
	assert_int_equal(api_put(fixture, "/keys/k", "w"), 204);

	ary_replica_close_gate(fixture->replica);
	api_request_init(&request, "PUT", "/keys/k");
	api_request_body(&request, ary_bytes_of("x"));
	assert_int_equal(api_request_send(fixture, &request), 503);
	assert_true(request.call.response.close);
	api_request_expect_problem(&request, "shutting-down");
	assert_non_null(api_request_field(&request, "Retry-After"));
	api_request_release(&request);
	assert_int_equal(api_send(fixture, "DELETE", "/keys/k"), 503);
	assert_int_equal(api_send(fixture, "POST", "/compact"), 503);
	assert_int_equal(api_send(fixture, "GET", "/keys/k"), 200);
}

static void test_stop_before_the_store_is_open_is_said(void **state)
{
	struct api_fixture fixture;
	struct api_request request;

	(void)state;
	api_fixture_create(&fixture, NULL);
	ary_api_set_draining(fixture.api);
	api_request_init(&request, "GET", "/keys/k");
	assert_int_equal(api_request_send(&fixture, &request), 503);
	api_request_expect_problem(&request, "shutting-down");
	assert_true(request.call.response.close);
	api_request_release(&request);
	api_fixture_destroy(&fixture);
}

/* A read fails at every allocation in turn: 503, or the right answer. */
static void test_reads_answer_memory_running_out(void **state)
{
	unsigned status = 503;
	unsigned long n = 0;

	assert_int_equal(api_put(*state, "/keys/a%22b", "v"), 201);
	while (status == 503) {
		struct api_request request;

		assert_true(++n < 100);
		api_request_init(&request, "GET", "/keys/a%22b");
		ary_alloc_fail_at(n, 1);
		status = api_request_send(*state, &request);
		ary_alloc_fail_at(0, 0);
		assert_true(status == 200 || status == 503);
		if (status == 200) {
			assert_true(ary_bytes_equal(request.call.response.body,
						    ary_bytes_of("v")));
			assert_non_null(api_request_field(&request, "Content-Security-Policy"));
		}
		api_request_release(&request);
	}
	assert_true(n > 2);
}

/* A PUT of a new key fails at the N-th allocation, once; answers the status. */
static unsigned put_failing_at(struct api_fixture *fixture, unsigned long n, const char *target)
{
	struct api_request request;
	unsigned status;

	api_request_init(&request, "PUT", target);
	api_request_header(&request, "If-None-Match", "\"1\"");
	api_request_body(&request, ary_bytes_of("value"));
	ary_alloc_fail_at(n, 0);
	status = api_request_send(fixture, &request);
	ary_alloc_fail_at(0, 0);
	if (status == 201) {
		assert_string_equal(api_request_field(&request, "Location"), target);
		assert_non_null(api_request_field(&request, "ETag"));
	}
	api_request_release(&request);
	return status;
}

/* What was answered 201 is there, and what was answered 503 is not, wherever memory ran out. More
 * than one round: buffers that have grown once are not allocated again, so that others are hit. */
static void test_writes_tell_the_truth_when_memory_runs_out(void **state)
{
	unsigned refused = 0;

	for (unsigned long i = 0; i < 60; i++) {
		char target[64];
		unsigned status;

		(void)snprintf(target, sizeof(target), "/keys/%%FF%%00%lu", i);
		status = put_failing_at(*state, 1 + i % 12, target);
		assert_true(status == 201 || status == 503);
		assert_int_equal(api_send(*state, "GET", target), status == 201 ? 200 : 404);
		refused += status == 503;
	}
	assert_true(refused > 10 && refused < 60);
}

int main(void)
{
#define WITH_STORE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, api_fixture_setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_target_limit_is_exact),
		WITH_STORE(test_key_limit_counts_decoded_bytes),
		WITH_STORE(test_header_limit_is_exact),
		WITH_STORE(test_announced_value_limit_is_exact),
		WITH_STORE(test_chunked_value_limit_is_exact),
		WITH_STORE(test_huge_length_is_refused),
		WITH_STORE(test_bodies_are_for_put_only),
		WITH_STORE(test_content_length_zero_is_no_body),
		WITH_STORE(test_draining_serves_and_closes),
		cmocka_unit_test(test_stop_before_the_store_is_open_is_said),
		WITH_STORE(test_reads_answer_memory_running_out),
		WITH_STORE(test_writes_tell_the_truth_when_memory_runs_out),
	};

	return cmocka_run_group_tests_name("api/api", tests, NULL, NULL);
}
