/* SPDX-License-Identifier: MIT */
/* Promise: a value whose answer http has kept is not read again, and only a GET that anybody could
 * have made is answered so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "lib/api_fixture.h"

static int setup(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, "http://there");
	api_fixture_serve(fixture);
	assert_int_equal(api_put(fixture, "/keys/a", "value"), 201);
	*state = fixture;
	return 0;
}

static uint64_t asked_seq;
static uint64_t asked_ms;
static bool answer;

static bool find_kept(struct ary_call *call, uint64_t seq, uint64_t now_ms)
{
	(void)call;
	asked_seq = seq;
	asked_ms = now_ms;
	return answer;
}

/* METHOD of TARGET with HEADER (or NULL: none) and its VALUE; REQUEST is to be released. */
static unsigned ask(struct api_fixture *fixture, struct api_request *request, const char *method,
		    const char *header, const char *value)
{
	asked_seq = 0;
	api_request_init(request, method, "/keys/a");
	if (header != NULL)
		api_request_header(request, header, value);
	request->call.find_kept = find_kept;
	return api_request_send(fixture, request);
}

static void test_a_kept_value_is_not_read(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;

	answer = true;
	fault_env_fail(fixture->faults,
		       (struct fault){.kind = FAULT_FILE_READ, .nth = 1, .forever = true});
	assert_int_equal(ask(fixture, &request, "GET", NULL, NULL), 200);
	assert_true(request.call.response.is_kept);
	assert_true(asked_seq != 0);
	assert_true(request.call.response.value_seq == asked_seq);
	assert_null(request.call.response.body.data);
	api_request_release(&request);
	answer = false;
	assert_int_equal(ask(fixture, &request, "GET", NULL, NULL), 500);
	api_request_release(&request);
}

static void test_a_value_that_is_not_kept_may_be(void **state)
{
	struct api_request request;

	answer = false;
	assert_int_equal(ask(*state, &request, "GET", NULL, NULL), 200);
	assert_false(request.call.response.is_kept);
	assert_true(request.call.response.value_seq == asked_seq);
	assert_true(request.call.response.value_time_ms > 0);
	assert_true(request.call.response.value_time_ms <= asked_ms);
	assert_true(ary_bytes_equal(request.call.response.body, ary_bytes_of("value")));
	api_request_release(&request);
}

static void test_other_answers_are_made_anew(void **state)
{
	static const struct {
		const char *method;
		const char *header;
		const char *value;
		unsigned status;
	} rows[] = {
		{"HEAD", NULL, NULL, 200},
		{"GET", "Origin", "http://there", 200},
		{"GET", "X-Request-Id", "a", 200},
		{"GET", "Prefer", "server-timing", 200},
		{"GET", "If-None-Match", "\"0\"", 200},
		{"GET", "If-None-Match", "*", 304},
		{"GET", "If-Match", "*", 200},
		{"GET", "If-Match", "\"0\"", 412},
	};

	answer = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_request request;

		assert_int_equal(ask(*state, &request, rows[i].method, rows[i].header,
				     rows[i].value),
				 rows[i].status);
		assert_int_equal(asked_seq, 0);
		assert_false(request.call.response.is_kept);
		assert_int_equal(request.call.response.value_seq, 0);
		api_request_release(&request);
	}
}

/* The answer says that the connection ends, which no kept one does. */
/* The answer would be another one at that time, although the seq is the same. */
static void test_a_value_that_ends_is_not_kept(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of("a"),
		.expires_ms = ary_wall_ms(ary_env_posix()) + 86400000,
	};

	/* Nor is it asked for: it would be said to be there. */
	answer = true;
	assert_int_equal(ary_store_write(fixture->store, &write), ARY_OK);
	assert_int_equal(ask(fixture, &request, "GET", NULL, NULL), 200);
	assert_true(asked_seq == 0);
	assert_false(request.call.response.is_kept);
	assert_true(request.call.response.value_seq == 0);
	api_request_release(&request);
}

static void test_nothing_is_kept_at_the_end(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;

	answer = true;
	ary_api_set_draining(fixture->api);
	assert_int_equal(ask(fixture, &request, "GET", NULL, NULL), 200);
	assert_int_equal(asked_seq, 0);
	assert_true(request.call.response.close);
	assert_int_equal(request.call.response.value_seq, 0);
	api_request_release(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_kept_value_is_not_read, setup,
						api_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_a_value_that_is_not_kept_may_be, setup,
						api_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_other_answers_are_made_anew, setup,
						api_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_a_value_that_ends_is_not_kept, setup,
						api_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_kept_at_the_end, setup,
						api_fixture_teardown),
	};

	return cmocka_run_group_tests_name("api/kept", tests, NULL, NULL);
}
