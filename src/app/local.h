/* SPDX-License-Identifier: MIT */
/* A store in a directory, opened by a command for one piece of work.
 *
 * What goes wrong is told on standard error here; callers pass the exit code on. */
#ifndef ARY_APP_LOCAL_H
#define ARY_APP_LOCAL_H

#include "app/command.h"
#include "app/config.h"
#include "store/store.h"

/* Fills OUT from CONFIG, whose texts it borrows. Nothing is created, and nothing is told. */
void ary_local_options(const struct ary_config *config, struct ary_store_options *out);

enum ary_local_use {
	ARY_LOCAL_READ,    /* no line is added to a log, not even of values that have ended */
	ARY_LOCAL_COMPACT, /* compaction never starts by itself */
	ARY_LOCAL_WRITE,
	ARY_LOCAL_CREATE,  /* as WRITE; a missing store is made */
};

/* Opens the store of CONFIG. *OUT is set, owned, when the answer is ARY_EXIT_OK. */
enum ary_exit ary_local_open(const struct ary_config *config, enum ary_local_use use,
			     struct ary_store **out);

/* Takes STORE. Answers CODE, or ARY_EXIT_STORE when what was written may not be on disk. */
enum ary_exit ary_local_close(struct ary_store *store, enum ary_exit code);

/* Tells why a request to the store was refused, and answers the exit code for it. */
enum ary_exit ary_local_refused(const struct ary_error *err);

/* Compacts, or joins the compaction that runs, and waits for its end; *OUT is what it did. FULL as
 * in the request. Answers its status. */
enum ary_status ary_local_compact(struct ary_store *store, bool full,
				  struct ary_compaction_report *out);

/* Compacts STORE if that is due, by what CONFIG says. For commands that write and then end: a run
 * that ends right after its write would otherwise stop each compaction before its end. */
void ary_local_settle(struct ary_store *store, const struct ary_config *config);

#endif
