/* SPDX-License-Identifier: MIT */
/* What a request takes in memory while it is under way, beside the connection's own.
 *
 * A loop keeps what is free, and hands out what was given back last: that is still in the
 * processor's cache, while what a connection has of its own has left it before its next request, as
 * the library writes over a connection's memory after each.
 * Threads: the loop's; a parked call is elsewhere meanwhile. */
#ifndef ARY_HTTP_DESK_H
#define ARY_HTTP_DESK_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/call.h"
#include "http/intake.h"

struct ary_desk {
	struct ary_desk *next;     /* private */
	struct ary_buf target;     /* empty when it is taken */
	const char *target_start;  /* where the library has it; not to be read */
	bool has_target;
	bool has_call;             /* `call` is initialised */
	struct ary_field *fields;
	size_t field_capacity;
	size_t room_bytes;         /* for the head of the answer */
	struct MHD_Response *kept; /* borrowed: the answer, where the response stands in for it */
	struct ary_intake intake;  /* of the body */
	struct ary_call call;
};

/* The free ones; all zero is none. */
struct ary_desks {
	struct ary_desk *first;
	size_t count;
};

/* One that has no target and no call. NULL: out of memory. Returns owned. */
struct ary_desk *ary_desks_take(struct ary_desks *desks);

/* Takes DESK (NULL is fine), whose call was released. */
void ary_desks_give(struct ary_desks *desks, struct ary_desk *desk);

/* Frees those that are free. */
void ary_desks_release(struct ary_desks *desks);

#endif
