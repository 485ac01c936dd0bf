/* SPDX-License-Identifier: MIT */
/* Where each key's line is: a hash table for look-ups, a tree of the same entries for order.
 *
 * Threads: one writer at a time (the commit thread, or recovery before it starts); readers any
 * number, at any time. A look-up holds one shard's lock for its copy of an entry; a page holds the
 * tree's lock for that page, and so do puts of new keys for those that are put together. Nothing
 * here does I/O.
 * Memory: see docs/ARCHITECTURE.md; per key its bytes, 24 bytes of entry, a 4-byte handle and a
 * byte of hash in the table, a 4-byte handle and 2 bytes in the tree, and the free room of both. */
#ifndef ARY_INDEX_INDEX_H
#define ARY_INDEX_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "base/hash.h"
#include "index/key_range.h"

struct ary_index;

enum { ARY_INDEX_KEY_BYTES_MAX = 65535, ARY_INDEX_PUTS_MAX = 16 };

/* Where a line is. */
struct ary_location {
	uint64_t offset; /* below 2^48 */
	uint32_t size;   /* newline included */
	uint32_t slot;   /* of the segment that holds it */
};

struct ary_entry {
	uint64_t seq;    /* below 2^63 */
	struct ary_location location;
	bool ends;       /* the caller's: the value has an end, which is kept elsewhere */
};

/* SECRET is copied. Returns owned. Aborts when memory is out (its size is the program's). */
struct ary_index *ary_index_create(const struct ary_hash_secret *secret);

/* Takes INDEX (NULL is fine). */
void ary_index_destroy(struct ary_index *index);

/* The hash of KEY, for the functions that take it, so that it is made once for all of them.
 * Another index has another one. Threads: any. */
uint64_t ary_index_hash(const struct ary_index *index, struct ary_bytes key);

/* Makes room for KEY, whose hash is HASH, to be put without failing. The writer calls it once for
 * each key of a group before their lines are made durable, so that memory running out afterwards
 * cannot lose an acknowledged write. Reservations add up (the same key twice counts twice);
 * ary_index_unreserve ends all of them, used or not. NO_MEMORY: nothing more was reserved. */
ARY_MUST_CHECK enum ary_status ary_index_reserve(struct ary_index *index, struct ary_bytes key,
						 uint64_t hash);
void ary_index_unreserve(struct ary_index *index);

/* Between these two, puts and removals are cheaper: they keep look-ups only, and order is made of
 * all keys at once at the end. INDEX must be new, and no other thread may use it; there are no
 * reservations and no pages meanwhile. KEYS_EXPECTED (0: unknown) makes room ahead for so many;
 * room that was not needed is given back. All of it takes 16 bytes a key more, and more time
 * where there are none. NO_MEMORY: INDEX may only be destroyed. */
void ary_index_bulk_begin(struct ary_index *index, uint64_t keys_expected);
ARY_MUST_CHECK enum ary_status ary_index_bulk_end(struct ary_index *index);

/* Whether KEY is there; copies its entry to *OUT then. */
bool ary_index_get(struct ary_index *index, struct ary_bytes key, struct ary_entry *out);

/* As ary_index_get, of KEY with HASH, for the writer alone, which needs no lock for it. */
bool ary_index_get_own(struct ary_index *index, struct ary_bytes key, uint64_t hash,
		       struct ary_entry *out);

/* Sets KEY's entry (KEY is copied). *HAD_OUT tells whether there was one, copied to *OLD_OUT.
 * NO_MEMORY: only without an ary_index_reserve for it; the index is as it was. */
ARY_MUST_CHECK enum ary_status ary_index_put(struct ary_index *index, struct ary_bytes key,
					     const struct ary_entry *entry, bool *had_out,
					     struct ary_entry *old_out);

/* One of several puts. */
struct ary_index_put {
	struct ary_bytes key;
	uint64_t hash; /* of ary_index_hash */
	struct ary_entry entry;
	/* What there was, as of ary_index_put. */
	bool had;
	struct ary_entry old;
};

/* As ary_index_put for COUNT puts, in their order, at most ARY_INDEX_PUTS_MAX: the same, but that
 * the processor waits for what they touch of memory at the same time, and not for one after the
 * other. NO_MEMORY: those before it were put. */
ARY_MUST_CHECK enum ary_status ary_index_put_many(struct ary_index *index,
						  struct ary_index_put *puts, size_t count);

/* Lets the writer bring near what ary_index_get, a put or a removal of a key with HASH looks at
 * first, while it does something else that takes as long as a read from memory. Changes nothing. */
void ary_index_prefetch(const struct ary_index *index, uint64_t hash);

/* Removes KEY; whether it was there, its entry copied to *OLD_OUT. Never fails. */
bool ary_index_remove(struct ary_index *index, struct ary_bytes key, struct ary_entry *old_out);

/* Moves KEY's entry to LOCATION if it still is the one with SEQ; whether it was. */
bool ary_index_relocate(struct ary_index *index, struct ary_bytes key, uint64_t seq,
			const struct ary_location *location);

uint64_t ary_index_count(struct ary_index *index);

/* Bytes of memory held, keys included. */
uint64_t ary_index_memory_bytes(struct ary_index *index);

/* Called for each entry of a page; KEY borrows until it returns. It must not call the index.
 * Returning false ends the page. */
typedef bool (*ary_index_visit)(void *context, struct ary_bytes key,
				const struct ary_entry *entry);

/* Visits the keys of RANGE in byte order, or in the reverse of it. Writers wait while a page lasts,
 * so the visitor keeps it short. Not between ary_index_bulk_begin and its end. */
void ary_index_page(struct ary_index *index, const struct ary_key_range *range,
		    ary_index_visit visit, void *context);

/* Adds to *COUNT how many keys RANGE has, without looking at each: for as long as writers may wait,
 * which is some ten thousand keys. *FROM, which RANGE may begin with, is then the first key of the
 * rest, or empty: that was all. Under 10 ms for a million; what is counted is not one moment's
 * state, but keys that are there all the time are counted once. NO_MEMORY: nothing was added. */
ARY_MUST_CHECK enum ary_status ary_index_count_some(struct ary_index *index,
						    const struct ary_key_range *range,
						    struct ary_buf *from, uint64_t *count);

#endif
