/* SPDX-License-Identifier: MIT */
/* Promise: a value of any size within the limit goes in and comes out, byte for byte, in the memory
 * of a few pieces, whatever form its body has; what is refused is refused early; whoever leaves in
 * the middle leaves nothing behind.
 *
 * $LARGE_TEST_MIB is the size of the largest value, 96 MiB where it is not set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/rest.h"
#include "lib/sanitizer.h"
#include "lib/wire.h"

enum { MIB = 1024 * 1024, PIECE = MIB, PATIENCE_MS = 60000 };

static int setup(void **state)
{
	static const char *const options[] = { "--max-value-bytes", "1GiB", "--threads", "2",
					       NULL };

	*state = rest_start(options);
	return 0;
}

static size_t largest_bytes(void)
{
	const char *text = getenv("LARGE_TEST_MIB");
	long mib = text ? strtol(text, NULL, 10) : 0;

	return (mib > 0 ? (size_t)mib : 96) * MIB + 7;
}

/* Bytes of a value that follow from where they are; as text, printable ones. */
static void fill(unsigned char *out, size_t size, uint64_t offset, bool is_text)
{
	for (size_t i = 0; i < size; i++) {
		uint64_t mixed = (offset + i + 1) * UINT64_C(0x9e3779b97f4a7c15);

		out[i] = (unsigned char)(mixed >> 33);
		if (is_text)
			out[i] = (unsigned char)('a' + out[i] % 26);
	}
}

static unsigned char *make_value(size_t size, bool is_text)
{
	unsigned char *value = malloc(size);

	assert_non_null(value);
	fill(value, size, 0, is_text);
	return value;
}

static int begin_put(struct rest *rest, const char *key, const char *fields)
{
	char head[512];
	int fd = wire_open(rest->node->port);

	assert_true(fd >= 0);
	snprintf(head, sizeof(head), "PUT /keys/%s HTTP/1.1\r\nHost: h\r\n%s\r\n", key, fields);
	assert_true(wire_send(fd, head, strlen(head)));
	return fd;
}

static int begin_sized(struct rest *rest, const char *key, size_t size)
{
	char field[64];

	snprintf(field, sizeof(field), "Content-Length: %zu\r\n", size);
	return begin_put(rest, key, field);
}

/* Sends the bytes FROM to TO - 1 of a value. False: the server takes no more. */
static bool send_bytes(int fd, size_t from, size_t to, bool is_text)
{
	static unsigned char block[256 * 1024];

	while (from < to) {
		size_t size = to - from < sizeof(block) ? to - from : sizeof(block);

		fill(block, size, from, is_text);
		if (!wire_send(fd, block, size))
			return false;
		from += size;
	}
	return true;
}

static void expect_answer(int fd, int status)
{
	struct wire_reply reply;

	assert_int_equal(wire_receive(fd, true, PATIENCE_MS, &reply), status);
	wire_reply_release(&reply);
}

/* Reads SIZE bytes of a value from FD, after the head of the answer. */
static void expect_bytes(int fd, size_t size, bool is_text)
{
	static unsigned char got[256 * 1024], wanted[256 * 1024];
	size_t at = 0;
	size_t head = 0;

	/* A byte at a time, up to the empty line. */
	while (head < 4) {
		char byte;

		assert_int_equal(recv(fd, &byte, 1, 0), 1);
		head = byte == (head % 2 ? '\n' : '\r') ? head + 1 : 0;
	}
	while (at < size) {
		size_t most = size - at < sizeof(got) ? size - at : sizeof(got);
		ssize_t count = recv(fd, got, most, 0);

		assert_true(count > 0);
		fill(wanted, (size_t)count, at, is_text);
		assert_memory_equal(got, wanted, (size_t)count);
		at += (size_t)count;
	}
}

static void get_all(struct rest *rest, const char *key, size_t size, bool is_text)
{
	char head[256];
	int fd = wire_open(rest->node->port);

	assert_true(fd >= 0);
	snprintf(head, sizeof(head), "GET /keys/%s HTTP/1.1\r\nHost: h\r\n\r\n", key);
	assert_true(wire_send(fd, head, strlen(head)));
	expect_bytes(fd, size, is_text);
	wire_close(fd);
}

static long memory_kib(const struct node *node)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)node->pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	fclose(file);
	assert_true(kib > 0);
	return kib;
}

/* Mapped pages count; a sanitizer's own memory is not ours to bound. */
static void test_largest_value_takes_the_memory_of_a_few_pieces(void **state)
{
	struct rest *rest = *state;
	size_t size = largest_bytes();
	long before;

	rest_expect_put(rest, "/keys/warm", "up", 2, 201);
	before = memory_kib(rest->node);
	for (int is_text = 0; is_text < 2; is_text++) {
		const char *key = is_text ? "text" : "binary";
		int fd = begin_sized(rest, key, size);

		assert_true(send_bytes(fd, 0, size, is_text));
		expect_answer(fd, 201);
		wire_close(fd);
		get_all(rest, key, size, is_text);
	}
	if (!SANITIZED)
		assert_true(memory_kib(rest->node) - before < 64 * 1024);
	rest_expect_flight(rest, 0);
}

