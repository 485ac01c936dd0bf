/* SPDX-License-Identifier: MIT */
/* Promise: pages of the configured origins, and no others, may use the service; without an origin
 * configured nothing tells browsers anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/api_fixture.h"

#define APP "https://app.example"

/* Sends a request of a page of ORIGIN (or NULL), a preflight when it asks for METHOD. */
static void send(struct api_request *request, const char *configured, const char *origin,
		 const char *wanted)
{
	struct api_fixture fixture;

	api_fixture_create(&fixture, configured);
	api_request_init(request, wanted != NULL ? "OPTIONS" : "GET", "/compact");
	if (origin != NULL)
		api_request_header(request, "Origin", origin);
	if (wanted != NULL)
		api_request_header(request, "Access-Control-Request-Method", wanted);
	/* The store is not open: even a 503 must be readable for the page. */
	assert_int_equal(api_request_send(&fixture, request), wanted != NULL ? 204 : 503);
	api_fixture_destroy(&fixture);
}

/* Fails unless each of NAMES, comma-separated as LIST is, stands in LIST. */
static void expect_list(const char *list, const char *names)
{
	char padded_list[2048], name[64];

	assert_non_null(list);
	(void)snprintf(padded_list, sizeof(padded_list), ", %s,", list);
	while (*names != '\0') {
		size_t size = strcspn(names, ",");

		(void)snprintf(name, sizeof(name), ", %.*s,", (int)size, names);
		if (strstr(padded_list, name) == NULL)
			fail_msg("%s lacks %s", list, name);
		names += size + strspn(names + size, ", ");
	}
}

static const char exposed[] = "*, Accept-Ranges, Aryavarth-Durability, Content-Range, ETag, Link, "
			      "Location, "
			      "Preference-Applied, Retry-After, X-Request-Id";

static void expect(const char *configured, const char *origin, const char *allowed,
		   const char *vary)
{
	struct api_request request;
	const char *found;

	send(&request, configured, origin, NULL);
	found = api_request_field(&request, "Access-Control-Allow-Origin");
	assert_int_equal(found != NULL, allowed != NULL);
	if (allowed != NULL) {
		assert_string_equal(found, allowed);
		expect_list(api_request_field(&request, "Access-Control-Expose-Headers"), exposed);
	} else {
		assert_null(api_request_field(&request, "Access-Control-Expose-Headers"));
	}
	found = api_request_field(&request, "Vary");
	assert_int_equal(found != NULL, vary != NULL);
	if (vary != NULL)
		assert_string_equal(found, vary);
	assert_null(api_request_field(&request, "Access-Control-Allow-Methods"));
	api_request_release(&request);
}

static void test_origins_are_allowed_as_configured(void **state)
{
	(void)state;
	expect(NULL, APP, NULL, NULL);
	expect("*", APP, "*", NULL);
	expect("*", NULL, NULL, NULL);
	expect(APP, APP, APP, "Origin");
	expect(APP, NULL, NULL, "Origin");
	expect(APP, "https://app.example.evil", NULL, "Origin");
	expect(APP, "https://app.exampl", NULL, "Origin");
	expect(APP, "http://app.example", NULL, "Origin");
	expect(APP, "null", NULL, "Origin");
	expect(APP, "", NULL, "Origin");
	expect(APP, APP ", https://b.example", NULL, "Origin");
	expect("https://a.example, " APP ",https://c.example", APP, APP, "Origin");
	expect("https://a.example,https://c.example", "https://c.example", "https://c.example",
	       "Origin");
}

/* POST /compact, of what a browser says about the page that sends it; the store is not open. */
static void expect_post(const char *configured, const char *origin, const char *site,
			unsigned status)
{
	struct api_fixture fixture;
	struct api_request request;

	api_fixture_create(&fixture, configured);
	api_request_init(&request, "POST", "/compact");
	api_request_header(&request, "Host", "kv.example:8080");
	if (origin != NULL)
		api_request_header(&request, "Origin", origin);
	if (site != NULL)
		api_request_header(&request, "Sec-Fetch-Site", site);
	assert_int_equal(api_request_send(&fixture, &request), status);
	api_request_release(&request);
	api_fixture_destroy(&fixture);
}

static void test_a_post_of_a_foreign_page_is_refused(void **state)
{
	(void)state;
	expect_post(NULL, NULL, NULL, 503);
	expect_post(NULL, APP, NULL, 403);
	expect_post(NULL, "null", NULL, 403);
	expect_post(NULL, "", NULL, 403);
	expect_post(NULL, "http:", NULL, 403);
	expect_post(NULL, "http:kv.example:8080", NULL, 403);
	expect_post(NULL, "http://kv.example:8080", NULL, 503);
	expect_post(NULL, "https://kv.example:8080", NULL, 503);
	expect_post(NULL, "http://kv.example", NULL, 403);
	expect_post(NULL, "http://kv.example:80801", NULL, 403);
	expect_post("https://a.example", APP, NULL, 403);
	expect_post("https://a.example, " APP, APP, NULL, 503);
	expect_post("*", APP, NULL, 503);
	expect_post("*", APP, "cross-site", 503);
	expect_post("*", "null", NULL, 503);
	expect_post(NULL, NULL, "cross-site", 403);
	expect_post(NULL, "http://kv.example:8080", "cross-site", 403);
	expect_post(NULL, "http://kv.example:8080", "same-site", 403);
	expect_post(NULL, APP, "same-origin", 503);
	expect_post(NULL, NULL, "none", 503);
	expect_post(NULL, NULL, "", 403);
}

