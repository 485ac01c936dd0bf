/* SPDX-License-Identifier: MIT */
/* Writers that keep a server busy and remember what it acknowledged.
 *
 * Threads: start, stop and check belong to one; each writer is a thread with its own keys. */
#ifndef TESTS_LIB_LOAD_H
#define TESTS_LIB_LOAD_H

#include <stddef.h>

struct load;

/* Starts WRITERS threads that set (and now and then remove) keys of their own at PORT, until they
 * are stopped or the server does not answer any more. Returns owned. */
struct load *load_start(int port, int writers);

/* Ends the writers and waits for them. Answers how many writes were acknowledged. */
size_t load_stop(struct load *load);

/* How many writes were acknowledged so far. */
size_t load_acknowledged(struct load *load);

/* How many writes were refused or not answered so far; each ended its writer. */
size_t load_failed(struct load *load);

/* Fails the test unless every key at PORT is as its last acknowledged write left it, or as one
 * that was sent after it and not answered would have. */
void load_check(struct load *load, int port);

/* Takes LOAD, which was stopped. */
void load_destroy(struct load *load);

#endif
