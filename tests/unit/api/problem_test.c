/* SPDX-License-Identifier: MIT */
/* Promise: every error has a name, a cause and a remedy that the server itself explains, and every
 * failure of the store has its error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "api/problem.h"
#include "lib/api_fixture.h"

static bool is_sentence(const char *text)
{
	size_t size = strlen(text);

	return size > 10 && (isupper((unsigned char)text[0]) || text[0] == '/') &&
	       text[size - 1] == '.';
}

static bool is_slug(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz-")] == '\0';
}

static void test_every_problem_is_complete(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARY_PROBLEM_COUNT; i++) {
		const struct ary_problem *problem = ary_problem((enum ary_problem_kind)i);
		enum ary_problem_kind found;

		assert_non_null(problem->slug);
		assert_true(is_slug(problem->slug));
		assert_in_range(problem->status, 400, 599);
		assert_true(isupper((unsigned char)problem->title[0]));
		if (!is_sentence(problem->cause) || !is_sentence(problem->fix))
			fail_msg("%s", problem->slug);
		assert_int_equal(problem->retry_after_seconds > 0, problem->status == 503);
		/* Found by its own slug, so slugs are unique. */
		assert_true(ary_problem_find(ary_bytes_of(problem->slug), &found));
		assert_int_equal(found, i);
	}
}

static void test_unknown_slugs_are_not_found(void **state)
{
	enum ary_problem_kind kind;

	(void)state;
	assert_false(ary_problem_find(ary_bytes_of(""), &kind));
	assert_false(ary_problem_find(ary_bytes_of("key-not-foun"), &kind));
	assert_false(ary_problem_find(ary_bytes_of("key-not-found "), &kind));
}

static void test_every_status_has_its_problem(void **state)
{
	static const struct {
		enum ary_status status;
		unsigned http;
		const char *slug;
	} rows[] = {
		{ARY_OK, 500, "internal-error"},
		{ARY_NOT_FOUND, 404, "key-not-found"},
		{ARY_INVALID, 400, "bad-request"},
		{ARY_TOO_LARGE, 413, "value-too-large"},
		{ARY_CONFLICT, 412, "precondition-failed"},
		{ARY_EXISTS, 500, "internal-error"},
		{ARY_BUSY, 503, "overloaded"},
		{ARY_LOCKED, 500, "internal-error"},
		{ARY_READ_ONLY, 503, "read-only"},
		{ARY_NO_SPACE, 507, "no-space"},
		{ARY_NO_MEMORY, 503, "out-of-memory"},
		{ARY_CORRUPT, 500, "record-corrupt"},
		{ARY_IO, 500, "io-error"},
		{ARY_UNCERTAIN, 500, "outcome-unknown"},
		{ARY_CANCELLED, 409, "compaction-cancelled"},
		{ARY_SHUTDOWN, 503, "shutting-down"},
		{ARY_UNSUPPORTED, 500, "internal-error"},
	};
	enum {
#define COUNT_ROW(name, text) COUNTED_##name,
		ARY_STATUS_TABLE(COUNT_ROW)
#undef COUNT_ROW
		STATUSES
	};

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), STATUSES);
	for (size_t i = 0; i < STATUSES; i++) {
		const struct ary_problem *problem = ary_problem(ary_problem_of(rows[i].status));

		assert_int_equal(rows[i].status, i);
		assert_string_equal(problem->slug, rows[i].slug);
		assert_int_equal(problem->status, rows[i].http);
	}
}

/* The title of a miss is the message that the first version of this system printed. */
static void test_the_miss_is_called_key_not_found(void **state)
{
	(void)state;
	assert_string_equal(ary_problem(ARY_PROBLEM_KEY_NOT_FOUND)->title, "Key not found");
}