static long put(struct rest *rest, const char *target, size_t size, bool is_chunked,
		const char *field)
{
	const char *const headers[] = { field, NULL };
	unsigned char *body = make_value(size, false);
	struct client_request request = { .method = "PUT", .target = target, .body = body,
					  .body_size = size, .has_body = true,
					  .is_chunked = is_chunked, .headers = headers };
	struct client_reply reply;
	long status = client_send(rest->client, &request, &reply);

	client_reply_release(&reply);
	free(body);
	return status;
}

static void test_every_size_comes_back(void **state)
{
	static const size_t sizes[] = { PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - 1, 2 * PIECE,
					2 * PIECE + 1, 5 * PIECE + 100 };
	struct rest *rest = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *value = make_value(sizes[i], false);

		for (int is_chunked = 0; is_chunked < 2; is_chunked++) {
			assert_int_equal(put(rest, "/keys/sized", sizes[i], is_chunked, NULL),
					 i + (size_t)is_chunked == 0 ? 201 : 204);
			rest_expect_value(rest, "/keys/sized", value, sizes[i]);
		}
		free(value);
	}
	node_kill(rest->node);
	node_restart(rest->node);
	rest_reconnect(rest);
	get_all(rest, "sized", sizes[6], false);
}

/* A large value is a resource as others are. */
static void test_large_value_is_a_resource(void **state)
{
	enum { SIZE = 3 * PIECE + 5 };
	struct rest *rest = *state;
	struct client_reply reply;
	char text[CLIENT_HEADER_BYTES], condition[CLIENT_HEADER_BYTES + 16];
	unsigned char last;

	assert_int_equal(put(rest, "/keys/is", SIZE, false, "Content-Type: image/x"), 201);
	assert_int_equal(client_ask(rest->client, "HEAD", "/keys/is", NULL, &reply), 200);
	assert_string_equal(client_header(&reply, "Content-Length", text), "3145733");
	assert_string_equal(client_header(&reply, "Content-Type", text), "image/x");
	assert_non_null(client_header(&reply, "ETag", text));
	client_reply_release(&reply);
	fill(&last, 1, SIZE - 1, false);
	assert_int_equal(client_ask(rest->client, "GET", "/keys/is", "Range: bytes=-1", &reply),
			 206);
	assert_int_equal(reply.body_size, 1);
	assert_int_equal(reply.body[0], last);
	client_reply_release(&reply);
	assert_int_equal(put(rest, "/keys/is", SIZE, false, "If-None-Match: *"), 412);
	assert_int_equal(put(rest, "/keys/is", SIZE, true, "If-Match: \"1\""), 412);
	snprintf(condition, sizeof(condition), "If-Match: %s", text);
	assert_int_equal(put(rest, "/keys/is", SIZE + PIECE, false, condition), 204);
	assert_int_equal(put(rest, "/keys/is", SIZE, false, condition), 412);
	assert_int_equal(put(rest, "/keys/is", SIZE, false, "Prefer: return=representation"), 200);
	rest_expect(rest, "DELETE", "/keys/is", 204);
	rest_expect(rest, "GET", "/keys/is", 404);
}

static void test_large_value_gets_a_key_of_the_servers(void **state)
{
	struct rest *rest = *state;
	unsigned char *body = make_value(2 * PIECE + 3, false);
	struct client_request request = { .method = "POST", .target = "/keys?prefix=large/",
					  .body = body, .body_size = 2 * PIECE + 3,
					  .has_body = true };
	struct client_reply reply;
	char location[CLIENT_HEADER_BYTES];

	assert_int_equal(client_send(rest->client, &request, &reply), 201);
	assert_non_null(client_header(&reply, "Location", location));
	client_reply_release(&reply);
	rest_expect_value(rest, location, body, 2 * PIECE + 3);
	free(body);
}

/* ---- Limits ---- */

static struct rest *start_with_limit(void)
{
	static const char *const options[] = { "--max-value-bytes", "3MiB", NULL };

	return rest_start(options);
}

static void test_limit_holds_at_its_edge(void **state)
{
	struct rest *rest = start_with_limit();

	(void)state;
	for (int is_chunked = 0; is_chunked < 2; is_chunked++) {
		assert_int_equal(put(rest, "/keys/edge", 3 * MIB, is_chunked, NULL),
				 is_chunked ? 204 : 201);
		assert_int_equal(put(rest, "/keys/edge", 3 * MIB + 1, is_chunked, NULL), 413);
	}
	rest_expect(rest, "HEAD", "/keys/edge", 200);
	rest_end(rest);
}

