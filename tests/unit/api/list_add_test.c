/* SPDX-License-Identifier: MIT */
/* Promise: POST /keys stores a value under a key that nobody has, and says which; keys are in the
 * order of time, whatever the clock does; all else is as for a PUT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list_support.h"

enum { LOCATION_BYTES = 128, UUID_BYTES = 36 };

/* POST of VALUE to TARGET; its Location in OUT. */
static unsigned post(struct api_fixture *fixture, const char *target, const char *value,
		     char out[LOCATION_BYTES])
{
	struct api_request request;
	const char *location;
	unsigned status;

	api_request_init(&request, "POST", target);
	api_request_header(&request, "Content-Type", "text/x-test");
	api_request_body(&request, ary_bytes_of(value));
	status = api_request_send(fixture, &request);
	location = api_request_field(&request, "Location");
	assert_int_equal(location != NULL, status == 201);
	assert_int_equal(api_request_field(&request, "ETag") != NULL, status == 201);
	(void)snprintf(out, LOCATION_BYTES, "%s", location != NULL ? location : "");
	api_request_release(&request);
	return status;
}

static void expect_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-7xxx-yxxx-xxxxxxxxxxxx";

	assert_int_equal(strlen(text), UUID_BYTES);
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (form[i] == 'x')
			assert_true(isxdigit((unsigned char)text[i]) &&
				    !isupper((unsigned char)text[i]));
		else if (form[i] == 'y')
			assert_non_null(strchr("89ab", text[i]));
		else
			assert_int_equal(text[i], form[i]);
	}
}

static void test_the_value_is_found_where_the_answer_says(void **state)
{
	struct api_fixture *fixture = *state;
	char location[LOCATION_BYTES];
	struct api_request request;

	assert_int_equal(post(fixture, "/keys", "some value", location), 201);
	assert_memory_equal(location, "/keys/", 6);
	expect_uuid(location + 6);
	assert_int_equal(get(fixture, location, NULL, &request), 200);
	assert_true(ary_bytes_equal(request.call.response.body, ary_bytes_of("some value")));
	assert_string_equal(api_request_field(&request, "Content-Type"), "text/x-test");
	api_request_release(&request);
	assert_int_equal(post(fixture, "/keys/?prefix=a%2F", "", location), 201);
	assert_memory_equal(location, "/keys/a/", 8);
	expect_uuid(location + 8);
	assert_int_equal(post(fixture, "/keys?prefix=%ff", "", location), 201);
	assert_memory_equal(location, "/keys/%FF", 9);
	expect_uuid(location + 9);
}

static void test_keys_rise_whatever_the_clock_does(void **state)
{
	struct api_fixture *fixture = *state;
	char before[LOCATION_BYTES] = "";
	char location[LOCATION_BYTES];

	for (unsigned i = 0; i < 60; i++) {
		/* As it is; standing still; going back; jumping ahead. */
		if (i >= 10)
			fault_env_set_wall_ms(fixture->faults,
					      i < 30 ? 1700000000123 :
					      i < 40 ? 1600000000000 - i : 1800000000000 + i);
		assert_int_equal(post(fixture, "/keys", "v", location), 201);
		assert_true(strcmp(before, location) < 0);
		(void)snprintf(before, sizeof(before), "%s", location);
	}
	/* The time is that of the clock, where that goes on: 1800000000059 ms. */
	assert_memory_equal(location + 6, "01a3185c-503b", 13);
	fault_env_reset(fixture->faults);
}

static void test_a_new_key_may_have_an_end(void **state)
{
	struct api_fixture *fixture = *state;
	char location[LOCATION_BYTES];
	struct api_request request;
	struct ary_bytes body;

	assert_int_equal(post(fixture, "/keys?ttl=1000&prefix=a", "v", location), 201);
	assert_int_equal(get(fixture, "/keys?include=meta", NULL, &request), 200);
	body = request.call.response.body;
	assert_non_null(memmem(body.data, body.size, "\"expires\":\"20", 13));
	api_request_release(&request);
	assert_int_equal(post(fixture, "/keys?ttl=0", "v", location), 400);
}

