/* SPDX-License-Identifier: MIT */
/* Promise: keys of any bytes that were put are in the list, as they were, by way of real HTTP, also
 * after a compaction and after the server was started again; and a page that has no room beside the
 * bytes in flight is refused, as a value is. */
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

enum { KEY_BYTES_MAX = 1024, PATIENCE_MS = 20000 };

/* In byte order, percent-encoded as the list does it. */
static const char *const odd_keys[] = {
	"%00", "%00%00", "%0A", "%20", "%22%5C", "%25", "%252F", "%2B", "/", "//", "//x", "a",
	"a%00b", "a%2Bb", "a/", "a//b", "a/b", "%7B%7D", "%7F", "%C3%BC", "%FF", "%FF%FF",
};
enum { ODD_KEYS = sizeof(odd_keys) / sizeof(odd_keys[0]) };

/* Appends the lines of all pages of TARGET to OUT, which is terminated. */
static void follow(struct rest *rest, const char *target, char *out, size_t out_size)
{
	char link[CLIENT_HEADER_BYTES];

	(void)snprintf(link, sizeof(link), "%s", target);
	out[0] = '\0';
	for (unsigned pages = 0; link[0] != '\0'; pages++) {
		struct client_reply reply;
		char header[CLIENT_HEADER_BYTES];
		const char *next;

		assert_true(pages < 100);
		assert_int_equal(client_ask(rest->client, "GET", link, "Accept: text/plain",
					    &reply), 200);
		assert_true(strlen(out) + reply.body_size < out_size);
		(void)snprintf(out + strlen(out), out_size - strlen(out), "%s",
			       (const char *)reply.body);
		next = client_header(&reply, "Link", header);
		link[0] = '\0';
		if (next != NULL)
			(void)snprintf(link, sizeof(link), "%.*s",
				       (int)strcspn(next + 1, ">"), next + 1);
		client_reply_release(&reply);
	}
}

static void expect_odd_keys(struct rest *rest, const char *longest)
{
	enum { OUT_BYTES = 16 * 1024 };
	char *expected = calloc(1, OUT_BYTES);
	char *lines = calloc(1, OUT_BYTES);

	assert_non_null(expected);
	assert_non_null(lines);
	for (size_t i = 0; i < ODD_KEYS; i++) {
		/* The longest one begins with an m. */
		if (strcmp(odd_keys[i], "%7B%7D") == 0)
			(void)snprintf(expected + strlen(expected), OUT_BYTES - strlen(expected),
				       "%s\n", longest);
		(void)snprintf(expected + strlen(expected), OUT_BYTES - strlen(expected), "%s\n",
			       odd_keys[i]);
	}
	follow(rest, "/keys?limit=1000", lines, OUT_BYTES);
	assert_string_equal(lines, expected);
	follow(rest, "/keys?limit=5", lines, OUT_BYTES);
	assert_string_equal(lines, expected);
	free(expected);
	free(lines);
}

static void test_odd_keys_are_listed_as_they_were_put(void **state)
{
	static const char *const options[] = {"--rotate-bytes", "4096", NULL};
	struct rest *rest = rest_start(options);
	char longest[KEY_BYTES_MAX + 1];
	char target[KEY_BYTES_MAX + 16];

	(void)state;
	memset(longest, 'm', KEY_BYTES_MAX);
	longest[KEY_BYTES_MAX] = '\0';
	(void)snprintf(target, sizeof(target), "/keys/%s", longest);
	rest_expect_put(rest, target, "long", 4, 201);
	for (size_t i = 0; i < ODD_KEYS; i++) {
		(void)snprintf(target, sizeof(target), "/keys/%s", odd_keys[i]);
		rest_expect_put(rest, target, "first", 5, 201);
		rest_expect_put(rest, target, odd_keys[i], strlen(odd_keys[i]), 204);
		rest_expect_value(rest, target, odd_keys[i], strlen(odd_keys[i]));
	}
	expect_odd_keys(rest, longest);
	rest_expect(rest, "POST", "/compact?full", 200);
	expect_odd_keys(rest, longest);
	assert_int_equal(node_stop(rest->node), 0);
	node_restart(rest->node);
	rest_reconnect(rest);
	expect_odd_keys(rest, longest);
	for (size_t i = 0; i < ODD_KEYS; i++) {
		(void)snprintf(target, sizeof(target), "/keys/%s", odd_keys[i]);
		rest_expect_value(rest, target, odd_keys[i], strlen(odd_keys[i]));
	}
	rest_end(rest);
}

