/* SPDX-License-Identifier: MIT */
/* Threads of env/thread.h as fibers of one thread: which one runs next is the same in every run,
 * and starting one costs next to nothing, so that a store can be opened very many times.
 *
 * A fiber runs until it waits. A wait with a time limit ends by it only when nothing else can run.
 * A test program that includes lib/sim_thread_use.h in one of its files is linked with these
 * instead of the system's threads; under a sanitizer, with real ones.
 * Threads: one. */
#ifndef ARY_TESTS_LIB_SIM_THREAD_H
#define ARY_TESTS_LIB_SIM_THREAD_H

#include "env/thread.h"

/* Contracts as of the functions of env/thread.h with these names. */
void sim_mutex_lock(struct ary_mutex *mutex);
void sim_mutex_unlock(struct ary_mutex *mutex);
bool sim_cond_wait(struct ary_cond *cond, struct ary_mutex *mutex, bool limited);
void sim_cond_signal(struct ary_cond *cond);
void sim_thread_start(struct ary_thread *thread, void (*function)(void *context), void *context);
void sim_thread_join(struct ary_thread *thread);

#endif
