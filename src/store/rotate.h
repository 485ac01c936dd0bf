/* SPDX-License-Identifier: MIT */
/* From one log to the next. The next file is created, and its name synced, before the present one
 * is sealed: a rotation that cannot happen never stops writing. docs/FORMAT.md, "Rotation".
 *
 * Threads: the commit thread's. */
#ifndef ARY_STORE_ROTATE_H
#define ARY_STORE_ROTATE_H

#include "store/appender.h"

/* Sees to it that there is an active log. Fails as file creation does; READ_ONLY when the
 * directory could not be synced, and the store is read-only then. */
ARY_MUST_CHECK enum ary_status ary_rotate_begin(struct ary_store *store, struct ary_error *err);

/* Whether the next log is ready to take over. Not: the present one just goes on. */
bool ary_rotate_prepare(struct ary_store *store);

/* Adds the Seal line to APPEND, which will be synced. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_rotate_seal(struct ary_store *store, struct ary_append *append);

/* The group with the Seal line is durable: the next log becomes the active one. */
void ary_rotate_finish(struct ary_store *store);

/* Seals the active log now, if it has any line; for a compaction.
 * OK also when there was nothing to seal. Fails as ary_rotate_begin where the next log cannot be
 * created, else as ary_append_commit. ERR is not NULL. */
ARY_MUST_CHECK enum ary_status ary_rotate_now(struct ary_store *store, struct ary_error *err);

#endif
