/* SPDX-License-Identifier: MIT */
/* A whole service in this process: a store in memory, the api over it, and one loop that turns only
 * when the test turns it, with connections that are socket pairs.
 *
 * Whatever cannot be set up ends the test program. Threads: one, beside the store's own. */
#ifndef ARY_TESTS_LIB_SERVICE_H
#define ARY_TESTS_LIB_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/api.h"
#include "http/loop.h"
#include "lib/memory_env.h"

enum { SERVICE_PATIENCE_MS = 20000 };

struct service_options {
	uint64_t places;           /* connections that are served; others are surplus */
	uint64_t flight_bytes_max; /* that may be in flight */
	uint64_t hot_bytes_max;    /* of kept answers; 0: none */
};

struct service {
	struct memory_env *memory;
	struct ary_store *store;
	struct ary_replica *replica;
	struct ary_api *api;
	struct ary_flight flight;
	struct ary_budget places;
	struct ary_loop *loop;
};

/* Values of at most 1,000 bytes, keys of 32; no deadline comes in the way. */
void service_start(struct service *service, const struct service_options *options);

/* Ends it; no request may be under way, and nothing may be held. */
void service_stop(struct service *service);

/* The client's end of a new connection, not blocking. Owned. */
int service_connect(struct service *service);

#endif
