/* SPDX-License-Identifier: MIT */
/* SANITIZED: this build is watched by a sanitizer, or by valgrind, under which everything takes
 * longer and needs more memory, and which follow real threads only. */
#ifndef ARY_TESTS_LIB_SANITIZER_H
#define ARY_TESTS_LIB_SANITIZER_H

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || defined(FOR_VALGRIND)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
