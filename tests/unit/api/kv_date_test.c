/* SPDX-License-Identifier: MIT */
/* Promise: dates are conditions as RFC 9110 section 13.2.2 orders them, for reads and for writes; a
 * write that depends on one holds it against the value that it replaces, whoever else writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "lib/api_fixture.h"

enum { ETAG_BYTES = 32 };

/* The value is of half a second after NOW, and others are of an hour later. */
#define WRITTEN_MS UINT64_C(784111777500)
#define LATER_MS (WRITTEN_MS + 3600000)
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define NOW "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"
#define FUTURE "Sat, 06 Nov 2094 08:49:37 GMT"

static int setup(void **state)
{
	struct api_fixture *fixture = ARY_NEW(struct api_fixture);

	api_fixture_create(fixture, NULL);
	fault_env_set_wall_ms(fixture->faults, WRITTEN_MS);
	api_fixture_serve(fixture);
	*state = fixture;
	return 0;
}

struct header {
	const char *name;  /* NULL: none */
	const char *value; /* "=": the ETag of the present value */
};

struct row {
	struct header headers[2];
	unsigned read;  /* what GET and HEAD answer */
	unsigned write; /* what PUT answers, and DELETE */
};

static const struct row rows[] = {
	{{{"If-Unmodified-Since", BEFORE}}, 412, 412},
	{{{"If-Unmodified-Since", NOW}}, 200, 204},
	{{{"If-Unmodified-Since", AFTER}}, 200, 204},
	{{{"If-Unmodified-Since", FUTURE}}, 200, 204},
	{{{"If-Unmodified-Since", "yesterday"}}, 200, 204},
	{{{"If-Unmodified-Since", ""}}, 200, 204},
	{{{"If-Unmodified-Since", "Sunday, 06-Nov-94 08:49:36 GMT"}}, 412, 412},
	{{{"If-Unmodified-Since", "Sun Nov  6 08:49:36 1994"}}, 412, 412},
	{{{"If-Unmodified-Since", " " BEFORE "\t"}}, 412, 412},
	{{{"If-Unmodified-Since", BEFORE}, {"If-Unmodified-Since", BEFORE}}, 200, 204},
	{{{"If-Modified-Since", BEFORE}}, 200, 204},
	{{{"If-Modified-Since", NOW}}, 304, 204},
	{{{"If-Modified-Since", AFTER}}, 304, 204},
	{{{"If-Modified-Since", "0"}}, 200, 204},
	{{{"If-Modified-Since", AFTER}, {"If-Modified-Since", AFTER}}, 200, 204},
	/* An entity tag says more than the date beside it. */
	{{{"If-Match", "="}, {"If-Unmodified-Since", BEFORE}}, 200, 204},
	{{{"If-Match", "\"0\""}, {"If-Unmodified-Since", AFTER}}, 412, 412},
	{{{"If-None-Match", "\"0\""}, {"If-Modified-Since", AFTER}}, 200, 204},
	{{{"If-None-Match", "="}, {"If-Modified-Since", BEFORE}}, 304, 412},
	/* One after the other. */
	{{{"If-None-Match", "="}, {"If-Unmodified-Since", BEFORE}}, 412, 412},
	{{{"If-None-Match", "="}, {"If-Unmodified-Since", AFTER}}, 304, 412},
	{{{"If-None-Match", "*"}, {"If-Unmodified-Since", AFTER}}, 304, 412},
	{{{"If-None-Match", "\"0\""}, {"If-Unmodified-Since", AFTER}}, 200, 204},
	{{{"If-Modified-Since", AFTER}, {"If-Unmodified-Since", BEFORE}}, 412, 412},
	{{{"If-Modified-Since", AFTER}, {"If-Unmodified-Since", AFTER}}, 304, 204},
	{{{"If-Match", "="}, {"If-Modified-Since", AFTER}}, 304, 204},
};

static void put_tagged(struct api_fixture *fixture, char etag_out[ETAG_BYTES])
{
	struct api_request put;

	api_request_init(&put, "PUT", "/keys/k");
	api_request_body(&put, ary_bytes_of("old"));
	(void)api_request_send(fixture, &put);
	(void)snprintf(etag_out, ETAG_BYTES, "%s", api_request_field(&put, "ETag"));
	api_request_release(&put);
}

