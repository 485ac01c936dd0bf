/* SPDX-License-Identifier: MIT */
/* Promise: what the disk does wrong is answered as what it is: nothing is said to be stored that
 * may not be, reads go on, and readiness and figures tell why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "lib/api_fixture.h"

static int setup(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	api_fixture_serve(fixture);
	assert_int_equal(api_put(fixture, "/keys/old", "value"), 201);
	*state = fixture;
	return 0;
}

static void expect_problem(struct api_fixture *fixture, const char *method, const char *target,
			   unsigned status, const char *slug)
{
	struct api_request request;

	api_request_init(&request, method, target);
	assert_int_equal(api_request_send(fixture, &request), status);
	api_request_expect_problem(&request, slug);
	api_request_release(&request);
}

static void expect_body_has(struct api_fixture *fixture, const char *target, unsigned status,
			    const char *text)
{
	struct api_request request;
	struct ary_buf body = {0};

	api_request_init(&request, "GET", target);
	assert_int_equal(api_request_send(fixture, &request), status);
	assert_true(ary_buf_append(&body, request.call.response.body));
	assert_true(ary_buf_append(&body, (struct ary_bytes){(const uint8_t *)"", 1}));
	if (strstr((const char *)body.data, text) == NULL)
		fail_msg("%s: %s", target, (const char *)body.data);
	ary_buf_release(&body);
	api_request_release(&request);
}

static void test_failed_sync_is_an_unknown_outcome_and_ends_writing(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;

	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 1});
	expect_problem(fixture, "PUT", "/keys/new", 500, "outcome-unknown");
	expect_problem(fixture, "PUT", "/keys/new", 503, "read-only");
	expect_problem(fixture, "DELETE", "/keys/old", 503, "read-only");
	expect_problem(fixture, "POST", "/compact", 503, "read-only");
	api_request_init(&request, "POST", "/compact");
	api_request_header(&request, "Prefer", "respond-async");
	assert_int_equal(api_request_send(fixture, &request), 503);
	api_request_expect_problem(&request, "read-only");
	assert_string_equal(api_request_field(&request, "Retry-After"), "60");
	api_request_release(&request);
	assert_int_equal(api_send(fixture, "GET", "/keys/old"), 200);
	assert_int_equal(api_send(fixture, "GET", "/livez"), 200);
	expect_body_has(fixture, "/readyz", 503, "[-]log failed: ");
	expect_body_has(fixture, "/readyz?verbose", 503, "[+]disk ok\n");
	expect_body_has(fixture, "/stats", 200, "\"read_only\":true");
	expect_body_has(fixture, "/stats", 200, "\"fault\":\"");
}

static void test_write_that_finds_the_disk_full_is_not_stored(void **state)
{
	struct api_fixture *fixture = *state;

	fault_env_fail(fixture->faults,
		       (struct fault){.kind = FAULT_FILE_WRITE, .nth = 1, .os_errno = ENOSPC});
	expect_problem(fixture, "PUT", "/keys/new", 507, "no-space");
	assert_int_equal(api_send(fixture, "GET", "/keys/new"), 404);
	assert_int_equal(api_send(fixture, "GET", "/keys/old"), 200);
	assert_int_equal(api_put(fixture, "/keys/new", "value"), 201);
}

static void test_full_disk_shows_in_readiness_and_figures(void **state)
{
	struct api_fixture fixture;

	(void)state;
	api_fixture_create(&fixture, NULL);
	fault_env_set_space(fixture.faults, 0, 1000);
	api_fixture_serve(&fixture);
	expect_problem(&fixture, "PUT", "/keys/new", 507, "no-space");
	assert_int_equal(api_send(&fixture, "GET", "/keys/new"), 404);
	expect_body_has(&fixture, "/readyz", 503, "[-]disk failed: ");
	expect_body_has(&fixture, "/readyz?verbose", 503, "[+]log ok\n");
	expect_body_has(&fixture, "/stats", 200, "\"disk_full\":true");
	expect_body_has(&fixture, "/stats", 200, "\"disk_free_bytes\":0");
	api_fixture_destroy(&fixture);
}

static void test_unreadable_value_is_not_a_miss(void **state)
{
	struct api_fixture *fixture = *state;

	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_READ, .nth = 1});
	expect_problem(fixture, "GET", "/keys/old", 500, "io-error");
	assert_int_equal(api_send(fixture, "GET", "/keys/old"), 200);
}

static void test_failed_compaction_is_told_and_changes_nothing(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_put(fixture, "/keys/old", "value"), 204);
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_WRITE,
						       .name = "0.log.tmp",
						       .nth = 1,
						       .os_errno = ENOSPC});
	expect_problem(fixture, "POST", "/compact", 507, "no-space");
	expect_body_has(fixture, "/compact", 200, "\"result\":\"no-space\"");
	expect_body_has(fixture, "/compact", 200, "\"error\":\"");
	assert_int_equal(api_send(fixture, "GET", "/keys/old"), 200);
	assert_int_equal(api_send(fixture, "POST", "/compact"), 200);
	expect_body_has(fixture, "/compact", 200, "\"result\":\"ok\"");
	assert_int_equal(api_send(fixture, "GET", "/keys/old"), 200);
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_failed_sync_is_an_unknown_outcome_and_ends_writing),
		WITH_STORE(test_write_that_finds_the_disk_full_is_not_stored),
		cmocka_unit_test(test_full_disk_shows_in_readiness_and_figures),
		WITH_STORE(test_unreadable_value_is_not_a_miss),
		WITH_STORE(test_failed_compaction_is_told_and_changes_nothing),
	};

	return cmocka_run_group_tests_name("api/fault", tests, NULL, NULL);
}
