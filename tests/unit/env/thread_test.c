/* SPDX-License-Identifier: MIT */
/* Promise: threads exclude each other, wait for each other, and are out of the way of signals. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "env/env.h"
#include "env/thread.h"

enum { THREADS = 4, ROUNDS = 10000 };

struct shared {
	struct ary_mutex mutex;
	struct ary_cond cond;
	struct ary_rwlock lock;
	long count;
	bool open;
	atomic_int readers;
	atomic_bool written;
};

static void init(struct shared *shared)
{
	*shared = (struct shared){ 0 };
	ary_mutex_init(&shared->mutex);
	ary_cond_init(&shared->cond);
	ary_rwlock_init(&shared->lock);
}

static void release(struct shared *shared)
{
	ary_rwlock_release(&shared->lock);
	ary_cond_release(&shared->cond);
	ary_mutex_release(&shared->mutex);
}

static void start_all(struct ary_thread *threads, void (*function)(void *), void *context)
{
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(ary_thread_start(&threads[i], "worker", function, context, NULL),
				 ARY_OK);
}

static void join_all(struct ary_thread *threads)
{
	for (int i = 0; i < THREADS; i++)
		ary_thread_join(&threads[i]);
}

static void count_under_mutex(void *context)
{
	struct shared *shared = context;

	for (int i = 0; i < ROUNDS; i++) {
		ary_mutex_lock(&shared->mutex);
		shared->count++;
		ary_mutex_unlock(&shared->mutex);
	}
}

static void test_mutex_excludes(void **state)
{
	struct ary_thread threads[THREADS];
	struct shared shared;

	(void)state;
	init(&shared);
	start_all(threads, count_under_mutex, &shared);
	join_all(threads);
	assert_int_equal(shared.count, THREADS * ROUNDS);
	release(&shared);
}

static void count_under_rwlock(void *context)
{
	struct shared *shared = context;

	for (int i = 0; i < ROUNDS; i++) {
		long seen;

		ary_rwlock_write(&shared->lock);
		shared->count++;
		ary_rwlock_unlock(&shared->lock);
		ary_rwlock_read(&shared->lock);
		seen = shared->count;
		ary_rwlock_unlock(&shared->lock);
		if (seen < i + 1)
			shared->open = true;
	}
}

static void test_rwlock_excludes_writers(void **state)
{
	struct ary_thread threads[THREADS];
	struct shared shared;

	(void)state;
	init(&shared);
	start_all(threads, count_under_rwlock, &shared);
	join_all(threads);
	assert_int_equal(shared.count, THREADS * ROUNDS);
	assert_false(shared.open);
	release(&shared);
}

/* Reads together with all others: each waits inside the lock for the rest. */
static void read_together(void *context)
{
	struct shared *shared = context;

	ary_rwlock_read(&shared->lock);
	atomic_fetch_add(&shared->readers, 1);
	while (atomic_load(&shared->readers) < THREADS)
		usleep(100);
	ary_rwlock_unlock(&shared->lock);
}

static void test_rwlock_lets_readers_in_together(void **state)
{
	struct ary_thread threads[THREADS];
	struct shared shared;

	(void)state;
	init(&shared);
	start_all(threads, read_together, &shared);
	join_all(threads);
	assert_int_equal(atomic_load(&shared.readers), THREADS);
	release(&shared);
}

/* Overlapping readers: at any moment at least one of them holds the lock, until a write is done. */
static void read_until_written(void *context)
{
	struct shared *shared = context;

	while (!atomic_load(&shared->written)) {
		ary_rwlock_read(&shared->lock);
		atomic_fetch_add(&shared->readers, 1);
		usleep(500);
		ary_rwlock_unlock(&shared->lock);
	}
}

static void test_waiting_writer_goes_before_new_readers(void **state)
{
	struct ary_thread threads[THREADS];
	struct shared shared;

	(void)state;
	init(&shared);
	start_all(threads, read_until_written, &shared);
	while (atomic_load(&shared.readers) < 2 * THREADS)
		usleep(100);
	ary_rwlock_write(&shared.lock);
	atomic_store(&shared.written, true);
	ary_rwlock_unlock(&shared.lock);
	join_all(threads);
	release(&shared);
}

static void wait_until_open(void *context)
{
	struct shared *shared = context;

	ary_mutex_lock(&shared->mutex);
	shared->count++;
	ary_cond_signal(&shared->cond);
	while (!shared->open)
		ary_cond_wait(&shared->cond, &shared->mutex);
	shared->count--;
	ary_mutex_unlock(&shared->mutex);
}

static void test_broadcast_wakes_all(void **state)
{
	struct ary_thread threads[THREADS];
	struct shared shared;

	(void)state;
	init(&shared);
	start_all(threads, wait_until_open, &shared);
	ary_mutex_lock(&shared.mutex);
	while (shared.count < THREADS)
		(void)ary_cond_wait_ms(&shared.cond, &shared.mutex, 10);
	shared.open = true;
	ary_cond_broadcast(&shared.cond);
	ary_mutex_unlock(&shared.mutex);
	join_all(threads);
	assert_int_equal(shared.count, 0);
	release(&shared);
}

