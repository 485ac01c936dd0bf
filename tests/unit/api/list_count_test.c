/* SPDX-License-Identifier: MIT */
/* Promise: a count of very many keys goes in steps, between which others are served, and counts
 * each key that is there all the time once; of few keys it is answered at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list_support.h"

/* A step counts some ten thousand keys at least. */
enum { KEYS = 80000, STEPS_MAX = KEYS / 5000 };

static int setup(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	api_fixture_serve_with(fixture, ARY_DURABILITY_NEVER);
	*state = fixture;
	return 0;
}

static void put_keys(struct api_fixture *fixture)
{
	for (unsigned i = 0; i < KEYS; i++) {
		char key[16];
		struct ary_write write = {.op = ARY_WRITE_SET};

		(void)snprintf(key, sizeof(key), "k%06u", i);
		write.key = ary_bytes_of(key);
		assert_int_equal(ary_store_write(fixture->store, &write), ARY_OK);
	}
}

struct watch {
	struct api_fixture *fixture;
	const char *removed; /* at the first launch; or NULL */
	unsigned launches;
};

static void watch_launch(void *context)
{
	struct watch *watch = context;
	struct ary_write write = {.op = ARY_WRITE_REMOVE};

	if (watch->launches++ > 0 || watch->removed == NULL)
		return;
	write.key = ary_bytes_of(watch->removed);
	assert_int_equal(ary_store_write(watch->fixture->store, &write), ARY_OK);
}

/* Counts TARGET; answers how often the count was launched anew. REMOVED goes after the first
 * step. */
static unsigned expect_count(struct api_fixture *fixture, const char *target, unsigned count,
			     const char *removed)
{
	struct watch watch = {.fixture = fixture, .removed = removed};
	struct api_request request;
	char text[16];

	(void)snprintf(text, sizeof(text), "%u\n", count);
	api_request_init(&request, "GET", target);
	api_request_header(&request, "Accept", "text/plain");
	request.before_launch = watch_launch;
	request.before_launch_context = &watch;
	assert_int_equal(api_request_send(fixture, &request), 200);
	assert_true(ary_bytes_equal(request.call.response.body, ary_bytes_of(text)));
	assert_string_equal(api_request_field(&request, "Cache-Control"), "no-store");
	api_request_release(&request);
	return watch.launches;
}

static void test_many_keys_are_counted_in_steps(void **state)
{
	struct api_fixture *fixture = *state;

	put_keys(fixture);
	assert_in_range(expect_count(fixture, "/keys?count", KEYS, NULL), 1, STEPS_MAX);
	assert_in_range(expect_count(fixture, "/keys?count&start=k000001&end=k079999", KEYS - 2,
				     NULL), 1, STEPS_MAX);
	assert_int_equal(expect_count(fixture, "/keys?count&after=k079000", 999, NULL), 0);
	assert_int_equal(expect_count(fixture, "/keys?count&prefix=k01234", 10, NULL), 0);
	assert_int_equal(api_send(fixture, "HEAD", "/keys?count"), 200);
}

/* What was counted stays so, and what was not yet is not when it is gone by then. */
static void test_a_count_is_not_one_moment_s_state(void **state)
{
	struct api_fixture *fixture = *state;

	put_keys(fixture);
	assert_in_range(expect_count(fixture, "/keys?count", KEYS, "k000000"), 1, STEPS_MAX);
	assert_in_range(expect_count(fixture, "/keys?count", KEYS - 2, "k079999"), 1, STEPS_MAX);
	(void)expect_count(fixture, "/keys?count", KEYS - 2, NULL);
}

int main(void)
{
#define ON_A_SERVICE(test) cmocka_unit_test_setup_teardown(test, setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_A_SERVICE(test_many_keys_are_counted_in_steps),
		ON_A_SERVICE(test_a_count_is_not_one_moment_s_state),
	};

	return cmocka_run_group_tests_name("api/list_count", tests, NULL, NULL);
}
