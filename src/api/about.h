/* SPDX-License-Identifier: MIT */
/* What a PUT says of its value beside the bytes, and a GET gives back: type, coding, metadata, and
 * when its time is over.
 * Threads: any. */
#ifndef ARY_API_ABOUT_H
#define ARY_API_ABOUT_H

#include "api/api.h"

/* The longest time that a value can be given: a hundred years. */
#define ARY_TTL_SECONDS_MAX UINT64_C(3155760000)

/* Looks at Content-Type, Content-Encoding, the Aryavarth-Meta- fields and the time to live (the
 * parameter ttl, or Aryavarth-TTL) of CALL, an admitted PUT, and notes them in it. RESPOND with
 * bad-content-type, bad-content-encoding, bad-metadata, metadata-too-large, bad-ttl or
 * invalid-parameter where one cannot be kept; or out-of-memory. */
enum ary_step ary_about_check(struct ary_call *call);

/* Tells the write of CALL what was noted; it borrows from CALL, and nothing from the request's
 * head. False: out of memory. */
ARY_MUST_CHECK bool ary_about_fill(struct ary_call *call);

/* Adds the coding of VALUE, its end, and its metadata in the order of the names. */
void ary_about_add(struct ary_response *response, const struct ary_value *value);

/* Adds Aryavarth-Expires for a value that ends at EXPIRES_MS, unless that is 0, never, or after the
 * year 9999. */
void ary_about_add_expires(struct ary_response *response, uint64_t expires_ms);

/* Appends what is known of VALUE to OUT, as members of a JSON object, each with a comma before it:
 * type, modified, encoding, expires, meta. False: out of memory; part of it may have been
 * appended. */
ARY_MUST_CHECK bool ary_about_append(struct ary_buf *out, const struct ary_value *value);

#endif