static void test_wait_ends_when_the_time_is_up(void **state)
{
	struct ary_env *env = ary_env_posix();
	struct shared shared;
	uint64_t start;

	(void)state;
	init(&shared);
	ary_mutex_lock(&shared.mutex);
	start = ary_monotonic_ns(env);
	while (ary_cond_wait_ms(&shared.cond, &shared.mutex, 30))
		start = ary_monotonic_ns(env);
	assert_true(ary_monotonic_ns(env) - start >= 30 * 1000000);
	while (ary_cond_wait_ms(&shared.cond, &shared.mutex, 0))
		continue;
	start = ary_monotonic_ns(env);
	while (ary_cond_wait_us(&shared.cond, &shared.mutex, 1500))
		start = ary_monotonic_ns(env);
	assert_true(ary_monotonic_ns(env) - start >= 1500 * 1000);
	while (ary_cond_wait_us(&shared.cond, &shared.mutex, 0))
		continue;
	ary_mutex_unlock(&shared.mutex);
	release(&shared);
}

static void test_pause_is_not_shorter_than_asked_for(void **state)
{
	struct ary_env *env = ary_env_posix();
	uint64_t start = ary_monotonic_ns(env);

	(void)state;
	ary_thread_pause(0);
	ary_thread_pause(30);
	assert_true(ary_monotonic_ns(env) - start >= 30 * 1000000);
}

static void open_and_signal(void *context)
{
	struct shared *shared = context;

	ary_mutex_lock(&shared->mutex);
	shared->open = true;
	ary_cond_signal(&shared->cond);
	ary_mutex_unlock(&shared->mutex);
}

static void test_signal_ends_the_longest_wait(void **state)
{
	static const uint64_t waits_ms[] = { 20000, 3600 * UINT64_C(1000000), UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
		struct ary_thread thread;
		struct shared shared;

		init(&shared);
		ary_mutex_lock(&shared.mutex);
		assert_int_equal(ary_thread_start(&thread, "opener", open_and_signal, &shared,
						  NULL), ARY_OK);
		while (!shared.open)
			assert_true(ary_cond_wait_ms(&shared.cond, &shared.mutex, waits_ms[i]));
		ary_mutex_unlock(&shared.mutex);
		ary_thread_join(&thread);
		release(&shared);
	}
}

struct seen {
	sigset_t blocked;
	struct ary_mutex mutex;
	char name[16];
};

static void look_at_self(void *context)
{
	struct seen *seen = context;

	/* The creator holds the mutex until it has given the name. */
	ary_mutex_lock(&seen->mutex);
	pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
	pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
	ary_mutex_unlock(&seen->mutex);
}

static struct seen look_from_thread(const char *name)
{
	struct ary_thread thread;
	struct seen seen = { 0 };

	ary_mutex_init(&seen.mutex);
	ary_mutex_lock(&seen.mutex);
	assert_int_equal(ary_thread_start(&thread, name, look_at_self, &seen, NULL), ARY_OK);
	ary_mutex_unlock(&seen.mutex);
	ary_thread_join(&thread);
	ary_mutex_release(&seen.mutex);
	return seen;
}

static void test_signals_are_blocked_in_the_thread_only(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGUSR1, SIGALRM };
	struct seen seen = look_from_thread("looker");
	sigset_t here;

	(void)state;
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &here), 0);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		assert_int_equal(sigismember(&seen.blocked, signals[i]), 1);
		assert_int_equal(sigismember(&here, signals[i]), 0);
	}
}

static void test_thread_has_its_name_cut_to_fit(void **state)
{
	struct seen seen = look_from_thread("commit");

	(void)state;
	assert_string_equal(seen.name, "commit");
	seen = look_from_thread("0123456789abcdefghi");
	assert_string_equal(seen.name, "0123456789abcde");
}

static void test_join_of_what_does_not_run_does_nothing(void **state)
{
	struct ary_thread thread = { 0 };
	struct shared shared;

	(void)state;
	ary_thread_join(&thread);
	init(&shared);
	assert_int_equal(ary_thread_start(&thread, "opener", open_and_signal, &shared, NULL),
			 ARY_OK);
	ary_thread_join(&thread);
	ary_thread_join(&thread);
	assert_true(shared.open);
	release(&shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutex_excludes),
		cmocka_unit_test(test_rwlock_excludes_writers),
		cmocka_unit_test(test_rwlock_lets_readers_in_together),
		cmocka_unit_test(test_waiting_writer_goes_before_new_readers),
		cmocka_unit_test(test_broadcast_wakes_all),
		cmocka_unit_test(test_wait_ends_when_the_time_is_up),
		cmocka_unit_test(test_pause_is_not_shorter_than_asked_for),
		cmocka_unit_test(test_signal_ends_the_longest_wait),
		cmocka_unit_test(test_signals_are_blocked_in_the_thread_only),
		cmocka_unit_test(test_thread_has_its_name_cut_to_fit),
		cmocka_unit_test(test_join_of_what_does_not_run_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
