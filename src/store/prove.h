/* SPDX-License-Identifier: MIT */
/* Does, beside all else, what an open by a checkpoint has put off: brings in the pages in which the
 * index lies, and proves the lines that were not read, as the checkpoint stands for them. Damage
 * that it finds is told, no further write is taken, and the checkpoint goes, so that the next open
 * reads all lines, and refuses what is damaged.
 *
 * Threads: open's and close's; the thread between them reads only. */
#ifndef ARY_STORE_PROVE_H
#define ARY_STORE_PROVE_H

#include "store/store_private.h"

/* Notes which logs those are, if the options want them proved. Before any other thread runs. */
void ary_prove_prepare(struct ary_store *store);

/* Begins, where there is one. Without a thread to be had that is told, and it is not done. */
void ary_prove_start(struct ary_store *store);

/* Ends the thread, wherever it is, and forgets the logs. The checkpoint's copy must be there until
 * then. */
void ary_prove_stop(struct ary_store *store);

#endif