/* Sends METHOD with the headers of ROW to a value that was just written. */
static void try_row(struct api_fixture *fixture, const char *method, const struct row *row,
		    struct api_request *request)
{
	static char etag[ETAG_BYTES];

	put_tagged(fixture, etag);
	api_request_init(request, method, "/keys/k");
	if (strcmp(method, "PUT") == 0)
		api_request_body(request, ary_bytes_of("new"));
	for (size_t i = 0; i < 2 && row->headers[i].name != NULL; i++) {
		const struct header *header = &row->headers[i];
		bool is_tag = strcmp(header->value, "=") == 0;

		api_request_header(request, header->name, is_tag ? etag : header->value);
	}
	(void)api_request_send(fixture, request);
}

static void expect_row(struct api_fixture *fixture, const char *method, size_t i, unsigned status)
{
	struct api_request request;

	try_row(fixture, method, &rows[i], &request);
	if (request.call.response.status != status)
		fail_msg("row %zu, %s: %u instead of %u", i, method, request.call.response.status,
			 status);
	if (status == 412)
		api_request_expect_problem(&request, "precondition-failed");
	api_request_release(&request);
}

static void test_dates_and_tags_are_judged_in_their_order(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_row(*state, "GET", i, rows[i].read);
		expect_row(*state, "HEAD", i, rows[i].read);
		expect_row(*state, "PUT", i, rows[i].write);
		expect_row(*state, "DELETE", i, rows[i].write);
	}
}

static void test_what_is_not_modified_is_told_which_one_it_is(void **state)
{
	static const struct row row = {{{"If-Modified-Since", NOW}}, 304, 0};
	struct api_request get;

	try_row(*state, "GET", &row, &get);
	assert_int_equal(get.call.response.status, 304);
	assert_non_null(api_request_field(&get, "ETag"));
	assert_string_equal(api_request_field(&get, "Last-Modified"), NOW);
	assert_string_equal(api_request_field(&get, "Cache-Control"), "no-cache");
	assert_null(api_request_field(&get, "Content-Type"));
	api_request_release(&get);
}

/* Last-Modified was never said to be later than now, so no date held against it is either. */
static void test_a_value_of_the_future_counts_as_one_of_now(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_request get;
	char etag[ETAG_BYTES];

	put_tagged(fixture, etag);
	fault_env_set_wall_ms(fixture->faults, WRITTEN_MS - 60000);
	api_request_init(&get, "GET", "/keys/k");
	api_request_header(&get, "If-Unmodified-Since", BEFORE);
	assert_int_equal(api_request_send(fixture, &get), 200);
	api_request_release(&get);
}

static unsigned send_dated(struct api_fixture *fixture, const char *method, const char *date)
{
	struct api_request request;
	unsigned status;

	api_request_init(&request, method, "/keys/none");
	api_request_header(&request, "If-Unmodified-Since", date);
	status = api_request_send(fixture, &request);
	api_request_release(&request);
	return status;
}

/* RFC 9110 section 13.1.4: without a modification date the field does not count. */
static void test_a_missing_key_has_no_date(void **state)
{
	assert_int_equal(send_dated(*state, "GET", BEFORE), 404);
	assert_int_equal(send_dated(*state, "DELETE", BEFORE), 404);
	assert_int_equal(send_dated(*state, "PUT", BEFORE), 201);
	assert_int_equal(send_dated(*state, "PUT", BEFORE), 412);
}

/* ---- Others that write at the same time ---- */

/* A write that comes in between, as often as LEFT says. */
struct rival {
	struct api_fixture *fixture;
	const char *method;
	uint64_t wall_ms;
	unsigned left;
	unsigned launches;
};

static void interfere(void *context)
{
	struct rival *rival = context;

	rival->launches++;
	if (rival->left == 0)
		return;
	rival->left--;
	fault_env_set_wall_ms(rival->fixture->faults, rival->wall_ms);
	if (strcmp(rival->method, "PUT") == 0)
		(void)api_put(rival->fixture, "/keys/k", "rival");
	else
		(void)api_send(rival->fixture, rival->method, "/keys/k");
}