static const char sendable[] =
	"Aryavarth-Durability, Content-Type, Content-Encoding, If-Match, If-Modified-Since, "
	"If-None-Match, If-Range, Repr-Digest, Want-Repr-Digest, "
	"If-Unmodified-Since, Prefer, Range, X-Request-Id";
static const char preflight_vary[] =
	"Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

static void test_preflight_tells_what_may_be_sent(void **state)
{
	struct api_request request;

	(void)state;
	send(&request, APP, APP, "POST");
	assert_string_equal(api_request_field(&request, "Access-Control-Allow-Origin"), APP);
	assert_string_equal(api_request_field(&request, "Access-Control-Allow-Methods"),
			    "GET, HEAD, POST, DELETE, OPTIONS");
	expect_list(api_request_field(&request, "Access-Control-Allow-Headers"), sendable);
	assert_string_equal(api_request_field(&request, "Vary"), preflight_vary);
	assert_string_equal(api_request_field(&request, "Access-Control-Max-Age"), "7200");
	assert_null(api_request_field(&request, "Access-Control-Expose-Headers"));
	api_request_release(&request);
}

/* What a preflight that asks for HEADERS (and MORE, in a second field, or NULL) may send. */
static void ask_for_headers(const char *headers, const char *more, char out[2048])
{
	struct api_fixture fixture;
	struct api_request request;
	const char *allowed;

	api_fixture_create(&fixture, "*");
	api_request_init(&request, "OPTIONS", "/keys/a");
	api_request_header(&request, "Origin", APP);
	api_request_header(&request, "Access-Control-Request-Method", "PUT");
	api_request_header(&request, "Access-Control-Request-Headers", headers);
	if (more != NULL)
		api_request_header(&request, "Access-Control-Request-Headers", more);
	assert_int_equal(api_request_send(&fixture, &request), 204);
	allowed = api_request_field(&request, "Access-Control-Allow-Headers");
	assert_non_null(allowed);
	(void)snprintf(out, 2048, "%s", allowed);
	assert_string_equal(api_request_field(&request, "Vary"), preflight_vary);
	api_request_release(&request);
	api_fixture_destroy(&fixture);
}

static void test_metadata_of_any_name_may_be_sent(void **state)
{
	char always[2048], allowed[2048];

	(void)state;
	ask_for_headers("", NULL, always);
	ask_for_headers("aryavarth-meta-color,content-type, ,Aryavarth-Meta-X_1", NULL, allowed);
	expect_list(allowed, sendable);
	expect_list(allowed, "aryavarth-meta-color, Aryavarth-Meta-X_1");
	ask_for_headers("aryavarth-meta-a", "aryavarth-meta-b", allowed);
	expect_list(allowed, "aryavarth-meta-a, aryavarth-meta-b");
	/* Nothing else is repeated. */
	ask_for_headers("x-other, aryavarth-meta-, aryavarth-meta-a b, aryavarth-meta-\xff, "
			"aryavarth-met, aryavarth-meta-\"", NULL, allowed);
	assert_string_equal(allowed, always);
}

static void test_so_many_names_of_metadata_as_a_head_can_hold(void **state)
{
	char always[2048], allowed[2048], names[1000] = "";

	(void)state;
	for (unsigned i = 10; i < 50; i++)
		(void)snprintf(names + strlen(names), sizeof(names) - strlen(names),
			       "aryavarth-meta-%u,", i);
	ask_for_headers("", NULL, always);
	ask_for_headers(names, NULL, allowed);
	/* Of 17 bytes each, and two before each. */
	assert_int_equal(strlen(allowed) - strlen(always), 512 / 19 * 19);
	expect_list(allowed, "aryavarth-meta-10, aryavarth-meta-35");
	assert_null(strstr(allowed, "meta-36"));
}

static void test_preflight_of_a_stranger_learns_nothing(void **state)
{
	struct api_request request;

	(void)state;
	send(&request, APP, "https://evil.example", "POST");
	assert_null(api_request_field(&request, "Access-Control-Allow-Origin"));
	assert_null(api_request_field(&request, "Access-Control-Allow-Methods"));
	assert_string_equal(api_request_field(&request, "Allow"),
			    "GET, HEAD, POST, DELETE, OPTIONS");
	api_request_release(&request);
}

static void test_refused_preflight_permits_nothing(void **state)
{
	struct api_fixture fixture;
	struct api_request request;

	(void)state;
	api_fixture_create(&fixture, APP);
	api_request_init(&request, "OPTIONS", "/nothing");
	api_request_header(&request, "Origin", APP);
	api_request_header(&request, "Access-Control-Request-Method", "PUT");
	assert_int_equal(api_request_send(&fixture, &request), 404);
	assert_null(api_request_field(&request, "Access-Control-Allow-Methods"));
	api_request_release(&request);
	api_fixture_destroy(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origins_are_allowed_as_configured),
		cmocka_unit_test(test_a_post_of_a_foreign_page_is_refused),
		cmocka_unit_test(test_preflight_tells_what_may_be_sent),
		cmocka_unit_test(test_metadata_of_any_name_may_be_sent),
		cmocka_unit_test(test_so_many_names_of_metadata_as_a_head_can_hold),
		cmocka_unit_test(test_preflight_of_a_stranger_learns_nothing),
		cmocka_unit_test(test_refused_preflight_permits_nothing),
	};

	return cmocka_run_group_tests_name("api/cors", tests, NULL, NULL);
}
