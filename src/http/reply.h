/* SPDX-License-Identifier: MIT */
/* From an ary_response to the library's: headers are copied, the body's memory is handed over, and
 * counted while the library has it.
 *
 * Threads: the loop's. */
#ifndef ARY_HTTP_REPLY_H
#define ARY_HTTP_REPLY_H

#include <microhttpd.h>

#include "api/call.h"
#include "base/budget.h"
#include "http/hot.h"

/* Frees RESPONSE's body and keeps its size, for an answer that states the size and sends no body
 * (to a HEAD, or a 304): such an answer holds next to nothing, however slowly it is taken. */
void ary_reply_drop_body(struct ary_response *response);

/* Counts the memory that holds RESPONSE's body among the bytes in FLIGHT. False: it is a stored
 * value, or a page of a listing of more than 64 KiB, that does not fit, and is not alone; nothing
 * was counted. What we compose otherwise is small, and never refused: it would have to be replaced
 * by another such answer. */
ARY_MUST_CHECK bool ary_reply_charge(const struct ary_response *response,
				     struct ary_budget *flight);

/* Called on the loop's thread while a large value is sent. */
struct ary_reply_progress {
	void (*next_part)(void *context);  /* the client has taken a part: the next one is read */
	void (*next_block)(void *context); /* the library is given more of it */
	void *context; /* borrowed until the connection ends */
};

/* Queues RESPONSE, which was charged to FLIGHT, on CONNECTION and takes its memory, on failure too:
 * it is empty afterwards. What was charged is given back when the memory is freed, once the client
 * has taken it or has gone; or at once, when HOT keeps the answer. A response that cannot be sent
 * is replaced by a bare 500. MHD_NO: nothing could be queued, the connection must be closed. */
enum MHD_Result ary_reply_queue(struct MHD_Connection *connection, struct ary_response *response,
				struct ary_budget *flight, struct ary_hot *hot,
				struct ary_reply_progress progress);

/* Queues KEPT (borrowed), for which RESPONSE stands in, as above. That the connection should end,
 * if the program began to end meanwhile, KEPT does not tell. */
enum MHD_Result ary_reply_queue_kept(struct MHD_Connection *connection,
				     struct ary_response *response, struct MHD_Response *kept);

#endif
