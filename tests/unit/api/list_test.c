/* SPDX-License-Identifier: MIT */
/* Promise: GET /keys lists the keys that its parameters ask for, in byte order, in the form that is
 * accepted; what it does not understand it says, and a line that cannot be read is not passed over
 * in silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "env/thread.h"
#include "lib/store_files.h"
#include "list_support.h"

/* Copies REQUEST's body to OUT; what differs from run to run becomes 0: seqs and times. */
static void normalize(const struct api_request *request, char out[BODY_BYTES])
{
	struct ary_bytes body = request->call.response.body;
	const char *at = out;

	assert_true(body.size < BODY_BYTES);
	if (body.size > 0)
		memcpy(out, body.data, body.size);
	out[body.size] = '\0';
	while ((at = strstr(at, "\"seq\":")) != NULL) {
		char *digits = out + (at - out) + 6;
		size_t count = strspn(digits, "0123456789");

		assert_true(count > 0);
		digits[0] = '0';
		memmove(digits + 1, digits + count, strlen(digits + count) + 1);
		at = digits;
	}
	for (at = out; (at = strstr(at, "\"modified\":\"")) != NULL; at++)
		for (char *digit = out + (at - out) + 12; *digit != '"'; digit++)
			if (isdigit((unsigned char)*digit))
				*digit = '0';
}

static void expect_body(struct api_fixture *fixture, const char *target, const char *accept,
			const char *expected)
{
	char *body = ary_alloc(BODY_BYTES);
	struct api_request request;

	assert_int_equal(get(fixture, target, accept, &request), 200);
	normalize(&request, body);
	if (strcmp(body, expected) != 0)
		fail_msg("%s\n is: %s\nnot: %s", target, body, expected);
	api_request_release(&request);
	free(body);
}

/* As text, one key a line: what most of these tests look at. */
static void expect_lines(struct api_fixture *fixture, const char *target, const char *expected)
{
	expect_body(fixture, target, "text/plain", expected);
}

static void test_an_empty_store_has_an_empty_list(void **state)
{
	expect_body(*state, "/keys", NULL, "{\"keys\":[],\"prefixes\":[],\"next\":null}\n");
	expect_body(*state, "/keys/", NULL, "{\"keys\":[],\"prefixes\":[],\"next\":null}\n");
	expect_body(*state, "/keys", "application/x-ndjson", "{\"next\":null}\n");
	expect_body(*state, "/keys", "text/plain", "");
	expect_body(*state, "/keys?reverse", NULL,
		    "{\"keys\":[],\"prefixes\":[],\"next\":null}\n");
	expect_body(*state, "/keys?count", NULL, "{\"count\":0}\n");
}

static void put_typed(struct api_fixture *fixture, const char *target, const char *type,
		      struct ary_bytes value)
{
	struct api_request request;

	api_request_init(&request, "PUT", target);
	if (type != NULL)
		api_request_header(&request, "Content-Type", type);
	api_request_body(&request, value);
	assert_int_equal(api_request_send(fixture, &request), 201);
	api_request_release(&request);
}

