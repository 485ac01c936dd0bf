/* SPDX-License-Identifier: MIT */
/* Promise: a value stored under any key with curl's means comes back byte for byte, with the
 * statuses and headers that an HTTP client expects of a good resource. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"

static void test_put_creates_then_replaces(void **state)
{
	struct rest *rest = *state;

	rest_expect_put(rest, "/keys/color", "red", 3, 201);
	rest_expect_put(rest, "/keys/color", "blue", 4, 204);
	rest_expect_value(rest, "/keys/color", "blue", 4);
}

static void test_values_come_back_byte_for_byte(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} values[] = {
		{ "", 0 },
		{ "\0", 1 },
		{ "a\0b", 3 },
		{ "\"quoted\" and \\back\\slashed", 26 },
		{ "line\nline\r\n\ttab", 15 },
		{ "\xe2\x80\xa8 and \xe2\x80\xa9", 11 },
		{ "\xff\xfe\x80\xc0\xaf", 5 },
		{ "{\"cmd\":\"Rm\",\"key\":\"x\",\"crc\":\"00000000\"}\n", 41 },
	};
	struct rest *rest = *state;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char target[32];

		snprintf(target, sizeof(target), "/keys/value-%zu", i);
		rest_expect_put(rest, target, values[i].bytes, values[i].size, 201);
		rest_expect_value(rest, target, values[i].bytes, values[i].size);
	}
}

static void test_value_of_a_mebibyte_comes_back(void **state)
{
	struct rest *rest = *state;
	size_t size = 1024 * 1024;
	unsigned char *value = malloc(size);
	uint32_t random = 1;

	assert_non_null(value);
	for (size_t i = 0; i < size; i++) {
		random = random * 1664525u + 1013904223u;
		value[i] = (unsigned char)(random >> 24);
	}
	rest_expect_put(rest, "/keys/large", value, size, 201);
	rest_expect_value(rest, "/keys/large", value, size);
	free(value);
}

static void test_slash_and_its_escape_are_the_same_key(void **state)
{
	struct rest *rest = *state;

	rest_expect_put(rest, "/keys/a%2Fb", "1", 1, 201);
	rest_expect_put(rest, "/keys/a/b", "2", 1, 204);
	rest_expect_value(rest, "/keys/a%2fb", "2", 1);
}

static void test_escaped_nul_does_not_end_a_key(void **state)
{
	struct rest *rest = *state;

	rest_expect_put(rest, "/keys/a", "prefix", 6, 201);
	rest_expect_put(rest, "/keys/a%00b", "whole", 5, 201);
	rest_expect_put(rest, "/keys/a%00", "nul", 3, 201);
	rest_expect_value(rest, "/keys/a", "prefix", 6);
	rest_expect_value(rest, "/keys/a%00b", "whole", 5);
	rest_expect_value(rest, "/keys/a%00", "nul", 3);
}

static void test_odd_bytes_in_keys_are_kept_apart(void **state)
{
	static const char *const targets[] = {
		"/keys/%FF", "/keys/+", "/keys/%20", "/keys/%0A", "/keys/%25", "/keys/%2525",
		"/keys/%3F", "/keys/%23", "/keys/%C3%A9", "/keys/%22", "/keys/%5C", "/keys/a=b&c",
	};
	size_t count = sizeof(targets) / sizeof(targets[0]);
	struct rest *rest = *state;

	for (size_t i = 0; i < count; i++)
		rest_expect_put(rest, targets[i], targets[i], strlen(targets[i]), 201);
	for (size_t i = 0; i < count; i++)
		rest_expect_value(rest, targets[i], targets[i], strlen(targets[i]));
	rest_expect_put(rest, "/keys/%2B", "plus", 4, 204);
	rest_expect_value(rest, "/keys/+", "plus", 4);
}

static void test_bad_keys_are_refused(void **state)
{
	struct rest *rest = *state;
	char target[2 * 1025 + 16] = "/keys/";

	rest_expect(rest, "GET", "/keys/%zz", 400);
	rest_expect(rest, "GET", "/keys/a%4", 400);
	rest_expect(rest, "GET", "/keys/a/../b", 400);
	rest_expect(rest, "GET", "/keys/a/%2e/b", 400);
	memset(target + 6, 'k', 1024);
	rest_expect_put(rest, target, "x", 1, 201);
	target[6 + 1024] = 'k';
	rest_expect_put(rest, target, "x", 1, 414);
}

static void test_head_answers_as_get_without_a_body(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	rest_expect_put(rest, "/keys/h", "12345", 5, 201);
	assert_int_equal(client_ask(rest->client, "HEAD", "/keys/h", NULL, &reply), 200);
	assert_int_equal(reply.body_size, 0);
	assert_string_equal(client_header(&reply, "Content-Length", text), "5");
	assert_non_null(client_header(&reply, "ETag", text));
	assert_non_null(client_header(&reply, "Date", text));
	client_reply_release(&reply);
	rest_expect(rest, "HEAD", "/keys/missing", 404);
	rest_expect(rest, "GET", "/keys/h", 200);
}

static void test_miss_is_a_problem(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	assert_int_equal(client_ask(rest->client, "GET", "/keys/none", NULL, &reply), 404);
	assert_string_equal(client_header(&reply, "Content-Type", text),
			    "application/problem+json");
	assert_non_null(strstr((char *)reply.body, "\"Key not found\""));
	client_reply_release(&reply);
}

static void test_delete_removes_once(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	rest_expect_put(rest, "/keys/gone", "x", 1, 201);
	assert_int_equal(client_ask(rest->client, "DELETE", "/keys/gone", NULL, &reply), 204);
	assert_null(client_header(&reply, "Content-Length", text));
	client_reply_release(&reply);
	rest_expect(rest, "GET", "/keys/gone", 404);
	rest_expect(rest, "DELETE", "/keys/gone", 404);
	rest_expect_put(rest, "/keys/gone", "again", 5, 201);
}

static void test_content_type_is_kept(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	assert_int_equal(client_put(rest->client, "/keys/page", "<p>", 3,
				    "Content-Type: text/html; charset=utf-8", &reply), 201);
	assert_string_equal(client_header(&reply, "Location", text), "/keys/page");
	client_reply_release(&reply);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/page", NULL, &reply), 200);
	assert_string_equal(client_header(&reply, "Content-Type", text),
			    "text/html; charset=utf-8");
	assert_string_equal(client_header(&reply, "X-Content-Type-Options", text), "nosniff");
	client_reply_release(&reply);
	rest_expect_put(rest, "/keys/plain", "x", 1, 201);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/plain", NULL, &reply), 200);
	assert_string_equal(client_header(&reply, "Content-Type", text),
			    "application/octet-stream");
	client_reply_release(&reply);
}

static void test_unknown_things_are_named(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	assert_int_equal(client_ask(rest->client, "PATCH", "/keys/x", NULL, &reply), 405);
	client_reply_release(&reply);
	assert_int_equal(client_ask(rest->client, "BREW", "/keys/x", NULL, &reply), 501);
	client_reply_release(&reply);
	assert_int_equal(client_ask(rest->client, "POST", "/keys/x", NULL, &reply), 405);
	assert_non_null(strstr(client_header(&reply, "Allow", text), "PUT"));
	client_reply_release(&reply);
	rest_expect(rest, "GET", "/nothing-here", 404);
	rest_expect(rest, "GET", "/keys/x?mistyped=1", 400);
}

static void test_options_tell_what_is_allowed(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	assert_int_equal(client_ask(rest->client, "OPTIONS", "/keys/x", NULL, &reply), 204);
	assert_non_null(strstr(client_header(&reply, "Allow", text), "DELETE"));
	assert_null(client_header(&reply, "Access-Control-Allow-Origin", text));
	client_reply_release(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_creates_then_replaces),
		cmocka_unit_test(test_values_come_back_byte_for_byte),
		cmocka_unit_test(test_value_of_a_mebibyte_comes_back),
		cmocka_unit_test(test_slash_and_its_escape_are_the_same_key),
		cmocka_unit_test(test_escaped_nul_does_not_end_a_key),
		cmocka_unit_test(test_odd_bytes_in_keys_are_kept_apart),
		cmocka_unit_test(test_bad_keys_are_refused),
		cmocka_unit_test(test_head_answers_as_get_without_a_body),
		cmocka_unit_test(test_miss_is_a_problem),
		cmocka_unit_test(test_delete_removes_once),
		cmocka_unit_test(test_content_type_is_kept),
		cmocka_unit_test(test_unknown_things_are_named),
		cmocka_unit_test(test_options_tell_what_is_allowed),
	};

	return cmocka_run_group_tests_name("rest/kv", tests, rest_setup, rest_teardown);
}
