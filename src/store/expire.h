/* SPDX-License-Identifier: MIT */
/* Ends values whose time is over: their `Expire` lines go into the next group of writes, before
 * those, or into one of their own, 100 ms later, with what has ended by then. Until then such a
 * value is not there for anybody who asks; what the line does is to let the key go from the index,
 * and the value become stale.
 *
 * Threads: the commit thread's. */
#ifndef ARY_STORE_EXPIRE_H
#define ARY_STORE_EXPIRE_H

#include "store/appender.h"
#include "store/store_private.h"

/* Adds the lines of as many values as are over at APPEND's time, and as one group may end. Each is
 * applied or given back afterwards. */
void ary_expire_put(struct ary_store *store, struct ary_append *append);

/* The group with the lines is stored. */
void ary_expire_apply(struct ary_store *store);

/* It is not; they are tried again after a while. Whether there were any. */
bool ary_expire_give_back(struct ary_store *store);

/* Nothing could be ended, for whatever reason; what is due is tried again after a while. */
void ary_expire_rest(struct ary_store *store);

/* For how long no value needs to be ended; 0: one is to be now. UINT64_MAX: for ever. */
uint64_t ary_expire_wait_ms(struct ary_store *store);

#endif
