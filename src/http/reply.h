/* SPDX-License-Identifier: MIT */
/* From an ary_response to the library's: headers are copied, the body's memory is handed over.
 *
 * Threads: the loop's. */
#ifndef ARY_HTTP_REPLY_H
#define ARY_HTTP_REPLY_H

#include <microhttpd.h>

#include "api/call.h"

/* Queues RESPONSE on CONNECTION and takes its memory, on failure too: it is empty afterwards. A
 * response that cannot be sent is replaced by a bare 500.
 * MHD_NO: nothing could be queued, the connection must be closed. */
enum MHD_Result ary_reply_queue(struct MHD_Connection *connection, struct ary_response *response);

#endif
