/* SPDX-License-Identifier: MIT */
/* Promise: waiting ends when the last request leaves, whichever thread that is on, and not before
 * while there is time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/flight.h"

enum { THREADS = 4, ROUNDS = 20000, LONG_MS = 60000 };

static void test_nothing_under_way_is_no_wait(void **state)
{
	struct ary_flight flight;

	(void)state;
	ary_flight_init(&flight);
	assert_true(ary_flight_wait(&flight, 0));
	ary_flight_enter(&flight);
	assert_false(ary_flight_wait(&flight, 0));
	assert_false(ary_flight_wait(&flight, 5));
	ary_flight_leave(&flight);
	assert_true(ary_flight_wait(&flight, LONG_MS));
	ary_flight_release(&flight);
}

/* Enters once before the threads begin, so that it is not empty until all have ended. */
static void come_and_go(void *context)
{
	struct ary_flight *flight = context;

	for (int i = 0; i < ROUNDS; i++) {
		ary_flight_enter(flight);
		ary_flight_leave(flight);
	}
	ary_flight_leave(flight);
}

static void test_last_one_out_ends_the_wait(void **state)
{
	struct ary_thread threads[THREADS];
	struct ary_flight flight;

	(void)state;
	ary_flight_init(&flight);
	for (int i = 0; i < THREADS; i++)
		ary_flight_enter(&flight);
	for (int i = 0; i < THREADS; i++) {
		enum ary_status status =
			ary_thread_start(&threads[i], "flight", come_and_go, &flight, NULL);

		assert_int_equal(status, ARY_OK);
	}
	assert_true(ary_flight_wait(&flight, LONG_MS));
	for (int i = 0; i < THREADS; i++)
		ary_thread_join(&threads[i]);
	assert_int_equal(atomic_load(&flight.count), 0);
	ary_flight_release(&flight);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_under_way_is_no_wait),
		cmocka_unit_test(test_last_one_out_ends_the_wait),
	};

	return cmocka_run_group_tests_name("http/flight", tests, NULL, NULL);
}