static void test_keys_are_told_as_far_as_asked(void **state)
{
	struct api_fixture *fixture = *state;

	put_typed(fixture, "/keys/a", "text/plain", ary_bytes_of("x\"y"));
	put_typed(fixture, "/keys/%ff", NULL, (struct ary_bytes){(const uint8_t *)"\0\xff", 2});
	expect_body(fixture, "/keys", NULL,
		    "{\"keys\":[{\"key\":\"a\",\"seq\":0,\"size\":3},"
		    "{\"key_b64\":\"/w==\",\"seq\":0,\"size\":2}],"
		    "\"prefixes\":[],\"next\":null}\n");
	expect_body(fixture, "/keys?include=meta", NULL,
		    "{\"keys\":[{\"key\":\"a\",\"seq\":0,\"size\":3,\"type\":\"text/plain\","
		    "\"modified\":\"0000-00-00T00:00:00.000Z\"},"
		    "{\"key_b64\":\"/w==\",\"seq\":0,\"size\":2,"
		    "\"modified\":\"0000-00-00T00:00:00.000Z\"}],\"prefixes\":[],\"next\":null}\n");
	expect_body(fixture, "/keys?include=value", "application/x-ndjson",
		    "{\"key\":\"a\",\"seq\":0,\"size\":3,\"value\":\"x\\\"y\"}\n"
		    "{\"key_b64\":\"/w==\",\"seq\":0,\"size\":2,\"value_b64\":\"AP8=\"}\n"
		    "{\"next\":null}\n");
	expect_body(fixture, "/keys?include=value,meta&limit=1", "application/x-ndjson;q=0.5",
		    "{\"key\":\"a\",\"seq\":0,\"size\":3,\"type\":\"text/plain\","
		    "\"modified\":\"0000-00-00T00:00:00.000Z\",\"value\":\"x\\\"y\"}\n"
		    "{\"next\":\"IujDDGth\"}\n");
	expect_lines(fixture, "/keys", "a\n%FF\n");
}

static void test_all_that_is_stored_with_a_value_is_told(void **state)
{
	struct api_fixture *fixture = *state;
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of("k"),
		.value = ary_bytes_of("v"),
		.type = ary_bytes_of("text/plain"),
		.encoding = ary_bytes_of("gzip"),
		.meta = ary_bytes_of("{\"a\":\"b\"}"),
		.expires_ms = 253402300799999,
	};

	if (ary_store_write(fixture->store, &write) != ARY_OK)
		fail_msg("%s", write.error.text);
	expect_body(fixture, "/keys?include=meta", "application/x-ndjson",
		    "{\"key\":\"k\",\"seq\":0,\"size\":1,\"type\":\"text/plain\","
		    "\"modified\":\"0000-00-00T00:00:00.000Z\",\"encoding\":\"gzip\","
		    "\"expires\":\"9999-12-31T23:59:59.999Z\",\"meta\":{\"a\":\"b\"}}\n"
		    "{\"next\":null}\n");
}

/* A key that has expired is not listed, whether or not its line was removed. */
static void test_what_has_expired_is_left_out(void **state)
{
	struct api_fixture *fixture = *state;
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of("b"),
		.value = ary_bytes_of("v"),
		.ttl_ms = 1,
	};

	assert_int_equal(api_put(fixture, "/keys/a", "v"), 201);
	assert_int_equal(ary_store_write(fixture->store, &write), ARY_OK);
	assert_int_equal(api_put(fixture, "/keys/c", "v"), 201);
	while (api_send(fixture, "GET", "/keys/b") != 404)
		ary_thread_pause(1);
	expect_lines(fixture, "/keys", "a\nc\n");
	expect_lines(fixture, "/keys?reverse&limit=2", "c\na\n");
}

static void test_prefixes_are_told_in_each_form(void **state)
{
	static const char *const keys[] = {"a/1", "a/2", "b", "c%00/1", "%ff/1", "q\"/1", NULL};
	struct api_fixture *fixture = *state;

	put_all(fixture, keys);
	expect_body(fixture, "/keys?delimiter=/", NULL,
		    "{\"keys\":[{\"key\":\"b\",\"seq\":0,\"size\":1}],\"prefixes\":[\"a/\","
		    "{\"key_b64\":\"YwAv\"},\"q\\\"/\",{\"key_b64\":\"/y8=\"}],\"next\":null}\n");
	expect_body(fixture, "/keys?delimiter=/", "application/x-ndjson",
		    "{\"prefix\":\"a/\"}\n{\"key\":\"b\",\"seq\":0,\"size\":1}\n"
		    "{\"prefix_b64\":\"YwAv\"}\n{\"prefix\":\"q\\\"/\"}\n"
		    "{\"prefix_b64\":\"/y8=\"}\n"
		    "{\"next\":null}\n");
	expect_lines(fixture, "/keys?delimiter=/", "a/\nb\nc%00/\nq%22/\n%FF/\n");
}

