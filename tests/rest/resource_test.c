/* SPDX-License-Identifier: MIT */
/* Promise: on the wire, a key is the complete resource that HTTP describes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rest.h"

static long ask(struct rest *rest, const char *method, const char *target, const char *header)
{
	struct client_reply reply;
	long status = client_ask(rest->client, method, target, header, &reply);

	client_reply_release(&reply);
	return status;
}

static void test_the_date_of_a_value_is_a_condition(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];
	char since[CLIENT_HEADER_BYTES + 32];

	rest_expect_put(rest, "/keys/dated", "12345", 5, 201);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/dated", NULL, &reply), 200);
	assert_non_null(client_header(&reply, "Last-Modified", text));
	client_reply_release(&reply);
	snprintf(since, sizeof(since), "If-Modified-Since: %s", text);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/dated", since, &reply), 304);
	assert_int_equal(reply.body_size, 0);
	client_reply_release(&reply);
	snprintf(since, sizeof(since), "If-Unmodified-Since: %s", text);
	assert_int_equal(ask(rest, "GET", "/keys/dated", since), 200);
	assert_int_equal(client_put(rest->client, "/keys/dated", "6", 1,
				    "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", &reply),
			 412);
	client_reply_release(&reply);
	assert_int_equal(ask(rest, "DELETE", "/keys/dated", since), 204);
}

/* Large enough to come in many pieces; each range must be those bytes and no others. */
static void test_parts_make_the_whole(void **state)
{
	enum { VALUE_BYTES = 300001, PART_BYTES = 65537 };
	static unsigned char value[VALUE_BYTES];
	struct rest *rest = *state;
	struct client_reply reply;
	char range[128], text[CLIENT_HEADER_BYTES];

	for (size_t i = 0; i < VALUE_BYTES; i++)
		value[i] = (unsigned char)(i * 7 + i / 251);
	rest_expect_put(rest, "/keys/parts", value, VALUE_BYTES, 201);
	for (size_t first = 0; first < VALUE_BYTES; first += PART_BYTES) {
		size_t left = VALUE_BYTES - first;
		size_t size = left < PART_BYTES ? left : PART_BYTES;

		snprintf(range, sizeof(range), "Range: bytes=%zu-%zu", first,
			 first + PART_BYTES - 1);
		assert_int_equal(client_ask(rest->client, "GET", "/keys/parts", range, &reply),
				 206);
		assert_int_equal(reply.body_size, size);
		assert_memory_equal(reply.body, value + first, size);
		snprintf(range, sizeof(range), "bytes %zu-%zu/%d", first, first + size - 1,
			 VALUE_BYTES);
		assert_string_equal(client_header(&reply, "Content-Range", text), range);
		snprintf(range, sizeof(range), "%zu", size);
		assert_string_equal(client_header(&reply, "Content-Length", text), range);
		client_reply_release(&reply);
	}
}

static void test_what_a_range_cannot_have_is_told(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	rest_expect_put(rest, "/keys/short", "0123456789", 10, 201);
	client_ask(rest->client, "GET", "/keys/short", "Range: bytes=10-", &reply);
	assert_int_equal(reply.status, 416);
	assert_string_equal(client_header(&reply, "Content-Range", text), "bytes */10");
	client_reply_release(&reply);
	client_ask(rest->client, "HEAD", "/keys/short", "Range: bytes=2-3", &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(client_header(&reply, "Content-Length", text), "10");
	assert_string_equal(client_header(&reply, "Accept-Ranges", text), "bytes");
	client_reply_release(&reply);
	/* An answer that was kept is not mistaken for that of a part. */
	rest_expect_value(rest, "/keys/short", "0123456789", 10);
	rest_expect_value(rest, "/keys/short", "0123456789", 10);
	client_ask(rest->client, "GET", "/keys/short", "Range: bytes=-3", &reply);
	assert_int_equal(reply.status, 206);
	assert_memory_equal(reply.body, "789", 3);
	client_reply_release(&reply);
	rest_expect_value(rest, "/keys/short", "0123456789", 10);
}

static void test_a_digest_is_checked_and_told(void **state)
{
	static const char right[] =
		"Content-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	assert_int_equal(client_put(rest->client, "/keys/sure", "jello", 5, right, &reply), 400);
	client_reply_release(&reply);
	rest_expect(rest, "GET", "/keys/sure", 404);
	assert_int_equal(client_put(rest->client, "/keys/sure", "hello", 5, right, &reply), 201);
	client_reply_release(&reply);
	client_ask(rest->client, "HEAD", "/keys/sure", "Want-Repr-Digest: sha-256=1", &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(client_header(&reply, "Repr-Digest", text),
			    strchr(right, ' ') + 1);
	client_reply_release(&reply);
}

/* As many names as there can be, and as many bytes: `"n000":"",` beside each value, and a brace. */
enum { NAMES = 64, VALUE_BYTES = (4096 - 1) / NAMES - 10, LAST_BYTES = VALUE_BYTES + 63 };

static void fill_names(char fields[NAMES][160], const char *headers[NAMES + 1])
{
	for (int i = 0; i < NAMES; i++) {
		int size = i == NAMES - 1 ? LAST_BYTES : VALUE_BYTES;
		int at = snprintf(fields[i], 160, "Aryavarth-Meta-n%03d: ", i);

		memset(fields[i] + at, 'a' + i % 26, (size_t)size);
		fields[i][at + size] = '\0';
		headers[i] = fields[i];
	}
	headers[NAMES] = NULL;
}

static void expect_names(const struct client_reply *reply, char fields[NAMES][160])
{
	char text[CLIENT_HEADER_BYTES];
	char name[32];

	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "Aryavarth-Meta-n%03d", i);
		assert_string_equal(client_header(reply, name, text), strchr(fields[i], ' ') + 1);
	}
}

