/* SPDX-License-Identifier: MIT */
/* Promise: a listing that is followed page by page is the whole listing, each key once, whatever
 * its parameters and its pages' lengths are; the token of a page is for that listing only; a page
 * that would become too long ends before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "list_support.h"

static void append_bytes(char *out, const char *bytes, size_t size)
{
	size_t before = strlen(out);

	assert_true(before + size < BODY_BYTES);
	if (size > 0)
		memcpy(out + before, bytes, size);
	out[before + size] = '\0';
}

/* Follows Link from TARGET on; all lines in OUT. Answers how many pages there were. */
static unsigned follow(struct api_fixture *fixture, const char *target, char out[BODY_BYTES])
{
	char link[512] = "";
	unsigned pages = 0;

	out[0] = '\0';
	(void)snprintf(link, sizeof(link), "%s", target);
	while (link[0] != '\0') {
		struct api_request request;
		const char *next;
		char *end;

		assert_int_equal(get(fixture, link, "text/plain", &request), 200);
		append_bytes(out, (const char *)request.call.response.body.data,
			request.call.response.body.size);
		next = api_request_field(&request, "Link");
		link[0] = '\0';
		if (next != NULL) {
			assert_memory_equal(next, "</keys?", 7);
			(void)snprintf(link, sizeof(link), "%s", next + 1);
			end = strstr(link, ">; rel=\"next\"");
			assert_non_null(end);
			assert_string_equal(end, ">; rel=\"next\"");
			*end = '\0';
		}
		api_request_release(&request);
		pages++;
		assert_true(pages < 100);
	}
	return pages;
}

/* Whatever the listing, page by page it is the same as in one. */
static void test_links_lead_through_all_pages(void **state)
{
	struct api_fixture *fixture = *state;
	char *whole = ary_alloc(BODY_BYTES);
	char *paged = ary_alloc(BODY_BYTES);

	put_all(fixture, tree());
	for (size_t i = 0; listing_at(i) != NULL; i++) {
		const char *base = listing_at(i)->target;

		if (strstr(base, "limit") != NULL)
			continue;
		assert_int_equal(follow(fixture, base, whole), 1);
		for (unsigned limit = 1; limit <= 15; limit++) {
			char target[128];
			unsigned pages;

			(void)snprintf(target, sizeof(target), "%s&limit=%u", base, limit);
			pages = follow(fixture, target, paged);
			assert_string_equal(paged, whole);
			assert_true(limit > 1 || pages >= 2 || strlen(whole) < 8);
		}
	}
	free(whole);
	free(paged);
}

static void test_link_carries_all_parameters(void **state)
{
	static const char *const keys[] = {"a:b/x", "a:b/y", NULL};
	struct api_fixture *fixture = *state;
	struct api_request request;

	put_all(fixture, keys);
	assert_int_equal(get(fixture, "/keys?reverse&&limit=1&prefix=a:b>&include=meta", NULL,
			     &request), 200);
	assert_null(api_request_field(&request, "Link"));
	api_request_release(&request);
	assert_int_equal(get(fixture, "/keys?reverse&&limit=1&prefix=a:b&include=meta", NULL,
			     &request), 200);
	assert_memory_equal(api_request_field(&request, "Link"),
			    "</keys?reverse=&limit=1&prefix=a%3Ab&include=meta&next=", 55);
	assert_string_equal(api_request_field(&request, "Vary"), "Accept");
	assert_string_equal(api_request_field(&request, "Cache-Control"), "no-store");
	assert_string_equal(api_request_field(&request, "Content-Type"), "application/json");
	api_request_release(&request);
}

static void append(char *text, const char *more)
{
	memcpy(text + strlen(text), more, strlen(more) + 1);
}

/* Appends COUNT times BYTE to TEXT. */
static void repeat(char *text, char byte, size_t count)
{
	size_t size = strlen(text);

	memset(text + size, byte, count);
	text[size + count] = '\0';
}

/* Of a listing with parameters that take three times as much in a link, whose head might have no
 * room for it: `next` in the body is there all the same. */
static void test_a_link_that_is_too_long_is_left_out(void **state)
{
	static const char *const keys[] = {"::::::::::::::::::::::::::::::1",
					   "::::::::::::::::::::::::::::::2", NULL};
	struct api_fixture *fixture = *state;
	char target[API_TARGET_BYTES_MAX + 1] = "/keys?limit=1&prefix=";
	struct api_request request;
	struct ary_bytes body;

	put_all(fixture, keys);
	repeat(target, ':', 30);
	assert_int_equal(get(fixture, target, NULL, &request), 200);
	assert_non_null(api_request_field(&request, "Link"));
	api_request_release(&request);
	append(target, "&start=");
	repeat(target, ':', 30);
	append(target, "&end=");
	repeat(target, ';', 40);
	assert_int_equal(get(fixture, target, NULL, &request), 200);
	assert_null(api_request_field(&request, "Link"));
	body = request.call.response.body;
	assert_non_null(memmem(body.data, body.size, "\"next\":\"", 8));
	api_request_release(&request);
	/* Plain text says it nowhere else, and must not seem to be all there is. */
	assert_int_equal(get(fixture, target, "text/plain", &request), 414);
	api_request_expect_problem(&request, "target-too-long");
	api_request_release(&request);
}

