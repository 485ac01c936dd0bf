/* SPDX-License-Identifier: MIT */
/* An environment that is all in memory, for tests that open very many stores: files and folders
 * are gone with it, clocks tick with each look, and random bytes are the same each time.
 *
 * Everything written counts as durable. Nothing is short of space, but memory that is out ends the
 * test program. Threads: any. Everything opened must be closed before destroy. */
#ifndef ARY_TESTS_LIB_MEMORY_ENV_H
#define ARY_TESTS_LIB_MEMORY_ENV_H

#include "env/env.h"

struct memory_env;

/* Returns owned; it holds no folder yet, and every path has a parent. */
struct memory_env *memory_env_create(void);
void memory_env_destroy(struct memory_env *memory_env);

/* The environment to hand out; returns borrowed until destroy. */
struct ary_env *memory_env_env(struct memory_env *memory_env);

#endif