static void test_parameters_say_which_keys(void **state)
{
	struct api_fixture *fixture = *state;

	put_all(fixture, tree());
	for (size_t i = 0; listing_at(i) != NULL; i++)
		expect_lines(fixture, listing_at(i)->target, listing_at(i)->lines);
	expect_body(fixture, "/keys?count", NULL, "{\"count\":15}\n");
	expect_body(fixture, "/keys?count&prefix=a/", "application/x-ndjson", "{\"count\":6}\n");
	expect_lines(fixture, "/keys?count=1&after=a/b&end=b%ff", "5\n");
	expect_lines(fixture, "/keys?count&prefix=a/&start=b", "0\n");
	expect_lines(fixture, "/keys?count=0&limit=1", "a\n");
}

static const struct {
	const char *query;
	const char *slug;
	const char *detail;
} refusals[] = {
	{"x", "unknown-parameter", "known here: prefix, start, after, end, limit, reverse, next, "},
	{"Prefix=a", "unknown-parameter", "known here"},
	{"prefix=a&prefix=a", "repeated-parameter", "prefix was given more than once"},
	{"limit=1&limit=1", "repeated-parameter", "limit was given more than once"},
	{"prefix=%z", "bad-percent-encoding", "a % in prefix lacks"},
	{"delimiter=%", "bad-percent-encoding", "a % in delimiter lacks"},
	{"limit=0", "invalid-parameter", "limit is a number from 1 to 1000"},
	{"limit=1001", "invalid-parameter", "limit is a number from 1 to 1000"},
	{"limit=", "invalid-parameter", "limit is a number"},
	{"limit=ten", "invalid-parameter", "limit is a number"},
	{"reverse=yes", "invalid-parameter", "reverse has no value, or one of"},
	{"count=2", "invalid-parameter", "count has no value, or one of"},
	{"delimiter", "invalid-parameter", "delimiter has at least one byte"},
	{"delimiter=", "invalid-parameter", "delimiter has at least one byte"},
	{"include=all", "invalid-parameter", "include is meta, value"},
	{"include=meta,", NULL, NULL},
	{"include=meta;value", "invalid-parameter", "include is meta, value"},
	{"start=a&after=a", "invalid-parameter", "start and after both"},
	{"start=b&end=a", "invalid-parameter", "end comes before start"},
	{"after=b&end=a", "invalid-parameter", "end comes before after"},
	{"count&limit=1", "invalid-parameter", "count goes with"},
	{"count&reverse", "invalid-parameter", "count goes with"},
	{"count&delimiter=/", "invalid-parameter", "count goes with"},
	{"count&include=meta", "invalid-parameter", "count goes with"},
	{"count&next=gcyYMmth", "invalid-parameter", "count goes with"},
	{"prefix=12345678901234567890123456789012345678901", "invalid-parameter",
	 "prefix has 41 bytes, a key at most 40"},
	{"next=x", "invalid-parameter", "next is what the last page"},
	{"next=%ff", "invalid-parameter", "next is what the last page"},
	{"next=AAAAAA", "invalid-parameter", "next is what the last page"},
	{"next=AAAAAAAA", "invalid-parameter", "next is what the last page"},
	{"next=", NULL, NULL},
	{"start=&end=&after=&prefix=", NULL, NULL},
	{"", NULL, NULL},
};

