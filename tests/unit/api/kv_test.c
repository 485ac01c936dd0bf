/* SPDX-License-Identifier: MIT */
/* Promise: a key is a resource as HTTP knows it: what is put comes back byte for byte with its
 * type, entity tags tell versions apart, conditions are kept, and a miss is a miss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/api_fixture.h"

enum { ETAG_BYTES = 32 };

/* Sends METHOD TARGET with header NAME (or NULL), and a body when it is a PUT. */
static unsigned send_with(struct api_fixture *fixture, struct api_request *request,
			  const char *line, const char *name, const char *value)
{
	const char *space = strchr(line, ' ');

	api_request_init(request, "", space + 1);
	request->call.request.method =
		(struct ary_bytes){(const uint8_t *)line, (size_t)(space - line)};
	if (name != NULL)
		api_request_header(request, name, value);
	if (line[0] == 'P')
		api_request_body(request, ary_bytes_of("body"));
	return api_request_send(fixture, request);
}

static unsigned status_with(struct api_fixture *fixture, const char *line, const char *name,
			    const char *value)
{
	struct api_request request;
	unsigned status = send_with(fixture, &request, line, name, value);

	api_request_release(&request);
	return status;
}

/* Puts a value at /keys/k; its entity tag is ETAG_OUT. */
static void put_tagged(struct api_fixture *fixture, char etag_out[ETAG_BYTES])
{
	struct api_request request;

	(void)send_with(fixture, &request, "PUT /keys/k", NULL, NULL);
	(void)snprintf(etag_out, ETAG_BYTES, "%s", api_request_field(&request, "ETag"));
	api_request_release(&request);
}

static const struct {
	const char *bytes;
	size_t size;
} values[] = {
	{"", 0},
	{"hello", 5},
	{"\"quoted\" \\ back\nline\r\t", 22},
	{"\0", 1},
	{"a\0b", 3},
	{"\xff\xfe\x80", 3},
	{"\xe2\x80\xa8\xe2\x80\xa9", 6},
	{"{\"crc\":\"00000000\"}\n", 19},
};

static void test_values_come_back_byte_for_byte(void **state)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct ary_bytes value = {(const uint8_t *)values[i].bytes, values[i].size};
		struct api_request request;

		api_request_init(&request, "PUT", "/keys/k");
		api_request_body(&request, value);
		assert_int_equal(api_request_send(*state, &request), i == 0 ? 201 : 204);
		api_request_release(&request);
		api_request_init(&request, "GET", "/keys/k");
		assert_int_equal(api_request_send(*state, &request), 200);
		assert_true(ary_bytes_equal(request.call.response.body, value));
		api_request_release(&request);
	}
}

static const char *const distinct_keys[] = {
	"/keys/a",    "/keys/a%00",   "/keys/a%00b",   "/keys/%00",  "/keys/%FF",
	"/keys/a/b",  "/keys/a//b",   "/keys/a+b",     "/keys/a%20b", "/keys/%25",
	"/keys/%2525", "/keys/A",     "/keys/a%0A",    "/keys//",    "/keys/%C3%BC",
	"/keys/u%CC%88", "/keys/...", "/keys/*",       "/keys/%3F",  "/keys/%23",
};
enum { DISTINCT_COUNT = sizeof(distinct_keys) / sizeof(distinct_keys[0]) };

static void test_keys_that_differ_do_not_collide(void **state)
{
	for (size_t i = 0; i < DISTINCT_COUNT; i++)
		if (api_put(*state, distinct_keys[i], distinct_keys[i]) != 201)
			fail_msg("%s", distinct_keys[i]);
	for (size_t i = 0; i < DISTINCT_COUNT; i++) {
		struct api_request request;

		api_request_init(&request, "GET", distinct_keys[i]);
		assert_int_equal(api_request_send(*state, &request), 200);
		assert_true(ary_bytes_equal(request.call.response.body,
					    ary_bytes_of(distinct_keys[i])));
		api_request_release(&request);
	}
}

static void test_one_key_has_many_spellings(void **state)
{
	assert_int_equal(api_put(*state, "/keys/a%2Fb%41", "v"), 201);
	assert_int_equal(api_put(*state, "/keys/a/bA", "v"), 204);
	assert_int_equal(api_put(*state, "/keys/%61%2fb%41", "v"), 204);
	assert_int_equal(api_put(*state, "http://host:1/keys/a/bA", "v"), 204);
	assert_int_equal(api_send(*state, "DELETE", "/keys/a%2fbA"), 204);
	assert_int_equal(api_put(*state, "/keys/\xc3\xbc", "v"), 201);
	assert_int_equal(api_put(*state, "/keys/%C3%bc", "v"), 204);
}

static void test_location_is_canonical(void **state)
{
	struct api_request request;

	(void)send_with(*state, &request, "PUT /keys/%61%2Fb%00%ff+%20~", NULL, NULL);
	assert_int_equal(request.call.response.status, 201);
	assert_string_equal(api_request_field(&request, "Location"), "/keys/a/b%00%FF%2B%20~");
	api_request_release(&request);
	(void)send_with(*state, &request, "PUT /keys/a/b%00%FF%2B%20~", NULL, NULL);
	assert_int_equal(request.call.response.status, 204);
	assert_null(api_request_field(&request, "Location"));
	api_request_release(&request);
}

