/* SPDX-License-Identifier: MIT */
/* Mutexes and conditions of env/thread.h over fibers; see lib/sim_thread_use.h. */
#ifndef ARY_TESTS_LIB_SIM_THREAD_LOCKS_H
#define ARY_TESTS_LIB_SIM_THREAD_LOCKS_H

#include <string.h>

#include "lib/sim_thread.h"

void ary_mutex_init(struct ary_mutex *mutex)
{
	memset(mutex, 0, sizeof(*mutex));
}

void ary_mutex_release(struct ary_mutex *mutex)
{
	(void)mutex;
}

ARY_NO_LOCK_CHECK
void ary_mutex_lock(struct ary_mutex *mutex)
{
	sim_mutex_lock(mutex);
}

ARY_NO_LOCK_CHECK
void ary_mutex_unlock(struct ary_mutex *mutex)
{
	sim_mutex_unlock(mutex);
}

void ary_cond_init(struct ary_cond *cond)
{
	memset(cond, 0, sizeof(*cond));
}

void ary_cond_release(struct ary_cond *cond)
{
	(void)cond;
}

void ary_cond_wait(struct ary_cond *cond, struct ary_mutex *mutex)
{
	(void)sim_cond_wait(cond, mutex, false);
}

bool ary_cond_wait_ms(struct ary_cond *cond, struct ary_mutex *mutex, uint64_t timeout_ms)
{
	(void)timeout_ms;
	return sim_cond_wait(cond, mutex, true);
}

bool ary_cond_wait_us(struct ary_cond *cond, struct ary_mutex *mutex, uint64_t timeout_us)
{
	(void)timeout_us;
	return sim_cond_wait(cond, mutex, true);
}

void ary_cond_signal(struct ary_cond *cond)
{
	sim_cond_signal(cond);
}

void ary_cond_broadcast(struct ary_cond *cond)
{
	sim_cond_signal(cond);
}

#endif
