/* SPDX-License-Identifier: MIT */
/* A real server in a process of its own: `$ARYAVARTH serve` on a port of the system's choice, in a
 * directory that is removed at the end. It dies with the test, however that ends.
 *
 * Threads: one at a time. Whatever goes wrong fails the test that runs. */
#ifndef TESTS_LIB_NODE_H
#define TESTS_LIB_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { NODE_PATH_BYTES = 256, NODE_OPTIONS_MAX = 32 };

struct node {
	pid_t pid;                       /* 0: not running */
	int port;
	char home[NODE_PATH_BYTES];      /* temporary: holds the store and what the server said */
	char store[NODE_PATH_BYTES];     /* --dir */
	char messages[NODE_PATH_BYTES];  /* standard error of all runs */
	const char *options[NODE_OPTIONS_MAX];
	size_t option_count;
};

/* Starts a server on a new directory, with further OPTIONS (NULL-terminated, borrowed until
 * node_destroy; may be NULL), and waits until it is ready. Returns owned. */
struct node *node_start(const char *const *options);

/* Starts NODE, which was stopped or killed, on its directory again and waits until it is ready. */
void node_restart(struct node *node);

/* As node_restart, but does not wait for readiness: only for the port. */
void node_relaunch(struct node *node);

/* Sends SIGTERM and waits. Answers the exit code, or 128 and the signal that ended it. */
int node_stop(struct node *node);

/* Sends SIGTERM and waits for nothing; node_wait answers as node_stop. */
void node_terminate(struct node *node);
int node_wait(struct node *node);

/* kill -9. */
void node_kill(struct node *node);

/* Whether NODE still runs. */
bool node_is_alive(struct node *node);

/* Takes NODE (NULL is fine): kills it when it runs, and removes its directory. */
void node_destroy(struct node *node);

/* Milliseconds of the monotonic clock. */
long long node_now_ms(void);
void node_sleep_ms(long milliseconds);

#endif