static const struct {
	const char *target;
	const char *field;
	const char *value;
	unsigned status;
	const char *slug;
} refusals[] = {
	{"/keys?prefix=123456", "Host", "h", 414, "key-too-long"},
	{"/keys?prefix=../", "Host", "h", 400, "dot-segment"},
	{"/keys?prefix=%2", "Host", "h", 400, "bad-percent-encoding"},
	{"/keys?limit=1", "Host", "h", 400, "unknown-parameter"},
	{"/keys", "If-Match", "*", 400, "bad-condition"},
	{"/keys", "If-None-Match", "*", 400, "bad-condition"},
	{"/keys", "If-Unmodified-Since", "x", 400, "bad-condition"},
	{"/keys", "Content-Range", "bytes 0-1/2", 400, "content-range"},
};

static void test_what_cannot_be_a_key_is_refused(void **state)
{
	struct api_fixture *fixture = *state;
	struct ary_stats stats;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct api_request request;

		api_request_init(&request, "POST", refusals[i].target);
		api_request_header(&request, refusals[i].field, refusals[i].value);
		api_request_body(&request, ary_bytes_of("v"));
		if (api_request_send(fixture, &request) != refusals[i].status)
			fail_msg("%s", refusals[i].target);
		api_request_expect_problem(&request, refusals[i].slug);
		api_request_release(&request);
	}
	ary_store_stats(fixture->store, &stats);
	assert_int_equal(stats.keys, 0);
}

static void test_no_chance_is_no_key(void **state)
{
	struct api_fixture *fixture = *state;
	char location[LOCATION_BYTES];

	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_RANDOM, .nth = 1});
	assert_int_equal(post(fixture, "/keys", "v", location), 500);
	assert_int_equal(post(fixture, "/keys", "v", location), 201);
}

struct thief {
	struct api_fixture *fixture;
	struct api_request request;
	uint8_t key[UUID_BYTES];
	unsigned launches;
};

/* Puts a value of its own under the key that was chosen first. */
static void take_first_key(void *context)
{
	struct thief *thief = context;
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = {thief->key, UUID_BYTES},
		.value = ary_bytes_of("theirs"),
	};

	if (thief->launches++ > 0)
		return;
	assert_int_equal(thief->request.call.tail.size, UUID_BYTES);
	memcpy(thief->key, thief->request.call.tail.data, UUID_BYTES);
	assert_int_equal(ary_store_write(thief->fixture->store, &write), ARY_OK);
}

/* Somebody takes the key between its choice and the write: another one is chosen. */
static void test_a_key_that_somebody_has_is_not_taken(void **state)
{
	struct api_fixture *fixture = *state;
	struct thief thief = {.fixture = fixture};
	struct api_request *request = &thief.request;
	struct ary_value value;

	api_request_init(request, "POST", "/keys");
	api_request_body(request, ary_bytes_of("ours"));
	request->before_launch = take_first_key;
	request->before_launch_context = &thief;
	assert_int_equal(api_request_send(fixture, request), 201);
	assert_int_equal(thief.launches, 2);
	assert_true(memcmp(thief.key, request->call.tail.data, UUID_BYTES) < 0);
	api_request_release(request);
	assert_int_equal(ary_store_get(fixture->store,
				       (struct ary_bytes){thief.key, UUID_BYTES}, &value, NULL),
			 ARY_OK);
	assert_true(ary_bytes_equal(value.value, ary_bytes_of("theirs")));
	ary_value_release(&value);
}

int main(void)
{
#define ON_A_SERVICE(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_A_SERVICE(test_the_value_is_found_where_the_answer_says),
		ON_A_SERVICE(test_keys_rise_whatever_the_clock_does),
		ON_A_SERVICE(test_a_new_key_may_have_an_end),
		ON_A_SERVICE(test_what_cannot_be_a_key_is_refused),
		ON_A_SERVICE(test_no_chance_is_no_key),
		ON_A_SERVICE(test_a_key_that_somebody_has_is_not_taken),
	};

	return cmocka_run_group_tests_name("api/list_add", tests, NULL, NULL);
}