/* Copies the token of TARGET's page to OUT. */
static void take_token(struct api_fixture *fixture, const char *target, char out[128])
{
	struct api_request request;
	const char *link;

	assert_int_equal(get(fixture, target, NULL, &request), 200);
	link = api_request_field(&request, "Link");
	assert_non_null(link);
	link = strstr(link, "next=");
	assert_non_null(link);
	(void)snprintf(out, 128, "%.*s", (int)strcspn(link + 5, ">"), link + 5);
	api_request_release(&request);
}

static unsigned ask_with(struct api_fixture *fixture, const char *query, const char *token)
{
	char target[256];

	(void)snprintf(target, sizeof(target), "/keys?%s&next=%s", query, token);
	return api_send(fixture, "GET", target);
}

static void test_a_token_is_for_the_same_listing_only(void **state)
{
	static const char *const others[] = {
		"limit=2&reverse&prefix=a", "limit=2&prefix=a&delimiter=/", "limit=2&prefix=a/",
		"limit=2", "limit=2&prefix=a&start=a", "limit=2&prefix=a&end=b",
		"limit=2&prefix=a&after=%00",
	};
	struct api_fixture *fixture = *state;
	char token[128];

	put_all(fixture, tree());
	take_token(fixture, "/keys?limit=2&prefix=a", token);
	assert_int_equal(ask_with(fixture, "limit=2&prefix=a", token), 200);
	assert_int_equal(ask_with(fixture, "limit=5&prefix=a&include=meta", token), 200);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(ask_with(fixture, others[i], token), 400);
	for (size_t i = 0; token[i] != '\0'; i++) {
		token[i] ^= 1;
		assert_int_equal(ask_with(fixture, "limit=2&prefix=a", token), 400);
		token[i] ^= 1;
	}
	take_token(fixture, "/keys?limit=1&prefix=a/&delimiter=/&reverse", token);
	assert_int_equal(ask_with(fixture, "prefix=a/&delimiter=/&reverse", token), 200);
	assert_int_equal(ask_with(fixture, "prefix=a/&delimiter=/", token), 400);
}

/* The key at which a page ended may be gone when the next one is asked for. */
static void test_a_page_goes_on_behind_a_key_that_is_gone(void **state)
{
	static const char *const keys[] = {"a", "b", "c", "d", NULL};
	struct api_fixture *fixture = *state;
	char token[128], target[256];
	char *body = ary_alloc(BODY_BYTES);

	put_all(fixture, keys);
	take_token(fixture, "/keys?limit=2", token);
	assert_int_equal(api_send(fixture, "DELETE", "/keys/b"), 204);
	assert_int_equal(api_send(fixture, "DELETE", "/keys/c"), 204);
	(void)snprintf(target, sizeof(target), "/keys?limit=2&next=%s", token);
	(void)follow(fixture, target, body);
	assert_string_equal(body, "d\n");
	free(body);
}

/* Values that are six times as long in JSON: a page ends where its text is long enough, or where
 * enough was read for it. */
static void test_a_page_ends_before_it_is_too_long(void **state)
{
	enum { KEYS = 800, VALUE_BYTES = API_VALUE_BYTES_MAX };
	struct api_fixture *fixture = *state;
	uint8_t value[VALUE_BYTES];
	char *body = ary_alloc(BODY_BYTES);
	struct api_request request;

	memset(value, 1, VALUE_BYTES);
	for (unsigned i = 0; i < KEYS; i++) {
		char key[16];
		struct ary_write write = {.op = ARY_WRITE_SET, .value = {value, VALUE_BYTES}};

		(void)snprintf(key, sizeof(key), "key-%03u", i);
		write.key = ary_bytes_of(key);
		if (ary_store_write(fixture->store, &write) != ARY_OK)
			fail_msg("%s", write.error.text);
	}
	assert_int_equal(get(fixture, "/keys?include=value&limit=1000", NULL, &request), 200);
	assert_in_range(request.call.response.body.size, 1024 * 1024,
			1024 * 1024 + 7 * VALUE_BYTES);
	assert_non_null(api_request_field(&request, "Link"));
	api_request_release(&request);
	/* 4 MiB of lines were read for the first page. */
	assert_int_equal(follow(fixture, "/keys?prefix=key&limit=1000", body), 2);
	assert_int_equal(strlen(body), KEYS * 8);
	assert_int_equal(follow(fixture, "/keys?prefix=key&limit=600", body), 2);
	assert_int_equal(strlen(body), KEYS * 8);
	free(body);
}

int main(void)
{
#define ON_A_SERVICE(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_A_SERVICE(test_links_lead_through_all_pages),
		ON_A_SERVICE(test_link_carries_all_parameters),
		ON_A_SERVICE(test_a_link_that_is_too_long_is_left_out),
		ON_A_SERVICE(test_a_token_is_for_the_same_listing_only),
		ON_A_SERVICE(test_a_page_goes_on_behind_a_key_that_is_gone),
		ON_A_SERVICE(test_a_page_ends_before_it_is_too_long),
	};

	return cmocka_run_group_tests_name("api/list_pages", tests, NULL, NULL);
}
