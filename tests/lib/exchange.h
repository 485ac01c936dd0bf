/* SPDX-License-Identifier: MIT */
/* What a test asked a server, and was answered: a line of JSON each, in a file of this process in
 * folder $EXCHANGES. tests/contract reads them after the tests, and holds every answer against
 * openapi/aryavarth.yaml. Without $EXCHANGES nothing is written.
 *
 * Bytes are written as the characters of Latin-1, so that any can be. Threads: any. */
#ifndef TESTS_LIB_EXCHANGE_H
#define TESTS_LIB_EXCHANGE_H

#include <stddef.h>

/* SIZE bytes at DATA, which may be NULL where SIZE is 0. */
struct exchange_bytes {
	const void *data;
	size_t size;
};

struct exchange_record {
	const char *how;             /* "client": over a socket; "api": without one */
	struct exchange_bytes method;
	struct exchange_bytes target;
	struct exchange_bytes sent;  /* the request's header lines */
	unsigned status;
	struct exchange_bytes head;  /* the response's header lines, perhaps after a status line */
	struct exchange_bytes body;  /* as received: none for HEAD */
};

/* Records EXCHANGE (borrowed). A file that cannot be written ends the process. */
void exchange_write(const struct exchange_record *exchange);

/* Records what happens to raw socket FD: it was opened; DATA is sent to it; a response was read
 * from it. Which answer belongs to which request is found out by who reads the file. */
void exchange_opened(int fd);
void exchange_sends(int fd, struct exchange_bytes data);
void exchange_got(int fd, struct exchange_bytes head, struct exchange_bytes body);

#endif
