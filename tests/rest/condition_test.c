/* SPDX-License-Identifier: MIT */
/* Promise: If-Match and If-None-Match hold at the moment of the write, also when many clients
 * write at once; a reader that has the present value is told so; browsers may call from the
 * origins that were named and no others. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"

enum { CLIENTS = 100 };

static long put_if(struct rest *rest, const char *target, const char *condition)
{
	struct client_reply reply;
	long status = client_put(rest->client, target, "v", 1, condition, &reply);

	client_reply_release(&reply);
	return status;
}

static void read_etag(struct rest *rest, const char *target, char out[CLIENT_HEADER_BYTES])
{
	struct client_reply reply;

	assert_int_equal(client_ask(rest->client, "GET", target, NULL, &reply), 200);
	assert_non_null(client_header(&reply, "ETag", out));
	client_reply_release(&reply);
}

static void test_known_value_is_not_sent_again(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char etag[CLIENT_HEADER_BYTES];
	char text[CLIENT_HEADER_BYTES];
	char condition[CLIENT_HEADER_BYTES + 32];

	rest_expect_put(rest, "/keys/known", "12345", 5, 201);
	read_etag(rest, "/keys/known", etag);
	snprintf(condition, sizeof(condition), "If-None-Match: %s", etag);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/known", condition, &reply), 304);
	assert_int_equal(reply.body_size, 0);
	assert_string_equal(client_header(&reply, "ETag", text), etag);
	/* RFC 9110 section 8.6: absent, or what a 200 would have said. */
	if (client_header(&reply, "Content-Length", text))
		assert_string_equal(text, "5");
	client_reply_release(&reply);
	rest_expect_put(rest, "/keys/known", "new", 3, 204);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/known", condition, &reply), 200);
	assert_int_equal(reply.body_size, 3);
	client_reply_release(&reply);
}

static void test_if_match_decides_a_write(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char etag[CLIENT_HEADER_BYTES];
	char condition[CLIENT_HEADER_BYTES + 32];

	assert_int_equal(put_if(rest, "/keys/swap", "If-Match: *"), 412);
	assert_int_equal(put_if(rest, "/keys/swap", "If-None-Match: *"), 201);
	assert_int_equal(put_if(rest, "/keys/swap", "If-None-Match: *"), 412);
	read_etag(rest, "/keys/swap", etag);
	snprintf(condition, sizeof(condition), "If-Match: \"999999\", %s", etag);
	assert_int_equal(put_if(rest, "/keys/swap", condition), 204);
	assert_int_equal(put_if(rest, "/keys/swap", condition), 412);
	assert_int_equal(client_ask(rest->client, "DELETE", "/keys/swap", condition, &reply), 412);
	client_reply_release(&reply);
	assert_int_equal(client_ask(rest->client, "DELETE", "/keys/swap", "If-Match: *", &reply),
			 204);
	client_reply_release(&reply);
}

struct creator {
	pthread_t thread;
	pthread_barrier_t *start;
	struct client *client;
	long status;
};

static void *create(void *context)
{
	struct creator *creator = context;
	struct client_reply reply;

	pthread_barrier_wait(creator->start);
	creator->status = client_put(creator->client, "/keys/once", "v", 1, "If-None-Match: *",
				     &reply);
	client_reply_release(&reply);
	return NULL;
}

static void test_one_of_many_creators_wins(void **state)
{
	struct rest *rest = *state;
	struct creator creators[CLIENTS];
	pthread_barrier_t start;
	int created = 0;
	int refused = 0;

	pthread_barrier_init(&start, NULL, CLIENTS);
	for (int i = 0; i < CLIENTS; i++) {
		creators[i].start = &start;
		creators[i].client = client_create(rest->node->port);
		assert_non_null(creators[i].client);
		assert_int_equal(pthread_create(&creators[i].thread, NULL, create, &creators[i]),
				 0);
	}
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(creators[i].thread, NULL);
		client_destroy(creators[i].client);
		created += creators[i].status == 201;
		refused += creators[i].status == 412;
	}
	pthread_barrier_destroy(&start);
	assert_int_equal(created, 1);
	assert_int_equal(refused, CLIENTS - 1);
}

static void test_named_origin_may_call(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];
	const char *const preflight[] = { "Origin: https://good.example",
					  "Access-Control-Request-Method: PUT", NULL };
	struct client_request request = { .method = "OPTIONS", .target = "/keys/x",
					  .headers = preflight };

	assert_int_equal(client_send(rest->client, &request, &reply), 204);
	assert_string_equal(client_header(&reply, "Access-Control-Allow-Origin", text),
			    "https://good.example");
	assert_non_null(strstr(client_header(&reply, "Access-Control-Allow-Methods", text), "PUT"));
	client_reply_release(&reply);
	client_ask(rest->client, "GET", "/livez", "Origin: https://good.example", &reply);
	assert_string_equal(client_header(&reply, "Access-Control-Allow-Origin", text),
			    "https://good.example");
	client_reply_release(&reply);
}

static void test_other_origin_may_not_call(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	assert_int_equal(client_ask(rest->client, "GET", "/livez", "Origin: https://bad.example",
				    &reply), 200);
	assert_null(client_header(&reply, "Access-Control-Allow-Origin", text));
	client_reply_release(&reply);
}

static int setup(void **state)
{
	static const char *const options[] = { "--cors-origin", "https://good.example", NULL };

	*state = rest_start(options);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_value_is_not_sent_again),
		cmocka_unit_test(test_if_match_decides_a_write),
		cmocka_unit_test(test_one_of_many_creators_wins),
		cmocka_unit_test(test_named_origin_may_call),
		cmocka_unit_test(test_other_origin_may_not_call),
	};

	return cmocka_run_group_tests_name("rest/condition", tests, setup, rest_teardown);
}
