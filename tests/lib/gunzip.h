/* SPDX-License-Identifier: MIT */
/* What was packed with gzip, as it was. */
#ifndef ARY_TESTS_LIB_GUNZIP_H
#define ARY_TESTS_LIB_GUNZIP_H

#include "base/bytes.h"

/* PACKED, unpacked: exactly one member and nothing behind it. Fails the test otherwise. The caller
 * releases it. */
struct ary_buf gunzip(struct ary_bytes packed);

#endif
