/* SPDX-License-Identifier: MIT */
/* Promise: a PUT can say how long its value lives, all who see it are told when that is over, and
 * then it is gone; who would rather be told what became of a PUT is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "lib/api_fixture.h"

/* Sun, 06 Nov 1994 08:49:37.500 */
#define NOW_MS UINT64_C(784111777500)
#define LIFE_MAX "3155760000"

static int setup(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	fault_env_set_wall_ms(fixture->faults, NOW_MS);
	api_fixture_serve(fixture);
	*state = fixture;
	return 0;
}

struct header {
	const char *name; /* NULL: none */
	const char *value;
};

static unsigned put(struct api_fixture *fixture, struct api_request *request, const char *target,
		    const struct header headers[2])
{
	api_request_init(request, "PUT", target);
	api_request_body(request, ary_bytes_of("hello"));
	for (size_t i = 0; i < 2 && headers[i].name != NULL; i++)
		api_request_header(request, headers[i].name, headers[i].value);
	return api_request_send(fixture, request);
}

static void expect_expires(const struct api_request *request, const char *date)
{
	const char *found = api_request_field(request, "Aryavarth-Expires");

	if (date == NULL)
		assert_null(found);
	else
		assert_string_equal(found, date);
}

static const struct {
	const char *target;
	struct header headers[2];
	const char *expires; /* NULL: never */
} lives[] = {
	{"/keys/k", {{NULL, NULL}}, NULL},
	{"/keys/k?ttl=1", {{NULL, NULL}}, "1994-11-06T08:49:38.500Z"},
	{"/keys/k?ttl=3600", {{NULL, NULL}}, "1994-11-06T09:49:37.500Z"},
	{"/keys/k?ttl=%31", {{NULL, NULL}}, "1994-11-06T08:49:38.500Z"},
	{"/keys/k", {{"Aryavarth-TTL", "60"}}, "1994-11-06T08:50:37.500Z"},
	{"/keys/k", {{"Aryavarth-TTL", " 60 "}}, "1994-11-06T08:50:37.500Z"},
	{"/keys/k?ttl=60", {{"Aryavarth-TTL", "60"}}, "1994-11-06T08:50:37.500Z"},
	{"/keys/k?ttl=" LIFE_MAX, {{NULL, NULL}}, "2094-11-06T08:49:37.500Z"},
	{"/keys/k", {{"Aryavarth-TTL", LIFE_MAX}}, "2094-11-06T08:49:37.500Z"},
	{"/keys/k", {{NULL, NULL}}, NULL},
};

static void expect_read(struct api_fixture *fixture, const char *method, const char *expires)
{
	struct api_request request;

	api_request_init(&request, method, "/keys/k");
	assert_int_equal(api_request_send(fixture, &request), 200);
	expect_expires(&request, expires);
	/* What ends is never an answer to keep. */
	if (strcmp(method, "GET") == 0)
		assert_int_equal(request.call.response.value_seq == 0, expires != NULL);
	api_request_release(&request);
	api_request_init(&request, method, "/keys/k");
	api_request_header(&request, "If-None-Match", "*");
	assert_int_equal(api_request_send(fixture, &request), 304);
	expect_expires(&request, expires);
	api_request_release(&request);
}

/* Each PUT says it anew: the last one of them that it never ends. */
static void test_all_are_told_when_a_value_ends(void **state)
{
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct api_request request;

		if (put(*state, &request, lives[i].target, lives[i].headers) !=
		    (i == 0 ? 201 : 204))
			fail_msg("row %zu: %u", i, request.call.response.status);
		expect_expires(&request, lives[i].expires);
		api_request_release(&request);
		expect_read(*state, "GET", lives[i].expires);
		expect_read(*state, "HEAD", lives[i].expires);
	}
}

