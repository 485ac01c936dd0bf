/* SPDX-License-Identifier: MIT */
/* Promise: what a client says of a value comes back with it: coding, metadata, digest; what cannot
 * be kept is refused, not dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/meta.h"
#include "lib/api_fixture.h"

/* SHA-256 of "hello". */
#define SHA256 "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"

/* Puts "hello" with up to three fields, NULL at the end; release the request. */
static unsigned put(struct api_fixture *fixture, struct api_request *request,
		    const char *const fields[][2])
{
	api_request_init(request, "PUT", "/keys/k");
	api_request_body(request, ary_bytes_of("hello"));
	for (size_t i = 0; i < 3 && fields[i][0] != NULL; i++)
		api_request_header(request, fields[i][0], fields[i][1]);
	return api_request_send(fixture, request);
}

static void ask(struct api_fixture *fixture, struct api_request *request, const char *method,
		const char *name, const char *value, unsigned status)
{
	api_request_init(request, method, "/keys/k");
	if (name != NULL)
		api_request_header(request, name, value);
	assert_int_equal(api_request_send(fixture, request), status);
}

static void expect_field(const struct api_request *request, const char *name, const char *value)
{
	const char *found = api_request_field(request, name);

	if (value == NULL)
		assert_null(found);
	else
		assert_string_equal(found, value);
}

/* ---- Content-Encoding ---- */

static const struct {
	const char *sent;
	const char *back; /* NULL: none */
} codings[] = {
	{"gzip", "gzip"},
	{"GZip", "GZip"},
	{" gzip, br ", "gzip, br"},
	{"gzip,br", "gzip,br"},
	{", gzip ,,", ", gzip ,,"},
	{"x-!#$%&'*+-.^_`|~9", "x-!#$%&'*+-.^_`|~9"},
	{"identity", NULL},
	{"Identity", NULL},
	{"", NULL},
	{"  ", NULL},
};

static void test_codings_come_back(void **state)
{
	for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++) {
		const char *const fields[][2] = {{"Content-Encoding", codings[i].sent}, {NULL}};
		struct api_request request;

		assert_int_equal(put(*state, &request, fields), i == 0 ? 201 : 204);
		api_request_release(&request);
		ask(*state, &request, "GET", NULL, NULL, 200);
		expect_field(&request, "Content-Encoding", codings[i].back);
		api_request_release(&request);
	}
}

static void test_what_is_no_coding_is_refused(void **state)
{
	static const char *const bad[] = {"g zip", "gzip;q=1", "gzip, b r", "\"gzip\"", "gz\tip",
					  "gzip,\tbr", "\xc3\xbc", "a/b", "(x)"};
	struct api_request request;
	char longest[257];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const fields[][2] = {{"Content-Encoding", bad[i]}, {NULL}};

		if (put(*state, &request, fields) != 400)
			fail_msg("%s", bad[i]);
		api_request_expect_problem(&request, "bad-content-encoding");
		assert_true(request.refused);
		api_request_release(&request);
	}
	memset(longest, 'x', sizeof(longest));
	longest[256] = '\0';
	const char *const fields[][2] = {{"Content-Encoding", longest}, {NULL}};
	assert_int_equal(put(*state, &request, fields), 400);
	api_request_release(&request);
	longest[255] = '\0';
	assert_int_equal(put(*state, &request, fields), 201);
	api_request_release(&request);
	const char *const twice[][2] = {
		{"Content-Encoding", "br"}, {"Content-Encoding", "gzip"}, {NULL}};
	assert_int_equal(put(*state, &request, twice), 400);
	api_request_release(&request);
}

/* ---- Metadata ---- */

static void test_metadata_comes_back_in_the_order_of_its_names(void **state)
{
	static const char *const fields[][2] = {
		{"Aryavarth-Meta-Title", "a \"b\" \\ c"},
		{"aryavarth-meta-AUTHOR", " John "},
		{NULL},
	};
	static const char *const methods[] = {"GET", "HEAD"};
	struct api_request request;

	assert_int_equal(put(*state, &request, fields), 201);
	api_request_release(&request);
	for (size_t i = 0; i < 2; i++) {
		const struct ary_response *response = &request.call.response;
		static const char *const names[] = {"author", "title"};
		static const char prefix[] = ARY_META_PREFIX;
		size_t found = 0;

		ask(*state, &request, methods[i], NULL, NULL, 200);
		expect_field(&request, "Aryavarth-Meta-author", "John");
		expect_field(&request, "Aryavarth-Meta-title", "a \"b\" \\ c");
		for (size_t j = 0; j < response->field_count; j++) {
			const struct ary_response_field *field = ary_response_at(response, j);
			const char *name = ary_response_name(response, field);

			if (strncmp(name, prefix, strlen(prefix)) != 0)
				continue;
			assert_true(found < sizeof(names) / sizeof(names[0]));
			assert_string_equal(name + strlen(prefix), names[found++]);
		}
		assert_int_equal(found, 2);
		api_request_release(&request);
	}
}

