/* SPDX-License-Identifier: MIT */
#include "app/signals.h"

#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "base/check.h"
#include "base/diag.h"

/* Sent to the thread alone, to end it. */
#define SIGNAL_END SIGUSR1

static void fill_set(sigset_t *set)
{
	struct sigaction hangup;

	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGNAL_END);
	/* nohup means that the end of a terminal is not to end the server. */
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
		sigaddset(set, SIGHUP);
}

/* Counts a signal in; answers whether the thread goes on. */
static bool take(struct ary_signals *signals, int number)
{
	bool ending;
	unsigned taken;

	ary_mutex_lock(&signals->mutex);
	ending = signals->ending;
	taken = number == SIGNAL_END ? 0 : ++signals->taken;
	ary_cond_broadcast(&signals->cond);
	ary_mutex_unlock(&signals->mutex);
	if (taken == 1)
		ary_diag(ARY_DIAG_INFO, "stopping", "signal=SIG%s", sigabbrev_np(number));
	if (taken > 1) {
		ary_diag(ARY_DIAG_ERROR, "stopped_at_once",
			 "signal=SIG%s reason=\"a second signal\"", sigabbrev_np(number));
		_Exit(ARY_EXIT_MISS);
	}
	return !ending;
}

static void take_signals(void *context)
{
	struct ary_signals *signals = context;
	int number = 0;

	do
		ARY_CHECK(sigwait(&signals->set, &number) == 0);
	while (take(signals, number));
}

enum ary_status ary_signals_start(struct ary_signals *signals, struct ary_error *err)
{
	fill_set(&signals->set);
	ARY_CHECK(pthread_sigmask(SIG_BLOCK, &signals->set, NULL) == 0);
	/* A shell starts what it puts into the background with SIGINT ignored; only a signal that
	 * is not ignored is sure to be handed to sigwait. */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	ary_mutex_init(&signals->mutex);
	ary_cond_init(&signals->cond);
	signals->taken = 0;
	signals->posted = false;
	signals->ending = false;
	return ary_thread_start(&signals->thread, "ary-signals", take_signals, signals, err);
}

void ary_signals_post(struct ary_signals *signals)
{
	ary_mutex_lock(&signals->mutex);
	signals->posted = true;
	ary_cond_broadcast(&signals->cond);
	ary_mutex_unlock(&signals->mutex);
}

bool ary_signals_wait(struct ary_signals *signals)
{
	bool taken;

	ary_mutex_lock(&signals->mutex);
	while (signals->taken == 0 && !signals->posted)
		ary_cond_wait(&signals->cond, &signals->mutex);
	taken = signals->taken > 0;
	if (!taken)
		signals->posted = false;
	ary_mutex_unlock(&signals->mutex);
	return taken;
}

bool ary_signals_wait_post(struct ary_signals *signals, uint64_t timeout_ms)
{
	bool posted;

	ary_mutex_lock(&signals->mutex);
	while (!signals->posted &&
	       ary_cond_wait_ms(&signals->cond, &signals->mutex, timeout_ms))
		continue;
	posted = signals->posted;
	signals->posted = false;
	ary_mutex_unlock(&signals->mutex);
	return posted;
}

void ary_signals_pause(struct ary_signals *signals, uint64_t timeout_ms)
{
	ary_mutex_lock(&signals->mutex);
	while (timeout_ms > 0 && ary_cond_wait_ms(&signals->cond, &signals->mutex, timeout_ms))
		continue;
	ary_mutex_unlock(&signals->mutex);
}

void ary_signals_stop(struct ary_signals *signals)
{
	ary_mutex_lock(&signals->mutex);
	signals->ending = true;
	ary_mutex_unlock(&signals->mutex);
	ARY_CHECK(pthread_kill(signals->thread.thread, SIGNAL_END) == 0);
	ary_thread_join(&signals->thread);
	ary_cond_release(&signals->cond);
	ary_mutex_release(&signals->mutex);
}
