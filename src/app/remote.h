/* SPDX-License-Identifier: MIT */
/* The data commands on the server of a config: what local.h is to a directory.
 *
 * What goes wrong is told on standard error here; callers pass the exit code on. */
#ifndef ARY_APP_REMOTE_H
#define ARY_APP_REMOTE_H

#include "app/command.h"
#include "app/config.h"
#include "store/store.h"

/* Writes the value of KEY to standard output as it comes, and nothing else. */
enum ary_exit ary_remote_get(const struct ary_config *config, struct ary_bytes key);

/* Carries out op, key, value and type of WRITE. IS_LONGER: standard input has more of the value,
 * which is sent as it comes. */
enum ary_exit ary_remote_write(const struct ary_config *config, const struct ary_write *write,
			       bool is_longer);

/* Compacts, or joins the compaction that runs, and waits for its end, however long that takes; *OUT
 * is what it did. */
enum ary_exit ary_remote_compact(const struct ary_config *config,
				 struct ary_compaction_report *out);

/* Visits the keys that begin with `prefix`, at most `limit` of them, and calls END_PAGE after each
 * page; either may answer that no more are wanted. */
enum ary_exit ary_remote_list(const struct ary_config *config, ary_store_visit visit,
			      bool (*end_page)(void *context), void *context);

enum ary_exit ary_remote_stats(const struct ary_config *config, struct ary_stats *out);

#endif
