/* SPDX-License-Identifier: MIT */
/* Promise: while a write waits for its commit, its loop serves others; and a write is carried out,
 * and holds nothing afterwards, whether or not its client is there to hear of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "lib/service.h"

enum { TURN_MS = 20, REPLY_BYTES = 16384, STRANGERS = 3 };

#define PUT_OF(key, more) \
	"PUT /keys/" key " HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n" more "\r\nvalue"
#define GET_OF(key) "GET /keys/" key " HTTP/1.1\r\nHost: h\r\n\r\n"

/* A write whose answer keeps the commit thread, and so all other writes. */
struct fixture {
	struct service service;
	struct ary_write blocker;
	struct ary_mutex mutex;
	struct ary_cond changed;
	bool is_blocked;
	bool is_released;
};

static void block(struct ary_write *write)
{
	struct fixture *fixture = write->context;

	ary_mutex_lock(&fixture->mutex);
	fixture->is_blocked = true;
	ary_cond_broadcast(&fixture->changed);
	while (!fixture->is_released)
		ary_cond_wait(&fixture->changed, &fixture->mutex);
	ary_mutex_unlock(&fixture->mutex);
}

static void release(struct fixture *fixture)
{
	ary_mutex_lock(&fixture->mutex);
	fixture->is_released = true;
	ary_cond_broadcast(&fixture->changed);
	ary_mutex_unlock(&fixture->mutex);
}

static int setup(void **state)
{
	static struct fixture fixture;
	static const struct service_options options = {
		.places = 4, .flight_bytes_max = 1 << 20,
	};

	memset(&fixture, 0, sizeof(fixture));
	ary_mutex_init(&fixture.mutex);
	ary_cond_init(&fixture.changed);
	service_start(&fixture.service, &options);
	fixture.blocker = (struct ary_write){
		.op = ARY_WRITE_SET, .key = ary_bytes_of("blocker"), .done = block,
		.context = &fixture,
	};
	ary_store_submit(fixture.service.store, &fixture.blocker);
	ary_mutex_lock(&fixture.mutex);
	while (!fixture.is_blocked)
		ary_cond_wait(&fixture.changed, &fixture.mutex);
	ary_mutex_unlock(&fixture.mutex);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	release(fixture);
	service_stop(&fixture->service);
	ary_cond_release(&fixture->changed);
	ary_mutex_release(&fixture->mutex);
	return 0;
}

