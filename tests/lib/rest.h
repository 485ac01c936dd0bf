/* SPDX-License-Identifier: MIT */
/* What the tests in rest/ share: one server and one client per test, made by setup, ended by
 * teardown. */
#ifndef TESTS_LIB_REST_H
#define TESTS_LIB_REST_H

#include "lib/client.h"
#include "lib/node.h"

struct rest {
	struct node *node;
	struct client *client;
};

/* Starts a server with OPTIONS, and a client of it; returns owned. Fails the test otherwise. */
struct rest *rest_start(const char *const *options);

/* Makes the client anew, for a server that was started again. */
void rest_reconnect(struct rest *rest);

/* Takes REST (NULL is fine). Fails the test when the server does not end in order: in a build with
 * a sanitizer this is where it tells of leaks. */
void rest_end(struct rest *rest);

/* For cmocka: a server with no further options in *STATE, and its end. */
int rest_setup(void **state);
int rest_teardown(void **state);

/* Fails unless METHOD of TARGET answers STATUS. */
void rest_expect(struct rest *rest, const char *method, const char *target, long status);

/* Fails unless a PUT of the SIZE bytes at BODY answers STATUS, or a GET 200 with exactly those. */
void rest_expect_put(struct rest *rest, const char *target, const void *body, size_t size,
		     long status);
void rest_expect_value(struct rest *rest, const char *target, const void *body, size_t size);

/* How many bytes GET /stats says are in flight. */
unsigned long long rest_flight_bytes(struct rest *rest);

/* Fails unless there come to be BYTES. */
void rest_expect_flight(struct rest *rest, unsigned long long bytes);

#endif
