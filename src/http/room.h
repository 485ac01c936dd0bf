/* SPDX-License-Identifier: MIT */
/* The memory of a connection: what a request's head takes of it is not there for the head of the
 * answer. Without room for that the library closes the connection, and the client does not learn
 * what became of its write; so the room is looked at before a request is carried out.
 *
 * Threads: the loop's. */
#ifndef ARY_HTTP_ROOM_H
#define ARY_HTTP_ROOM_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/call.h"
#include "http/server.h"

/* What the library writes itself into the head of an answer, and then some. */
enum { ARY_ROOM_LIBRARY_BYTES = 256 };

/* What a connection needs for a head within OPTIONS and the head of its answer. */
size_t ary_room_total(const struct ary_server_options *options);

/* What REQUEST's head, just received on CONNECTION, leaves of TOTAL bytes for that of the answer,
 * when the library has noted NOTE_COUNT fields, parameters and cookies. */
size_t ary_room_after_head(struct MHD_Connection *connection, const struct ary_request *request,
			   size_t note_count, size_t total);

/* What the trailers of the body that CONNECTION has just received leave of BYTES. */
size_t ary_room_after_trailers(struct MHD_Connection *connection, size_t bytes);

/* Whether BYTES are enough for the head of any answer to CALL, which was admitted. Always, unless
 * it is a write: other answers can be looked at before they are sent. */
bool ary_room_fits_write(const struct ary_call *call, size_t bytes);

/* Whether BYTES are enough for the head of RESPONSE. */
bool ary_room_fits(const struct ary_response *response, size_t bytes);

#endif
