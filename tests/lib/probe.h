/* SPDX-License-Identifier: MIT */
/* Raw requests that must do no harm, one a row, for tests of what comes in on the wire. A row that
 * puts something puts it at /keys/probe, and what it might smuggle at /keys/inner.
 *
 * Threads: one at a time. Whatever goes wrong fails the test that runs, with the row's name. */
#ifndef TESTS_LIB_PROBE_H
#define TESTS_LIB_PROBE_H

#include "lib/rest.h"

struct probe {
	const char *name;
	const char *bytes;
	size_t size;
	int status;    /* 0: refused in any way, or closed without an answer */
	bool is_clear; /* where it ends is known, so the connection may stay open */
};

/* A row with its end in doubt, and one whose end is clear. BYTES is a literal; it may hold NULs. */
#define PROBE(name, status, bytes) { name, bytes, sizeof(bytes) - 1, status, false }
#define CLEAR(name, status, bytes) { name, bytes, sizeof(bytes) - 1, status, true }

#define PROBE_PUT "PUT /keys/probe HTTP/1.1\r\nHost: h\r\n"
#define PROBE_BODY "Content-Length: 1\r\n\r\na"
#define PROBE_CHUNKS "3\r\nabc\r\n0\r\n\r\n"
#define PROBE_INNER "PUT /keys/inner HTTP/1.1\r\nHost: h\r\n" PROBE_BODY

/* Sends a row. Fails unless it is answered as it says or its connection ends, within
 * WIRE_TIMEOUT_MS, by nothing that is a success and no 5xx but 501 and 505; unless the connection
 * ends where the end of the request is in doubt; and unless nothing of it was carried out. */
void probe_refused(struct rest *rest, const struct probe *probe);

/* Sends a row that is odd and legal. Fails unless it is answered by its status, and VALUE is at
 * TARGET then; removes that again. */
void probe_taken(struct rest *rest, const struct probe *probe, const char *target,
		 const char *value);

/* As probe_taken, or refused and nothing done: versions of the library differ. */
void probe_settled(struct rest *rest, const struct probe *probe, const char *target,
		   const char *value);

#endif