static void test_announced_length_past_the_limit_ends_before_the_body(void **state)
{
	struct rest *rest = start_with_limit();
	int fd = begin_sized(rest, "over", 1000 * (size_t)MIB);

	(void)state;
	expect_answer(fd, 413);
	assert_true(wire_is_closed_within(fd, PATIENCE_MS));
	wire_close(fd);
	rest_expect_flight(rest, 0);
	rest_end(rest);
}

static bool send_chunks(int fd, size_t count)
{
	static char chunk[8 + 65536 + 2];

	memcpy(chunk, "0010000\r", 8);
	memcpy(chunk, "10000\r\n", 7);
	memset(chunk + 7, 'c', 65536);
	memcpy(chunk + 7 + 65536, "\r\n", 2);
	for (size_t i = 0; i < count; i++)
		if (!wire_send(fd, chunk, 7 + 65536 + 2))
			return false;
	return true;
}

/* The client waits for nothing: it is told although it goes on sending, and is cut off in the
 * end. */
static void test_chunked_body_past_the_limit_is_told_at_once(void **state)
{
	struct rest *rest = start_with_limit();
	struct wire_reply reply;
	char text[64];
	int fd = begin_put(rest, "over", "Transfer-Encoding: chunked\r\n");

	(void)state;
	assert_true(send_chunks(fd, 3 * 16 + 1));
	assert_int_equal(wire_receive(fd, true, PATIENCE_MS, &reply), 413);
	assert_string_equal(wire_header(&reply, "Connection", text, sizeof(text)), "close");
	assert_non_null(wire_header(&reply, "Date", text, sizeof(text)));
	assert_non_null(strstr(reply.data + reply.head_size, "\"/problems/value-too-large\""));
	wire_reply_release(&reply);
	assert_false(send_chunks(fd, 100000));
	wire_close(fd);
	rest_expect_flight(rest, 0);
	rest_expect(rest, "GET", "/keys/over", 404);
	rest_end(rest);
}

/* ---- Clients that leave ---- */

static void reset(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	wire_close(fd);
}

static unsigned long long figure(struct rest *rest, const char *name)
{
	struct client_reply reply;
	char member[64];
	const char *at;
	unsigned long long value;

	assert_int_equal(client_ask(rest->client, "GET", "/stats", NULL, &reply), 200);
	snprintf(member, sizeof(member), "\"%s\":", name);
	at = strstr((const char *)reply.body, member);
	assert_non_null(at);
	value = strtoull(at + strlen(member), NULL, 10);
	client_reply_release(&reply);
	return value;
}

/* At each place of an upload: before its body, in a piece, at the end of one, between two, before
 * its last byte. Nothing is seen of it, its memory comes back, and a compaction drops its parts. */
static void test_client_that_leaves_leaves_nothing(void **state)
{
	static const size_t places[] = { 0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE,
					 3 * PIECE + 9, 5 * PIECE - 1 };
	struct rest *rest = *state;
	long long end = node_now_ms() + PATIENCE_MS;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			int fd = begin_sized(rest, "left", 5 * PIECE);

			assert_true(send_bytes(fd, 0, places[i], false));
			if (round)
				reset(fd);
			else
				wire_close(fd);
		}
	}
	rest_expect_flight(rest, 0);
	rest_expect(rest, "GET", "/keys/left", 404);
	do {
		rest_expect(rest, "POST", "/compact?full", 200);
		assert_true(node_now_ms() < end);
	} while (figure(rest, "live_bytes") > 0 || figure(rest, "stale_bytes") > 0);
	assert_int_equal(put(rest, "/keys/left", 5 * PIECE, false, NULL), 201);
}

static void test_upload_that_trickles_is_cut_off(void **state)
{
	static const char *const options[] = { "--body-timeout-ms", "2000", NULL };
	struct rest *rest = rest_start(options);
	int fd = begin_sized(rest, "slow", 5 * PIECE);
	bool is_closed = false;

	(void)state;
	assert_true(send_bytes(fd, 0, 2 * PIECE + 10, false));
	for (int i = 0; i < 1000 && !is_closed; i++) {
		(void)wire_send(fd, "x", 1);
		is_closed = wire_is_closed_within(fd, 50);
	}
	assert_true(is_closed);
	wire_close(fd);
	rest_expect_flight(rest, 0);
	rest_end(rest);
}

