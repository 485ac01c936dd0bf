/* SPDX-License-Identifier: MIT */
/* Promise: a parameter of a query is found by its whole name and decoded once; what is no flag, no
 * number of the range, or badly escaped is a problem that names the parameter; and what was not
 * given leaves the default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/query.h"
#include "lib/api_fixture.h"

static void expect_pair(struct ary_bytes *query, const char *name, const char *value)
{
	struct ary_bytes found_name, found_value;

	assert_true(ary_query_next(query, &found_name, &found_value));
	assert_true(ary_bytes_equal(found_name, ary_bytes_of(name)));
	assert_true(ary_bytes_equal(found_value, ary_bytes_of(value)));
}

static void test_queries_are_taken_apart(void **state)
{
	struct ary_bytes query = ary_bytes_of("&a=1&&b&c=&=d&e=f=g&");
	struct ary_bytes name, value;

	(void)state;
	expect_pair(&query, "a", "1");
	expect_pair(&query, "b", "");
	expect_pair(&query, "c", "");
	expect_pair(&query, "", "d");
	expect_pair(&query, "e", "f=g");
	assert_false(ary_query_next(&query, &name, &value));
}

static void test_a_parameter_is_found_by_its_whole_name(void **state)
{
	struct ary_bytes query = ary_bytes_of("ab=1&a=2&&c&=3&abc=");
	struct ary_bytes value = {0};

	(void)state;
	assert_true(ary_query_find(query, ary_bytes_of("a"), &value));
	assert_true(ary_bytes_equal(value, ary_bytes_of("2")));
	assert_true(ary_query_find(query, ary_bytes_of("c"), &value));
	assert_int_equal(value.size, 0);
	assert_true(ary_query_find(query, ary_bytes_of(""), &value));
	assert_true(ary_bytes_equal(value, ary_bytes_of("3")));
	assert_false(ary_query_find(query, ary_bytes_of("abcd"), &value));
	assert_false(ary_query_find(query, ary_bytes_of("A"), &value));
	assert_false(ary_query_find((struct ary_bytes){NULL, 0}, ary_bytes_of("a"), &value));
	assert_true(ary_bytes_equal(value, ary_bytes_of("3")));
}

/* A call that is past its admission, with QUERY. */
static void call_init(struct ary_call *call, const char *query)
{
	ary_call_init(call);
	call->query = ary_bytes_of(query);
}

/* Fails the test unless STEP is OK, or else a problem whose body holds DETAIL. */
static void expect_step(struct ary_call *call, enum ary_step step, const char *detail)
{
	struct ary_bytes body = call->response.body;

	if (detail == NULL) {
		assert_int_equal(step, ARY_STEP_BODY);
		assert_int_equal(call->response.status, 0);
	} else {
		assert_int_equal(step, ARY_STEP_RESPOND);
		assert_int_equal(call->response.status, 400);
		if (memmem(body.data, body.size, detail, strlen(detail)) == NULL)
			fail_msg("%.*s", (int)body.size, (const char *)body.data);
	}
	ary_call_release(call);
}

static const struct {
	const char *query;
	bool before, after;
	const char *detail; /* NULL: it is a flag */
} flags[] = {
	{"", false, false, NULL},
	{"", true, true, NULL},
	{"g", false, false, NULL},
	{"f", false, true, NULL},
	{"f=", false, true, NULL},
	{"g=x&f=1", false, true, NULL},
	{"f=true", false, true, NULL},
	{"f=%31", false, true, NULL},
	{"f=0", true, false, NULL},
	{"f=false", true, false, NULL},
	{"f=2", false, false, "f has no value, or one of 1, true, 0, false"},
	{"f=TRUE", false, false, "f has no value"},
	{"f=+1", false, false, "f has no value"},
	{"f=%", false, false, "a % in f lacks its two hexadecimal digits"},
};

static void test_flags_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		bool out = flags[i].before;
		struct ary_call call;

		call_init(&call, flags[i].query);
		expect_step(&call, ary_query_flag(&call, "f", &out), flags[i].detail);
		if (out != flags[i].after)
			fail_msg("%s", flags[i].query);
	}
}

static const struct {
	const char *query;
	uint64_t after; /* 7: as it was */
	const char *detail;
} numbers[] = {
	{"", 7, NULL},
	{"m=3", 7, NULL},
	{"n=1", 1, NULL},
	{"n=%31%30", 10, NULL},
	{"m=5&n=1000", 1000, NULL},
	{"n=0", 7, "n is a number from 1 to 1000"},
	{"n=1001", 7, "n is a number from 1 to 1000"},
	{"n=18446744073709551617", 7, "n is a number"},
	{"n", 7, "n is a number"},
	{"n=", 7, "n is a number"},
	{"n=-1", 7, "n is a number"},
	{"n=+1", 7, "n is a number"},
	{"n=1.0", 7, "n is a number"},
	{"n=01", 7, "n is a number"},
	{"n=%2", 7, "a % in n lacks"},
};

static void test_numbers_are_read_within_their_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint64_t out = 7;
		struct ary_call call;

		call_init(&call, numbers[i].query);
		expect_step(&call, ary_query_number(&call, "n", 1, 1000, &out), numbers[i].detail);
		if (out != numbers[i].after)
			fail_msg("%s", numbers[i].query);
	}
}

static void test_texts_are_any_bytes(void **state)
{
	struct ary_bytes out = ary_bytes_of("default");
	struct ary_buf storage = {0};
	struct ary_call call;

	(void)state;
	call_init(&call, "a=1+1&b=%00%2f%ff&c=&d=%zz");
	assert_true(ary_query_has(&call, "c"));
	assert_false(ary_query_has(&call, "e"));
	assert_int_equal(ary_query_text(&call, "e", &storage, &out), ARY_STEP_BODY);
	assert_true(ary_bytes_equal(out, ary_bytes_of("default")));
	assert_int_equal(ary_query_text(&call, "a", &storage, &out), ARY_STEP_BODY);
	assert_true(ary_bytes_equal(out, ary_bytes_of("1+1")));
	assert_int_equal(ary_query_text(&call, "b", &storage, &out), ARY_STEP_BODY);
	assert_true(ary_bytes_equal(out, (struct ary_bytes){(const uint8_t *)"\0/\xff", 3}));
	assert_int_equal(ary_query_text(&call, "c", &storage, &out), ARY_STEP_BODY);
	assert_int_equal(out.size, 0);
	expect_step(&call, ary_query_text(&call, "d", &storage, &out),
		    "a % in d lacks its two hexadecimal digits");
	assert_int_equal(out.size, 0);
	ary_buf_release(&storage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries_are_taken_apart),
		cmocka_unit_test(test_a_parameter_is_found_by_its_whole_name),
		cmocka_unit_test(test_flags_are_read),
		cmocka_unit_test(test_numbers_are_read_within_their_range),
		cmocka_unit_test(test_texts_are_any_bytes),
	};

	return cmocka_run_group_tests_name("api/query", tests, NULL, NULL);
}
