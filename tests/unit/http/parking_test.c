/* SPDX-License-Identifier: MIT */
/* Promise: a request that is held is answered as one that is suspended; it is suspended when that
 * takes long; a held one whose connection ends lives until its answer has come; and the loop waits
 * as long as it may, but not longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/parking.h"

static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

enum { TURNS = 200, FEW = 20, ROOM = 4096 };

/* A daemon of the library whose requests are all parked, and one connection to it. */
struct fixture {
	struct MHD_Daemon *daemon;
	struct ary_wake wake;
	struct ary_parking parking;
	struct ary_spot spot;
	bool briefly;
	bool has_taken;
	bool waits;        /* of a request that has ended: its answer has still to come */
	unsigned completed;
	int fd;
};

static unsigned orphans;

static void on_orphan(struct ary_spot *spot)
{
	assert_int_equal(spot->state, ARY_SPOT_FREE);
	orphans++;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **own)
{
	static char text[] = "answered";
	struct fixture *fixture = context;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)url;
	(void)method;
	(void)version;
	(void)data;
	*data_size = 0;
	if (!*own) {
		*own = fixture;
		return MHD_YES;
	}
	if (!fixture->has_taken) {
		fixture->has_taken = true;
		ary_parking_take(&fixture->parking, &fixture->spot, connection, fixture->briefly);
		return MHD_YES;
	}
	if (!ary_parking_leave(&fixture->parking, &fixture->spot))
		return MHD_YES;
	ary_parking_go_on(&fixture->parking);
	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT);
	result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **own,
			 enum MHD_RequestTerminationCode code)
{
	struct fixture *fixture = context;

	(void)connection;
	(void)code;
	*own = NULL;
	fixture->has_taken = false;
	fixture->completed++;
	fixture->waits = ary_parking_abandon(&fixture->parking, &fixture->spot);
}

static void run(struct fixture *fixture)
{
	ary_parking_resume(&fixture->parking);
	assert_int_equal(MHD_run(fixture->daemon), MHD_YES);
}

/* The request comes in, and is parked. */
static void begin(struct fixture *fixture, bool briefly)
{
	fixture->briefly = briefly;
	assert_int_equal(write(fixture->fd, request, sizeof(request) - 1), sizeof(request) - 1);
	for (unsigned i = 0; i < TURNS && !fixture->has_taken; i++)
		run(fixture);
	assert_true(fixture->has_taken);
	assert_int_equal(fixture->parking.count, 1);
}

/* Its answer comes out. */
static void expect_answer(struct fixture *fixture)
{
	char text[ROOM] = "";
	ssize_t got = -1;

	for (unsigned i = 0; i < TURNS && got < 0; i++) {
		run(fixture);
		got = recv(fixture->fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	}
	assert_true(got > 0);
	assert_non_null(strstr(text, "\r\n\r\nanswered"));
	run(fixture);
	assert_int_equal(fixture->completed, 1);
	assert_int_equal(fixture->parking.count, 0);
	assert_int_equal(fixture->parking.held, 0);
	assert_int_equal(fixture->spot.state, ARY_SPOT_FREE);
}

static void answer(struct fixture *fixture)
{
	ary_parking_wake(&fixture->parking, &fixture->spot);
	expect_answer(fixture);
}

static int setup(void **state)
{
	static struct fixture fixture;
	static const struct sockaddr nowhere;
	int ends[2];

	memset(&fixture, 0, sizeof(fixture));
	orphans = 0;
	assert_int_equal(ary_wake_init(&fixture.wake, NULL), ARY_OK);
	ary_parking_init(&fixture.parking, &fixture.wake, on_orphan);
	fixture.daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
		on_request, &fixture, MHD_OPTION_NOTIFY_COMPLETED, on_completed, &fixture,
		MHD_OPTION_END);
	assert_non_null(fixture.daemon);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(MHD_add_connection(fixture.daemon, ends[0], &nowhere, sizeof(nowhere)),
			 MHD_YES);
	fixture.fd = ends[1];
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	ary_parking_settle(&fixture->parking);
	MHD_stop_daemon(fixture->daemon);
	if (fixture->fd >= 0)
		close(fixture->fd);
	ary_parking_release(&fixture->parking);
	ary_wake_release(&fixture->wake);
	return 0;
}

static void test_a_suspended_one_is_answered(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, false);
	assert_int_equal(fixture->spot.state, ARY_SPOT_SUSPENDED);
	run(fixture);
	assert_int_equal(fixture->spot.state, ARY_SPOT_SUSPENDED);
	answer(fixture);
}

static void test_a_held_one_is_answered(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, true);
	for (unsigned i = 0; i < FEW; i++)
		run(fixture);
	assert_int_equal(fixture->spot.state, ARY_SPOT_HELD);
	answer(fixture);
}

