/* SPDX-License-Identifier: MIT */
/* Threads and what they meet at. Door of <pthread.h>.
 *
 * A mutex, condition or lock that cannot be made or used is a bug or a broken system: the program
 * stops (ARY_CHECK), so that none of these needs an error path. */
#ifndef ARY_ENV_THREAD_H
#define ARY_ENV_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/status.h"

struct ARY_CAPABILITY("mutex") ary_mutex {
	pthread_mutex_t mutex;
};

void ary_mutex_init(struct ary_mutex *mutex);
void ary_mutex_release(struct ary_mutex *mutex);
void ary_mutex_lock(struct ary_mutex *mutex) ARY_ACQUIRES(mutex);
void ary_mutex_unlock(struct ary_mutex *mutex) ARY_RELEASES(mutex);

/* A condition, on the monotonic clock. */
struct ary_cond {
	pthread_cond_t cond;
};

void ary_cond_init(struct ary_cond *cond);
void ary_cond_release(struct ary_cond *cond);
/* Waits; may wake without a signal, so the caller loops on what it waits for. */
void ary_cond_wait(struct ary_cond *cond, struct ary_mutex *mutex) ARY_REQUIRES(mutex);
/* As ary_cond_wait, for at most TIMEOUT_MS. False: the time was up. */
bool ary_cond_wait_ms(struct ary_cond *cond, struct ary_mutex *mutex, uint64_t timeout_ms)
	ARY_REQUIRES(mutex);
/* As ary_cond_wait_ms, in microseconds. */
bool ary_cond_wait_us(struct ary_cond *cond, struct ary_mutex *mutex, uint64_t timeout_us)
	ARY_REQUIRES(mutex);
void ary_cond_signal(struct ary_cond *cond);
void ary_cond_broadcast(struct ary_cond *cond);

/* Many readers or one writer; a waiting writer goes before new readers. */
struct ARY_CAPABILITY("rwlock") ary_rwlock {
	pthread_rwlock_t lock;
};

void ary_rwlock_init(struct ary_rwlock *lock);
void ary_rwlock_release(struct ary_rwlock *lock);
void ary_rwlock_read(struct ary_rwlock *lock);
void ary_rwlock_write(struct ary_rwlock *lock);
void ary_rwlock_unlock(struct ary_rwlock *lock);

/* A named thread that runs FUNCTION(CONTEXT) once. All signals are blocked in it. */
struct ary_thread {
	pthread_t thread;
	void (*function)(void *context);
	void *context;
	bool running;
};

/* Starts THREAD under NAME (at most 15 bytes are kept). THREAD must stay where it is until joined.
 * BUSY: the system has no more threads. */
ARY_MUST_CHECK enum ary_status ary_thread_start(struct ary_thread *thread, const char *name,
						void (*function)(void *context), void *context,
						struct ary_error *err);

/* Waits for the end of THREAD; does nothing when it does not run. */
void ary_thread_join(struct ary_thread *thread);

/* Keeps this thread waiting for TIMEOUT_MS, signals or not. */
void ary_thread_pause(uint64_t timeout_ms);

#endif
