/* SPDX-License-Identifier: MIT */
/* From the files of a directory to a running store: which logs count, their lines into the index,
 * a torn tail cut, damage refused. docs/FORMAT.md, "Torn tail or damage".
 *
 * Nothing is changed on disk before every line has been read and found good.
 * Threads: open's, before any other thread runs. */
#ifndef ARY_STORE_RECOVER_H
#define ARY_STORE_RECOVER_H

#include "store/store_private.h"

/* Fills STORE's logs and index from its folder, and leaves the folder in order for writing.
 * CORRUPT: names file, offset and seqs; nothing was changed. UNSUPPORTED: a later version wrote
 * it. IO, NO_SPACE, NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_recover(struct ary_store *store, struct ary_error *err);

#endif
