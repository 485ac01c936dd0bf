/* SPDX-License-Identifier: MIT */
/* The body of a request as it comes in: memory that grows with what has arrived, never with what
 * was announced, and that is counted among the bytes in flight of all connections. Where room is
 * set aside for a piece of a long one, that counts at once.
 *
 * A body's capacity is what it takes of the budget, so only these functions may change it.
 * Threads: the loop's; the budget is everybody's. */
#ifndef ARY_HTTP_BODY_H
#define ARY_HTTP_BODY_H

#include "base/budget.h"
#include "base/bytes.h"
#include "base/status.h"

/* Copies DATA to the end of BODY, which will have at most SIZE_MAX bytes. BUSY: its memory does not
 * fit into FLIGHT. NO_MEMORY. In either case BODY is as it was. */
ARY_MUST_CHECK enum ary_status ary_body_append(struct ary_buf *body, struct ary_bytes data,
					       uint64_t size_max, struct ary_budget *flight);

/* Gives BODY, which is empty, room for SIZE bytes, which it then need not grow to. BUSY: they do
 * not fit into FLIGHT. NO_MEMORY. In either case BODY is as it was. */
ARY_MUST_CHECK enum ary_status ary_body_reserve(struct ary_buf *body, size_t size,
						struct ary_budget *flight);

/* Frees BODY's memory and gives it back to FLIGHT; BODY is empty and usable again. */
void ary_body_release(struct ary_buf *body, struct ary_budget *flight);

#endif
