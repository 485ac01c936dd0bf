/* SPDX-License-Identifier: MIT */
/* Large values: written a part at a time, and read so. No more than a part of one is in memory.
 *
 * Use: begin; any number of ARY_WRITE_PART with `upload`, in the order of their numbers; when they
 * are done, ARY_WRITE_SET with `upload`, which gives the key all of them as its value; close. Each
 * of these writes is one of the store's, is queued and answered as such, and can fail as such; one
 * that failed has changed nothing and may be tried again. What followed it was not stored either.
 * Until the Set is OK, nobody can see anything of it. What is closed without a Set becomes stale,
 * as what a crash leaves does.
 *
 * Parts wait in a line of their own, which queue_bytes_max does not bound: they are in memory that
 * the caller accounts for. Other writes do not wait for the parts that wait, and what belongs to an
 * upload is not answered BUSY because too many writes wait.
 *
 * Every part but the last has exactly ary_store_part_bytes bytes.
 *
 * Threads: any; of one upload, or of one value, one at a time. */
#ifndef ARY_STORE_UPLOAD_H
#define ARY_STORE_UPLOAD_H

#include "store/store.h"

/* How many bytes each part has but the last, which may have fewer, but 1. */
uint64_t ary_store_part_bytes(const struct ary_store *store);

/* Begins an upload, which takes nothing but memory. Returns owned; close it before the store.
 * NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_upload_begin(struct ary_store *store, struct ary_upload **out,
						struct ary_error *err);

/* Takes UPLOAD (NULL is fine), of which no write is under way. */
void ary_upload_close(struct ary_upload *upload);

/* Whether VALUE is large: `value` is empty, and its bytes are read by ary_value_read. */
bool ary_value_is_large(const struct ary_value *value);

/* Bytes of memory that VALUE holds, or may hold while it is read. */
uint64_t ary_value_memory_bytes(const struct ary_value *value);

/* The bytes of VALUE, large or not, from OFFSET on, which is below its size: as many as its part
 * has, at least one. They borrow until the next call or the release. What is read has its checksum
 * right, and is this value's even if its key has another one meanwhile, or none.
 * CORRUPT, IO, NO_MEMORY; VALUE must be released all the same. */
ARY_MUST_CHECK enum ary_status ary_value_read(struct ary_value *value, uint64_t offset,
					      struct ary_bytes *out, struct ary_error *err);

#endif
