/* SPDX-License-Identifier: MIT */
/* Compiler attributes under one set of names. */
#ifndef ARY_BASE_ATTR_H
#define ARY_BASE_ATTR_H

/* The caller must look at the result. */
#define ARY_MUST_CHECK __attribute__((warn_unused_result))
/* printf-style: argument TEXT is the format, FIRST the first of its values. */
#define ARY_PRINTF(text, first) __attribute__((format(printf, text, first)))
/* Never returns. */
#define ARY_NORETURN __attribute__((noreturn))
/* Hardly ever called: what leads there is laid out apart, so that what a usual request runs lies
 * close together. Its instructions are fetched anew for each, as the kernel's replace them. */
#define ARY_COLD __attribute__((cold))

/* Lock contracts, checked by clang's -Wthread-safety; nothing elsewhere. */
#if defined(__clang__)
#define ARY_CAPABILITY(name) __attribute__((capability(name)))
#define ARY_REQUIRES(lock) __attribute__((requires_capability(lock)))
#define ARY_ACQUIRES(lock) __attribute__((acquire_capability(lock)))
#define ARY_RELEASES(lock) __attribute__((release_capability(lock)))
#define ARY_NO_LOCK_CHECK __attribute__((no_thread_safety_analysis))
#else
#define ARY_CAPABILITY(name)
#define ARY_REQUIRES(lock)
#define ARY_ACQUIRES(lock)
#define ARY_RELEASES(lock)
#define ARY_NO_LOCK_CHECK
#endif

#endif
