/* SPDX-License-Identifier: MIT */
/* What a PUT says of its value beside the bytes, and a GET gives back: type, coding, metadata.
 * Threads: any. */
#ifndef ARY_API_ABOUT_H
#define ARY_API_ABOUT_H

#include "api/api.h"

/* Looks at Content-Type, Content-Encoding and the Aryavarth-Meta- fields of CALL, an admitted PUT,
 * and notes them in it. RESPOND with bad-content-type, bad-content-encoding, bad-metadata or
 * metadata-too-large where one cannot be kept; or out-of-memory. */
enum ary_step ary_about_check(struct ary_call *call);

/* Tells the write of CALL what was noted; it borrows from CALL. */
void ary_about_fill(struct ary_call *call);

/* Adds the coding of VALUE, and its metadata in the order of the names. */
void ary_about_add(struct ary_response *response, const struct ary_value *value);

#endif