static unsigned race(struct rival *rival, const char *method, const char *date)
{
	struct api_request request;
	unsigned status;

	api_request_init(&request, method, "/keys/k");
	if (strcmp(method, "PUT") == 0)
		api_request_body(&request, ary_bytes_of("mine"));
	api_request_header(&request, "If-Unmodified-Since", date);
	request.before_launch = interfere;
	request.before_launch_context = rival;
	status = api_request_send(rival->fixture, &request);
	if (status == 412)
		api_request_expect_problem(&request, "precondition-failed");
	api_request_release(&request);
	return status;
}

static void expect_text(struct api_fixture *fixture, const char *value)
{
	struct api_request get;

	api_request_init(&get, "GET", "/keys/k");
	assert_int_equal(api_request_send(fixture, &get), 200);
	assert_true(ary_bytes_equal(get.call.response.body, ary_bytes_of(value)));
	api_request_release(&get);
}

static void test_a_value_that_came_in_between_is_not_lost(void **state)
{
	struct rival rival = {.fixture = *state, .method = "PUT", .wall_ms = LATER_MS, .left = 1};
	char etag[ETAG_BYTES];

	put_tagged(*state, etag);
	assert_int_equal(race(&rival, "PUT", AFTER), 412);
	assert_int_equal(rival.launches, 1);
	expect_text(*state, "rival");
}

static void test_a_value_that_came_in_between_is_not_removed(void **state)
{
	struct rival rival = {.fixture = *state, .method = "PUT", .wall_ms = LATER_MS, .left = 1};
	char etag[ETAG_BYTES];

	put_tagged(*state, etag);
	assert_int_equal(race(&rival, "DELETE", AFTER), 412);
	assert_int_equal(rival.launches, 1);
	expect_text(*state, "rival");
}

static void test_a_date_is_held_against_what_came_in_between(void **state)
{
	struct rival rival = {.fixture = *state, .method = "PUT", .wall_ms = LATER_MS, .left = 3};
	char etag[ETAG_BYTES];

	put_tagged(*state, etag);
	assert_int_equal(race(&rival, "PUT", FUTURE), 204);
	assert_int_equal(rival.launches, 4);
	expect_text(*state, "mine");
	rival.left = 1;
	assert_int_equal(race(&rival, "DELETE", FUTURE), 204);
	assert_int_equal(api_send(*state, "GET", "/keys/k"), 404);
}

static void test_a_value_that_went_in_between_is_written_anew(void **state)
{
	struct rival rival = {
		.fixture = *state, .method = "DELETE", .wall_ms = LATER_MS, .left = 1};
	char etag[ETAG_BYTES];

	put_tagged(*state, etag);
	assert_int_equal(race(&rival, "PUT", AFTER), 201);
	assert_int_equal(rival.launches, 2);
	rival.left = 1;
	assert_int_equal(race(&rival, "DELETE", FUTURE), 404);
}

static void test_a_value_that_appeared_in_between_has_a_date(void **state)
{
	struct rival rival = {.fixture = *state, .method = "PUT", .wall_ms = LATER_MS, .left = 1};

	assert_int_equal(race(&rival, "PUT", AFTER), 412);
	expect_text(*state, "rival");
}

/* Who is outrun again and again is told so in the end. */
static void test_an_endless_race_ends(void **state)
{
	struct rival rival = {.fixture = *state, .method = "PUT", .wall_ms = LATER_MS, .left = 99};

	assert_int_equal(race(&rival, "PUT", FUTURE), 412);
	assert_int_equal(rival.launches, 16);
	expect_text(*state, "rival");
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, api_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_dates_and_tags_are_judged_in_their_order),
		WITH_STORE(test_what_is_not_modified_is_told_which_one_it_is),
		WITH_STORE(test_a_value_of_the_future_counts_as_one_of_now),
		WITH_STORE(test_a_missing_key_has_no_date),
		WITH_STORE(test_a_value_that_came_in_between_is_not_lost),
		WITH_STORE(test_a_value_that_came_in_between_is_not_removed),
		WITH_STORE(test_a_date_is_held_against_what_came_in_between),
		WITH_STORE(test_a_value_that_went_in_between_is_written_anew),
		WITH_STORE(test_a_value_that_appeared_in_between_has_a_date),
		WITH_STORE(test_an_endless_race_ends),
	};

	return cmocka_run_group_tests_name("api/kv_date", tests, NULL, NULL);
}
