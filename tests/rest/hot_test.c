/* SPDX-License-Identifier: MIT */
/* Promise: an answer that is sent again is the one that would be made anew: a GET sees the last
 * acknowledged write whatever was asked for before, conditions and HEAD and CORS too, and all
 * fields are those of the first time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/wire.h"

enum { KEYS = 40, STEPS = 4000 };

static void *start(const char *hot_bytes)
{
	const char *const options[] = { "--hot-bytes", hot_bytes, "--threads", "1",
					"--durability", "never", "--cors-origin", "*", NULL };

	return rest_start(options);
}

/* Sixteen places for forty keys, so that answers come and go; values on both sides of what is
 * kept. */
static int setup_small(void **state)
{
	*state = start("64KiB");
	return 0;
}

static int setup_large(void **state)
{
	*state = start("4MiB");
	return 0;
}

static int setup_none(void **state)
{
	*state = start("0");
	return 0;
}

struct model {
	char value[KEYS][6000]; /* empty: not there */
	char etag[KEYS][32];
	uint32_t random;
};

static unsigned draw(struct model *model, unsigned below)
{
	model->random = model->random * 1664525u + 1013904223u;
	return (model->random >> 8) % below;
}

static void put(struct rest *rest, struct model *model, unsigned key, const char *target)
{
	static const unsigned sizes[] = { 1, 20, 1500, 2900, 3100, 5900 };
	unsigned size = sizes[draw(model, sizeof(sizes) / sizeof(sizes[0]))];
	struct client_reply reply;

	memset(model->value[key], 'a' + (int)draw(model, 26), size);
	model->value[key][size] = '\0';
	client_put(rest->client, target, model->value[key], size, NULL, &reply);
	assert_true(reply.status == 201 || reply.status == 204);
	char header[CLIENT_HEADER_BYTES];
	assert_non_null(client_header(&reply, "ETag", header));
	snprintf(model->etag[key], sizeof(model->etag[key]), "%.31s", header);
	client_reply_release(&reply);
}

static void remove_key(struct rest *rest, struct model *model, unsigned key, const char *target)
{
	bool is_there = model->value[key][0] != '\0';

	assert_int_equal(client_status(rest->client, "DELETE", target), is_there ? 204 : 404);
	model->value[key][0] = '\0';
}

static void expect_head(const struct client_reply *reply, const char *name, const char *value)
{
	char header[CLIENT_HEADER_BYTES];

	assert_non_null(client_header(reply, name, header));
	assert_string_equal(header, value);
}

/* One of the ways to ask for KEY; every one must know the present value. */
static void get(struct rest *rest, struct model *model, unsigned key, const char *target)
{
	static const struct {
		const char *method;
		const char *header;
		long status;
	} ways[] = {
		{ "GET", NULL, 200 },
		{ "GET", NULL, 200 },
		{ "GET", NULL, 200 },
		{ "HEAD", NULL, 200 },
		{ "GET", "Origin: http://there", 200 },
		{ "GET", "X-Request-Id: there", 200 },
		{ "GET", "If-None-Match: *", 304 },
		{ "GET", "If-None-Match: \"1\"", 200 },
		{ "GET", "If-Match: \"1\"", 412 },
	};
	size_t way = draw(model, sizeof(ways) / sizeof(ways[0]));
	bool is_there = model->value[key][0] != '\0';
	struct client_reply reply;

	client_ask(rest->client, ways[way].method, target, ways[way].header, &reply);
	assert_int_equal(reply.status, is_there ? ways[way].status : 404);
	if (is_there && reply.status != 412)
		expect_head(&reply, "ETag", model->etag[key]);
	if (is_there && reply.status == 200 && strcmp(ways[way].method, "GET") == 0)
		assert_string_equal((const char *)reply.body, model->value[key]);
	if (ways[way].header && strncmp(ways[way].header, "Origin", 6) == 0)
		expect_head(&reply, "Access-Control-Allow-Origin", "*");
	if (ways[way].header && strncmp(ways[way].header, "X-Request-Id", 12) == 0)
		expect_head(&reply, "X-Request-Id", "there");
	client_reply_release(&reply);
}

static void test_every_get_sees_the_last_write(void **state)
{
	struct model *model = calloc(1, sizeof(*model));

	assert_non_null(model);
	model->random = 7;
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned key = draw(model, KEYS);
		unsigned what = draw(model, 10);
		char target[32];

		snprintf(target, sizeof(target), "/keys/k%u", key);
		if (what == 0)
			put(*state, model, key, target);
		else if (what == 1 && step % 3 == 0)
			remove_key(*state, model, key, target);
		else
			get(*state, model, key, target);
	}
	free(model);
}

/* The head without its Date. */
static void take_head(struct rest *rest, char *out, size_t size)
{
	struct client_reply reply;
	char *date;

	assert_int_equal(client_ask(rest->client, "GET", "/keys/a", NULL, &reply), 200);
	date = strstr(reply.head, "Date: ");
	assert_non_null(date);
	memset(date, 'x', strcspn(date, "\r"));
	snprintf(out, size, "%s", reply.head);
	client_reply_release(&reply);
}

