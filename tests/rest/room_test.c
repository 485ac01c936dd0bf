/* SPDX-License-Identifier: MIT */
/* Promise: a write that was carried out is answered, however much of a connection's memory its head
 * takes, in any way that heads can be long; else it is refused, and nothing was changed. */
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

enum {
	KEY_MAX = 1024,
	TARGET_MAX = 8192,
	HEADER_MAX = 16384,
	FIELDS_MAX = 80,
	MEMORY = 32768,
	STEP = 53,
};

#define ORIGIN "https://a-name-that-is-not-so-short.of-a-host.example:65535"

static int setup(void **state)
{
	static const char *const options[] = { "--cors-origin", "https://b.example, " ORIGIN,
					       NULL };

	*state = rest_start(options);
	return 0;
}

/* A request to a key of zero bytes, which triple in a Location, but for its first eight. */
struct shape {
	const char *method;
	size_t key_bytes;
	bool is_encoded;      /* the target triples them too */
	size_t authority;     /* bytes of that in the target; 0: none */
	size_t ampersands;    /* in the query: parameters to the library, none to us */
	size_t spaces;        /* before the value of a field */
	size_t cookie_bytes;
	size_t cookies;       /* in these */
	size_t trailer_bytes; /* 0: no trailers */
	size_t header_bytes;  /* names and values, by further fields; 0: none */
	size_t fields;        /* in these header_bytes */
	size_t next_bytes;    /* sent together with it, of the request that follows */
};

/* Text that grows; large enough for any of these heads. */
struct text {
	char data[8 * MEMORY];
	size_t size;
};

static void add(struct text *text, const char *bytes)
{
	size_t size = strlen(bytes);

	assert_true(size < sizeof(text->data) - text->size);
	memcpy(text->data + text->size, bytes, size);
	text->size += size;
}

static void fill(struct text *text, char byte, size_t size)
{
	assert_true(size < sizeof(text->data) - text->size);
	memset(text->data + text->size, byte, size);
	text->size += size;
}

static void add_path(struct text *text, const struct shape *shape, unsigned number)
{
	char name[16];

	snprintf(name, sizeof(name), "%08u", number);
	add(text, "/keys/");
	add(text, name);
	for (size_t i = strlen(name); i < shape->key_bytes; i++)
		add(text, shape->is_encoded ? "%E4" : "\xe4");
}

static void add_line(struct text *text, const struct shape *shape, unsigned number)
{
	add(text, shape->method);
	add(text, " ");
	if (shape->authority > 0) {
		add(text, "http://");
		fill(text, 'a', shape->authority);
	}
	add_path(text, shape, number);
	if (shape->ampersands > 0)
		add(text, "?");
	fill(text, '&', shape->ampersands);
	add(text, " HTTP/1.1\r\nHost: h\r\n");
}

static void add_cookies(struct text *text, const struct shape *shape)
{
	if (shape->cookie_bytes == 0)
		return;
	add(text, "Cookie: ");
	for (size_t i = 0; i < shape->cookies; i++)
		add(text, "a=b; ");
	add(text, "c=");
	fill(text, 'd', shape->cookie_bytes);
	add(text, "\r\n");
}

/* Fields that bring the names and values of all that are there to shape's header_bytes; the Host is
 * one, and so is OTHERS of OTHER_BYTES. */
static void add_fields(struct text *text, const struct shape *shape, size_t others,
		       size_t other_bytes)
{
	size_t left = shape->header_bytes - strlen("Hosth") - other_bytes;

	for (size_t i = 1 + others; i < shape->fields; i++) {
		size_t bytes = left / (shape->fields - i);

		add(text, "x: ");
		fill(text, 'v', bytes - 1);
		add(text, "\r\n");
		left -= bytes;
	}
}

