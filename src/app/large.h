/* SPDX-License-Identifier: MIT */
/* A value that comes in pieces of any size, on its way into a directory's store as parts.
 *
 * Threads: one. Limits: one part is held. */
#ifndef ARY_APP_LARGE_H
#define ARY_APP_LARGE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "store/upload.h"

/* Values longer than this are written in parts. */
enum { ARY_LARGE_BYTES_MIN = 1024 * 1024 };

struct ary_large {
	struct ary_store *store;
	struct ary_upload *upload;
	struct ary_buf rest; /* what has come and is not a whole part yet */
	uint64_t size;       /* of all that has come */
	uint64_t parts;      /* that were written */
};

/* Begins a value for STORE (borrowed). End it after OK only, before STORE is closed. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_large_begin(struct ary_store *store, struct ary_large *out,
					       struct ary_error *err);

/* BYTES come next. Errors as those of ary_write: nothing more may be added then. */
ARY_MUST_CHECK enum ary_status ary_large_add(struct ary_large *large, struct ary_bytes bytes,
					     struct ary_error *err);

/* Gives key and type of WRITE, a Set, all that has come as its value, and waits for it. Errors as
 * those of ary_write, told in WRITE too. */
ARY_MUST_CHECK enum ary_status ary_large_finish(struct ary_large *large, struct ary_write *write);

/* Whatever has become of it. */
void ary_large_end(struct ary_large *large);

/* As ary_store_write, but a Set of a value that is longer than ARY_LARGE_BYTES_MIN, and held in
 * memory, is written in parts. */
ARY_MUST_CHECK enum ary_status ary_large_write(struct ary_store *store, struct ary_write *write);

#endif
