/* SPDX-License-Identifier: MIT */
/* The body of one request as it comes in: kept up to a piece, refused when it is too long, or read
 * away. What becomes of a piece is the exchange's to find out.
 *
 * For a body that is announced as longer than one piece, room for a piece is set aside before any
 * of it is asked for, so that it is refused then or not at all for want of room.
 * Threads: the loop's; the budgets are everybody's. */
#ifndef ARY_HTTP_INTAKE_H
#define ARY_HTTP_INTAKE_H

#include "api/api.h"

/* All zero is that of a request without a body, or of none. */
struct ary_intake {
	struct ary_api *api;
	struct ary_call *call;
	uint64_t received_bytes;    /* of the body, as far as it was kept */
	uint64_t drained_bytes;     /* of it, as far as it was read away */
	uint64_t set_aside_bytes;   /* of those for pieces */
};

/* Begins the body of CALL (borrowed until the end), which may be refused already. */
void ary_intake_begin(struct ary_intake *intake, struct ary_api *api, struct ary_call *call);

/* Looks for room for the body, whose call was admitted: so that one which has no chance is refused
 * before it is sent. Nothing is set aside for one that is no longer than a piece: announcing is
 * cheap for a stranger. OK, BUSY, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_intake_make_room(struct ary_intake *intake);

/* Gives back all memory: none of the body is kept any more. */
void ary_intake_let_go(struct ary_intake *intake);

/* The same, and forgets the call, whatever became of the body. */
void ary_intake_end(struct ary_intake *intake);

/* Keeps the front of DATA, which comes next, and cuts it off: where anything is left of it, the
 * call's body is a whole piece that goes on. OK; TOO_LARGE; BUSY or NO_MEMORY, of a body that was
 * not announced as longer than a piece. */
ARY_MUST_CHECK enum ary_status ary_intake_keep(struct ary_intake *intake, struct ary_bytes *data);

/* DATA comes next, and is not wanted. False: it is too much, and the connection is to be ended. */
ARY_MUST_CHECK bool ary_intake_drain(struct ary_intake *intake, struct ary_bytes data);

/* Whether the body is known to end with DATA, which comes next. */
bool ary_intake_is_last(const struct ary_intake *intake, struct ary_bytes data);

/* Whether what is still to come of the body is known to be little enough to be read away. */
bool ary_intake_is_short(const struct ary_intake *intake);

#endif
