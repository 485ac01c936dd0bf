/* SPDX-License-Identifier: MIT */
/* Server-Timing (W3C), for whoever prefers it: what a request's time went into.
 *
 * Threads: any. No clock is read for a request that does not ask. */
#ifndef ARY_API_TIMING_H
#define ARY_API_TIMING_H

#include "api/api.h"

/* Begins to measure CALL, whose fields were noted, if it says `Prefer: server-timing`. */
void ary_timing_begin(struct ary_api *api, struct ary_call *call);

/* Whether CALL is measured. */
bool ary_timing_wanted(const struct ary_call *call);

/* Adds what was measured of CALL, until now, to its response. */
void ary_timing_tell(struct ary_api *api, struct ary_call *call);

#endif
