/* SPDX-License-Identifier: MIT */
/* Where the parts of large values are, and which of them count: docs/FORMAT.md, "Large values".
 *
 * An upload is there as long as somebody holds it: who uploads it, the present Set that names it,
 * a replay until its end, and whoever reads it. With the last of them its parts become stale.
 *
 * Threads: the commit thread alone changes what parts there are (recovery before it starts, and
 * its loader, which only retires). Any thread may look, hold and let go. The lock is held for a
 * moment, with no other and never across I/O.
 * Memory: 16 bytes a part, and some 150 an upload. */
#ifndef ARY_STORE_PARTS_H
#define ARY_STORE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "env/thread.h"
#include "format/record.h"
#include "index/index.h"

struct ary_store;

/* One of the two numbers by which an upload is found, neither of which is ever another's: they are
 * seqs of lines. */
struct ary_parts_link {
	uint64_t number;
	struct ary_upload *upload;
	struct ary_parts_link *next;
};

/* How far an upload is. */
struct ary_upload_state {
	uint64_t upload; /* the seq of its first part; 0: it has none */
	uint64_t count;  /* of parts */
	uint64_t size;   /* of their bytes */
	bool ended;      /* a Set names it, or its last part was shorter than the others */
	bool named;
};

struct ary_upload {
	struct ary_store *store;
	/* Under the lock of the parts. */
	struct ary_parts_link by_upload;
	struct ary_parts_link by_set;
	struct ary_location *places; /* by number; size 0: not there. Owned */
	uint64_t place_count;
	uint64_t place_capacity;
	uint64_t holders;
	bool present;                /* the Set that names it is its key's value */
	struct ary_upload *due_next; /* or, in a replay, the one before */
	/* The changing thread's own. */
	struct ary_record_large large; /* as the Set says */
	struct ary_location set_place; /* where it was when it was replayed */
	struct ary_upload_state stored;
	struct ary_upload_state decided; /* with the group under way */
};

struct ary_parts {
	struct ary_mutex lock;
	struct ary_parts_link **buckets; /* chains by number */
	uint64_t bucket_count;           /* a power of two */
	_Atomic uint64_t link_count;
	struct ary_upload *due;          /* held by nobody any more; the commit thread's to drop */
};

void ary_parts_init(struct ary_parts *parts);
/* Frees all uploads, whoever holds them. */
void ary_parts_release(struct ary_parts *parts);

/* An upload without parts, held once, and known as SEQ, unless that is 0. Returns owned by its
 * holders, or NULL: no memory. Threads: any. */
ARY_MUST_CHECK struct ary_upload *ary_parts_new(struct ary_store *store, uint64_t seq);

/* ---- The changing thread ---- */

/* Makes room for part NUMBER of UPLOAD, so that ary_parts_put cannot fail. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_parts_reserve(struct ary_upload *upload, uint64_t number);

/* Part NUMBER of UPLOAD, which is known as SEQ from here on, is at LOCATION; its bytes are counted
 * as live before. False: it has that part. */
bool ary_parts_put(struct ary_upload *upload, uint64_t seq, uint64_t number,
		   const struct ary_location *location);

/* The Set with SEQ names UPLOAD, and holds it from here on, until it is retired. */
void ary_parts_name(struct ary_upload *upload, uint64_t seq,
		    const struct ary_record_large *large);

/* The Set with SEQ is no key's value any more. Cheap where no value is large. */
void ary_parts_retire(struct ary_store *store, uint64_t seq);

/* Part NUMBER of the upload known as SEQ has moved to LOCATION; whether it still counts. */
bool ary_parts_relocate(struct ary_parts *parts, uint64_t seq, uint64_t number,
			const struct ary_location *location);

/* Lets go of UPLOAD, and drops it where it was held by nobody else. */
void ary_parts_let_go(struct ary_upload *upload);

/* Drops what other threads have let go of; whether there was any. */
bool ary_parts_drop_due(struct ary_store *store);

/* The upload that is known as SEQ, or NULL. Returns borrowed while it is held. */
struct ary_upload *ary_parts_find(struct ary_parts *parts, uint64_t seq);

/* Called for an upload; returning false ends the visits. */
typedef bool (*ary_parts_visitor)(void *context, const struct ary_upload *upload);

/* Visits all uploads that have a part, while no other thread uses them; whether no visit ended
 * it. */
bool ary_parts_visit(struct ary_parts *parts, ary_parts_visitor visit, void *context);

/* ---- Any thread ---- */

/* Whether part NUMBER of the upload known as SEQ counts. */
bool ary_parts_counts(struct ary_parts *parts, uint64_t seq, uint64_t number);

/* Holds the upload that the Set with SEQ names; NULL: it is no key's value any more. */
struct ary_upload *ary_parts_hold(struct ary_parts *parts, uint64_t seq);

/* Where part NUMBER of UPLOAD, which is held, is; false: it is not there. */
bool ary_parts_place(struct ary_upload *upload, uint64_t number, struct ary_location *out);

/* Lets go of UPLOAD; the commit thread drops it where it was held by nobody else. */
void ary_parts_unhold(struct ary_upload *upload);

#endif
