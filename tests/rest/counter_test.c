/* SPDX-License-Identifier: MIT */
/* Promise: counters that 64 connections count up with If-Match, all at once, are exact: no
 * increment is lost or counted twice, before a kill -9 and after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rest.h"

enum {
	CONNECTIONS = 64,
	COUNTERS = 8,
	/* Before the first kill, and in all. */
	FIRST_INCREMENTS = 5000,
	INCREMENTS = 10000,
	/* Between them, until a kill in the middle of the work. */
	MIDDLE_INCREMENTS = 500,
	TARGET_BYTES = 32,
	CONDITION_BYTES = CLIENT_HEADER_BYTES + 16,
	GIVE_UP_MS = 120000,
};

/* What all connections share. */
struct work {
	atomic_long wanted;       /* increments that nobody has begun yet */
	atomic_long acknowledged;
	atomic_long unanswered;   /* that may have happened or not */
	atomic_long conflicts;
	atomic_long wrong;        /* answers that no right server gives */
};

struct counter_client {
	pthread_t thread;
	struct client *client;
	struct work *work;
	unsigned random;
};

static void make_target(unsigned counter, char target[TARGET_BYTES])
{
	snprintf(target, TARGET_BYTES, "/keys/counter/%u", counter);
}

/* Reads a counter and the condition under which it may be counted up. The status. */
static long read_counter(struct client *client, const char *target, long *value_out,
			 char condition[CONDITION_BYTES])
{
	char etag[CLIENT_HEADER_BYTES];
	struct client_reply reply;
	long status = client_ask(client, "GET", target, NULL, &reply);

	*value_out = 0;
	snprintf(condition, CONDITION_BYTES, "If-None-Match: *");
	if (status == 200) {
		*value_out = strtol((const char *)reply.body, NULL, 10);
		snprintf(condition, CONDITION_BYTES, "If-Match: %s",
			 client_header(&reply, "ETag", etag) ? etag : "none");
	}
	client_reply_release(&reply);
	return status;
}

/* Tries until one increment is acknowledged. False: the server is gone. */
static bool increment(struct counter_client *own)
{
	for (;;) {
		char target[TARGET_BYTES];
		char condition[CONDITION_BYTES];
		char text[TARGET_BYTES];
		struct client_reply reply;
		long value, status;

		own->random = own->random * 1664525u + 1013904223u;
		make_target((own->random >> 16) % COUNTERS, target);
		status = read_counter(own->client, target, &value, condition);
		if (status == 0)
			return false;
		if (status != 200 && status != 404) {
			atomic_fetch_add(&own->work->wrong, 1);
			return false;
		}
		snprintf(text, sizeof(text), "%ld", value + 1);
		status = client_put(own->client, target, text, strlen(text), condition, &reply);
		client_reply_release(&reply);
		if (status == 0) {
			atomic_fetch_add(&own->work->unanswered, 1);
			return false;
		}
		if (status != 412) {
			bool is_right = status == (value == 0 ? 201 : 204);

			atomic_fetch_add(is_right ? &own->work->acknowledged : &own->work->wrong,
					 1);
			return is_right;
		}
		atomic_fetch_add(&own->work->conflicts, 1);
	}
}

static void *count_up(void *context)
{
	struct counter_client *own = context;

	while (atomic_fetch_sub(&own->work->wanted, 1) > 0)
		if (!increment(own))
			break;
	return NULL;
}

static void start(struct counter_client clients[CONNECTIONS], struct work *work, int port)
{
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		clients[i] = (struct counter_client){ .work = work, .random = i * 7919u };
		clients[i].client = client_create(port);
		assert_non_null(clients[i].client);
		assert_int_equal(pthread_create(&clients[i].thread, NULL, count_up, &clients[i]),
				 0);
	}
}

static void join(struct counter_client clients[CONNECTIONS], const struct work *work)
{
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		pthread_join(clients[i].thread, NULL);
		client_destroy(clients[i].client);
	}
	assert_int_equal(work->wrong, 0);
}

static long sum(struct rest *rest)
{
	long total = 0;

	for (unsigned i = 0; i < COUNTERS; i++) {
		char target[TARGET_BYTES];
		char condition[CONDITION_BYTES];
		long value, status;

		make_target(i, target);
		status = read_counter(rest->client, target, &value, condition);
		assert_true(status == 200 || status == 404);
		total += value;
	}
	return total;
}

/* Counts up by INCREMENTS, undisturbed. */
static void count(struct rest *rest, long increments)
{
	struct counter_client clients[CONNECTIONS];
	struct work work = { .wanted = increments };

	start(clients, &work, rest->node->port);
	join(clients, &work);
	assert_int_equal(work.acknowledged, increments);
	assert_int_equal(work.unanswered, 0);
	assert_true(work.conflicts > 0);
}

static void kill_and_restart(struct rest *rest)
{
	node_kill(rest->node);
	node_restart(rest->node);
	rest_reconnect(rest);
}

/* Kills the server in the middle; the sum afterwards, which began as BEFORE. */
static long count_and_kill(struct rest *rest, long before)
{
	struct counter_client clients[CONNECTIONS];
	struct work work = { .wanted = INCREMENTS };
	long long end = node_now_ms() + GIVE_UP_MS;
	long after;

	start(clients, &work, rest->node->port);
	while (work.acknowledged < MIDDLE_INCREMENTS) {
		assert_true(node_now_ms() < end);
		node_sleep_ms(1);
	}
	node_kill(rest->node);
	join(clients, &work);
	node_restart(rest->node);
	rest_reconnect(rest);
	after = sum(rest);
	assert_in_range(after, before + work.acknowledged,
			before + work.acknowledged + work.unanswered);
	return after;
}

static void test_counters_are_exact(void **state)
{
	struct rest *rest = *state;
	long middle;

	count(rest, FIRST_INCREMENTS);
	assert_int_equal(sum(rest), FIRST_INCREMENTS);
	kill_and_restart(rest);
	assert_int_equal(sum(rest), FIRST_INCREMENTS);
	middle = count_and_kill(rest, FIRST_INCREMENTS);
	count(rest, INCREMENTS - FIRST_INCREMENTS);
	assert_int_equal(sum(rest), middle + INCREMENTS - FIRST_INCREMENTS);
	kill_and_restart(rest);
	assert_int_equal(sum(rest), middle + INCREMENTS - FIRST_INCREMENTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters_are_exact),
	};

	return cmocka_run_group_tests_name("rest/counter", tests, rest_setup, rest_teardown);
}