/* The head of the answer is longer than most; the connection serves what comes after it, too. */
static void test_as_much_metadata_as_can_be_comes_back(void **state)
{
	struct rest *rest = *state;
	const char *headers[NAMES + 1];
	static char fields[NAMES][160];
	struct client_request put = {
		.method = "PUT", .target = "/keys/said", .headers = headers, .body = "v",
		.body_size = 1, .has_body = true,
	};
	struct client_reply reply;

	fill_names(fields, headers);
	assert_int_equal(client_send(rest->client, &put, &reply), 201);
	client_reply_release(&reply);
	for (int i = 0; i < 3; i++) {
		const char *method = i == 1 ? "HEAD" : "GET";

		assert_int_equal(client_ask(rest->client, method, "/keys/said", NULL, &reply),
				 200);
		assert_int_equal(reply.connections_opened, 0);
		expect_names(&reply, fields);
		client_reply_release(&reply);
	}
	/* A field that is empty could not be sent back. */
	assert_int_equal(client_put(rest->client, "/keys/said", "v", 1, "Aryavarth-Meta-None;",
				    &reply), 400);
	client_reply_release(&reply);
	/* One byte more is too much, and leaves the value as it was. */
	fields[0][strlen(fields[0])] = 'x';
	assert_int_equal(client_send(rest->client, &put, &reply), 431);
	client_reply_release(&reply);
	fields[0][strlen(fields[0]) - 1] = '\0';
	assert_int_equal(client_ask(rest->client, "GET", "/keys/said", NULL, &reply), 200);
	expect_names(&reply, fields);
	client_reply_release(&reply);
}

static void test_an_encoded_value_stays_encoded(void **state)
{
	static const char gzipped[] = "\x1f\x8b not really";
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES];

	assert_int_equal(client_put(rest->client, "/keys/coded", gzipped, sizeof(gzipped),
				    "Content-Encoding: gzip", &reply), 201);
	client_reply_release(&reply);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/coded", NULL, &reply), 200);
	assert_string_equal(client_header(&reply, "Content-Encoding", text), "gzip");
	assert_int_equal(reply.body_size, sizeof(gzipped));
	assert_memory_equal(reply.body, gzipped, sizeof(gzipped));
	client_reply_release(&reply);
}

static void test_a_put_says_how_long_and_is_told_until_when(void **state)
{
	struct rest *rest = *state;
	struct client_reply reply;
	char put[CLIENT_HEADER_BYTES], got[CLIENT_HEADER_BYTES];

	client_put(rest->client, "/keys/turn?ttl=3600", "me", 2, "Prefer: return=representation",
		   &reply);
	assert_int_equal(reply.status, 201);
	assert_non_null(client_header(&reply, "Aryavarth-Expires", put));
	assert_non_null(strstr((const char *)reply.body, put));
	client_reply_release(&reply);
	for (int i = 0; i < 3; i++) {
		client_ask(rest->client, i == 1 ? "HEAD" : "GET", "/keys/turn", NULL, &reply);
		assert_int_equal(reply.status, 200);
		assert_string_equal(client_header(&reply, "Aryavarth-Expires", got), put);
		client_reply_release(&reply);
	}
	rest_expect_put(rest, "/keys/turn", "me", 2, 204);
	client_ask(rest->client, "GET", "/keys/turn", NULL, &reply);
	assert_null(client_header(&reply, "Aryavarth-Expires", got));
	client_reply_release(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_date_of_a_value_is_a_condition),
		cmocka_unit_test(test_parts_make_the_whole),
		cmocka_unit_test(test_what_a_range_cannot_have_is_told),
		cmocka_unit_test(test_a_digest_is_checked_and_told),
		cmocka_unit_test(test_as_much_metadata_as_can_be_comes_back),
		cmocka_unit_test(test_an_encoded_value_stays_encoded),
		cmocka_unit_test(test_a_put_says_how_long_and_is_told_until_when),
	};

	return cmocka_run_group_tests_name("rest/resource", tests, rest_setup, rest_teardown);
}
