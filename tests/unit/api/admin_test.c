/* SPDX-License-Identifier: MIT */
/* Promise: compaction and figures answer JSON that says what is the case, and a compaction can be
 * waited for or only started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/api_fixture.h"

/* Sends REQUEST; answers the body, owned, after it was checked to be JSON of the moment. */
static json_t *json_for(struct api_fixture *fixture, struct api_request *request, unsigned status)
{
	const struct ary_bytes *body = &request->call.response.body;
	json_t *root;

	assert_int_equal(api_request_send(fixture, request), status);
	assert_string_equal(api_request_field(request, "Content-Type"), "application/json");
	assert_string_equal(api_request_field(request, "Cache-Control"), "no-store");
	root = json_loadb((const char *)body->data, body->size, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	return root;
}

static json_t *get_json(struct api_fixture *fixture, const char *target)
{
	struct api_request request;
	json_t *root;

	api_request_init(&request, "GET", target);
	root = json_for(fixture, &request, 200);
	api_request_release(&request);
	return root;
}

static json_int_t number(const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);

	if (!json_is_integer(value))
		fail_msg("%s is no integer", name);
	return json_integer_value(value);
}

static const char *text(const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);

	if (!json_is_string(value))
		fail_msg("%s is no string", name);
	return json_string_value(value);
}

static void overwrite(struct api_fixture *fixture, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		assert_int_equal(api_put(fixture, "/keys/k", "value"), i == 0 ? 201 : 204);
}

static void test_compaction_reports_what_it_did(void **state)
{
	struct api_request request;
	json_t *root;

	overwrite(*state, 50);
	api_request_init(&request, "POST", "/compact");
	root = json_for(*state, &request, 200);
	assert_null(api_request_field(&request, "Location"));
	api_request_release(&request);
	assert_string_equal(text(root, "state"), "idle");
	assert_string_equal(text(root, "result"), "ok");
	assert_int_equal(number(root, "runs"), 1);
	assert_int_equal(number(root, "records_kept"), 1);
	assert_true(number(root, "records_dropped") >= 49);
	assert_true(number(root, "logs_before") >= 1);
	assert_true(number(root, "logs_after") >= 1);
	assert_true(number(root, "bytes_after") < number(root, "bytes_before"));
	assert_int_equal(number(root, "reclaimed_bytes"),
			 number(root, "bytes_before") - number(root, "bytes_after"));
	assert_true(json_is_real(json_object_get(root, "duration_seconds")));
	json_decref(root);
	assert_int_equal(api_send(*state, "GET", "/keys/k"), 200);
}

static void test_progress_tells_of_the_last_run(void **state)
{
	json_t *root = get_json(*state, "/compact");

	assert_string_equal(text(root, "state"), "idle");
	assert_int_equal(number(root, "runs"), 0);
	assert_null(json_object_get(root, "result"));
	json_decref(root);
	assert_int_equal(api_send(*state, "POST", "/compact"), 200);
	root = get_json(*state, "/compact");
	assert_int_equal(number(root, "runs"), 1);
	assert_string_equal(text(root, "result"), "ok");
	json_decref(root);
}

static void test_compaction_can_be_only_started(void **state)
{
	struct api_request request;
	json_t *root;

	overwrite(*state, 10);
	api_request_init(&request, "POST", "/compact");
	api_request_header(&request, "Prefer", "respond-async");
	root = json_for(*state, &request, 202);
	assert_string_equal(api_request_field(&request, "Location"), "/compact");
	assert_string_equal(api_request_field(&request, "Preference-Applied"), "respond-async");
	api_request_release(&request);
	assert_true(strcmp(text(root, "state"), "running") == 0 || number(root, "runs") >= 1);
	json_decref(root);
	/* Whether it still runs or not: this one joins it or comes after it. */
	assert_int_equal(api_send(*state, "POST", "/compact"), 200);
	root = get_json(*state, "/compact");
	assert_true(number(root, "runs") >= 1);
	json_decref(root);
}