static void turn(struct fixture *fixture)
{
	ary_loop_turn(fixture->service.loop, TURN_MS);
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* What comes on FD until it has WANTED in it. */
static void expect(struct fixture *fixture, int fd, const char *wanted, char reply[REPLY_BYTES])
{
	uint64_t end_ms = ary_monotonic_ms(ary_env_posix()) + SERVICE_PATIENCE_MS;
	size_t size = 0;

	reply[0] = '\0';
	while (!strstr(reply, wanted)) {
		ssize_t got = recv(fd, reply + size, REPLY_BYTES - 1 - size, 0);

		assert_int_not_equal(got, 0);
		if (got > 0)
			size += (size_t)got;
		reply[size] = '\0';
		if (ary_monotonic_ms(ary_env_posix()) > end_ms)
			fail_msg("\"%s\" did not come: %s", wanted, reply);
		turn(fixture);
	}
}

/* Asks for KEY on a connection of its own. */
static void expect_get(struct fixture *fixture, const char *request, const char *wanted)
{
	char reply[REPLY_BYTES];
	int fd = service_connect(&fixture->service);

	send_text(fd, request);
	expect(fixture, fd, wanted, reply);
	close(fd);
	turn(fixture);
}

/* The write has come in, and waits. */
static int put(struct fixture *fixture, const char *request)
{
	char byte;
	int fd = service_connect(&fixture->service);

	send_text(fd, request);
	for (unsigned i = 0; i < 5; i++)
		turn(fixture);
	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	return fd;
}

static void test_others_are_served_while_a_write_waits(void **state)
{
	struct fixture *fixture = *state;
	char reply[REPLY_BYTES];
	int fd = put(fixture, PUT_OF("waits", ""));

	for (unsigned i = 0; i < STRANGERS; i++)
		expect_get(fixture, GET_OF("waits"), "HTTP/1.1 404 ");
	release(fixture);
	expect(fixture, fd, "HTTP/1.1 201 ", reply);
	expect_get(fixture, GET_OF("waits"), "\r\n\r\nvalue");
	close(fd);
	turn(fixture);
}

static void test_a_write_that_waits_for_long_is_answered(void **state)
{
	struct fixture *fixture = *state;
	char reply[REPLY_BYTES];
	int fd = put(fixture, PUT_OF("long", ""));

	for (unsigned i = 0; i < 200; i++)
		ary_loop_turn(fixture->service.loop, 1);
	release(fixture);
	expect(fixture, fd, "HTTP/1.1 201 ", reply);
	close(fd);
	turn(fixture);
}

static void test_one_answer_follows_the_other(void **state)
{
	struct fixture *fixture = *state;
	char reply[REPLY_BYTES];
	int fd = put(fixture, PUT_OF("first", "") PUT_OF("first", "") GET_OF("first"));

	release(fixture);
	expect(fixture, fd, "\r\n\r\nvalue", reply);
	assert_ptr_equal(strstr(reply, "HTTP/1.1 201 "), reply);
	assert_non_null(strstr(reply, "HTTP/1.1 204 "));
	assert_true(strstr(reply, "HTTP/1.1 204 ") < strstr(reply, "HTTP/1.1 200 "));
	close(fd);
	turn(fixture);
}

/* Answers that have bodies, one after the other, and a head that comes in pieces. */
static void test_others_go_on_to_their_ends_while_a_write_waits(void **state)
{
	struct fixture *fixture = *state;
	char reply[REPLY_BYTES];
	int waiting = put(fixture, PUT_OF("waits", ""));
	int fd = service_connect(&fixture->service);

	send_text(fd, GET_OF("a") GET_OF("b") GET_OF("c") "HEAD /keys/d HTTP/1.1\r\nHost: h\r\n");
	turn(fixture);
	send_text(fd, "Aryavarth-Note: x\r\n\r\nGET /livez HTTP/1.1\r\nHost: h\r\n\r\n");
	expect(fixture, fd, "HTTP/1.1 200 ", reply);
	for (unsigned i = 0; i < 4; i++) {
		char *found = strstr(reply, "HTTP/1.1 404 ");

		assert_non_null(found);
		found[0] = '-';
	}
	release(fixture);
	expect(fixture, waiting, "HTTP/1.1 201 ", reply);
	close(waiting);
	close(fd);
	turn(fixture);
}

/* What the write says was in the head of its request, whose memory is the next one's. */
static void test_a_write_whose_client_has_gone_is_carried_out(void **state)
{
	struct fixture *fixture = *state;
	int fd = put(fixture, PUT_OF("orphan", "Content-Type: text/orphan\r\n"
					       "Content-Encoding: gzip\r\n"
					       "Aryavarth-Meta-Colour: blue\r\n"));

	close(fd);
	for (unsigned i = 0; i < STRANGERS; i++)
		expect_get(fixture, GET_OF("orphan"), "HTTP/1.1 404 ");
	assert_false(ary_flight_wait(&fixture->service.flight, 0));
	release(fixture);
	while (!ary_flight_wait(&fixture->service.flight, 0))
		turn(fixture);
	expect_get(fixture, GET_OF("orphan"), "Content-Type: text/orphan\r\n");
	expect_get(fixture, GET_OF("orphan"), "Content-Encoding: gzip\r\n");
	expect_get(fixture, GET_OF("orphan"), ": blue\r\n");
}

/* The loop ends no sooner than the answer has come. */
static void test_a_removal_whose_client_has_gone_is_carried_out(void **state)
{
	struct fixture *fixture = *state;
	int fd = put(fixture, "DELETE /keys/blocker HTTP/1.1\r\nHost: h\r\n\r\n");

	close(fd);
	turn(fixture);
	release(fixture);
	while (!ary_flight_wait(&fixture->service.flight, 0))
		turn(fixture);
	expect_get(fixture, GET_OF("blocker"), "HTTP/1.1 404 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_others_are_served_while_a_write_waits, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_write_that_waits_for_long_is_answered, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_one_answer_follows_the_other, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_others_go_on_to_their_ends_while_a_write_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_write_whose_client_has_gone_is_carried_out,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_removal_whose_client_has_gone_is_carried_out,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
