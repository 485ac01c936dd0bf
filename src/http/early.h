/* SPDX-License-Identifier: MIT */
/* An answer in the middle of a request's body, which the library cannot send: who sends a GiB is to
 * be told at once that it is not wanted (RFC 9110 section 10.1.1, RFC 9112 section 9.3).
 *
 * Threads: the loop's. Limits: for connections that are not encrypted. */
#ifndef ARY_HTTP_EARLY_H
#define ARY_HTTP_EARLY_H

#include "api/call.h"

/* Writes RESPONSE, with `Connection: close`, to socket FD, on which the library has nothing to
 * send, and ends that direction. Takes what RESPONSE holds: it is empty afterwards. False: it could
 * not be sent, or not all of it; the connection is of no more use. The caller reads on for a while,
 * as closing a socket with unread bytes would take the answer away from the client. */
ARY_MUST_CHECK bool ary_early_send(int fd, struct ary_response *response);

#endif
