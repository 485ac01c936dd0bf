/* SPDX-License-Identifier: MIT */
/* Cross-origin requests (the Fetch standard's CORS protocol): off unless origins are configured. */
#ifndef ARY_API_CORS_H
#define ARY_API_CORS_H

#include "api/call.h"

/* Adds to CALL's response what a browser needs to hand it to a page of one of ORIGINS ("*", or a
 * comma-separated list; NULL: nothing is added). METHODS are what a preflight is told. */
void ary_cors_apply(const char *origins, struct ary_call *call, const char *methods);

/* Whether CALL is a POST that a browser sends for a page of an origin that is neither the server's
 * own nor one of ORIGINS. Any other write of such a page waits for a preflight, which refuses it;
 * a POST does not (the Fetch standard's CORS-safelisted methods). Programs that are no browsers say
 * nothing about origins, and are never foreign. */
bool ary_cors_is_foreign(const char *origins, const struct ary_call *call);

/* Whether CALL asks for another request's permission, and was not refused. */
bool ary_cors_is_preflight(const struct ary_call *call);

#endif
