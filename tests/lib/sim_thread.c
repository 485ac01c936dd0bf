/* SPDX-License-Identifier: MIT */
#include "lib/sim_thread.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "base/alloc.h"
#include "base/check.h"

enum { FIBERS_MAX = 32, STACK_BYTES = 1 << 20 };

/* What lies in the memory of a mutex and of a condition; all zero at first. */
struct sim_lock {
	bool held;
};

struct sim_signal {
	uint64_t signals;
};

_Static_assert(sizeof(struct sim_lock) <= sizeof(pthread_mutex_t), "fits into a mutex");
_Static_assert(sizeof(struct sim_signal) <= sizeof(pthread_cond_t), "fits into a condition");

struct fiber {
	ucontext_t context;
	void *stack;                   /* kept for the next one that takes the place; owned */
	void (*function)(void *context);
	void *argument;
	bool used;
	bool done;
	const struct sim_signal *waits; /* NULL: for nothing */
	uint64_t signals_seen;
	bool limited;
	bool timed_out;
};

/* The first is the program's own thread. */
static struct fiber fibers[FIBERS_MAX] = {{.used = true}};
static size_t current;

static bool can_run(const struct fiber *fiber)
{
	return fiber->used && !fiber->done &&
	       (fiber->waits == NULL || fiber->waits->signals != fiber->signals_seen);
}

static void switch_to(size_t next)
{
	size_t from = current;

	if (next == from)
		return;
	current = next;
	ARY_CHECK(swapcontext(&fibers[from].context, &fibers[next].context) == 0);
}

/* Lets others run; comes back when this one can. */
static void yield(void)
{
	for (size_t i = 1; i <= FIBERS_MAX; i++) {
		size_t next = (current + i) % FIBERS_MAX;
		if (can_run(&fibers[next])) {
			switch_to(next);
			return;
		}
	}
	/* Nothing can happen any more but that time passes. */
	for (size_t i = 0; i < FIBERS_MAX; i++) {
		struct fiber *fiber = &fibers[i];
		if (fiber->used && !fiber->done && fiber->limited) {
			fiber->timed_out = true;
			fiber->waits = NULL;
			switch_to(i);
			return;
		}
	}
	bool all_wait_for_each_other = true;
	ARY_CHECK(!all_wait_for_each_other);
}

ARY_NO_LOCK_CHECK
void sim_mutex_lock(struct ary_mutex *mutex)
{
	struct sim_lock *lock = (struct sim_lock *)&mutex->mutex;

	while (lock->held)
		yield();
	lock->held = true;
}

ARY_NO_LOCK_CHECK
void sim_mutex_unlock(struct ary_mutex *mutex)
{
	struct sim_lock *lock = (struct sim_lock *)&mutex->mutex;

	ARY_CHECK(lock->held);
	lock->held = false;
}

ARY_NO_LOCK_CHECK
bool sim_cond_wait(struct ary_cond *cond, struct ary_mutex *mutex, bool limited)
{
	const struct sim_signal *signal = (const struct sim_signal *)&cond->cond;
	struct fiber *self = &fibers[current];

	self->waits = signal;
	self->signals_seen = signal->signals;
	self->limited = limited;
	self->timed_out = false;
	sim_mutex_unlock(mutex);
	yield();
	self->waits = NULL;
	self->limited = false;
	sim_mutex_lock(mutex);
	return !self->timed_out;
}

void sim_cond_signal(struct ary_cond *cond)
{
	((struct sim_signal *)&cond->cond)->signals++;
}

static void run_fiber(void)
{
	struct fiber *self = &fibers[current];

	self->function(self->argument);
	self->done = true;
	yield();
	bool runs_after_its_end = true;
	ARY_CHECK(!runs_after_its_end);
}

void sim_thread_start(struct ary_thread *thread, void (*function)(void *context), void *context)
{
	size_t place = 1;

	while (place < FIBERS_MAX && fibers[place].used)
		place++;
	ARY_CHECK(place < FIBERS_MAX);
	struct fiber *fiber = &fibers[place];
	if (fiber->stack == NULL)
		fiber->stack = ary_alloc(STACK_BYTES);
	ARY_CHECK(getcontext(&fiber->context) == 0);
	fiber->context.uc_stack.ss_sp = fiber->stack;
	fiber->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&fiber->context, run_fiber, 0);
	fiber->function = function;
	fiber->argument = context;
	fiber->used = true;
	fiber->done = false;
	fiber->waits = NULL;
	fiber->limited = false;
	memcpy(&thread->thread, &place, sizeof(place));
	thread->running = true;
}

void sim_thread_join(struct ary_thread *thread)
{
	size_t place;

	if (!thread->running)
		return;
	memcpy(&place, &thread->thread, sizeof(place));
	while (!fibers[place].done)
		yield();
	fibers[place].used = false;
	thread->running = false;
}
