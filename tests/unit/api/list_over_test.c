/* SPDX-License-Identifier: MIT */
/* Promise: keys whose time is over cost a listing, and a removal of many keys, no more than a
 * bounded number of looks at a time, however many of them there are and however long no line ends
 * them: a page ends with what it has, and the next one goes on; a removal takes turns with
 * others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "list_support.h"

/* A page looks at PAGE_KEYS keys, and may overshoot by one scan; then at one more scan's, to see
 * whether anything follows. The first bytes of a token are not of its key. */
enum { MANY = 20000, PAGE_KEYS = 8 * ARY_SCAN_KEYS_MAX, TOKEN_HEAD_BYTES = 5 };

static const uint64_t NOW_MS = 4000000000000; /* after the machine's own clock */

static void put_until(struct api_fixture *fixture, const char *key, uint64_t expires_ms)
{
	struct ary_write write = {.op = ARY_WRITE_SET,
				  .key = ary_bytes_of(key),
				  .value = ary_bytes_of("v"),
				  .expires_ms = expires_ms};

	assert_int_equal(ary_store_write(fixture->store, &write), ARY_OK);
}

/* MANY keys, o/00000 and so on. */
static void put_many_ending(struct api_fixture *fixture)
{
	for (unsigned i = 0; i < MANY; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "o/%05u", i);
		put_until(fixture, key, NOW_MS + 10);
	}
}

/* Nothing can be written from now on, and what ends is over. */
static void end_without_lines(struct api_fixture *fixture)
{
	struct ary_write write = {.op = ARY_WRITE_SET, .key = ary_bytes_of("a")};

	fault_env_fail(fixture->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 1});
	assert_int_equal(ary_store_write(fixture->store, &write), ARY_UNCERTAIN);
	fault_env_set_wall_ms(fixture->faults, NOW_MS + 10);
}

static int setup(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	fault_env_skip_syncs(fixture->faults);
	api_fixture_serve(fixture);
	fault_env_set_wall_ms(fixture->faults, NOW_MS);
	*state = fixture;
	return 0;
}

/* Which of the many keys the token NEXT passes. */
static unsigned number_of(const char *next)
{
	struct ary_buf plain = {0};
	unsigned number = 0;
	char key[16] = "";

	assert_int_equal(ary_base64url_decode(ary_bytes_of(next), &plain), ARY_OK);
	assert_int_equal(plain.size, TOKEN_HEAD_BYTES + strlen("o/00000"));
	memcpy(key, plain.data + TOKEN_HEAD_BYTES, plain.size - TOKEN_HEAD_BYTES);
	assert_int_equal(sscanf(key, "o/%5u", &number), 1);
	ary_buf_release(&plain);
	return number;
}

static void append(char keys[64], const json_t *key)
{
	size_t size = strlen(keys);

	(void)snprintf(keys + size, 64 - size, "%s ", json_string_value(key));
}

/* Asks for TARGET behind NEXT (owned, NULL: from the first on). Answers the token (owned) of the
 * page after it, or NULL; what is listed is appended to KEYS. */
static char *ask(struct api_fixture *fixture, const char *target, char *next, char keys[64])
{
	struct api_request request;
	struct ary_bytes body;
	const json_t *key;
	char link[128];
	char *after = NULL;
	size_t i;

	(void)snprintf(link, sizeof(link), "%s&next=%s", target, next != NULL ? next : "");
	free(next);
	assert_int_equal(get(fixture, link, NULL, &request), 200);
	body = request.call.response.body;
	json_t *root = json_loadb((const char *)body.data, body.size, 0, NULL);

	json_array_foreach(json_object_get(root, "keys"), i, key) {
		append(keys, json_object_get(key, "key"));
	}
	json_array_foreach(json_object_get(root, "prefixes"), i, key) {
		append(keys, key);
	}
	if (json_is_string(json_object_get(root, "next")))
		after = ary_strdup(json_string_value(json_object_get(root, "next")));
	/* Who follows links comes as far. */
	assert_int_equal(api_request_field(&request, "Link") != NULL, after != NULL);
	json_decref(root);
	api_request_release(&request);
	return after;
}

static void test_a_page_looks_at_a_bounded_number_of_keys(void **state)
{
	struct api_fixture *fixture = *state;
	char keys[64] = "";
	char *next;

	put_until(fixture, "b", 0);
	put_many_ending(fixture);
	put_until(fixture, "z", 0);
	end_without_lines(fixture);
	next = ask(fixture, "/keys?limit=10", NULL, keys);
	assert_non_null(next);
	assert_string_equal(keys, "b ");
	assert_in_range(number_of(next), PAGE_KEYS / 2, PAGE_KEYS + ARY_SCAN_KEYS_MAX);
	unsigned first = number_of(next);

	next = ask(fixture, "/keys?limit=10", next, keys);
	assert_non_null(next);
	assert_string_equal(keys, "b ");
	assert_in_range(number_of(next) - first, PAGE_KEYS / 2, PAGE_KEYS + ARY_SCAN_KEYS_MAX);
	next = ask(fixture, "/keys?limit=10", next, keys);
	assert_null(next);
	assert_string_equal(keys, "b z ");
}