/* As an import can leave it: no field is sent without a text; the value is read all the same. */
static void test_an_empty_text_is_left_out(void **state)
{
	struct api_fixture *fixture = *state;
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = ary_bytes_of("k"),
		.value = ary_bytes_of("v"),
		.meta = ary_bytes_of("{\"a\":\"\",\"b\":\"1\"}"),
	};
	struct api_request request;

	assert_int_equal(ary_store_write(fixture->store, &write), ARY_OK);
	ask(fixture, &request, "GET", NULL, NULL, 200);
	assert_null(api_request_field(&request, "Aryavarth-Meta-a"));
	expect_field(&request, "Aryavarth-Meta-b", "1");
	api_request_release(&request);
}

static void test_what_is_said_goes_with_parts_and_not_with_304(void **state)
{
	static const char *const fields[][2] = {
		{"Aryavarth-Meta-a", "1"}, {"Content-Encoding", "gzip"}, {"Repr-Digest", SHA256}};
	struct api_request request;

	assert_int_equal(put(*state, &request, fields), 201);
	api_request_release(&request);
	ask(*state, &request, "GET", "Range", "bytes=1-2", 206);
	for (size_t i = 0; i < 3; i++)
		expect_field(&request, fields[i][0], fields[i][1]);
	api_request_release(&request);
	ask(*state, &request, "HEAD", NULL, NULL, 200);
	for (size_t i = 0; i < 3; i++)
		expect_field(&request, fields[i][0], fields[i][1]);
	api_request_release(&request);
	ask(*state, &request, "GET", "If-None-Match", "*", 304);
	for (size_t i = 0; i < 3; i++)
		expect_field(&request, fields[i][0], NULL);
	api_request_release(&request);
}

static void test_a_put_that_says_nothing_takes_all_away(void **state)
{
	static const char *const fields[][2] = {
		{"Aryavarth-Meta-a", "1"}, {"Content-Encoding", "gzip"}, {"Repr-Digest", SHA256}};
	struct api_request request;

	assert_int_equal(put(*state, &request, fields), 201);
	api_request_release(&request);
	assert_int_equal(api_put(*state, "/keys/k", "hello"), 204);
	ask(*state, &request, "GET", NULL, NULL, 200);
	for (size_t i = 0; i < 3; i++)
		expect_field(&request, fields[i][0], NULL);
	api_request_release(&request);
}

static void test_a_stored_digest_is_told_unless_another_is_wanted(void **state)
{
	static const char *const fields[][2] = {{"Content-Digest", SHA256}, {NULL}};
	struct api_request request;

	assert_int_equal(put(*state, &request, fields), 201);
	api_request_release(&request);
	ask(*state, &request, "GET", NULL, NULL, 200);
	expect_field(&request, "Repr-Digest", SHA256);
	expect_field(&request, "Content-Digest", NULL);
	api_request_release(&request);
	ask(*state, &request, "GET", "Want-Repr-Digest", "sha-512=1", 200);
	assert_int_equal(strncmp(api_request_field(&request, "Repr-Digest"), "sha-512=:", 9), 0);
	api_request_release(&request);
	ask(*state, &request, "GET", "Want-Repr-Digest", "sha-256=1", 200);
	expect_field(&request, "Repr-Digest", SHA256);
	api_request_release(&request);
}

static const struct {
	const char *fields[3][2];
	const char *problem;
} bad_metadata[] = {
	{{{"Aryavarth-Meta-a", "1"}, {"Aryavarth-Meta-A", "2"}, {NULL}}, "bad-metadata"},
	{{{"Aryavarth-Meta-a", "\xc3\xbc"}, {NULL}}, "bad-metadata"},
	{{{"Aryavarth-Meta-a", " "}, {NULL}}, "bad-metadata"},
	{{{"Aryavarth-Meta-a", "x\ty"}, {NULL}}, "bad-metadata"},
	{{{"Aryavarth-Meta-a b", "1"}, {NULL}}, "bad-metadata"},
};