static void test_head_tells_the_length_of_the_page(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char length[CLIENT_HEADER_BYTES], type[CLIENT_HEADER_BYTES];
	size_t size;

	rest_expect_put(rest, "/keys/a", "1", 1, 201);
	assert_int_equal(client_ask(rest->client, "GET", "/keys", NULL, &reply), 200);
	size = reply.body_size;
	client_reply_release(&reply);
	assert_int_equal(client_ask(rest->client, "HEAD", "/keys", NULL, &reply), 200);
	assert_int_equal(reply.body_size, 0);
	assert_int_equal(strtoull(client_header(&reply, "Content-Length", length), NULL, 10), size);
	assert_string_equal(client_header(&reply, "Content-Type", type), "application/json");
	client_reply_release(&reply);
	rest_expect(rest, "PUT", "/keys", 405);
	rest_expect(rest, "OPTIONS", "/keys?prefix=a", 204);
}

/* A body of which SENT bytes have come in, and which holds that much. */
static int hold(struct rest *rest, size_t sent)
{
	char *bytes = calloc(1, sent + 256);
	int fd = wire_open(rest->node->port);
	int head;

	assert_non_null(bytes);
	assert_true(fd >= 0);
	head = snprintf(bytes, 256,
			"PUT /keys/held HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
			sent + 1);
	memset(bytes + head, 'u', sent);
	assert_true(wire_send(fd, bytes, (size_t)head + sent));
	free(bytes);
	return fd;
}

static void expect_soon(struct rest *rest, const char *target, long status)
{
	long long end = node_now_ms() + PATIENCE_MS;

	while (client_status(rest->client, "GET", target) != status) {
		if (node_now_ms() > end)
			fail_msg("GET %s never answered %ld", target, status);
		node_sleep_ms(5);
	}
}

/* Only a short page is sent whatever else is held. */
static void test_a_long_page_needs_room_as_a_value_does(void **state)
{
	static const char *const options[] = {"--flight-bytes-max", "8MiB", NULL};
	struct rest *rest = rest_start(options);
	char value[20000];
	int held[8];

	(void)state;
	memset(value, 'v', sizeof(value));
	for (unsigned i = 0; i < 20; i++) {
		char target[32];

		(void)snprintf(target, sizeof(target), "/keys/%u", i);
		rest_expect_put(rest, target, value, sizeof(value), 201);
	}
	rest_expect(rest, "GET", "/keys?include=value", 200);
	/* Until the page is out, it would keep out the last of those that hold. */
	rest_expect_flight(rest, 0);
	for (unsigned i = 0; i < 8; i++)
		held[i] = hold(rest, 1000000);
	/* A page that is asked for earlier keeps out one of them, for good. */
	rest_expect_flight(rest, 8 * 1000001);
	expect_soon(rest, "/keys?include=value", 503);
	rest_expect(rest, "GET", "/keys", 200);
	rest_expect(rest, "HEAD", "/keys?include=value", 200);
	for (unsigned i = 0; i < 8; i++)
		wire_close(held[i]);
	expect_soon(rest, "/keys?include=value", 200);
	rest_end(rest);
}

/* Some thousand keys go, beside others that are put; what stays, and what was put, is there after a
 * kill. */
static void test_many_keys_are_removed_for_good(void **state)
{
	enum { MANY = 1000 };
	struct rest *rest = *state;
	struct client_reply reply;
	char location[CLIENT_HEADER_BYTES];

	for (unsigned i = 0; i < MANY; i++) {
		char target[32];

		(void)snprintf(target, sizeof(target), "/keys/%s/%u",
			       i % 4 == 0 ? "stay" : "go", i);
		rest_expect_put(rest, target, "v", 1, 201);
	}
	assert_int_equal(client_send(rest->client,
				     &(struct client_request){.method = "POST",
							      .target = "/keys?prefix=stay/",
							      .body = "posted",
							      .body_size = 6,
							      .has_body = true},
				     &reply), 201);
	assert_non_null(client_header(&reply, "Location", location));
	client_reply_release(&reply);
	rest_expect(rest, "DELETE", "/keys", 400);
	assert_int_equal(client_ask(rest->client, "DELETE", "/keys?prefix=go/", NULL, &reply), 200);
	assert_string_equal((const char *)reply.body, "{\"deleted\":750}\n");
	client_reply_release(&reply);
	node_kill(rest->node);
	node_restart(rest->node);
	rest_reconnect(rest);
	assert_int_equal(client_ask(rest->client, "GET", "/keys?count", NULL, &reply), 200);
	assert_string_equal((const char *)reply.body, "{\"count\":251}\n");
	client_reply_release(&reply);
	rest_expect_value(rest, location, "posted", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd_keys_are_listed_as_they_were_put),
		cmocka_unit_test_setup_teardown(test_head_tells_the_length_of_the_page, rest_setup,
						rest_teardown),
		cmocka_unit_test_setup_teardown(test_many_keys_are_removed_for_good, rest_setup,
						rest_teardown),
		cmocka_unit_test(test_a_long_page_needs_room_as_a_value_does),
	};

	return cmocka_run_group_tests_name("rest/list", tests, NULL, NULL);
}