static void make_request(struct text *text, const struct shape *shape, unsigned number)
{
	bool is_put = strcmp(shape->method, "PUT") == 0;

	text->size = 0;
	add_line(text, shape, number);
	add(text, "Origin: " ORIGIN "\r\n");
	if (is_put)
		add(text, shape->trailer_bytes > 0 ? "Transfer-Encoding: chunked\r\n" :
						     "Content-Length: 00000000\r\n");
	add_cookies(text, shape);
	if (shape->spaces > 0) {
		add(text, "y:");
		fill(text, ' ', shape->spaces);
		add(text, "z\r\n");
	}
	if (shape->header_bytes > 0)
		add_fields(text, shape, is_put ? 2 : 1,
			   strlen("Origin" ORIGIN) +
				   (is_put ? strlen("Content-Length00000000") : 0));
	add(text, "\r\n");
	if (shape->trailer_bytes == 0)
		return;
	add(text, "0\r\nt: ");
	fill(text, 'u', shape->trailer_bytes);
	add(text, "\r\n\r\n");
}

static int ask(struct rest *rest, const struct shape *shape, unsigned number,
	       struct wire_reply *reply)
{
	static struct text text;

	make_request(&text, shape, number);
	if (shape->next_bytes > 0)
		add(&text, "GET /livez HTTP/1.1\r\nHost: h\r\nz: ");
	fill(&text, 'z', shape->next_bytes);
	return wire_ask(rest->node->port, text.data, text.size, reply);
}

/* Whether the key of the request with SHAPE and NUMBER is there. */
static bool is_there(struct rest *rest, const struct shape *shape, unsigned number)
{
	const struct shape plain = { .method = "GET", .key_bytes = shape->key_bytes };
	struct wire_reply reply;
	int status = ask(rest, &plain, number, &reply);

	wire_reply_release(&reply);
	assert_true(status == 200 || status == 404);
	return status == 200;
}

/* The status of a PUT of a new key. It is there if the answer says so, and only then; which names
 * all that it should. 0 is for a head that leaves no room for any answer. */
static int put(struct rest *rest, const struct shape *shape)
{
	static unsigned number;
	struct wire_reply reply;
	char value[4 * KEY_MAX];
	int status = ask(rest, shape, ++number, &reply);

	if (status == 201) {
		assert_non_null(wire_header(&reply, "Location", value, sizeof(value)));
		assert_int_equal(strlen(value), 14 + 3 * (shape->key_bytes - 8));
		assert_non_null(wire_header(&reply, "ETag", value, sizeof(value)));
		assert_string_equal(wire_header(&reply, "Access-Control-Allow-Origin", value,
						sizeof(value)), ORIGIN);
	}
	wire_reply_release(&reply);
	assert_true(status == 201 || status == 431 || status == 414 || status == 0);
	assert_int_equal(is_there(rest, shape, number), status == 201);
	return status;
}

/* Puts with SHAPE, of which LENGTH, a part of it, grows: what is short is taken, then all is
 * REFUSED with that status, until there is not even an answer. */
static void grow(struct rest *rest, struct shape *shape, size_t *length, int refused)
{
	int status = 201;
	unsigned taken = 0;

	for (*length = 1; status == 201; *length += STEP, taken++)
		status = put(rest, shape);
	assert_int_equal(status, refused);
	assert_true(taken > 2);
	for (; *length < MEMORY && status == refused; *length += STEP)
		status = put(rest, shape);
	assert_true(status != 201);
}

