/* SPDX-License-Identifier: MIT */
/* Promise: SIGTERM under load ends the server with exit code 0 and in order, and every write that
 * it acknowledged is there when it is started again; from the signal on it is not ready. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/load.h"
#include "lib/rest.h"
#include "lib/wire.h"

enum { ROUNDS = 4, WRITERS = 16, ENOUGH_WRITES = 200, GIVE_UP_MS = 60000 };

static void wait_for_writes(struct load *load)
{
	long long end = node_now_ms() + GIVE_UP_MS;

	while (load_acknowledged(load) < ENOUGH_WRITES) {
		assert_true(node_now_ms() < end);
		node_sleep_ms(2);
	}
}

static void test_orderly_end_under_load_loses_nothing(void **state)
{
	static const char *const options[] = { "--rotate-bytes", "65536",
					       "--compact-stale-bytes", "65536", NULL };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct rest *rest = rest_start(options);
		struct load *load = load_start(rest->node->port, WRITERS);

		wait_for_writes(load);
		assert_int_equal(node_stop(rest->node), 0);
		load_stop(load);
		node_restart(rest->node);
		load_check(load, rest->node->port);
		load_destroy(load);
		assert_int_equal(node_stop(rest->node), 0);
		rest_end(rest);
	}
}

static void test_readiness_fails_before_the_end(void **state)
{
	static const char *const options[] = { "--shutdown-delay-ms", "1500", NULL };
	static const char ask[] = "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n";
	struct rest *rest = rest_start(options);
	long long end = node_now_ms() + GIVE_UP_MS;
	int status;

	(void)state;
	node_terminate(rest->node);
	do {
		struct wire_reply reply;

		status = wire_ask(rest->node->port, ask, sizeof(ask) - 1, &reply);
		wire_reply_release(&reply);
		assert_true(node_now_ms() < end);
	} while (status == 200);
	/* Not ready, or no longer listening when the machine was too slow to see that. */
	assert_true(status == 503 || status == 0);
	assert_int_equal(node_wait(rest->node), 0);
	rest_end(rest);
}

static void test_open_connections_do_not_hold_it_up(void **state)
{
	struct rest *rest = rest_start(NULL);
	int idle = wire_open(rest->node->port);
	int half = wire_open(rest->node->port);

	(void)state;
	assert_true(idle >= 0 && half >= 0);
	assert_true(wire_send(half, "PUT /keys/ha", 12));
	rest_expect(rest, "GET", "/livez", 200);
	assert_int_equal(node_stop(rest->node), 0);
	assert_true(wire_is_closed_within(idle, WIRE_TIMEOUT_MS));
	assert_true(wire_is_closed_within(half, WIRE_TIMEOUT_MS));
	wire_close(idle);
	wire_close(half);
	rest_end(rest);
}

/* They leave with their bodies half sent; the time for requests under way is not for those. */
static void test_unfinished_bodies_do_not_hold_it_up(void **state)
{
	static const char *const options[] = { "--shutdown-timeout-ms", "600000", NULL };
	static const char head[] =
		"PUT /keys/left HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nle";
	struct rest *rest = rest_start(options);

	(void)state;
	for (int i = 0; i < 50; i++) {
		int fd = wire_open(rest->node->port);

		assert_true(fd >= 0);
		assert_true(wire_send(fd, head, sizeof(head) - 1));
		wire_close(fd);
	}
	rest_expect(rest, "GET", "/keys/left", 404);
	assert_int_equal(node_stop(rest->node), 0);
	rest_end(rest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orderly_end_under_load_loses_nothing),
		cmocka_unit_test(test_readiness_fails_before_the_end),
		cmocka_unit_test(test_open_connections_do_not_hold_it_up),
		cmocka_unit_test(test_unfinished_bodies_do_not_hold_it_up),
	};

	return cmocka_run_group_tests_name("rest/shutdown", tests, NULL, NULL);
}
