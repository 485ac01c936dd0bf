/* SPDX-License-Identifier: MIT */
/* A server that answers what a test wants: refusals, halves, silence. One thread for each
 * connection.
 *
 * Whatever cannot be set up fails the test that runs. */
#ifndef TESTS_LIB_STUB_H
#define TESTS_LIB_STUB_H

#include <stdbool.h>
#include <stddef.h>

enum { STUB_HEAD_BYTES = 16384, STUB_BODY_BYTES = 65536, STUB_REPLY_BYTES = 4096 };

struct stub;

struct stub_request {
	unsigned number;        /* of all requests, from 1 */
	unsigned on_connection; /* of those on its connection, from 1 */
	char method[16];
	char target[4096];
	char head[STUB_HEAD_BYTES]; /* terminated; the request line too */
	char body[STUB_BODY_BYTES]; /* terminated */
	size_t body_size;
};

/* What to send: text, then so many further bytes. Nothing and `closes` is silence, then the end. */
struct stub_reply {
	char text[STUB_REPLY_BYTES];
	size_t filler_bytes;
	bool closes;            /* ends the connection */
	bool hangs;             /* sends nothing, and holds the connection open */
};

/* Answers REQUEST into REPLY, which is empty. Called for one request at a time. */
typedef void (*stub_answer)(void *context, const struct stub_request *request,
			    struct stub_reply *reply);

/* Starts a server on a port of the system's choice; CONTEXT is borrowed until its end. Owned. */
struct stub *stub_start(stub_answer answer, void *context);
int stub_port(const struct stub *stub);

/* From here on `answer` sees what this thread wrote, and this thread what `answer` wrote. */
void stub_sync(struct stub *stub);

/* How many requests have come, and how many bytes of filler were taken by clients. */
unsigned stub_requests(struct stub *stub);
size_t stub_filled_bytes(struct stub *stub);

/* Takes STUB: ends its connections and threads. */
void stub_end(struct stub *stub);

/* Fills REPLY with a whole response of STATUS ("200 OK"), further header lines FIELDS (each ended
 * by CRLF, or "") and BODY. */
void stub_respond(struct stub_reply *reply, const char *status, const char *fields,
		  const char *body);

#endif
