/* SPDX-License-Identifier: MIT */
/* Proves, beside all else, the lines that were not read when the store was opened, as a checkpoint
 * stands for them. Damage that it finds is told, no further write is taken, and the checkpoint
 * goes, so that the next open reads all lines, and refuses what is damaged.
 *
 * Threads: open's and close's; the thread between them reads only. */
#ifndef ARY_STORE_PROVE_H
#define ARY_STORE_PROVE_H

#include "store/store_private.h"

/* Notes which logs those are, if the options want them proved. Before any other thread runs. */
void ary_prove_prepare(struct ary_store *store);

/* Begins, where there is one. Without a thread to be had that is told, and it is not done. */
void ary_prove_start(struct ary_store *store);

/* Ends the thread, wherever it is, and forgets the logs. */
void ary_prove_stop(struct ary_store *store);

#endif
