/* SPDX-License-Identifier: MIT */
/* An HTTP client that keeps its connection: libcurl, with the target sent as it is written.
 *
 * Threads: any, each with its own client. Nothing here fails a test: status 0 is no answer. */
#ifndef TESTS_LIB_CLIENT_H
#define TESTS_LIB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct client;

struct client_reply {
	long status;             /* 0: no answer */
	char *head;              /* all header lines, terminated */
	unsigned char *body;     /* terminated; may hold NULs before that */
	size_t body_size;
	long connections_opened; /* for this request: 0 when the old one was used again */
};

struct client_request {
	const char *method;
	const char *target;         /* "/keys/a%2Fb" */
	const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
	const void *body;
	size_t body_size;
	bool has_body;
	bool is_chunked;            /* send the body without a Content-Length */
};

/* A client of the server at PORT of this machine; returns owned. NULL: out of memory. */
struct client *client_create(int port);
void client_destroy(struct client *client);

/* Sends REQUEST and receives the answer into REPLY; release it in any case. Answers its status. */
long client_send(struct client *client, const struct client_request *request,
		 struct client_reply *reply);
void client_reply_release(struct client_reply *reply);

/* Without a body, and with one; HEADER is one more header line or NULL. */
long client_ask(struct client *client, const char *method, const char *target, const char *header,
		struct client_reply *reply);
long client_put(struct client *client, const char *target, const void *body, size_t body_size,
		const char *header, struct client_reply *reply);

/* As those, with the answer dropped. */
long client_status(struct client *client, const char *method, const char *target);
long client_put_status(struct client *client, const char *target, const char *text);

enum { CLIENT_HEADER_BYTES = 1024 };

/* The value of header NAME copied to OUT; NULL when there is none. */
const char *client_header(const struct client_reply *reply, const char *name,
			  char out[CLIENT_HEADER_BYTES]);

#endif