static void test_metadata_that_cannot_be_kept_is_refused(void **state)
{
	struct api_request request;

	for (size_t i = 0; i < sizeof(bad_metadata) / sizeof(bad_metadata[0]); i++) {
		assert_int_equal(put(*state, &request, bad_metadata[i].fields), 400);
		api_request_expect_problem(&request, bad_metadata[i].problem);
		assert_true(request.refused);
		api_request_release(&request);
	}
	assert_int_equal(api_send(*state, "GET", "/keys/k"), 404);
}

/* A prefix without a name is a field like any other. */
static void test_a_prefix_alone_is_no_metadata(void **state)
{
	static const char *const fields[][2] = {{"Aryavarth-Meta-", "1"}, {NULL}};
	struct api_request request;

	assert_int_equal(put(*state, &request, fields), 201);
	api_request_release(&request);
	ask(*state, &request, "GET", NULL, NULL, 200);
	expect_field(&request, "Aryavarth-Meta-", NULL);
	api_request_release(&request);
}

/* ---- As much as there can be ---- */

static void append_name(struct ary_buf *meta, size_t i, struct ary_bytes value,
			enum ary_status expected)
{
	char name[8];

	(void)snprintf(name, sizeof(name), "n%03zu", i);
	assert_int_equal(ary_meta_add(meta, 0, ary_bytes_of(name), value, NULL), expected);
}

/* Stores a value at /keys/k with as many names as there can be. */
static void store_names(struct api_fixture *fixture, struct ary_bytes value)
{
	struct ary_buf meta = {0};
	struct ary_write write = {
		.op = ARY_WRITE_SET, .key = ary_bytes_of("k"), .value = ary_bytes_of("v")};

	for (size_t i = 0; i < ARY_META_NAMES_MAX; i++)
		append_name(&meta, i, value, ARY_OK);
	append_name(&meta, ARY_META_NAMES_MAX, value, ARY_TOO_LARGE);
	write.meta = ary_buf_view(&meta);
	assert_int_equal(ary_store_write(fixture->store, &write), ARY_OK);
	ary_buf_release(&meta);
}

static void test_as_many_names_as_can_be_come_back(void **state)
{
	struct api_request request;
	char name[32];

	store_names(*state, ary_bytes_of("some value"));
	ask(*state, &request, "GET", "Want-Content-Digest", "sha-256=1", 200);
	for (size_t i = 0; i < ARY_META_NAMES_MAX; i++) {
		(void)snprintf(name, sizeof(name), ARY_META_PREFIX "n%03zu", i);
		expect_field(&request, name, "some value");
	}
	assert_non_null(api_request_field(&request, "Content-Digest"));
	api_request_release(&request);
}

static void test_memory_running_out_is_answered(void **state)
{
	unsigned status = 503;

	store_names(*state, ary_bytes_of("some value"));
	for (uint64_t nth = 1; status != 200; nth++) {
		struct api_request request;

		api_request_init(&request, "GET", "/keys/k");
		ary_alloc_fail_at(nth, 1);
		status = api_request_send(*state, &request);
		ary_alloc_fail_at(0, 0);
		assert_true(status == 503 || status == 200);
		assert_true(status == 503 || nth > 3);
		api_request_release(&request);
	}
}

int main(void)
{
#define WITH_STORE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, api_fixture_setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_codings_come_back),
		WITH_STORE(test_what_is_no_coding_is_refused),
		WITH_STORE(test_metadata_comes_back_in_the_order_of_its_names),
		WITH_STORE(test_an_empty_text_is_left_out),
		WITH_STORE(test_what_is_said_goes_with_parts_and_not_with_304),
		WITH_STORE(test_a_put_that_says_nothing_takes_all_away),
		WITH_STORE(test_a_stored_digest_is_told_unless_another_is_wanted),
		WITH_STORE(test_metadata_that_cannot_be_kept_is_refused),
		WITH_STORE(test_a_prefix_alone_is_no_metadata),
		WITH_STORE(test_as_many_names_as_can_be_come_back),
		WITH_STORE(test_memory_running_out_is_answered),
	};

	return cmocka_run_group_tests_name("api/about", tests, NULL, NULL);
}
