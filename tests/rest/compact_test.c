/* SPDX-License-Identifier: MIT */
/* Promise: a compaction can be asked for, joined and watched over HTTP; it gives back space, and
 * nothing that is kept changes. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/load.h"
#include "lib/rest.h"

enum { KEYS = 50, ROUNDS = 20, JOINERS = 6, ENOUGH_WRITES = 300 };

static int setup(void **state)
{
	static const char *const options[] = { "--rotate-bytes", "16384",
					       "--compact-stale-bytes", "0", NULL };

	*state = rest_start(options);
	return 0;
}

static json_t *parse(const struct client_reply *reply)
{
	json_t *root = json_loadb((const char *)reply->body, reply->body_size, 0, NULL);

	assert_non_null(root);
	return root;
}

static long long number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value))
		fail_msg("there is no number %s", name);
	return json_integer_value(value);
}

static void overwrite(struct rest *rest)
{
	char target[32];
	char value[64];

	for (int round = 0; round < ROUNDS; round++) {
		for (int key = 0; key < KEYS; key++) {
			snprintf(target, sizeof(target), "/keys/c%d", key);
			snprintf(value, sizeof(value), "value %d of round %d", key, round);
			assert_true(client_put_status(rest->client, target, value) / 100 == 2);
		}
	}
}

static void expect_last_round(struct rest *rest)
{
	char target[32];
	char value[64];

	for (int key = 0; key < KEYS; key++) {
		snprintf(target, sizeof(target), "/keys/c%d", key);
		snprintf(value, sizeof(value), "value %d of round %d", key, ROUNDS - 1);
		rest_expect_value(rest, target, value, strlen(value));
	}
}

static void test_compaction_reports_what_it_gave_back(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	json_t *report;

	overwrite(rest);
	assert_int_equal(client_ask(rest->client, "POST", "/compact", NULL, &reply), 200);
	report = parse(&reply);
	assert_true(number(report, "bytes_after") < number(report, "bytes_before"));
	assert_true(number(report, "logs_after") < number(report, "logs_before"));
	json_decref(report);
	client_reply_release(&reply);
	expect_last_round(rest);
	node_kill(rest->node);
	node_restart(rest->node);
	rest_reconnect(rest);
	expect_last_round(rest);
}

struct joiner {
	pthread_t thread;
	struct client *client;
	long status;
};

static void *compact(void *context)
{
	struct joiner *joiner = context;

	joiner->status = client_status(joiner->client, "POST", "/compact");
	return NULL;
}

static void test_compaction_can_be_started_and_watched(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	overwrite(rest);
	assert_int_equal(client_ask(rest->client, "POST", "/compact", "Prefer: respond-async",
				    &reply), 202);
	assert_string_equal(client_header(&reply, "Location", text), "/compact");
	client_reply_release(&reply);
	assert_int_equal(client_ask(rest->client, "GET", "/compact", NULL, &reply), 200);
	json_decref(parse(&reply));
	client_reply_release(&reply);
	expect_last_round(rest);
}

/* The server of this test paces compactions so that one takes hours. */
static void test_compaction_can_be_cancelled(void **state)
{
	static const char *const options[] = {"--compact-bytes-per-second=1", NULL};
	struct rest *rest = rest_start(options);
	struct joiner joiner;
	long status;

	(void)state;
	rest_expect(rest, "DELETE", "/compact", 200);
	overwrite(rest);
	joiner.client = client_create(rest->node->port);
	assert_non_null(joiner.client);
	assert_int_equal(pthread_create(&joiner.thread, NULL, compact, &joiner), 0);
	do {
		status = client_status(rest->client, "DELETE", "/compact");
	} while (status == 200);
	assert_int_equal(status, 202);
	pthread_join(joiner.thread, NULL);
	client_destroy(joiner.client);
	assert_int_equal(joiner.status, 409);
	expect_last_round(rest);
	rest_end(rest);
}

static void test_those_who_come_together_join(void **state)
{
	struct rest *rest = *state;
	struct joiner joiners[JOINERS];

	overwrite(rest);
	for (int i = 0; i < JOINERS; i++) {
		joiners[i].client = client_create(rest->node->port);
		assert_non_null(joiners[i].client);
		assert_int_equal(pthread_create(&joiners[i].thread, NULL, compact, &joiners[i]), 0);
	}
	for (int i = 0; i < JOINERS; i++) {
		pthread_join(joiners[i].thread, NULL);
		client_destroy(joiners[i].client);
		assert_int_equal(joiners[i].status, 200);
	}
	expect_last_round(rest);
}

static void test_traffic_goes_on_beside_compaction(void **state)
{
	struct rest *rest = *state;
	struct load *load = load_start(rest->node->port, 4);

	while (load_acknowledged(load) < ENOUGH_WRITES)
		rest_expect(rest, "POST", "/compact", 200);
	load_stop(load);
	load_check(load, rest->node->port);
	load_destroy(load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compaction_reports_what_it_gave_back),
		cmocka_unit_test(test_compaction_can_be_started_and_watched),
		cmocka_unit_test(test_those_who_come_together_join),
		cmocka_unit_test(test_compaction_can_be_cancelled),
		cmocka_unit_test(test_traffic_goes_on_beside_compaction),
	};

	return cmocka_run_group_tests_name("rest/compact", tests, setup, rest_teardown);
}