/* Each page that is full says whether another may follow, without looking through all. */
static void test_a_full_page_does_not_look_for_the_next_key(void **state)
{
	struct api_fixture *fixture = *state;
	char keys[64] = "";
	char *next;

	put_until(fixture, "b", 0);
	put_many_ending(fixture);
	end_without_lines(fixture);
	unsigned long looks = fault_env_calls(fixture->faults, FAULT_WALL_MS);

	next = ask(fixture, "/keys?limit=1", NULL, keys);
	assert_string_equal(keys, "b ");
	assert_non_null(next);
	/* The clock is looked at once for a scan, and here for nothing else: one that found the
	 * key, one behind it. */
	assert_int_equal(fault_env_calls(fixture->faults, FAULT_WALL_MS), looks + 2);
	while (next != NULL)
		next = ask(fixture, "/keys?limit=1", next, keys);
	assert_string_equal(keys, "b ");
}

static void follow(struct api_fixture *fixture, const char *target, unsigned pages,
		   const char *expected)
{
	char keys[64] = "";
	char *next = NULL;
	unsigned count = 0;

	do {
		next = ask(fixture, target, next, keys);
		count++;
	} while (next != NULL);
	assert_string_equal(keys, expected);
	assert_int_equal(count, pages);
}

static void test_listings_of_all_kinds_go_on(void **state)
{
	struct api_fixture *fixture = *state;

	put_until(fixture, "b", 0);
	put_many_ending(fixture);
	put_until(fixture, "o/10000x", 0);
	put_until(fixture, "z", 0);
	end_without_lines(fixture);
	follow(fixture, "/keys?limit=10", 3, "b o/10000x z ");
	follow(fixture, "/keys?reverse", 3, "z o/10000x b ");
	/* What is found in the middle of the folded keys stands for all of them. */
	follow(fixture, "/keys?delimiter=/", 2, "b z o/ ");
	follow(fixture, "/keys?delimiter=/&reverse", 2, "z b o/ ");
	follow(fixture, "/keys?prefix=o/&start=o/15000", 1, "");
	follow(fixture, "/keys?prefix=o/&end=o/09500", 2, "");
}

static void count_launch(void *context)
{
	++*(unsigned *)context;
}

static void test_a_removal_goes_in_bounded_steps(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;
	unsigned launches = 0;

	put_many_ending(fixture);
	put_until(fixture, "o/10000x", 0);
	end_without_lines(fixture);
	api_request_init(&request, "DELETE", "/keys?prefix=o/0");
	request.before_launch = count_launch;
	request.before_launch_context = &launches;
	assert_int_equal(api_request_send(fixture, &request), 200);
	assert_int_equal(launches, 10000 / ARY_SCAN_KEYS_MAX);
	api_request_release(&request);
	/* It comes to the key that is there, which cannot be removed now. */
	launches = 0;
	api_request_init(&request, "DELETE", "/keys?prefix=o/");
	request.before_launch = count_launch;
	request.before_launch_context = &launches;
	assert_int_equal(api_request_send(fixture, &request), 503);
	assert_int_equal(launches, 10000 / ARY_SCAN_KEYS_MAX + 1);
	api_request_expect_problem(&request, "read-only");
	api_request_release(&request);
}

/* Lines end what is over meanwhile, so that nobody knows what a step finds; but all is removed. */
static void test_a_removal_finds_all_that_is_there(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request request;
	struct ary_bytes body;

	put_many_ending(fixture);
	for (unsigned i = 0; i < 200; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "o/%05ux", i * 97);
		put_until(fixture, key, 0);
	}
	fault_env_set_wall_ms(fixture->faults, NOW_MS + 10);
	api_request_init(&request, "DELETE", "/keys?prefix=o/");
	assert_int_equal(api_request_send(fixture, &request), 200);
	body = request.call.response.body;
	assert_non_null(memmem(body.data, body.size, "200", 3));
	api_request_release(&request);
	assert_int_equal(api_send(fixture, "GET", "/keys/o/00097x"), 404);
}

int main(void)
{
#define ON_A_SERVICE(test) cmocka_unit_test_setup_teardown(test, setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_A_SERVICE(test_a_page_looks_at_a_bounded_number_of_keys),
		ON_A_SERVICE(test_a_full_page_does_not_look_for_the_next_key),
		ON_A_SERVICE(test_listings_of_all_kinds_go_on),
		ON_A_SERVICE(test_a_removal_goes_in_bounded_steps),
		ON_A_SERVICE(test_a_removal_finds_all_that_is_there),
	};

	return cmocka_run_group_tests_name("api/list_over", tests, NULL, NULL);
}