static const struct {
	const char *target;
	struct header headers[2];
	const char *problem;
} bad_lives[] = {
	{"/keys/k?ttl=0", {{NULL, NULL}}, "invalid-parameter"},
	{"/keys/k?ttl=", {{NULL, NULL}}, "invalid-parameter"},
	{"/keys/k?ttl", {{NULL, NULL}}, "invalid-parameter"},
	{"/keys/k?ttl=-1", {{NULL, NULL}}, "invalid-parameter"},
	{"/keys/k?ttl=1.5", {{NULL, NULL}}, "invalid-parameter"},
	{"/keys/k?ttl=3155760001", {{NULL, NULL}}, "invalid-parameter"},
	{"/keys/k?ttl=1&ttl=1", {{NULL, NULL}}, "repeated-parameter"},
	{"/keys/k?tll=1", {{NULL, NULL}}, "unknown-parameter"},
	{"/keys/k", {{"Aryavarth-TTL", "0"}}, "bad-ttl"},
	{"/keys/k", {{"Aryavarth-TTL", ""}}, "bad-ttl"},
	{"/keys/k", {{"Aryavarth-TTL", "1h"}}, "bad-ttl"},
	{"/keys/k", {{"Aryavarth-TTL", "3155760001"}}, "bad-ttl"},
	{"/keys/k", {{"Aryavarth-TTL", "99999999999999999999"}}, "bad-ttl"},
	{"/keys/k", {{"Aryavarth-TTL", "1"}, {"Aryavarth-TTL", "1"}}, "bad-ttl"},
	{"/keys/k?ttl=1", {{"Aryavarth-TTL", "2"}}, "bad-ttl"},
};

static void test_what_is_no_life_is_refused(void **state)
{
	for (size_t i = 0; i < sizeof(bad_lives) / sizeof(bad_lives[0]); i++) {
		struct api_request request;

		if (put(*state, &request, bad_lives[i].target, bad_lives[i].headers) != 400)
			fail_msg("row %zu: %u", i, request.call.response.status);
		api_request_expect_problem(&request, bad_lives[i].problem);
		assert_true(request.refused);
		api_request_release(&request);
	}
	assert_int_equal(api_send(*state, "GET", "/keys/k"), 404);
	assert_int_equal(api_send(*state, "GET", "/keys/k?ttl=1"), 400);
	assert_int_equal(api_send(*state, "DELETE", "/keys/k?ttl=1"), 400);
}

/* A key that the server chooses is as good as any. */
static void test_a_new_key_can_end_too(void **state)
{
	struct api_request request;

	api_request_init(&request, "POST", "/keys?ttl=3600&prefix=p");
	api_request_body(&request, ary_bytes_of("hello"));
	api_request_header(&request, "Prefer", "return=representation");
	assert_int_equal(api_request_send(*state, &request), 201);
	expect_expires(&request, "1994-11-06T09:49:37.500Z");
	assert_string_equal(api_request_field(&request, "Preference-Applied"),
			    "return=representation");
	api_request_release(&request);
	assert_int_equal(api_send(*state, "POST", "/keys?ttl=0"), 400);
}

static void test_a_value_is_gone_at_its_end(void **state)
{
	static const struct header none[2] = {{NULL, NULL}};
	struct api_fixture *fixture = *state;
	struct api_request request;

	assert_int_equal(put(fixture, &request, "/keys/k?ttl=10", none), 201);
	api_request_release(&request);
	fault_env_set_wall_ms(fixture->faults, NOW_MS + 9999);
	assert_int_equal(api_send(fixture, "GET", "/keys/k"), 200);
	assert_int_equal(api_send(fixture, "HEAD", "/keys/k"), 200);
	fault_env_set_wall_ms(fixture->faults, NOW_MS + 10000);
	assert_int_equal(api_send(fixture, "GET", "/keys/k"), 404);
	assert_int_equal(api_send(fixture, "HEAD", "/keys/k"), 404);
}

/* ---- Prefer ---- */

static const struct {
	const char *prefer;
	bool is_described;
} preferences[] = {
	{"return=representation", true},
	{"return=\"representation\"", true},
	{"wait=1, return=representation", true},
	{"Return = Representation; x=y", true},
	{"return=representation, return=minimal", true},
	{"return=minimal", false},
	{"return=minimal, return=representation", false},
	{"return", false},
	{"return=\"", false},
	{"return=representations", false},
	{"represent=return", false},
	{"", false},
};

