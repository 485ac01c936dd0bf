/* SPDX-License-Identifier: MIT */
/* Promise: of a body no more is kept than a piece, none of it is lost between pieces, its limit
 * holds to the byte, and what is not wanted is read away up to a bound; all memory comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/intake.h"

enum { PIECE = 1000, LIMIT = 4500, FLIGHT_MAX = 4000 };

static struct ary_api *api;
static struct ary_call call;
static struct ary_intake intake;
static uint8_t bytes[200000];

static int setup(void **state)
{
	const struct ary_api_options options = {
		.env = ary_env_posix(), .flight_bytes_max = FLIGHT_MAX, .version = "1",
	};

	(void)state;
	api = ary_api_create(&options);
	ary_call_init(&call);
	call.body_bytes_max = LIMIT;
	call.piece_bytes = PIECE;
	call.request.has_body = true;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 251);
	ary_intake_begin(&intake, api, &call);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ary_intake_end(&intake);
	ary_intake_end(&intake);
	assert_int_equal(ary_budget_used(ary_api_flight_bytes(api)), 0);
	assert_int_equal(ary_budget_used(ary_api_piece_bytes(api)), 0);
	ary_call_release(&call);
	ary_api_destroy(api);
	return 0;
}

static void announce(uint64_t length)
{
	call.request.has_length = true;
	call.request.length = length;
}

/* Takes SIZE bytes in steps of STEP, checking each piece; answers the first status but OK. */
static enum ary_status take(size_t size, size_t step)
{
	size_t passed = 0;

	for (size_t at = 0; at < size; at += step) {
		struct ary_bytes data = { bytes + at, size - at < step ? size - at : step };

		while (data.size > 0) {
			enum ary_status status = ary_intake_keep(&intake, &data);

			if (status != ARY_OK)
				return status;
			assert_memory_equal(call.body.data, bytes + passed, call.body.size);
			if (data.size == 0)
				break;
			assert_int_equal(call.body.size, PIECE);
			passed += PIECE;
			call.body.size = 0;
		}
	}
	assert_int_equal(passed + call.body.size, size);
	return ARY_OK;
}

static void test_announced_body_comes_in_pieces(void **state)
{
	(void)state;
	announce(LIMIT);
	assert_int_equal(ary_intake_make_room(&intake), ARY_OK);
	assert_int_equal(ary_budget_used(ary_api_flight_bytes(api)), PIECE);
	assert_int_equal(ary_budget_used(ary_api_piece_bytes(api)), PIECE);
	assert_int_equal(take(LIMIT, 301), ARY_OK);
	assert_int_equal(ary_budget_used(ary_api_flight_bytes(api)), PIECE);
}

static void test_body_of_unknown_length_comes_in_pieces_up_to_the_limit(void **state)
{
	struct ary_bytes one_more = { bytes, 1 };

	(void)state;
	assert_int_equal(ary_intake_make_room(&intake), ARY_OK);
	assert_int_equal(ary_budget_used(ary_api_flight_bytes(api)), 0);
	assert_int_equal(take(LIMIT, 2500), ARY_OK);
	assert_int_equal(ary_intake_keep(&intake, &one_more), ARY_TOO_LARGE);
	assert_int_equal(ary_budget_used(ary_api_flight_bytes(api)), PIECE);
}

static void test_piece_that_ends_the_body_is_not_passed_on(void **state)
{
	struct ary_bytes data = { bytes, PIECE };

	(void)state;
	assert_int_equal(ary_intake_keep(&intake, &data), ARY_OK);
	assert_int_equal(data.size, 0);
	assert_int_equal(call.body.size, PIECE);
}

/* Half of the room is for what is announced; the other half for what has come. */
static void test_room_is_looked_for_before_the_body(void **state)
{
	struct ary_budget *pieces = ary_api_piece_bytes(api);
	struct ary_budget *flight = ary_api_flight_bytes(api);

	(void)state;
	announce(PIECE + 1);
	assert_true(ary_budget_take(pieces, FLIGHT_MAX / 2 - PIECE + 1));
	assert_int_equal(ary_intake_make_room(&intake), ARY_BUSY);
	ary_budget_give(pieces, 1);
	assert_true(ary_budget_take(flight, FLIGHT_MAX - PIECE + 1));
	assert_int_equal(ary_intake_make_room(&intake), ARY_BUSY);
	ary_intake_let_go(&intake);
	ary_budget_give(flight, 1);
	assert_int_equal(ary_intake_make_room(&intake), ARY_OK);
	announce(PIECE);
	ary_intake_let_go(&intake);
	assert_int_equal(ary_intake_make_room(&intake), ARY_OK);
	announce(PIECE);
	assert_true(ary_budget_take(flight, 1));
	assert_int_equal(ary_intake_make_room(&intake), ARY_BUSY);
	ary_budget_give(flight, FLIGHT_MAX - PIECE + 1);
	ary_budget_give(pieces, FLIGHT_MAX / 2 - PIECE);
}

static void test_what_is_not_wanted_is_read_away_up_to_a_bound(void **state)
{
	(void)state;
	assert_false(ary_intake_is_short(&intake));
	announce(70000);
	assert_false(ary_intake_is_short(&intake));
	assert_int_equal(take(2500, 500), ARY_OK);
	announce(65536 + 2500);
	assert_true(ary_intake_is_short(&intake));
	announce(65536 + 2501);
	assert_false(ary_intake_is_short(&intake));
	assert_true(ary_intake_drain(&intake, (struct ary_bytes){ bytes, 65535 }));
	assert_true(ary_intake_drain(&intake, (struct ary_bytes){ bytes, 1 }));
	assert_false(ary_intake_drain(&intake, (struct ary_bytes){ bytes, 1 }));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_announced_body_comes_in_pieces),
		TEST(test_body_of_unknown_length_comes_in_pieces_up_to_the_limit),
		TEST(test_piece_that_ends_the_body_is_not_passed_on),
		TEST(test_room_is_looked_for_before_the_body),
		TEST(test_what_is_not_wanted_is_read_away_up_to_a_bound),
	};

	return cmocka_run_group_tests_name("http/intake", tests, NULL, NULL);
}