static void test_bad_parameters_are_named(void **state)
{
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		unsigned expected = refusals[i].slug != NULL ? 400 : 200;
		struct api_request request;
		struct ary_bytes body;
		char target[128];

		(void)snprintf(target, sizeof(target), "/keys?%s", refusals[i].query);
		if (get(fixture, target, NULL, &request) != expected)
			fail_msg("%s", target);
		body = request.call.response.body;
		if (expected == 400) {
			api_request_expect_problem(&request, refusals[i].slug);
			if (memmem(body.data, body.size, refusals[i].detail,
				   strlen(refusals[i].detail)) == NULL)
				fail_msg("%s: %.*s", target, (int)body.size,
					 (const char *)body.data);
		}
		api_request_release(&request);
	}
}

static void test_what_is_not_accepted_is_json(void **state)
{
	struct api_fixture *fixture = *state;

	expect_body(fixture, "/keys", "image/png", "{\"keys\":[],\"prefixes\":[],\"next\":null}\n");
	expect_body(fixture, "/keys", "*/*", "{\"keys\":[],\"prefixes\":[],\"next\":null}\n");
	expect_body(fixture, "/keys", "text/plain;q=0.2, application/json;q=0.1", "");
}

static void test_head_answers_as_get(void **state)
{
	static const char *const keys[] = {"a", "b", NULL};
	struct api_fixture *fixture = *state;
	struct api_request request;

	put_all(fixture, keys);
	api_request_init(&request, "HEAD", "/keys?limit=1");
	assert_int_equal(api_request_send(fixture, &request), 200);
	assert_non_null(api_request_field(&request, "Link"));
	assert_true(request.call.response.body.size > 0);
	api_request_release(&request);
	assert_int_equal(api_send(fixture, "HEAD", "/keys?limit=x"), 400);
}

/* Fails the test unless TARGET is 500 SLUG, and names KEY. */
static void expect_failure(struct api_fixture *fixture, const char *target, const char *slug,
			   const char *key)
{
	struct api_request request;
	struct ary_bytes body;

	assert_int_equal(get(fixture, target, NULL, &request), 500);
	api_request_expect_problem(&request, slug);
	body = request.call.response.body;
	assert_non_null(memmem(body.data, body.size, key, strlen(key)));
	api_request_release(&request);
}

static void test_a_line_that_cannot_be_read_is_told(void **state)
{
	static const char *const keys[] = {"a", "b", "c", NULL};
	struct api_fixture *fixture = *state;
	struct ary_buf log;
	const uint8_t *line;

	put_all(fixture, keys);
	log = file_read(fixture->dir.path, "0.log");
	line = memmem(log.data, log.size, "\"key\":\"b\"", 9);
	assert_non_null(line);
	file_flip(fixture->dir.path, "0.log", (uint64_t)(line - log.data) + 7, 1);
	ary_buf_release(&log);
	expect_failure(fixture, "/keys", "record-corrupt", "\"key\":\"b\"");
	expect_lines(fixture, "/keys?limit=1", "a\n");
	expect_lines(fixture, "/keys?after=b", "c\n");
	expect_body(fixture, "/keys?count", NULL, "{\"count\":3}\n");
	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_READ, .nth = 1});
	expect_failure(fixture, "/keys?after=b", "io-error", "\"key\":\"c\"");
	expect_lines(fixture, "/keys?after=b", "c\n");
}

int main(void)
{
#define ON_A_SERVICE(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_A_SERVICE(test_an_empty_store_has_an_empty_list),
		ON_A_SERVICE(test_keys_are_told_as_far_as_asked),
		ON_A_SERVICE(test_all_that_is_stored_with_a_value_is_told),
		ON_A_SERVICE(test_what_has_expired_is_left_out),
		ON_A_SERVICE(test_prefixes_are_told_in_each_form),
		ON_A_SERVICE(test_parameters_say_which_keys),
		ON_A_SERVICE(test_bad_parameters_are_named),
		ON_A_SERVICE(test_what_is_not_accepted_is_json),
		ON_A_SERVICE(test_head_answers_as_get),
		ON_A_SERVICE(test_a_line_that_cannot_be_read_is_told),
	};

	return cmocka_run_group_tests_name("api/list", tests, NULL, NULL);
}