static void test_a_put_is_described_to_who_prefers_that(void **state)
{
	for (size_t i = 0; i < sizeof(preferences) / sizeof(preferences[0]); i++) {
		const struct header headers[2] = {{"Prefer", preferences[i].prefer}, {NULL, NULL}};
		bool is_described = preferences[i].is_described;
		struct api_request request;
		unsigned status = put(*state, &request, "/keys/k", headers);

		if (status != (i == 0 ? 201 : is_described ? 200 : 204))
			fail_msg("%s: %u", preferences[i].prefer, status);
		assert_int_equal(request.call.response.body.size > 0, is_described);
		assert_int_equal(api_request_field(&request, "Preference-Applied") != NULL,
				 is_described);
		assert_non_null(api_request_field(&request, "ETag"));
		assert_int_equal(api_request_field(&request, "Location") != NULL, i == 0);
		api_request_release(&request);
	}
}

static json_t *describe(struct api_fixture *fixture, const char *target,
			const struct header *header)
{
	const struct header headers[2] = {{"Prefer", "return=representation"}, *header};
	struct api_request request;
	json_t *root;

	(void)put(fixture, &request, target, headers);
	assert_string_equal(api_request_field(&request, "Content-Type"), "application/json");
	assert_string_equal(api_request_field(&request, "Preference-Applied"),
			    "return=representation");
	root = json_loadb((const char *)request.call.response.body.data,
			  request.call.response.body.size, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	api_request_release(&request);
	return root;
}

static const char *text_of(const json_t *root, const char *name)
{
	const char *text = json_string_value(json_object_get(root, name));

	return text != NULL ? text : "";
}

static void test_a_description_says_all_that_is_known(void **state)
{
	const struct header type = {"Content-Type", "text/plain"};
	const struct header coding = {"Content-Encoding", "gzip"};
	const struct header meta = {"Aryavarth-Meta-Title", "a \"b\""};
	json_t *root = describe(*state, "/keys/k%22?ttl=1", &type);

	assert_string_equal(text_of(root, "key"), "k\"");
	assert_string_equal(text_of(root, "type"), "text/plain");
	assert_string_equal(text_of(root, "modified"), "1994-11-06T08:49:37.500Z");
	assert_string_equal(text_of(root, "expires"), "1994-11-06T08:49:38.500Z");
	assert_int_equal(json_integer_value(json_object_get(root, "size")), 5);
	assert_true(json_integer_value(json_object_get(root, "seq")) > 0);
	assert_null(json_object_get(root, "meta"));
	json_decref(root);
	root = describe(*state, "/keys/%ff", &coding);
	assert_string_equal(text_of(root, "key_b64"), "/w==");
	assert_string_equal(text_of(root, "encoding"), "gzip");
	assert_null(json_object_get(root, "expires"));
	assert_null(json_object_get(root, "type"));
	json_decref(root);
	root = describe(*state, "/keys/k", &meta);
	assert_string_equal(text_of(json_object_get(root, "meta"), "title"), "a \"b\"");
	json_decref(root);
}

/* A write that is done is answered as that, described or not. */
static void test_memory_running_out_takes_the_description_only(void **state)
{
	static const struct header prefer[2] = {{"Prefer", "return=representation"}, {NULL, NULL}};
	struct api_request request;
	bool was_short = false;
	unsigned status;

	assert_int_equal(api_put(*state, "/keys/k", "old"), 201);
	for (uint64_t nth = 1;; nth++) {
		ary_alloc_fail_at(nth, 1);
		status = put(*state, &request, "/keys/k", prefer);
		ary_alloc_fail_at(0, 0);
		api_request_release(&request);
		was_short = was_short || status == 204;
		if (status == 200)
			break;
		assert_true(status == 503 || status == 204);
	}
	assert_true(was_short);
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_all_are_told_when_a_value_ends),
		WITH_STORE(test_what_is_no_life_is_refused),
		WITH_STORE(test_a_new_key_can_end_too),
		WITH_STORE(test_a_value_is_gone_at_its_end),
		WITH_STORE(test_a_put_is_described_to_who_prefers_that),
		WITH_STORE(test_a_description_says_all_that_is_known),
		WITH_STORE(test_memory_running_out_takes_the_description_only),
	};

	return cmocka_run_group_tests_name("api/kv_ttl", tests, NULL, NULL);
}