/* Each piece may take as long as a body may. */
static void test_upload_that_gets_on_is_not_cut_off(void **state)
{
	static const char *const options[] = { "--body-timeout-ms", "3000", NULL };
	struct rest *rest = rest_start(options);
	int fd = begin_sized(rest, "steady", 6 * PIECE);

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		assert_true(send_bytes(fd, i * PIECE, (i + 1) * PIECE, false));
		node_sleep_ms(700);
	}
	expect_answer(fd, 201);
	wire_close(fd);
	rest_end(rest);
}

static void test_server_ends_in_the_middle_of_uploads(void **state)
{
	static const char *const options[] = { "--max-value-bytes", "1GiB", NULL };
	struct rest *rest = rest_start(options);
	int fds[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		fds[i] = begin_sized(rest, "cut", 100 * (size_t)MIB);
		assert_true(send_bytes(fds[i], 0, i * PIECE / 2, false));
	}
	node_terminate(rest->node);
	for (size_t i = 0; i < 8; i++)
		(void)send_bytes(fds[i], i * PIECE / 2, 2 * (size_t)PIECE + i * PIECE / 2, false);
	assert_int_equal(node_wait(rest->node), 0);
	for (size_t i = 0; i < 8; i++)
		wire_close(fds[i]);
	node_restart(rest->node);
	rest_reconnect(rest);
	rest_expect(rest, "GET", "/keys/cut", 404);
	rest_end(rest);
}

/* ---- Many at once ---- */

enum { UPLOADS = 64, UPLOAD_BYTES = 3 * PIECE + 1 };

/* More than there is room for: those let in go on to their end, the others are told to come later
 * before they send a thing, and small writes go on beside them. */
static void test_many_uploads_stay_within_the_room(void **state)
{
	static const char *const options[] = { "--flight-bytes-max", "32MiB", NULL };
	static const char *const held = "16777216 of 16777216 bytes for long bodies are held";
	struct rest *rest = rest_start(options);
	int fds[UPLOADS];
	int taken = 0, later = 0;
	char key[32];

	(void)state;
	for (int i = 0; i < UPLOADS; i++) {
		struct wire_reply reply;
		char head[256];
		int status;

		snprintf(head, sizeof(head),
			 "PUT /keys/many-%d HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n"
			 "Expect: 100-continue\r\n\r\n", i, UPLOAD_BYTES);
		fds[i] = wire_open(rest->node->port);
		assert_true(fds[i] >= 0 && wire_send(fds[i], head, strlen(head)));
		status = wire_receive(fds[i], true, PATIENCE_MS, &reply);
		assert_true(status == 100 || status == 503);
		if (status == 503) {
			assert_non_null(wire_header(&reply, "Retry-After", key, sizeof(key)));
			assert_non_null(strstr(reply.data, held));
			wire_close(fds[i]);
			fds[i] = -1;
			later++;
		}
		wire_reply_release(&reply);
	}
	for (size_t at = 0; at < UPLOAD_BYTES; at += PIECE / 2) {
		size_t to = at + PIECE / 2 < UPLOAD_BYTES ? at + PIECE / 2 : UPLOAD_BYTES;

		for (int i = 0; i < UPLOADS; i++)
			assert_true(fds[i] < 0 || send_bytes(fds[i], at, to, false));
		snprintf(key, sizeof(key), "/keys/small-%zu", at);
		rest_expect_put(rest, key, "small", 5, 201);
		assert_true(rest_flight_bytes(rest) <= 32 * MIB);
	}
	for (int i = 0; i < UPLOADS; i++) {
		if (fds[i] < 0)
			continue;
		expect_answer(fds[i], 201);
		wire_close(fds[i]);
		snprintf(key, sizeof(key), "many-%d", i);
		get_all(rest, key, UPLOAD_BYTES, false);
		taken++;
	}
	assert_int_equal(taken, 16);
	assert_int_equal(taken + later, UPLOADS);
	rest_expect_flight(rest, 0);
	rest_end(rest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_that_leaves_leaves_nothing),
		cmocka_unit_test(test_largest_value_takes_the_memory_of_a_few_pieces),
		cmocka_unit_test(test_every_size_comes_back),
		cmocka_unit_test(test_large_value_is_a_resource),
		cmocka_unit_test(test_large_value_gets_a_key_of_the_servers),
		cmocka_unit_test(test_limit_holds_at_its_edge),
		cmocka_unit_test(test_announced_length_past_the_limit_ends_before_the_body),
		cmocka_unit_test(test_chunked_body_past_the_limit_is_told_at_once),
		cmocka_unit_test(test_upload_that_trickles_is_cut_off),
		cmocka_unit_test(test_upload_that_gets_on_is_not_cut_off),
		cmocka_unit_test(test_server_ends_in_the_middle_of_uploads),
		cmocka_unit_test(test_many_uploads_stay_within_the_room),
	};

	return cmocka_run_group_tests_name("rest/large", tests, setup, rest_teardown);
}
