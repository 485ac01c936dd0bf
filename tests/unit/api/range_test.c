/* SPDX-License-Identifier: MIT */
/* Promise: a range of bytes is the part of the value that RFC 9110 section 14 says, and what is no
 * single range of bytes is no range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/range.h"
#include "lib/api_fixture.h"

static const struct {
	const char *text;
	uint64_t value_bytes;
	enum ary_range_kind kind;
	uint64_t first, size;
} rows[] = {
	{"bytes=0-0", 10, ARY_RANGE_PART, 0, 1},
	{"bytes=0-9", 10, ARY_RANGE_PART, 0, 10},
	{"bytes=2-5", 10, ARY_RANGE_PART, 2, 4},
	{"bytes=9-9", 10, ARY_RANGE_PART, 9, 1},
	{"bytes=9-10", 10, ARY_RANGE_PART, 9, 1},
	{"bytes=9-99999999999999999999999", 10, ARY_RANGE_PART, 9, 1},
	{"bytes=9-18446744073709551615", 10, ARY_RANGE_PART, 9, 1},
	{"bytes=0002-0005", 10, ARY_RANGE_PART, 2, 4},
	{"bytes=3-", 10, ARY_RANGE_PART, 3, 7},
	{"bytes=-3", 10, ARY_RANGE_PART, 7, 3},
	{"bytes=-10", 10, ARY_RANGE_PART, 0, 10},
	{"bytes=-11", 10, ARY_RANGE_PART, 0, 10},
	{"bytes=-99999999999999999999999", 10, ARY_RANGE_PART, 0, 10},
	{"BYTES=2-5", 10, ARY_RANGE_PART, 2, 4},
	{"bytes=,2-5 ,", 10, ARY_RANGE_PART, 2, 4},
	{"bytes= 2-5", 10, ARY_RANGE_PART, 2, 4},
	{"bytes=10-", 10, ARY_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=10-12", 10, ARY_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=-0", 10, ARY_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=18446744073709551615-", 10, ARY_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=18446744073709551616-", 10, ARY_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=99999999999999999999999-", UINT64_MAX, ARY_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=0-", 0, ARY_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=0-0", 0, ARY_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=-0", 0, ARY_RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=-1", 0, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=5-2", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=0-0,2-3", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=0-0,-1", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=20-,30-", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=2-5,x", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=2 - 5", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=2-5-7", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=--5", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=-", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=,", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes", 10, ARY_RANGE_WHOLE, 0, 0},
	{"", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=5", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=+2-5", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=0x2-5", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes=2-5;q=1", 10, ARY_RANGE_WHOLE, 0, 0},
	{"bytes =2-5", 10, ARY_RANGE_WHOLE, 0, 0},
	{"lines=2-5", 10, ARY_RANGE_WHOLE, 0, 0},
	{"byte=2-5", 10, ARY_RANGE_WHOLE, 0, 0},
};

static void test_ranges_are_parts_of_the_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_range range = {0, 0};
		enum ary_range_kind kind = ary_range_parse(ary_bytes_of(rows[i].text),
							   rows[i].value_bytes, &range);

		if (kind != rows[i].kind || range.first != rows[i].first ||
		    range.size != rows[i].size)
			fail_msg("%s of %llu: %d, %llu, %llu", rows[i].text,
				 (unsigned long long)rows[i].value_bytes, (int)kind,
				 (unsigned long long)range.first, (unsigned long long)range.size);
	}
}

/* ---- Of a key ---- */

enum { ETAG_BYTES = 40 };

/* Puts ten bytes; their entity tag is ETAG_OUT. */
static void put_digits(struct api_fixture *fixture, char etag_out[ETAG_BYTES])
{
	struct api_request put;

	api_request_init(&put, "PUT", "/keys/k");
	api_request_header(&put, "Content-Type", "text/plain");
	api_request_body(&put, ary_bytes_of("0123456789"));
	(void)api_request_send(fixture, &put);
	(void)snprintf(etag_out, ETAG_BYTES, "%s", api_request_field(&put, "ETag"));
	api_request_release(&put);
}

/* Asks for the bytes RANGE with one field more, or NULL; release the request. */
static unsigned ask(struct api_fixture *fixture, struct api_request *request, const char *method,
		    const char *range, const char *const field[2])
{
	api_request_init(request, method, "/keys/k");
	if (range != NULL)
		api_request_header(request, "Range", range);
	if (field != NULL)
		api_request_header(request, field[0], field[1]);
	return api_request_send(fixture, request);
}

static unsigned status_of(struct api_fixture *fixture, const char *method, const char *range,
			  const char *name, const char *value)
{
	const char *const field[2] = {name, value};
	struct api_request request;
	unsigned status = ask(fixture, &request, method, range, field);

	api_request_release(&request);
	return status;
}