/* Small as it is, all of it pays; `full` changes nothing but what is asked for. */
static void test_all_can_be_asked_for(void **state)
{
	static const char *const yes[] = {"/compact?full", "/compact?full=1", "/compact?full=true",
					  "/compact?full=false", "/compact?full=0"};
	struct api_request request;

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		overwrite(*state, 1);
		api_request_init(&request, "POST", yes[i]);
		json_t *root = json_for(*state, &request, 200);
		assert_int_equal(number(root, "runs"), i + 1);
		assert_true(number(root, "selected_logs") <= number(root, "logs_before"));
		assert_true(number(root, "scanned_bytes") <= number(root, "selected_bytes"));
		json_decref(root);
		api_request_release(&request);
		assert_int_equal(api_send(*state, "DELETE", "/keys/k"), 204);
	}
	api_request_init(&request, "POST", "/compact?full=2");
	assert_int_equal(api_request_send(*state, &request), 400);
	api_request_expect_problem(&request, "invalid-parameter");
	api_request_release(&request);
}

static void test_cancelling_nothing_says_so(void **state)
{
	struct api_request request;
	json_t *root;

	api_request_init(&request, "DELETE", "/compact");
	root = json_for(*state, &request, 200);
	assert_string_equal(text(root, "state"), "idle");
	json_decref(root);
	api_request_release(&request);
	api_request_init(&request, "DELETE", "/compact?full");
	assert_int_equal(api_request_send(*state, &request), 400);
	api_request_expect_problem(&request, "unknown-parameter");
	api_request_release(&request);
}

static void test_no_compaction_is_started_while_stopping(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;

	ary_api_set_draining(fixture->api);
	api_request_init(&request, "POST", "/compact");
	api_request_header(&request, "Prefer", "respond-async");
	assert_int_equal(api_request_send(fixture, &request), 503);
	api_request_expect_problem(&request, "shutting-down");
	api_request_release(&request);
}

static void test_stats_count_what_happened(void **state)
{
	json_t *root;

	overwrite(*state, 3);
	assert_int_equal(api_put(*state, "/keys/other", "value"), 201);
	assert_int_equal(api_send(*state, "DELETE", "/keys/other"), 204);
	assert_int_equal(api_send(*state, "GET", "/keys/k"), 200);
	root = get_json(*state, "/stats");
	assert_string_equal(text(root, "version"), "1.2.3");
	assert_string_equal(text(root, "durability"), "always");
	assert_int_equal(number(root, "keys"), 1);
	assert_int_equal(number(root, "sets"), 4);
	assert_int_equal(number(root, "removes"), 1);
	assert_int_equal(number(root, "keys_with_expiry"), 0);
	assert_int_equal(number(root, "expired"), 0);
	assert_int_equal(number(root, "reads"), 1);
	assert_true(number(root, "logs") >= 1);
	assert_true(number(root, "stale_bytes") > 0);
	assert_true(number(root, "live_bytes") > 0);
	assert_true(number(root, "log_bytes") >= number(root, "live_bytes"));
	assert_true(number(root, "seq") >= 5);
	assert_true(number(root, "syncs") > 0);
	assert_true(number(root, "disk_free_bytes") > 0);
	assert_true(json_is_false(json_object_get(root, "read_only")));
	assert_true(json_is_false(json_object_get(root, "disk_full")));
	assert_null(json_object_get(root, "fault"));
	json_decref(root);
}

int main(void)
{
#define WITH_STORE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, api_fixture_setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_compaction_reports_what_it_did),
		WITH_STORE(test_progress_tells_of_the_last_run),
		WITH_STORE(test_compaction_can_be_only_started),
		WITH_STORE(test_all_can_be_asked_for),
		WITH_STORE(test_cancelling_nothing_says_so),
		WITH_STORE(test_no_compaction_is_started_while_stopping),
		WITH_STORE(test_stats_count_what_happened),
	};

	return cmocka_run_group_tests_name("api/admin", tests, NULL, NULL);
}
