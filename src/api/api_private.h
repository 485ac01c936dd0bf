/* SPDX-License-Identifier: MIT */
/* What the handlers share: the service's options and where it is in its life.
 *
 * Threads: options are constant; the rest are atomics, so that no request takes a lock here. */
#ifndef ARY_API_API_PRIVATE_H
#define ARY_API_API_PRIVATE_H

#include <stdatomic.h>

#include "api/api.h"
#include "api/encoding.h"
#include "api/request_id.h"

struct ary_api {
	struct ary_api_options options; /* its strings are the two below */
	char *version;
	char *cors_origin;
	_Atomic(struct ary_replica *) replica; /* NULL until the store is open */
	atomic_bool draining;
	_Atomic uint64_t replay_done_bytes;
	_Atomic uint64_t replay_total_bytes;
	struct ary_budget flight_bytes;
	struct ary_budget piece_bytes; /* the part of these that is set aside for pieces */
	_Atomic uint64_t last_stamp; /* of the last key that the server chose, see list_add.c */
	struct ary_request_ids request_ids;
	struct ary_encoding encoding;
};

enum ary_phase ary_api_phase(struct ary_api *api);

/* The store; only for routes that need it. Returns borrowed until API is destroyed. */
struct ary_store *ary_api_store(struct ary_api *api);

#endif