static json_t *problem_for(struct api_fixture *fixture, const char *target)
{
	struct api_request request;
	const struct ary_bytes *body = &request.call.response.body;
	json_t *root;

	api_request_init(&request, "GET", target);
	(void)api_request_send(fixture, &request);
	root = json_loadb((const char *)body->data, body->size, JSON_ALLOW_NUL, NULL);
	assert_non_null(root);
	api_request_release(&request);
	return root;
}

static void expect_key(struct api_fixture *fixture, const char *target, const char *key,
		       const char *key_b64)
{
	json_t *root = problem_for(fixture, target);
	const char *found = json_string_value(json_object_get(root, "key"));
	const char *found_b64 = json_string_value(json_object_get(root, "key_b64"));

	assert_int_equal(found != NULL, key != NULL);
	assert_int_equal(found_b64 != NULL, key_b64 != NULL);
	if (key != NULL)
		assert_string_equal(found, key);
	if (key_b64 != NULL)
		assert_string_equal(found_b64, key_b64);
	json_decref(root);
}

static void test_problems_name_the_key_without_loss(void **state)
{
	struct api_fixture fixture;

	(void)state;
	api_fixture_create(&fixture, NULL);
	api_fixture_serve(&fixture);
	expect_key(&fixture, "/keys/a%2Fb", "a/b", NULL);
	expect_key(&fixture, "/keys/%22%0A", "\"\n", NULL);
	expect_key(&fixture, "/keys/%C3%BC", "\xc3\xbc", NULL);
	expect_key(&fixture, "/keys/%FF", NULL, "/w==");
	expect_key(&fixture, "/keys/a%00b", NULL, "YQBi");
	expect_key(&fixture, "/nothing", NULL, NULL);
	expect_key(&fixture, "/keys/01234567890123456789012345678901234567890", NULL, NULL);
	api_fixture_destroy(&fixture);
}

static void test_every_problem_has_its_page(void **state)
{
	struct api_fixture fixture;

	(void)state;
	api_fixture_create(&fixture, NULL);
	for (unsigned i = 0; i < ARY_PROBLEM_COUNT; i++) {
		const struct ary_problem *problem = ary_problem((enum ary_problem_kind)i);
		struct api_request request;
		char target[128];
		char page[1024];

		(void)snprintf(target, sizeof(target), "/problems/%s", problem->slug);
		api_request_init(&request, "GET", target);
		assert_int_equal(api_request_send(&fixture, &request), 200);
		(void)snprintf(page, sizeof(page), "%.*s", (int)request.call.response.body.size,
			       (const char *)request.call.response.body.data);
		assert_non_null(strstr(page, problem->title));
		assert_non_null(strstr(page, problem->cause));
		assert_non_null(strstr(page, problem->fix));
		api_request_release(&request);
	}
	assert_int_equal(api_send(&fixture, "GET", "/problems/nonsense"), 404);
	api_fixture_destroy(&fixture);
}

/* What http's guard finds. */
static void test_refusals_close_the_connection(void **state)
{
	struct api_fixture fixture;
	struct api_request request;

	(void)state;
	api_fixture_create(&fixture, NULL);
	api_request_init(&request, "GET", "/");
	ary_api_refuse(fixture.api, &request.call, 501, "transfer-coding", "gzip, \"x\"\n");
	assert_int_equal(request.call.response.status, 501);
	assert_true(request.call.response.close);
	api_request_expect_problem(&request, "transfer-coding");
	api_request_release(&request);
	api_fixture_destroy(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_problem_is_complete),
		cmocka_unit_test(test_unknown_slugs_are_not_found),
		cmocka_unit_test(test_every_status_has_its_problem),
		cmocka_unit_test(test_the_miss_is_called_key_not_found),
		cmocka_unit_test(test_problems_name_the_key_without_loss),
		cmocka_unit_test(test_every_problem_has_its_page),
		cmocka_unit_test(test_refusals_close_the_connection),
	};

	return cmocka_run_group_tests_name("api/problem", tests, NULL, NULL);
}
