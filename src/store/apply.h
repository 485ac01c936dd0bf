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

/* The state of WRITE's key at NOW_MS, after the group's writes so far: a value whose time is over
 * is none, whether or not a line says so. */
struct ary_present ary_apply_present(struct ary_store *store, const struct ary_write *write,
				     uint64_t now_ms);

/* Whether WRITE may happen when its key is as PRESENT says (RFC 9110 section 13.2.2: If-Match
 * first, then If-None-Match). OK; CONFLICT; NOT_FOUND for the unconditional removal of a missing
 * key. */
enum ary_status ary_apply_check(const struct ary_write *write, struct ary_present present);

/* Makes COUNT PUTS in the index, in their order, or removes KEY from it; what the index had instead
 * is counted as stale in its log, and does not end any more. ENDINGS are taken: that of each put
 * whose entry ends, else NULL. The bytes of PUTS' own lines are counted before. These two belong
 * to whichever thread changes the index. NO_MEMORY: not all were made, and nothing was counted. */
ARY_MUST_CHECK enum ary_status ary_apply_puts(struct ary_store *store,
					      struct ary_index_put *puts,
					      struct ary_ending *const *endings, size_t count);
void ary_apply_removal(struct ary_store *store, struct ary_bytes key);

/* Puts the group's writes, whose lines are committed from OFFSET of LOG on, into the index, in
 * their order, and accounts for them. Whether there was a Set or a part. */
bool ary_apply_group(struct ary_store *store, struct ary_log *log, uint64_t offset);

#endif
