/* SPDX-License-Identifier: MIT */
/* Promise: whatever bytes come in on a connection, in whatever pieces, what goes out is whole
 * responses of documented statuses; every write that was taken is answered; the next connection is
 * served; and nothing is held when all have gone.
 *
 * The first byte is a set of enum option and how many pieces there are; then a byte a piece, its
 * size; then what is sent. Its end is the end of the client's side. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "fuzz/fuzz.h"
#include "lib/service.h"

const char fuzz_name[] = "http";
const unsigned long fuzz_runs = 2000;

enum option {
	PIECES_MASK = 7,
	OPTION_CROWDED = 8,   /* no place is free: only probes are answered */
	OPTION_NO_ROOM = 128, /* hardly any byte may be in flight */
};

enum {
	PLACES = 4,
	ROOM_BYTES = 1024 * 1024,
	NO_ROOM_BYTES = 20,
	HOT_BYTES = 16 * 1024,
	TURN_MS = 50,
};

/* A connection, as its client sees it. */
struct client {
	struct service *service;
	unsigned options;   /* of the service */
	int fd;
	struct ary_buf received;
	bool is_closed;
};

/* The service that OPTIONS ask for. */
static void start(struct service *service, unsigned options)
{
	const struct service_options chosen = {
		.places = options & OPTION_CROWDED ? 0 : PLACES,
		.flight_bytes_max = options & OPTION_NO_ROOM ? NO_ROOM_BYTES : ROOM_BYTES,
		.hot_bytes_max = options & OPTION_NO_ROOM ? 0 : HOT_BYTES,
	};

	service_start(service, &chosen);
}

/* ---- A connection ---- */

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void connect_client(struct client *client, struct service *service, unsigned options)
{
	memset(client, 0, sizeof(*client));
	client->service = service;
	client->options = options;
	client->fd = service_connect(service);
}

/* Takes what came. */
static void receive(struct client *client)
{
	uint8_t bytes[65536];
	ssize_t got;

	while (!client->is_closed) {
		got = recv(client->fd, bytes, sizeof(bytes), 0);
		if (got < 0 && errno == EAGAIN)
			return;
		client->is_closed = got <= 0;
		if (got > 0)
			ARY_CHECK(ary_buf_append(&client->received,
						 (struct ary_bytes){bytes, (size_t)got}));
	}
}

/* Turns the loop until no request is under way: each is answered. */
static void settle(struct client *client)
{
	long long end_ms = now_ms() + SERVICE_PATIENCE_MS;

	ary_loop_turn(client->service->loop, 0);
	ary_loop_turn(client->service->loop, 0);
	receive(client);
	while (!ary_flight_wait(&client->service->flight, 0)) {
		ARY_CHECK(now_ms() < end_ms);
		ary_loop_turn(client->service->loop, TURN_MS);
		receive(client);
	}
}

/* Sends BYTES, which fit into the socket's buffer; the server may have closed by now. */
static void send_piece(struct client *client, struct ary_bytes bytes)
{
	if (bytes.size > 0 && !client->is_closed)
		(void)send(client->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
	settle(client);
}

/* Ends the client's side, and waits for the server's end. */
static void finish(struct client *client)
{
	long long end_ms = now_ms() + SERVICE_PATIENCE_MS;

	(void)shutdown(client->fd, SHUT_WR);
	for (;;) {
		ary_loop_turn(client->service->loop, 0);
		receive(client);
		if (client->is_closed)
			break;
		ARY_CHECK(now_ms() < end_ms);
		ary_loop_turn(client->service->loop, TURN_MS);
	}
	(void)close(client->fd);
}

/* ---- What holds for what comes out ---- */

static bool may_be_answered(unsigned options, unsigned status)
{
	/* 301: later versions of the library redirect a target with a blank to its right form. */
	static const unsigned documented[] = {100, 200, 201, 202, 204, 206, 301,
					      304, 400, 404, 405, 412, 413, 414,
					      416, 417, 431, 501, 505};

	if (status == 503)
		return (options & (OPTION_CROWDED | OPTION_NO_ROOM)) != 0;
	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++)
		if (documented[i] == status)
			return true;
	return false;
}

