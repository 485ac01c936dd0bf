/* SPDX-License-Identifier: MIT */
/* Proves, beside all else, the lines that were not read when the store was opened, as a checkpoint
 * stands for them. Damage that it finds is what an open without one would have refused: it is told,
 * and no further write is taken.
 *
 * Threads: start and stop belong to open and close; the thread between them reads only. */
#ifndef ARY_STORE_PROVE_H
#define ARY_STORE_PROVE_H

#include "store/store_private.h"

/* Begins with the logs that the checkpoint stands for, if one was used, and the options want it.
 * Without a thread to be had it is told, and not done. */
void ary_prove_start(struct ary_store *store);

/* Ends the thread, wherever it is. Does nothing when it does not run. */
void ary_prove_stop(struct ary_store *store);

#endif
