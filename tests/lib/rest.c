/* SPDX-License-Identifier: MIT */
#include "lib/rest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FLIGHT_TIMEOUT_MS = 60000 };

struct rest *rest_start(const char *const *options)
{
	struct rest *rest = calloc(1, sizeof(*rest));

	assert_non_null(rest);
	rest->node = node_start(options);
	rest_reconnect(rest);
	return rest;
}

void rest_reconnect(struct rest *rest)
{
	client_destroy(rest->client);
	rest->client = client_create(rest->node->port);
	assert_non_null(rest->client);
}

void rest_end(struct rest *rest)
{
	int code = 0;

	if (!rest)
		return;
	client_destroy(rest->client);
	if (node_is_alive(rest->node))
		code = node_stop(rest->node);
	node_destroy(rest->node);
	free(rest);
	assert_int_equal(code, 0);
}

int rest_setup(void **state)
{
	*state = rest_start(NULL);
	return 0;
}

int rest_teardown(void **state)
{
	rest_end(*state);
	return 0;
}

void rest_expect(struct rest *rest, const char *method, const char *target, long status)
{
	long answer = client_status(rest->client, method, target);

	if (answer != status)
		fail_msg("%s %s answered %ld, not %ld", method, target, answer, status);
}

void rest_expect_put(struct rest *rest, const char *target, const void *body, size_t size,
		     long status)
{
	struct client_reply reply;
	long answer = client_put(rest->client, target, body, size, NULL, &reply);

	client_reply_release(&reply);
	if (answer != status)
		fail_msg("PUT %s answered %ld, not %ld", target, answer, status);
}

void rest_expect_value(struct rest *rest, const char *target, const void *body, size_t size)
{
	struct client_reply reply;
	long answer = client_ask(rest->client, "GET", target, NULL, &reply);

	if (answer != 200)
		fail_msg("GET %s answered %ld, not 200", target, answer);
	assert_int_equal(reply.body_size, size);
	if (size > 0)
		assert_memory_equal(reply.body, body, size);
	client_reply_release(&reply);
}

unsigned long long rest_flight_bytes(struct rest *rest)
{
	struct client_reply reply;
	const char *figure;
	unsigned long long bytes;

	assert_int_equal(client_ask(rest->client, "GET", "/stats", NULL, &reply), 200);
	figure = strstr((const char *)reply.body, "\"flight_bytes\":");
	assert_non_null(figure);
	bytes = strtoull(figure + strlen("\"flight_bytes\":"), NULL, 10);
	client_reply_release(&reply);
	return bytes;
}

void rest_expect_flight(struct rest *rest, unsigned long long bytes)
{
	long long end = node_now_ms() + FLIGHT_TIMEOUT_MS;
	unsigned long long now;

	while ((now = rest_flight_bytes(rest)) != bytes) {
		if (node_now_ms() > end)
			fail_msg("%llu bytes in flight, not %llu", now, bytes);
		node_sleep_ms(5);
	}
}
