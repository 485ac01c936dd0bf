/* SPDX-License-Identifier: MIT */
/* Gives the program that includes it, in one of its files, fibers for threads: see
 * lib/sim_thread.h. The linker then finds the functions of env/thread.h here, and leaves those of
 * env out. Not where a sanitizer watches, which follows real threads only. */
#ifndef ARY_TESTS_LIB_SIM_THREAD_USE_H
#define ARY_TESTS_LIB_SIM_THREAD_USE_H

#include "lib/sanitizer.h"

#if !SANITIZED

#include "lib/sim_thread_locks.h"

/* Nobody waits while holding one of these, so nobody ever finds one taken. */
void ary_rwlock_init(struct ary_rwlock *lock)
{
	(void)lock;
}

void ary_rwlock_release(struct ary_rwlock *lock)
{
	(void)lock;
}

void ary_rwlock_read(struct ary_rwlock *lock)
{
	(void)lock;
}

void ary_rwlock_write(struct ary_rwlock *lock)
{
	(void)lock;
}

void ary_rwlock_unlock(struct ary_rwlock *lock)
{
	(void)lock;
}

enum ary_status ary_thread_start(struct ary_thread *thread, const char *name,
				 void (*function)(void *context), void *context,
				 struct ary_error *err)
{
	(void)name;
	(void)err;
	sim_thread_start(thread, function, context);
	return ARY_OK;
}

void ary_thread_join(struct ary_thread *thread)
{
	sim_thread_join(thread);
}

#endif
#endif
