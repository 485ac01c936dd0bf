/* SPDX-License-Identifier: MIT */
/* Promise: a scan looks at a bounded number of keys, whether or not they are there for who asks,
 * tells where it stopped, and goes on from there to the end, in either direction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "lib/store_helper.h"

enum { KEYS = 3 * ARY_SCAN_KEYS_MAX, ALL_VISITED = 3, LIVE_EVERY = 1500 };

static const uint64_t NOW_MS = 4000000000000; /* after the machine's own clock */

/* KEYS keys k00000 and so on, of which few are there, and no line will say of the others that they
 * are over: the store takes no more. */
static void make_store(struct store_test *test)
{
	char key[16];

	fault_env_skip_syncs(test->faults);
	store_test_open(test);
	fault_env_set_wall_ms(test->faults, NOW_MS);
	for (uint64_t i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "k%05llu", (unsigned long long)i);
		struct ary_write write = {.op = ARY_WRITE_SET, .key = ary_bytes_of(key),
					  .expires_ms = i % LIVE_EVERY == 0 ? 0 : NOW_MS + 10};
		assert_int_equal(ary_store_write(test->store, &write), ARY_OK);
	}
	fault_env_fail(test->faults, (struct fault){.kind = FAULT_FILE_SYNC, .nth = 1});
	assert_int_equal(store_test_write(test, "l", "x"), ARY_UNCERTAIN);
	fault_env_set_wall_ms(test->faults, NOW_MS + 10);
}

struct visited {
	size_t count;
	size_t end_after;
	char last[16];
};

static bool note(void *context, struct ary_bytes key, uint64_t seq)
{
	struct visited *visited = context;

	(void)seq;
	snprintf(visited->last, sizeof(visited->last), "%.*s", (int)key.size,
		 (const char *)key.data);
	return ++visited->count < visited->end_after;
}

static void scan(struct store_test *test, const struct ary_key_range *range,
		 struct visited *visited, struct ary_scanned *scanned)
{
	assert_int_equal(ary_store_scan(test->store, range, note, visited, scanned), ARY_OK);
}

static void expect_last(const struct ary_scanned *scanned, const char *key)
{
	assert_true(ary_bytes_equal(ary_buf_view(&scanned->last), ary_bytes_of(key)));
}

static void test_a_scan_stops_and_goes_on(void **state)
{
	struct store_test *test = *state;
	struct visited visited = {.end_after = SIZE_MAX};
	struct ary_key_range range = {.after = false};
	struct ary_scanned scanned = {0};
	struct ary_buf from = {0};
	char key[16];

	make_store(test);
	for (uint64_t i = 1; i <= KEYS / ARY_SCAN_KEYS_MAX; i++) {
		scan(test, &range, &visited, &scanned);
		assert_int_equal(scanned.keys, ARY_SCAN_KEYS_MAX);
		assert_true(scanned.is_cut);
		snprintf(key, sizeof(key), "k%05llu",
			 (unsigned long long)(i * ARY_SCAN_KEYS_MAX - 1));
		expect_last(&scanned, key);
		from.size = 0;
		assert_true(ary_buf_append(&from, ary_buf_view(&scanned.last)));
		range.from = ary_buf_view(&from);
		range.after = true;
	}
	assert_int_equal(visited.count, ALL_VISITED);
	assert_string_equal(visited.last, "k03000");
	/* Only then it is known that there was nothing more. */
	scan(test, &range, &visited, &scanned);
	assert_false(scanned.is_cut);
	assert_int_equal(scanned.keys, 0);
	ary_buf_release(&from);
	ary_buf_release(&scanned.last);
}

static void test_a_scan_backwards_stops_too(void **state)
{
	struct store_test *test = *state;
	struct visited visited = {.end_after = SIZE_MAX};
	struct ary_key_range range = {.to = ary_bytes_of("k03000"), .reverse = true};
	struct ary_scanned scanned = {0};

	make_store(test);
	scan(test, &range, &visited, &scanned);
	assert_true(scanned.is_cut);
	assert_int_equal(scanned.keys, ARY_SCAN_KEYS_MAX);
	assert_int_equal(visited.count, 0);
	expect_last(&scanned, "k01976");
	ary_buf_release(&scanned.last);
}

static void test_who_has_enough_ends_it_before(void **state)
{
	struct store_test *test = *state;
	struct visited visited = {.end_after = 1};
	struct ary_key_range range = {.from = ary_bytes_of("k00477")};
	struct ary_scanned scanned = {0};

	make_store(test);
	/* The last that it may look at is the one that is found. */
	scan(test, &range, &visited, &scanned);
	assert_int_equal(scanned.keys, ARY_SCAN_KEYS_MAX);
	assert_int_equal(visited.count, 1);
	assert_false(scanned.is_cut);
	range.from = ary_bytes_of("k00476");
	scan(test, &range, &visited, &scanned);
	assert_int_equal(visited.count, 1);
	assert_true(scanned.is_cut);
	expect_last(&scanned, "k01499");
	ary_buf_release(&scanned.last);
}

static void test_memory_that_is_out_is_told(void **state)
{
	struct store_test *test = *state;
	struct visited visited = {.end_after = SIZE_MAX};
	struct ary_key_range range = {.after = false};
	struct ary_scanned scanned = {0};

	make_store(test);
	ary_alloc_fail_at(1, 0);
	enum ary_status status = ary_store_scan(test->store, &range, note, &visited, &scanned);
	ary_alloc_fail_at(0, 0);
	assert_int_equal(status, ARY_NO_MEMORY);
	assert_int_equal(visited.count, 1);
	ary_buf_release(&scanned.last);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_test_setup, store_test_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_scan_stops_and_goes_on),
		TEST(test_a_scan_backwards_stops_too),
		TEST(test_who_has_enough_ends_it_before),
		TEST(test_memory_that_is_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
