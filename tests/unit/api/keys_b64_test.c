/* SPDX-License-Identifier: MIT */
/* Promise: /keys-b64/ has the same keys as /keys/, any of them, in every method; and an answer that
 * was asked for by another path than the key's own says which that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "list_support.h"

/* Paths of one key: its own, others, and that in base64. */
struct paths {
	const char *own;
	const char *other;
	const char *base64;
};

static const struct paths keys[] = {
	{"/keys/a", "/keys/%61", "/keys-b64/YQ"},
	{"/keys/a/b", "/keys/a%2Fb", "/keys-b64/YS9i"},
	{"/keys/%00", "/%6Beys/%00", "/keys-b64/AA"},
	{"/keys/%FF", "/keys/%ff", "/keys-b64/_w"},
	{"/keys//", "/keys/%2F", "/keys-b64/Lw"},
	{"/keys/%2B", "/keys/+", "/keys-b64/Kw"},
	{"/keys/%FB%FF%BF", "/keys/%FB%FF%bf", "/keys-b64/-_-_"},
	{"/keys/~", "/keys/%7E", "/keys-b64/fg"},
};

/* Fails the test unless METHOD of TARGET answers STATUS with BODY and the header NAME with VALUE
 * (NULL: without it). */
static void expect(struct api_fixture *fixture, const char *method, const char *target,
		   unsigned status, const char *name, const char *value)
{
	struct api_request request;
	const char *found;

	api_request_init(&request, method, target);
	if (strcmp(method, "PUT") == 0)
		api_request_body(&request, ary_bytes_of(target));
	if (status == 304)
		api_request_header(&request, "If-None-Match", "*");
	assert_int_equal(api_request_send(fixture, &request), status);
	found = api_request_field(&request, name);
	if (value == NULL)
		assert_null(found);
	else
		assert_string_equal(found, value);
	api_request_release(&request);
}

static void test_every_path_is_of_the_same_key(void **state)
{
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct paths *paths = &keys[i];

		expect(fixture, "GET", paths->base64, 404, "Content-Location", NULL);
		expect(fixture, "PUT", paths->base64, 201, "Location", paths->base64);
		expect(fixture, "PUT", paths->own, 204, "Location", NULL);
		expect(fixture, "GET", paths->own, 200, "Content-Location", NULL);
		expect(fixture, "GET", paths->other, 200, "Content-Location", paths->own);
		expect(fixture, "HEAD", paths->base64, 200, "Content-Location", paths->own);
		expect(fixture, "GET", paths->base64, 304, "Content-Location", paths->own);
		expect(fixture, "GET", paths->own, 304, "Content-Location", NULL);
		expect(fixture, "DELETE", paths->base64, 204, "Content-Location", NULL);
		expect(fixture, "GET", paths->own, 404, "Content-Location", NULL);
		expect(fixture, "PUT", paths->other, 201, "Location", paths->own);
		expect(fixture, "DELETE", paths->own, 204, "Location", NULL);
	}
}

static void test_padding_may_be_there(void **state)
{
	struct api_fixture *fixture = *state;

	expect(fixture, "PUT", "/keys-b64/_w==", 201, "Location", "/keys-b64/_w");
	expect(fixture, "GET", "/keys-b64/_w%3D%3D", 200, "Content-Location", "/keys/%FF");
	expect(fixture, "GET", "/keys-b64/_w=", 400, "Content-Location", NULL);
}

/* Keys of every length, and every byte. */
static void test_keys_of_all_bytes_come_back(void **state)
{
	struct api_fixture *fixture = *state;

	for (unsigned i = 0; i < 256; i++) {
		struct ary_buf target = {0};
		struct api_request request;
		uint8_t key[API_KEY_BYTES_MAX];
		size_t size = 1 + i % API_KEY_BYTES_MAX;

		for (size_t at = 0; at < size; at++)
			key[at] = (uint8_t)(i + 7 * at);
		assert_true(ary_buf_append(&target, ary_bytes_of("/keys-b64/")) &&
			    ary_base64url_encode((struct ary_bytes){key, size}, &target) &&
			    ary_buf_append(&target, (struct ary_bytes){(const uint8_t *)"", 1}));
		/* The key "." is refused, and "..". */
		if (size == 1 && key[0] == '.') {
			assert_int_equal(api_put(fixture, (const char *)target.data, "v"), 400);
		} else {
			assert_int_equal(api_put(fixture, (const char *)target.data, "v"), 201);
			api_request_init(&request, "GET", (const char *)target.data);
			assert_int_equal(api_request_send(fixture, &request), 200);
			assert_true(ary_bytes_equal(request.call.tail,
						    (struct ary_bytes){key, size}));
			api_request_release(&request);
		}
		ary_buf_release(&target);
	}
	expect(fixture, "GET", "/keys?limit=1000&count=0", 200, "Link", NULL);
}

static void test_a_key_that_is_too_long_is_refused(void **state)
{
	static const char target[] =
		"/keys-b64/YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE";

	expect(*state, "GET", target, 414, "Allow", NULL);
}

static bool find_kept(struct ary_call *call, uint64_t seq, uint64_t now_ms)
{
	(void)call;
	(void)seq;
	(void)now_ms;
	return true;
}

/* An answer that http has kept names no other path, so it is for the key's own path only. */
static void test_kept_answers_are_for_the_own_path(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_put(fixture, keys[1].own, "v"), 201);
	for (unsigned i = 0; i < 3; i++) {
		const char *targets[] = {keys[1].own, keys[1].other, keys[1].base64};
		struct api_request request;

		api_request_init(&request, "GET", targets[i]);
		request.call.find_kept = find_kept;
		assert_int_equal(api_request_send(fixture, &request), 200);
		assert_int_equal(request.call.response.is_kept, i == 0);
		assert_int_equal(request.call.response.value_seq != 0, i == 0);
		api_request_release(&request);
	}
}

int main(void)
{
#define ON_A_SERVICE(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_A_SERVICE(test_every_path_is_of_the_same_key),
		ON_A_SERVICE(test_padding_may_be_there),
		ON_A_SERVICE(test_keys_of_all_bytes_come_back),
		ON_A_SERVICE(test_a_key_that_is_too_long_is_refused),
		ON_A_SERVICE(test_kept_answers_are_for_the_own_path),
	};

	return cmocka_run_group_tests_name("api/keys_b64", tests, NULL, NULL);
}
