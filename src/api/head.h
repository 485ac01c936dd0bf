/* SPDX-License-Identifier: MIT */
/* The headers that say of a value which one it is. Threads: any. */
#ifndef ARY_API_HEAD_H
#define ARY_API_HEAD_H

#include "api/api.h"

/* Adds the ETag of the value with SEQ. */
void ary_head_add_etag(struct ary_response *response, uint64_t seq);

/* Adds the Last-Modified of a value of TIME_MS. It never lies after Date (RFC 9110 section
 * 8.8.2.1), whatever the clock did; there is none where the time is not known. */
void ary_head_add_last_modified(struct ary_api *api, struct ary_response *response,
				uint64_t time_ms);

/* Adds the field NAME with the path of CALL's key: in the form that it was asked for where
 * AS_ASKED, or else below /keys/. */
void ary_head_add_path(struct ary_call *call, const char *name, bool as_asked);

#endif
