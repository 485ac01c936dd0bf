/* SPDX-License-Identifier: MIT */
/* Parts, and Sets that name them, in a group of writes: what is decided, and what comes of it.
 *
 * Threads: the commit thread's. */
#ifndef ARY_STORE_UPLOAD_GROUP_H
#define ARY_STORE_UPLOAD_GROUP_H

#include "format/record.h"
#include "store/store_private.h"

/* Whether WRITE, which has an upload, may follow what its upload has with the group so far. OK;
 * INVALID: the upload has ended, or lacks parts (it has none, or the one before failed);
 * TOO_LARGE. */
ARY_MUST_CHECK enum ary_status ary_upload_check(const struct ary_store *store,
						const struct ary_write *write,
						struct ary_error *err);

/* Fills what RECORD, to be the line SEQ, says of the upload of WRITE, and makes room for it in
 * memory. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_upload_fill(const struct ary_store *store,
					       const struct ary_write *write, uint64_t seq,
					       struct ary_record *record);

/* The line of WRITE, SEQ, is in the group. */
void ary_upload_decided(const struct ary_store *store, const struct ary_write *write,
			uint64_t seq);

/* The group of WRITE is not stored. */
void ary_upload_undecided(const struct ary_write *write);

/* The line of WRITE, SEQ, is stored at LOCATION, in a log that counts its bytes as live. */
void ary_upload_stored(const struct ary_store *store, const struct ary_write *write, uint64_t seq,
		       const struct ary_location *location);

#endif
