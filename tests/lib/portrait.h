/* SPDX-License-Identifier: MIT */
/* A store as text, to be compared with another one.
 *
 * Threads: whoever has the store for himself. */
#ifndef ARY_TESTS_LIB_PORTRAIT_H
#define ARY_TESTS_LIB_PORTRAIT_H

#include "base/bytes.h"
#include "store/store.h"

/* All keys in their order, with seqs, values and ends, and the figures of keys and logs. Whatever
 * goes wrong fails the test. Returns owned, with a 0 at its end. */
struct ary_buf store_portrait(struct ary_store *store);

#endif