static void test_heads_are_the_same_every_time(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char first[2048];
	char again[2048];

	client_put(rest->client, "/keys/a", "value", 5, "Content-Type: text/x; a=\"b\"", &reply);
	client_reply_release(&reply);
	take_head(rest, first, sizeof(first));
	assert_non_null(strstr(first, "Content-Type: text/x; a=\"b\"\r\n"));
	for (int i = 0; i < 5; i++) {
		take_head(rest, again, sizeof(again));
		assert_string_equal(again, first);
	}
}

/* Writes over VALUE wherever it stands in the first log. */
static void damage_log(const struct rest *rest, const char *value)
{
	char path[NODE_PATH_BYTES + 16];
	static char bytes[65536];
	size_t size;
	FILE *file;
	char *at;

	snprintf(path, sizeof(path), "%s/logs/0.log", rest->node->store);
	file = fopen(path, "r+e");
	assert_non_null(file);
	size = fread(bytes, 1, sizeof(bytes) - 1, file);
	at = memmem(bytes, size, value, strlen(value));
	assert_non_null(at);
	assert_int_equal(fseek(file, at - bytes, SEEK_SET), 0);
	assert_int_equal(fputc('X', file), 'X');
	assert_int_equal(fclose(file), 0);
}

/* Whether answers are kept at all: what was read before does not need the file any more, and what
 * was not does. */
static void test_what_was_sent_is_not_read_again(void **state)
{
	struct rest *rest = *state;

	rest_expect_put(rest, "/keys/read", "was-read", 8, 201);
	rest_expect_put(rest, "/keys/unread", "was-not-read", 12, 201);
	rest_expect_value(rest, "/keys/read", "was-read", 8);
	damage_log(rest, "was-read");
	damage_log(rest, "was-not-read");
	rest_expect_value(rest, "/keys/read", "was-read", 8);
	rest_expect(rest, "GET", "/keys/unread", 500);
	rest_expect(rest, "HEAD", "/keys/read", 500);
}

static void test_without_room_all_is_read_again(void **state)
{
	struct rest *rest = *state;

	rest_expect_put(rest, "/keys/read", "was-read", 8, 201);
	rest_expect_value(rest, "/keys/read", "was-read", 8);
	damage_log(rest, "was-read");
	rest_expect(rest, "GET", "/keys/read", 500);
}

/* Neither those that stay nor those that went count as being sent. */
static void test_kept_answers_are_not_in_flight(void **state)
{
	struct rest *rest = *state;
	unsigned long long before;
	char target[32];

	for (int i = 0; i < KEYS; i++) {
		snprintf(target, sizeof(target), "/keys/k%d", i);
		rest_expect_put(rest, target, "value", 5, 201);
	}
	before = rest_flight_bytes(rest);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < KEYS; i++) {
			snprintf(target, sizeof(target), "/keys/k%d", i);
			rest_expect_value(rest, target, "value", 5);
			rest_expect_value(rest, target, "value", 5);
		}
		assert_int_equal(rest_flight_bytes(rest), before);
	}
}

/* Sent at once, on one connection. */
static void test_requests_in_a_row_each_get_their_own(void **state)
{
	static const char both[] = "GET /keys/one HTTP/1.1\r\nHost: h\r\n\r\n"
				   "GET /keys/two HTTP/1.1\r\nHost: h\r\n\r\n"
				   "GET /keys/one HTTP/1.1\r\nHost: h\r\n\r\n";
	static const char *const bodies[] = { "1", "22", "1" };
	struct rest *rest = *state;

	rest_expect_put(rest, "/keys/one", "1", 1, 201);
	rest_expect_put(rest, "/keys/two", "22", 2, 201);
	for (int round = 0; round < 3; round++) {
		int fd = wire_open(rest->node->port);

		assert_true(wire_send(fd, both, sizeof(both) - 1));
		for (size_t i = 0; i < 3; i++) {
			struct wire_reply reply;

			assert_int_equal(wire_receive(fd, true, WIRE_TIMEOUT_MS, &reply), 200);
			assert_string_equal(reply.data + reply.head_size, bodies[i]);
			wire_reply_release(&reply);
		}
		wire_close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_get_sees_the_last_write, setup_small,
						rest_teardown),
		cmocka_unit_test_setup_teardown(test_every_get_sees_the_last_write, setup_large,
						rest_teardown),
		cmocka_unit_test_setup_teardown(test_every_get_sees_the_last_write, setup_none,
						rest_teardown),
		cmocka_unit_test_setup_teardown(test_heads_are_the_same_every_time, rest_setup,
						rest_teardown),
		cmocka_unit_test_setup_teardown(test_what_was_sent_is_not_read_again, setup_large,
						rest_teardown),
		cmocka_unit_test_setup_teardown(test_without_room_all_is_read_again, setup_none,
						rest_teardown),
		cmocka_unit_test_setup_teardown(test_kept_answers_are_not_in_flight, setup_small,
						rest_teardown),
		cmocka_unit_test_setup_teardown(test_requests_in_a_row_each_get_their_own,
						rest_setup, rest_teardown),
	};

	return cmocka_run_group_tests_name("rest/hot", tests, NULL, NULL);
}
