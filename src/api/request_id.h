/* SPDX-License-Identifier: MIT */
/* What a request is called, so that its sender, this server and what lies between them speak of
 * the same one: X-Request-Id, as it was sent or else made here.
 *
 * Threads: any; the ids that are made come from one atomic count. */
#ifndef ARY_API_REQUEST_ID_H
#define ARY_API_REQUEST_ID_H

#include <stdatomic.h>

#include "api/call.h"
#include "env/env.h"

enum {
	ARY_REQUEST_ID_BYTES_MAX = 128, /* of one that is sent */
	ARY_RUN_ID_BYTES = 16,
};

/* Where ids are made: the run's own random digits, a dash, and a count. */
struct ary_request_ids {
	uint8_t run[ARY_RUN_ID_BYTES];
	_Atomic uint64_t count;
};

/* Draws the run's digits from ENV; where the system gives no random bytes, from its clock. */
void ary_request_ids_init(struct ary_request_ids *ids, struct ary_env *env);

/* Notes what CALL's head says of its id. One that is not 1 to 128 letters, digits and -._~:@+= is
 * replaced by a new one, and so are several: they go into answers and messages. */
void ary_request_id_take(struct ary_request_ids *ids, struct ary_call *call);

/* The id of CALL, which gets one here if it has none; empty while its head was not looked at.
 * Returns borrowed until the call ends. */
struct ary_bytes ary_request_id(struct ary_call *call);

#endif