/* Takes a line off the front of *TEXT, which must hold one. */
static struct ary_bytes take_line(struct ary_bytes *text)
{
	const uint8_t *end = text->size > 0 ? memchr(text->data, '\n', text->size) : NULL;
	struct ary_bytes line;

	ARY_CHECK(end && end > text->data && end[-1] == '\r');
	line = fuzz_take(text, (size_t)(end - text->data) - 1);
	(void)fuzz_take(text, 2);
	return line;
}

static unsigned parse_status(struct ary_bytes line)
{
	unsigned status = 0;

	ARY_CHECK(line.size >= 13 && ary_bytes_start_with(line, ary_bytes_of("HTTP/1.")));
	ARY_CHECK(line.data[8] == ' ' && line.data[12] == ' ');
	for (size_t i = 9; i < 12; i++) {
		ARY_CHECK(line.data[i] >= '0' && line.data[i] <= '9');
		status = status * 10 + (unsigned)(line.data[i] - '0');
	}
	return status;
}

/* The value of Content-Length in LINE; false: it is another field. */
static bool parse_length(struct ary_bytes line, size_t *out)
{
	static const char name[] = "Content-Length: ";
	size_t length = 0;

	ARY_CHECK(memchr(line.data, ':', line.size));
	if (line.size < sizeof(name) || strncasecmp((const char *)line.data, name, 16) != 0)
		return false;
	for (size_t i = sizeof(name) - 1; i < line.size; i++) {
		ARY_CHECK(line.data[i] >= '0' && line.data[i] <= '9' && length < SIZE_MAX / 16);
		length = length * 10 + (size_t)(line.data[i] - '0');
	}
	*out = length;
	return true;
}

static bool is_at_head(struct ary_bytes text)
{
	return text.size == 0 || ary_bytes_start_with(text, ary_bytes_of("HTTP/1."));
}

/* A body that is announced is there, unless a HEAD or a 304 is answered, where none is. */
static void skip_body(struct ary_bytes *text, size_t length)
{
	struct ary_bytes after = *text;

	(void)fuzz_take(&after, length);
	if (length <= text->size && is_at_head(after))
		*text = after;
	else
		ARY_CHECK(is_at_head(*text));
}

/* Answers the status of the response that it takes off the front of *TEXT. */
static unsigned check_response(unsigned options, struct ary_bytes *text)
{
	unsigned status = parse_status(take_line(text));
	struct ary_bytes line;
	size_t length = 0;

	ARY_CHECK(may_be_answered(options, status));
	while ((line = take_line(text)).size > 0)
		(void)parse_length(line, &length);
	skip_body(text, length);
	return status;
}

/* Answers the status of the last response. */
static unsigned check_received(struct client *client)
{
	struct ary_bytes text = ary_buf_view(&client->received);
	unsigned status = 0;

	while (text.size > 0)
		status = check_response(client->options, &text);
	ary_buf_release(&client->received);
	return status;
}

/* ---- One input ---- */

static void try_bytes(struct service *service, unsigned options, struct ary_bytes input)
{
	struct ary_bytes sizes = fuzz_take(&input, options & PIECES_MASK);
	struct client client;

	connect_client(&client, service, options);
	for (size_t i = 0; i < sizes.size; i++)
		send_piece(&client, fuzz_take(&input, sizes.data[i]));
	send_piece(&client, input);
	finish(&client);
	(void)check_received(&client);
}

static void expect_served(struct service *service, unsigned options)
{
	struct client client;

	connect_client(&client, service, options);
	send_piece(&client, ary_bytes_of("GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"));
	finish(&client);
	ARY_CHECK(check_received(&client) == 200);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ary_bytes input = {data, size};
	unsigned options = fuzz_take_byte(&input);
	struct service service;

	start(&service, options);
	try_bytes(&service, options, input);
	expect_served(&service, options);
	service_stop(&service);
	return 0;
}