static void test_values_carry_their_headers(void **state)
{
	struct api_request put, get;

	assert_int_equal(send_with(*state, &put, "PUT /keys/k", "Content-Type",
				   "text/html; charset=\"utf-8\""),
			 201);
	assert_int_equal(send_with(*state, &get, "GET /keys/k", NULL, NULL), 200);
	assert_string_equal(api_request_field(&get, "Content-Type"),
			    "text/html; charset=\"utf-8\"");
	assert_string_equal(api_request_field(&get, "ETag"), api_request_field(&put, "ETag"));
	assert_string_equal(api_request_field(&get, "Cache-Control"), "no-cache");
	assert_string_equal(api_request_field(&get, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(api_request_field(&get, "Content-Security-Policy"), "sandbox");
	assert_int_equal(strlen(api_request_field(&get, "Last-Modified")), 29);
	assert_string_equal(api_request_field(&get, "Accept-Ranges"), "bytes");
	api_request_release(&put);
	api_request_release(&get);
}

/* Written at 08:49:37; read an hour later, and by a clock set back to an hour before. */
static void test_last_modified_is_the_time_of_the_write_and_never_later_than_now(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request get;

	fault_env_set_wall_ms(fixture->faults, UINT64_C(784111777000));
	assert_int_equal(status_with(fixture, "PUT /keys/k", NULL, NULL), 201);
	fault_env_set_wall_ms(fixture->faults, UINT64_C(784115377000));
	(void)send_with(fixture, &get, "GET /keys/k", NULL, NULL);
	assert_string_equal(api_request_field(&get, "Last-Modified"),
			    "Sun, 06 Nov 1994 08:49:37 GMT");
	api_request_release(&get);
	fault_env_set_wall_ms(fixture->faults, UINT64_C(784108177000));
	(void)send_with(fixture, &get, "GET /keys/k", NULL, NULL);
	assert_string_equal(api_request_field(&get, "Last-Modified"),
			    "Sun, 06 Nov 1994 07:49:37 GMT");
	api_request_release(&get);
}

static void test_value_without_type_is_a_stream_of_bytes(void **state)
{
	struct api_request get;

	assert_int_equal(status_with(*state, "PUT /keys/k", "Content-Type", "text/plain"), 201);
	assert_int_equal(status_with(*state, "PUT /keys/k", NULL, NULL), 204);
	assert_int_equal(send_with(*state, &get, "GET /keys/k", NULL, NULL), 200);
	assert_string_equal(api_request_field(&get, "Content-Type"), "application/octet-stream");
	api_request_release(&get);
}

static void test_head_is_get_without_its_body_sent(void **state)
{
	struct api_request get, head;

	assert_int_equal(status_with(*state, "PUT /keys/k", NULL, NULL), 201);
	assert_int_equal(send_with(*state, &get, "GET /keys/k", NULL, NULL), 200);
	assert_int_equal(send_with(*state, &head, "HEAD /keys/k", NULL, NULL), 200);
	assert_int_equal(head.call.response.field_count, get.call.response.field_count);
	assert_int_equal(head.call.response.body.size, get.call.response.body.size);
	assert_string_equal(api_request_field(&head, "ETag"), api_request_field(&get, "ETag"));
	api_request_release(&get);
	api_request_release(&head);
	assert_int_equal(status_with(*state, "HEAD /keys/missing", NULL, NULL), 404);
}

static void test_content_types_are_kept_or_refused(void **state)
{
	char type[300];

	memset(type, 'x', sizeof(type));
	type[255] = '\0';
	assert_int_equal(status_with(*state, "PUT /keys/k", "Content-Type", type), 201);
	type[255] = 'x';
	type[256] = '\0';
	assert_int_equal(status_with(*state, "PUT /keys/k", "Content-Type", type), 400);
	assert_int_equal(status_with(*state, "PUT /keys/k", "Content-Type", "a\tb"), 400);
	assert_int_equal(status_with(*state, "PUT /keys/k", "Content-Type", "a\x7f"), 400);
	assert_int_equal(status_with(*state, "PUT /keys/k", "Content-Type", "\xc3\xbc"), 400);
}

static void test_partial_puts_are_refused(void **state)
{
	struct api_request put;

	(void)send_with(*state, &put, "PUT /keys/k", "Content-Range", "bytes 0-3/9");
	assert_int_equal(put.call.response.status, 400);
	api_request_expect_problem(&put, "content-range");
	api_request_release(&put);
}

static void test_reads_keep_conditions(void **state)
{
	struct api_request get;
	char etag[ETAG_BYTES], weak[ETAG_BYTES + 2];

	put_tagged(*state, etag);
	(void)snprintf(weak, sizeof(weak), "W/%s", etag);
	assert_int_equal(send_with(*state, &get, "GET /keys/k", "If-None-Match", etag), 304);
	assert_string_equal(api_request_field(&get, "ETag"), etag);
	assert_string_equal(api_request_field(&get, "Cache-Control"), "no-cache");
	api_request_release(&get);
	assert_int_equal(status_with(*state, "HEAD /keys/k", "If-None-Match", etag), 304);
	assert_int_equal(status_with(*state, "GET /keys/k", "If-None-Match", weak), 304);
	assert_int_equal(status_with(*state, "GET /keys/k", "If-None-Match", "*"), 304);
	assert_int_equal(status_with(*state, "GET /keys/k", "If-None-Match", "\"0\""), 200);
	assert_int_equal(status_with(*state, "GET /keys/k", "If-Match", etag), 200);
	assert_int_equal(status_with(*state, "GET /keys/k", "If-Match", "*"), 200);
	assert_int_equal(status_with(*state, "GET /keys/k", "If-Match", weak), 412);
	assert_int_equal(status_with(*state, "GET /keys/k", "If-Match", "\"x\""), 412);
	assert_int_equal(status_with(*state, "GET /keys/k", "If-Match", "x"), 400);
	/* A missing key is missing, whatever is asked of its value. */
	assert_int_equal(status_with(*state, "GET /keys/none", "If-Match", "*"), 404);
	assert_int_equal(status_with(*state, "GET /keys/none", "If-None-Match", "*"), 404);
}

/* RFC 9110 section 13.2.2: If-Match goes first. */
static void test_if_match_goes_before_if_none_match(void **state)
{
	struct api_request get;
	char etag[ETAG_BYTES];

	put_tagged(*state, etag);
	api_request_init(&get, "GET", "/keys/k");
	api_request_header(&get, "If-None-Match", etag);
	api_request_header(&get, "If-Match", "\"0\"");
	assert_int_equal(api_request_send(*state, &get), 412);
	api_request_expect_problem(&get, "precondition-failed");
	api_request_release(&get);
}

static void test_writes_keep_conditions(void **state)
{
	char first[ETAG_BYTES], second[ETAG_BYTES];

	assert_int_equal(status_with(*state, "PUT /keys/k", "If-Match", "*"), 412);
	assert_int_equal(status_with(*state, "PUT /keys/k", "If-Match", "\"1\""), 412);
	assert_int_equal(status_with(*state, "DELETE /keys/k", "If-Match", "*"), 412);
	assert_int_equal(status_with(*state, "GET /keys/k", NULL, NULL), 404);
	assert_int_equal(status_with(*state, "PUT /keys/k", "If-None-Match", "*"), 201);
	assert_int_equal(status_with(*state, "PUT /keys/k", "If-None-Match", "*"), 412);
	put_tagged(*state, first);
	put_tagged(*state, second);
	assert_string_not_equal(first, second);
	assert_int_equal(status_with(*state, "PUT /keys/k", "If-Match", first), 412);
	assert_int_equal(status_with(*state, "DELETE /keys/k", "If-Match", first), 412);
	assert_int_equal(status_with(*state, "DELETE /keys/k", "If-None-Match", second), 412);
	assert_int_equal(status_with(*state, "DELETE /keys/k", "If-Match", second), 204);
	assert_int_equal(status_with(*state, "GET /keys/k", NULL, NULL), 404);
	assert_int_equal(status_with(*state, "PUT /keys/k", "If-Match", "17"), 400);
}

static void test_an_entity_tag_never_comes_back(void **state)
{
	char first[ETAG_BYTES], second[ETAG_BYTES];

	put_tagged(*state, first);
	assert_int_equal(status_with(*state, "DELETE /keys/k", NULL, NULL), 204);
	put_tagged(*state, second);
	assert_string_not_equal(first, second);
	assert_int_equal(status_with(*state, "GET /keys/k", "If-Match", first), 412);
}

static void test_deleting_a_missing_key_is_a_miss(void **state)
{
	struct api_request request;

	assert_int_equal(send_with(*state, &request, "DELETE /keys/none", NULL, NULL), 404);
	api_request_expect_problem(&request, "key-not-found");
	api_request_release(&request);
}

int main(void)
{
#define WITH_STORE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, api_fixture_setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_values_come_back_byte_for_byte),
		WITH_STORE(test_keys_that_differ_do_not_collide),
		WITH_STORE(test_one_key_has_many_spellings),
		WITH_STORE(test_location_is_canonical),
		WITH_STORE(test_values_carry_their_headers),
		WITH_STORE(test_last_modified_is_the_time_of_the_write_and_never_later_than_now),
		WITH_STORE(test_value_without_type_is_a_stream_of_bytes),
		WITH_STORE(test_head_is_get_without_its_body_sent),
		WITH_STORE(test_content_types_are_kept_or_refused),
		WITH_STORE(test_partial_puts_are_refused),
		WITH_STORE(test_reads_keep_conditions),
		WITH_STORE(test_if_match_goes_before_if_none_match),
		WITH_STORE(test_writes_keep_conditions),
		WITH_STORE(test_an_entity_tag_never_comes_back),
		WITH_STORE(test_deleting_a_missing_key_is_a_miss),
	};

	return cmocka_run_group_tests_name("api/kv", tests, NULL, NULL);
}
