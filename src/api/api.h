/* SPDX-License-Identifier: MIT */
/* REST without sockets: what every request means. openapi/aryavarth.yaml is the contract.
 *
 * Threads: any number of calls at once, each on one thread at a time. */
#ifndef ARY_API_API_H
#define ARY_API_API_H

#include <stdbool.h>
#include <stdint.h>

#include "api/call.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/status.h"
#include "env/env.h"
#include "replica/replica.h"

struct ary_api_options {
	struct ary_env *env;
	uint64_t key_bytes_max;
	uint64_t value_bytes_max;
	uint64_t target_bytes_max;   /* longer request targets are 414 */
	uint64_t header_bytes_max;   /* more request header bytes are 431 */
	uint64_t header_fields_max;  /* and so are more fields */
	uint64_t flight_bytes_max;   /* that all requests under way may hold, see below */
	uint64_t gzip_bytes_min;     /* shorter answers of our own are never packed; 0: none is */
	const char *cors_origin;     /* NULL: none; "*"; or a comma-separated list of origins */
	const char *version;
};

/* What http does next with a call. */
enum ary_step {
	ARY_STEP_BODY,    /* take the body, at most call->body_bytes_max: pass it on in pieces
			   * where it is longer than one; then ary_api_begin */
	ARY_STEP_RESPOND, /* send call->response */
	ARY_STEP_PARK,    /* park, then ary_api_launch */
};

/* Where the program is in its life. */
enum ary_phase { ARY_PHASE_STARTING, ARY_PHASE_SERVING, ARY_PHASE_DRAINING };

/* Copies OPTIONS. Starts in ARY_PHASE_STARTING: probes answer, everything that needs the store is
 * 503. Returns owned. */
struct ary_api *ary_api_create(const struct ary_api_options *options);

/* Takes API (NULL is fine). No call may be under way. */
void ary_api_destroy(struct ary_api *api);

/* How far replay is, for /readyz. */
void ary_api_set_progress(struct ary_api *api, uint64_t done_bytes, uint64_t total_bytes);

/* Serves from REPLICA (borrowed) from now on. */
void ary_api_set_serving(struct ary_api *api, struct ary_replica *replica);

/* Readiness fails from now on; requests are still answered, with `Connection: close`. */
void ary_api_set_draining(struct ary_api *api);

/* Looks at the head of CALL: its target, method, headers, limits.
 * BODY: the request may go on (also when it has no body). RESPOND: it is refused, call->response
 * says why. */
enum ary_step ary_api_admit(struct ary_api *api, struct ary_call *call);

/* What requests under way hold of their flight_bytes_max: bodies that have come in, replies that
 * were not taken yet. Who holds them, http, takes and gives back. Returns borrowed until API is
 * destroyed. */
struct ary_budget *ary_api_flight_bytes(struct ary_api *api);

/* How much of flight_bytes_max is set aside for bodies of which a piece is to come. It is half of
 * it, so that who only announces much cannot keep others away from the rest. As above. */
struct ary_budget *ary_api_piece_bytes(struct ary_api *api);

/* Fills call->response for a body that is not taken, or a value that is not sent. TOO_LARGE: the
 * body grew past its limit (413). BUSY: its bytes do not fit beside those in flight (503).
 * NO_MEMORY: they could not be held (503). */
ARY_COLD void ary_api_refuse_body(struct ary_api *api, struct ary_call *call,
				  enum ary_status status);

/* The body goes on, and call->body has piece_bytes of it: they are to be stored by themselves, so
 * that no more of it has to be in memory. PARK: park, ary_api_launch, and ary_api_passed after
 * `wake`. RESPOND: refused, and so is the rest of the body. */
enum ary_step ary_api_pass(struct ary_api *api, struct ary_call *call);

/* After the wake of a piece. BODY: it is stored, and call->body is empty and may grow again.
 * RESPOND: as for ary_api_pass. */
enum ary_step ary_api_passed(struct ary_api *api, struct ary_call *call);

/* The body is complete. RESPOND or PARK. */
enum ary_step ary_api_begin(struct ary_api *api, struct ary_call *call);

/* Sends a parked CALL on its way; call->wake follows exactly once, possibly before this returns. */
void ary_api_launch(struct ary_api *api, struct ary_call *call);

/* Composes call->response after `wake`: RESPOND. PARK: what the call depends on has changed while
 * it was on its way, and it must be launched once more. */
ARY_MUST_CHECK enum ary_step ary_api_finish(struct ary_api *api, struct ary_call *call);

/* Fills call->response for a request that http itself refuses (a guard's finding): STATUS, a
 * problem SLUG of problem.h, and a detail. The connection is closed after it. */
ARY_COLD void ary_api_refuse(struct ary_api *api, struct ary_call *call, unsigned status,
			     const char *slug, const char *detail);

#endif
