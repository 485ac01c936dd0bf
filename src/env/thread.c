/* SPDX-License-Identifier: MIT */
#include "env/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/check.h"

enum { THREAD_NAME_BYTES = 16 }; /* the kernel's limit, with the terminator */

void ary_mutex_init(struct ary_mutex *mutex)
{
	pthread_mutexattr_t attributes;

	ARY_CHECK(pthread_mutexattr_init(&attributes) == 0);
	/* Locking twice and unlocking another's lock are told, and end in ARY_CHECK. */
	ARY_CHECK(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK) == 0);
	ARY_CHECK(pthread_mutex_init(&mutex->mutex, &attributes) == 0);
	ARY_CHECK(pthread_mutexattr_destroy(&attributes) == 0);
}

void ary_mutex_release(struct ary_mutex *mutex)
{
	ARY_CHECK(pthread_mutex_destroy(&mutex->mutex) == 0);
}

ARY_NO_LOCK_CHECK
void ary_mutex_lock(struct ary_mutex *mutex)
{
	ARY_CHECK(pthread_mutex_lock(&mutex->mutex) == 0);
}

ARY_NO_LOCK_CHECK
void ary_mutex_unlock(struct ary_mutex *mutex)
{
	ARY_CHECK(pthread_mutex_unlock(&mutex->mutex) == 0);
}

void ary_cond_init(struct ary_cond *cond)
{
	pthread_condattr_t attributes;

	ARY_CHECK(pthread_condattr_init(&attributes) == 0);
	ARY_CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
	ARY_CHECK(pthread_cond_init(&cond->cond, &attributes) == 0);
	ARY_CHECK(pthread_condattr_destroy(&attributes) == 0);
}

void ary_cond_release(struct ary_cond *cond)
{
	ARY_CHECK(pthread_cond_destroy(&cond->cond) == 0);
}

void ary_cond_wait(struct ary_cond *cond, struct ary_mutex *mutex)
{
	ARY_CHECK(pthread_cond_wait(&cond->cond, &mutex->mutex) == 0);
}

/* TIMEOUT from now on, of which PER_SECOND make a second. */
static struct timespec deadline_in(uint64_t timeout, uint64_t per_second)
{
	struct timespec time;

	ARY_CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
	time.tv_sec += (time_t)(timeout / per_second);
	time.tv_nsec += (long)(timeout % per_second * (1000000000 / per_second));
	if (time.tv_nsec >= 1000000000) {
		time.tv_sec++;
		time.tv_nsec -= 1000000000;
	}
	return time;
}

static bool wait_until(struct ary_cond *cond, struct ary_mutex *mutex, struct timespec deadline)
{
	int result = pthread_cond_timedwait(&cond->cond, &mutex->mutex, &deadline);

	ARY_CHECK(result == 0 || result == ETIMEDOUT);
	return result == 0;
}

bool ary_cond_wait_ms(struct ary_cond *cond, struct ary_mutex *mutex, uint64_t timeout_ms)
{
	return wait_until(cond, mutex, deadline_in(timeout_ms, 1000));
}

bool ary_cond_wait_us(struct ary_cond *cond, struct ary_mutex *mutex, uint64_t timeout_us)
{
	return wait_until(cond, mutex, deadline_in(timeout_us, 1000000));
}

void ary_cond_signal(struct ary_cond *cond)
{
	ARY_CHECK(pthread_cond_signal(&cond->cond) == 0);
}

void ary_cond_broadcast(struct ary_cond *cond)
{
	ARY_CHECK(pthread_cond_broadcast(&cond->cond) == 0);
}

void ary_rwlock_init(struct ary_rwlock *lock)
{
	pthread_rwlockattr_t attributes;

	ARY_CHECK(pthread_rwlockattr_init(&attributes) == 0);
	/* Of the kinds of this C library, only the one that forbids a reader to read twice lets
	 * writers go first. */
	ARY_CHECK(pthread_rwlockattr_setkind_np(
			  &attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
	ARY_CHECK(pthread_rwlock_init(&lock->lock, &attributes) == 0);
	ARY_CHECK(pthread_rwlockattr_destroy(&attributes) == 0);
}

void ary_rwlock_release(struct ary_rwlock *lock)
{
	ARY_CHECK(pthread_rwlock_destroy(&lock->lock) == 0);
}

void ary_rwlock_read(struct ary_rwlock *lock)
{
	ARY_CHECK(pthread_rwlock_rdlock(&lock->lock) == 0);
}

void ary_rwlock_write(struct ary_rwlock *lock)
{
	ARY_CHECK(pthread_rwlock_wrlock(&lock->lock) == 0);
}

void ary_rwlock_unlock(struct ary_rwlock *lock)
{
	ARY_CHECK(pthread_rwlock_unlock(&lock->lock) == 0);
}

static void *run(void *context)
{
	struct ary_thread *thread = context;

	thread->function(thread->context);
	return NULL;
}

/* Creates the thread with all signals blocked: it inherits the mask of its creator, so there is no
 * moment in which a signal could reach it. All but SIGBUS, which is about what the thread itself
 * does (posix_map.c): where that is blocked, it ends the program. */
static int create_blocked(struct ary_thread *thread)
{
	sigset_t all;
	sigset_t before;
	int result;

	ARY_CHECK(sigfillset(&all) == 0 && sigdelset(&all, SIGBUS) == 0);
	ARY_CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
	result = pthread_create(&thread->thread, NULL, run, thread);
	ARY_CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
	return result;
}

enum ary_status ary_thread_start(struct ary_thread *thread, const char *name,
				 void (*function)(void *context), void *context,
				 struct ary_error *err)
{
	char kept[THREAD_NAME_BYTES];
	int result;

	thread->function = function;
	thread->context = context;
	thread->running = false;
	result = create_blocked(thread);
	if (result == EAGAIN)
		return ary_fail(err, ARY_BUSY, "cannot start thread %s: no more threads", name);
	if (result != 0)
		return ary_fail_errno(err, result, "cannot start thread %s", name);
	thread->running = true;
	/* The name is for people who look at the process; a thread without one works as well. */
	(void)snprintf(kept, sizeof(kept), "%s", name);
	(void)pthread_setname_np(thread->thread, kept);
	return ARY_OK;
}

void ary_thread_join(struct ary_thread *thread)
{
	if (!thread->running)
		return;
	ARY_CHECK(pthread_join(thread->thread, NULL) == 0);
	thread->running = false;
}

void ary_thread_pause(uint64_t timeout_ms)
{
	struct timespec deadline = deadline_in(timeout_ms, 1000);
	int result;

	do {
		result = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL);
	} while (result == EINTR);
	ARY_CHECK(result == 0);
}
