/* SPDX-License-Identifier: MIT */
/* Reads the logs that count, line by line, into the index, and checks that each is whole.
 * Changes nothing on disk.
 *
 * Threads: open's, before any other thread runs. */
#ifndef ARY_STORE_REPLAY_H
#define ARY_STORE_REPLAY_H

#include "format/name.h"
#include "segment/scan.h"
#include "store/checkpoint.h"
#include "store/inventory.h"
#include "store/loader.h"
#include "store/rules.h"
#include "store/store_private.h"

/* A replay under way, and what it has found. All zero but `store`, `total_bytes`, which are those
 * to be read, `rules` and `seq` at its start. */
struct ary_replay {
	struct ary_store *store;
	uint64_t total_bytes;
	uint64_t done_bytes;
	uint64_t told_bytes;
	/* Of the lines of the log being read, until it is: as ary_log's. */
	uint64_t live_bytes;
	uint64_t tombstone_bytes;
	/* The log being read, or read last. */
	char name[ARY_NAME_BYTES];
	struct ary_log *log;
	struct ary_scan_report report;   /* once read */
	struct ary_scan_report previous; /* of the log before it */
	struct ary_loader loader;        /* brings Sets and Rms into the index */
	struct ary_upload *uploads;      /* held until the end, linked by due_next */
	struct ary_rules rules;          /* what its lines, and the last one's, said */
	uint64_t seq;                    /* highest, of lines that are cut off too */
};

/* Replays the logs of INVENTORY, from where RESUME says. *UNUSED_OUT: the last one was created for
 * a rotation that did not happen, and is not in the table. Errors as ary_recover. */
ARY_MUST_CHECK enum ary_status ary_replay_all(struct ary_replay *replay,
					      const struct ary_inventory *inventory,
					      const struct ary_resume *resume, bool *unused_out,
					      struct ary_error *err);

#endif