static void test_all_that_is_at_its_limit_is_taken(void **state)
{
	const struct shape shapes[] = {
		{ .method = "PUT", .key_bytes = KEY_MAX, .header_bytes = HEADER_MAX, .fields = 5 },
		{ .method = "PUT", .key_bytes = KEY_MAX, .header_bytes = HEADER_MAX,
		  .fields = FIELDS_MAX },
		{ .method = "PUT", .key_bytes = KEY_MAX, .is_encoded = true,
		  .header_bytes = HEADER_MAX, .fields = FIELDS_MAX },
		{ .method = "PUT", .key_bytes = KEY_MAX, .is_encoded = true, .authority = 21,
		  .header_bytes = HEADER_MAX, .fields = FIELDS_MAX },
		{ .method = "PUT", .key_bytes = 100, .authority = TARGET_MAX - 113,
		  .header_bytes = HEADER_MAX - 2 * KEY_MAX, .fields = FIELDS_MAX },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		assert_int_equal(put(*state, &shapes[i]), 201);
}

/* A target of any form and length up to the limit, beside all else at its limit. */
static void test_long_authority_is_answered_or_refused(void **state)
{
	struct shape shape = { .method = "PUT", .key_bytes = KEY_MAX, .is_encoded = true,
			       .header_bytes = HEADER_MAX, .fields = FIELDS_MAX };

	grow(*state, &shape, &shape.authority, 431);
	shape.is_encoded = false;
	shape.fields = 8;
	grow(*state, &shape, &shape.authority, 414);
}

static void test_empty_parameters_are_answered_or_refused(void **state)
{
	struct shape shape = { .method = "PUT", .key_bytes = KEY_MAX };

	grow(*state, &shape, &shape.ampersands, 431);
}

static void test_white_space_is_answered_or_refused(void **state)
{
	struct shape shape = { .method = "PUT", .key_bytes = KEY_MAX };

	grow(*state, &shape, &shape.spaces, 431);
	shape.is_encoded = true;
	shape.header_bytes = HEADER_MAX / 2;
	shape.fields = FIELDS_MAX / 2;
	grow(*state, &shape, &shape.spaces, 431);
}

static void test_cookies_are_answered_or_refused(void **state)
{
	struct shape shape = { .method = "PUT", .key_bytes = KEY_MAX, .is_encoded = true };

	grow(*state, &shape, &shape.cookie_bytes, 431);
	shape.cookies = 200;
	grow(*state, &shape, &shape.cookie_bytes, 431);
}

static void test_trailers_are_answered_or_refused(void **state)
{
	struct shape shape = { .method = "PUT", .key_bytes = KEY_MAX };

	grow(*state, &shape, &shape.trailer_bytes, 431);
	shape.spaces = 16000;
	grow(*state, &shape, &shape.trailer_bytes, 431);
}

/* What is there of the next request lies in the same memory. */
static void test_next_request_leaves_room(void **state)
{
	struct shape shape = { .method = "PUT", .key_bytes = KEY_MAX, .is_encoded = true,
			       .fields = FIELDS_MAX, .next_bytes = MEMORY };

	for (size_t bytes = HEADER_MAX; bytes > HEADER_MAX / 16; bytes -= STEP) {
		shape.header_bytes = bytes;
		assert_int_equal(put(*state, &shape), 201);
	}
}

/* A kept answer and one that is made anew: a value is given, or it is said that it cannot be. */
static void test_reads_are_answered_or_refused(void **state)
{
	const struct shape made = { .method = "PUT", .key_bytes = 8 };
	struct shape shape = { .method = "GET", .key_bytes = 8 };
	struct wire_reply reply;
	int status = 200;

	assert_int_equal(ask(*state, &made, 99999999, &reply), 201);
	wire_reply_release(&reply);
	for (shape.spaces = 1; status == 200; shape.spaces += STEP / 2) {
		status = ask(*state, &shape, 99999999, &reply);
		if (status == 431)
			assert_non_null(strstr(reply.data, "headers-too-large"));
		wire_reply_release(&reply);
	}
	assert_int_equal(status, 431);
	assert_in_range(shape.spaces, MEMORY - 2048, MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_is_at_its_limit_is_taken),
		cmocka_unit_test(test_long_authority_is_answered_or_refused),
		cmocka_unit_test(test_empty_parameters_are_answered_or_refused),
		cmocka_unit_test(test_white_space_is_answered_or_refused),
		cmocka_unit_test(test_cookies_are_answered_or_refused),
		cmocka_unit_test(test_trailers_are_answered_or_refused),
		cmocka_unit_test(test_next_request_leaves_room),
		cmocka_unit_test(test_reads_are_answered_or_refused),
	};

	return cmocka_run_group_tests_name("rest/room", tests, setup, rest_teardown);
}
