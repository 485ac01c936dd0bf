/* SPDX-License-Identifier: MIT */
/* The keys whose values end: which one ends next, and when one of them ends. There is one entry a
 * present value that ends, found by the seq of its line: a heap by time, and a table by seq.
 *
 * Threads: one that changes it, the one that changes the index; ary_expiry_get and the figures may
 * be asked for by any.
 * Limits: an entry takes its key and about 70 bytes; the room of heap and table stays that of the
 * most entries there ever were. */
#ifndef ARY_STORE_EXPIRY_H
#define ARY_STORE_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "env/thread.h"

/* The end of one value. */
struct ary_ending {
	uint64_t expires_ms;
	uint64_t seq;            /* of the value's line; set when it is added */
	/* Private. */
	struct ary_ending *next; /* in the table, in the same place */
	size_t place;            /* in the heap */
	size_t key_size;
	uint8_t key[];
};

/* All zero but the lock is empty. */
struct ary_expiry {
	struct ary_mutex lock;
	struct ary_buf heap;     /* of pointers: the first ends first */
	struct ary_buf table;    /* of pointers to the first in each place */
	size_t round;            /* the least power of two that is no less than its places */
	size_t count;            /* of entries */
	size_t made;             /* and neither added nor forgotten */
	size_t key_bytes;
};

void ary_expiry_init(struct ary_expiry *expiry);

/* Frees all that was added. */
void ary_expiry_release(struct ary_expiry *expiry);

/* The end of a value of KEY (copied) at EXPIRES_MS, and room for it. Returns owned, to be added or
 * forgotten; NULL: out of memory. */
struct ary_ending *ary_expiry_make(struct ary_expiry *expiry, struct ary_bytes key,
				   uint64_t expires_ms);

/* Takes ENDING, which was made and not added (NULL is fine). */
void ary_expiry_forget(struct ary_expiry *expiry, struct ary_ending *ending);

/* Takes ENDING, which was made, for the value of line SEQ. Never fails. */
void ary_expiry_add(struct ary_expiry *expiry, struct ary_ending *ending, uint64_t seq);

/* The value of line SEQ is not its key's any more; there is an entry for it. */
void ary_expiry_remove(struct ary_expiry *expiry, uint64_t seq);

/* When the value of line SEQ ends. False: it does not, or is not its key's any more. */
bool ary_expiry_get(struct ary_expiry *expiry, uint64_t seq, uint64_t *expires_ms_out);

/* When the next value ends, of those that are not taken; UINT64_MAX: none does. */
uint64_t ary_expiry_next_ms(struct ary_expiry *expiry);

/* Takes the next one that ends at NOW_MS or before out of the heap; it stays in the table, and must
 * be removed or put back. Returns borrowed until then; NULL: there is none. */
struct ary_ending *ary_expiry_take(struct ary_expiry *expiry, uint64_t now_ms);
void ary_expiry_put_back(struct ary_expiry *expiry, struct ary_ending *ending);

/* Called for an entry; returning false ends the visits. It must not call what is here. */
typedef bool (*ary_expiry_visitor)(void *context, const struct ary_ending *ending);

/* Visits all entries, in no order; whether no visit ended it. */
bool ary_expiry_visit(struct ary_expiry *expiry, ary_expiry_visitor visit, void *context);

struct ary_bytes ary_ending_key(const struct ary_ending *ending);

uint64_t ary_expiry_count(struct ary_expiry *expiry);

/* Bytes of memory held, keys included. */
uint64_t ary_expiry_memory_bytes(struct ary_expiry *expiry);

#endif
