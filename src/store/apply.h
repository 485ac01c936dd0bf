/* SPDX-License-Identifier: MIT */
/* What one write means for the state of its key: deterministic, no clock, no I/O, so that every
 * replica that applies the same writes in the same order decides the same.
 *
 * Threads: the commit thread's. */
#ifndef ARY_STORE_APPLY_H
#define ARY_STORE_APPLY_H

#include "store/store_private.h"

/* What a key holds at some point of the order of writes. */
struct ary_present {
	bool exists;
	uint64_t seq;
};

/* The state of KEY after the group's writes so far. */
struct ary_present ary_apply_present(struct ary_store *store, struct ary_bytes key);

/* Whether WRITE may happen when its key is as PRESENT says (RFC 9110 section 13.2.2: If-Match
 * first, then If-None-Match). OK; CONFLICT; NOT_FOUND for the unconditional removal of a missing
 * key. */
enum ary_status ary_apply_check(const struct ary_write *write, struct ary_present present);

/* Puts PENDING, whose line is committed at OFFSET of LOG, into the index, and accounts for it. */
void ary_apply_pending(struct ary_store *store, struct ary_log *log, uint64_t offset,
		       const struct ary_pending *pending);

#endif