static void test_one_that_is_held_for_long_is_suspended(void **state)
{
	struct fixture *fixture = *state;
	unsigned turns = 0;

	begin(fixture, true);
	/* Whether or not the loop waits in between. */
	while (fixture->spot.state == ARY_SPOT_HELD && turns < TURNS) {
		run(fixture);
		turns++;
	}
	assert_in_range(turns, FEW, TURNS - 1);
	assert_int_equal(fixture->spot.state, ARY_SPOT_SUSPENDED);
	assert_int_equal(fixture->parking.held, 0);
	answer(fixture);
}

/* The last turn and the answer come together. */
static void test_the_answer_of_one_that_is_just_suspended_is_not_lost(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, true);
	for (unsigned i = 0; i < TURNS; i++)
		ary_parking_resume(&fixture->parking);
	ary_parking_wake(&fixture->parking, &fixture->spot);
	assert_int_equal(MHD_run(fixture->daemon), MHD_YES);
	assert_int_equal(fixture->spot.state, ARY_SPOT_SUSPENDED);
	expect_answer(fixture);
}

static void end_connection(struct fixture *fixture)
{
	close(fixture->fd);
	fixture->fd = -1;
	for (unsigned i = 0; i < TURNS && fixture->completed == 0; i++)
		run(fixture);
	assert_int_equal(fixture->completed, 1);
}

static void test_a_held_one_outlives_its_connection(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, true);
	end_connection(fixture);
	assert_true(fixture->waits);
	assert_int_equal(fixture->spot.state, ARY_SPOT_LEFT);
	assert_int_equal(fixture->parking.held, 0);
	assert_int_equal(fixture->parking.count, 1);
	assert_int_equal(orphans, 0);
	ary_parking_wake(&fixture->parking, &fixture->spot);
	run(fixture);
	assert_int_equal(orphans, 1);
	assert_int_equal(fixture->parking.count, 0);
}

/* Its answer was there, but not sent. */
static void test_one_whose_answer_has_come_ends_with_its_connection(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, true);
	ary_parking_wake(&fixture->parking, &fixture->spot);
	ary_parking_resume(&fixture->parking);
	assert_int_equal(fixture->spot.state, ARY_SPOT_ANSWERED);
	close(fixture->fd);
	fixture->fd = -1;
	assert_int_equal(MHD_run(fixture->daemon), MHD_YES);
	assert_int_equal(fixture->completed, 1);
	assert_false(fixture->waits);
	assert_int_equal(fixture->parking.count, 0);
	run(fixture);
	assert_int_equal(orphans, 0);
}

/* From when the answer is set until the request has ended the library can go on, and would be let
 * wait if another request were held. */
static void answer_is_sent_without_a_wait(struct fixture *fixture)
{
	unsigned runs = 0;

	run(fixture);
	fixture->parking.held++;
	while (fixture->completed == 0 && runs < TURNS) {
		assert_int_equal(ary_parking_wait_ms(&fixture->parking, 0), 0);
		run(fixture);
		runs++;
	}
	fixture->parking.held--;
	assert_int_equal(fixture->completed, 1);
	assert_in_range(runs, 1, ARY_PARKING_RUNS);
}

static void test_the_loop_waits_where_all_are_held(void **state)
{
	struct fixture *fixture = *state;
	MHD_UNSIGNED_LONG_LONG library_ms = 1;

	assert_int_equal(ary_parking_wait_ms(&fixture->parking, 0), 0);
	begin(fixture, true);
	run(fixture);
	/* What the library says of itself: without this, the loop would never rest. */
	assert_int_equal(MHD_get_timeout(fixture->daemon, &library_ms), MHD_YES);
	assert_int_equal(library_ms, 0);
	assert_int_equal(ary_parking_wait_ms(&fixture->parking, library_ms), 1);
	assert_int_equal(ary_parking_wait_ms(&fixture->parking, 700), 700);
	ary_parking_go_on(&fixture->parking);
	assert_int_equal(ary_parking_wait_ms(&fixture->parking, library_ms), 0);
	for (unsigned i = 0; i < ARY_PARKING_RUNS; i++)
		run(fixture);
	assert_int_equal(ary_parking_wait_ms(&fixture->parking, library_ms), 1);
	assert_true(ary_parking_may_wait(&fixture->parking));
	ary_parking_wake(&fixture->parking, &fixture->spot);
	assert_false(ary_parking_may_wait(&fixture->parking));
	answer_is_sent_without_a_wait(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_suspended_one_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_held_one_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_that_is_held_for_long_is_suspended, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_the_answer_of_one_that_is_just_suspended_is_not_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_held_one_outlives_its_connection, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_one_whose_answer_has_come_ends_with_its_connection, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_loop_waits_where_all_are_held, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
