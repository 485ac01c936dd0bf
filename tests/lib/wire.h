/* SPDX-License-Identifier: MIT */
/* Raw bytes to and from a server on this machine, for what no HTTP client would send.
 *
 * Threads: any, each with its own socket. Nothing here fails a test: answers say what happened. */
#ifndef TESTS_LIB_WIRE_H
#define TESTS_LIB_WIRE_H

#include <stdbool.h>
#include <stddef.h>

enum { WIRE_TIMEOUT_MS = 20000 };

/* One response as received. */
struct wire_reply {
	int status;          /* 0: the connection ended, or time ran out, before a whole one */
	char *data;          /* the head, terminated, and the body after it; owned */
	size_t head_size;    /* its empty line included */
	size_t body_size;
	bool is_closed;      /* the connection ended */
};

/* Connects to PORT. Answers the socket, or -1. */
int wire_open(int port);
void wire_close(int fd);

/* Sends all of DATA. False: the peer does not take it. */
bool wire_send(int fd, const void *data, size_t size);

/* Reads one response (its interim responses each count as one). HAS_BODY: false for the answer to
 * a HEAD. Answers its status, 0 as in wire_reply. Release REPLY in either case. */
int wire_receive(int fd, bool has_body, int timeout_ms, struct wire_reply *reply);
void wire_reply_release(struct wire_reply *reply);

/* Connects, sends, reads one response, closes. Answers as wire_receive. */
int wire_ask(int port, const void *data, size_t size, struct wire_reply *reply);

/* Whether the peer ends the connection within TIMEOUT_MS; what it sends before is dropped. */
bool wire_is_closed_within(int fd, int timeout_ms);

/* The value of response header NAME copied to OUT; NULL when there is none. */
const char *wire_header(const struct wire_reply *reply, const char *name, char *out, size_t size);

#endif