static void test_a_part_says_where_it_lies(void **state)
{
	struct api_request whole, part;
	char etag[ETAG_BYTES];

	put_digits(*state, etag);
	assert_int_equal(ask(*state, &whole, "GET", NULL, NULL), 200);
	assert_int_equal(ask(*state, &part, "GET", "bytes=2-5", NULL), 206);
	assert_true(ary_bytes_equal(part.call.response.body, ary_bytes_of("2345")));
	assert_string_equal(api_request_field(&part, "Content-Range"), "bytes 2-5/10");
	/* All that the whole is said to be, too. */
	for (size_t i = 0; i < whole.call.response.field_count; i++) {
		const struct ary_response_field *field = ary_response_at(&whole.call.response, i);

		assert_string_equal(api_request_field(&part, field->name),
				    ary_response_value(&whole.call.response, field));
	}
	assert_int_equal(part.call.response.field_count, whole.call.response.field_count + 1);
	assert_int_equal(part.call.response.value_seq, 0);
	api_request_release(&whole);
	api_request_release(&part);
}

static void test_a_part_that_is_not_there_is_refused(void **state)
{
	struct api_request request;
	char etag[ETAG_BYTES];

	put_digits(*state, etag);
	assert_int_equal(ask(*state, &request, "GET", "bytes=10-", NULL), 416);
	api_request_expect_problem(&request, "range-not-satisfiable");
	assert_string_equal(api_request_field(&request, "Content-Range"), "bytes */10");
	assert_string_equal(api_request_field(&request, "Accept-Ranges"), "bytes");
	assert_null(api_request_field(&request, "ETag"));
	api_request_release(&request);
}

static void test_a_part_of_nothing_is_nothing(void **state)
{
	struct api_request request;

	assert_int_equal(api_put(*state, "/keys/k", ""), 201);
	assert_int_equal(ask(*state, &request, "GET", "bytes=0-", NULL), 416);
	assert_string_equal(api_request_field(&request, "Content-Range"), "bytes */0");
	api_request_release(&request);
	assert_int_equal(ask(*state, &request, "GET", "bytes=-5", NULL), 200);
	assert_int_equal(request.call.response.body.size, 0);
	api_request_release(&request);
}

static void test_only_get_has_ranges(void **state)
{
	struct api_request head;
	char etag[ETAG_BYTES];

	put_digits(*state, etag);
	assert_int_equal(ask(*state, &head, "HEAD", "bytes=2-5", NULL), 200);
	assert_int_equal(head.call.response.body.size, 10);
	assert_string_equal(api_request_field(&head, "Accept-Ranges"), "bytes");
	assert_null(api_request_field(&head, "Content-Range"));
	api_request_release(&head);
	assert_int_equal(status_of(*state, "HEAD", "bytes=99-", "Accept", "*/*"), 200);
	assert_int_equal(status_of(*state, "DELETE", "bytes=99-", "Accept", "*/*"), 204);
}

static void test_conditions_go_before_ranges(void **state)
{
	char etag[ETAG_BYTES];

	put_digits(*state, etag);
	assert_int_equal(status_of(*state, "GET", "bytes=2-5", "If-None-Match", etag), 304);
	assert_int_equal(status_of(*state, "GET", "bytes=99-", "If-None-Match", etag), 304);
	assert_int_equal(status_of(*state, "GET", "bytes=99-", "If-Match", "\"0\""), 412);
	assert_int_equal(status_of(*state, "GET", "bytes=2-5", "If-Match", etag), 206);
	assert_int_equal(status_of(*state, "GET", "bytes=99-", "If-Match", etag), 416);
	assert_int_equal(status_of(*state, "GET", "bytes=1-2", "Range", "bytes=1-2"), 200);
}

static void test_a_part_of_another_value_is_not_sent(void **state)
{
	char etag[ETAG_BYTES], weak[ETAG_BYTES + 2], twice[2 * ETAG_BYTES + 2];
	const char *others[] = {"\"0\"", "\"\"", "\"", "", "x", "*", NULL, NULL,
				"Sat, 06 Nov 2094 08:49:37 GMT"};

	put_digits(*state, etag);
	(void)snprintf(weak, sizeof(weak), "W/%s", etag);
	(void)snprintf(twice, sizeof(twice), "%s, %s", etag, etag);
	others[6] = weak;
	others[7] = twice;
	assert_int_equal(status_of(*state, "GET", "bytes=2-5", "If-Range", etag), 206);
	assert_int_equal(status_of(*state, "GET", "bytes=99-", "If-Range", etag), 416);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (status_of(*state, "GET", "bytes=2-5", "If-Range", others[i]) != 200 ||
		    status_of(*state, "GET", "bytes=99-", "If-Range", others[i]) != 200)
			fail_msg("%s", others[i]);
	}
	/* Without a range, If-Range is nothing. */
	assert_int_equal(status_of(*state, "GET", NULL, "If-Range", "\"0\""), 200);
}

int main(void)
{
#define WITH_STORE(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, api_fixture_setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges_are_parts_of_the_value),
		WITH_STORE(test_a_part_says_where_it_lies),
		WITH_STORE(test_a_part_that_is_not_there_is_refused),
		WITH_STORE(test_a_part_of_nothing_is_nothing),
		WITH_STORE(test_only_get_has_ranges),
		WITH_STORE(test_conditions_go_before_ranges),
		WITH_STORE(test_a_part_of_another_value_is_not_sent),
	};

	return cmocka_run_group_tests_name("api/range", tests, NULL, NULL);
}
