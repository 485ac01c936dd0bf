/* SPDX-License-Identifier: MIT */
#include "lib/recorder.h"

#include <string.h>

#include "base/check.h"

void recorder_init(struct recorder *recorder)
{
	memset(recorder, 0, sizeof(*recorder));
	ary_mutex_init(&recorder->lock);
	ary_cond_init(&recorder->cond);
}

void recorder_release(struct recorder *recorder)
{
	ary_cond_release(&recorder->cond);
	ary_mutex_release(&recorder->lock);
}

static void record_locked(struct recorder *recorder, char event)
{
	ARY_CHECK(recorder->count < RECORDER_EVENTS_MAX);
	recorder->events[recorder->count++] = event;
}

void recorder_hook(void *context, enum fault_kind kind, const char *name)
{
	struct recorder *recorder = context;

	if ((kind != FAULT_FILE_WRITE && kind != FAULT_FILE_SYNC) || !strstr(name, ".log"))
		return;
	ary_mutex_lock(&recorder->lock);
	while (kind == FAULT_FILE_SYNC && recorder->hold) {
		recorder->holding = true;
		ary_cond_broadcast(&recorder->cond);
		ary_cond_wait(&recorder->cond, &recorder->lock);
	}
	recorder->holding = false;
	record_locked(recorder, kind == FAULT_FILE_WRITE ? 'w' : 's');
	ary_mutex_unlock(&recorder->lock);
}

void recorder_note_done(void *context, const struct ary_write *write)
{
	struct recorder *recorder = context;

	(void)write;
	ary_mutex_lock(&recorder->lock);
	record_locked(recorder, 'd');
	ary_mutex_unlock(&recorder->lock);
}

void recorder_forget(struct recorder *recorder)
{
	ary_mutex_lock(&recorder->lock);
	memset(recorder->events, 0, sizeof(recorder->events));
	recorder->count = 0;
	ary_mutex_unlock(&recorder->lock);
}

size_t recorder_count(struct recorder *recorder, char event)
{
	size_t count = 0;

	ary_mutex_lock(&recorder->lock);
	for (size_t i = 0; i < recorder->count; i++)
		count += recorder->events[i] == event;
	ary_mutex_unlock(&recorder->lock);
	return count;
}

void recorder_hold(struct recorder *recorder, bool hold)
{
	ary_mutex_lock(&recorder->lock);
	recorder->hold = hold;
	ary_cond_broadcast(&recorder->cond);
	ary_mutex_unlock(&recorder->lock);
}

void recorder_await_hold(struct recorder *recorder)
{
	ary_mutex_lock(&recorder->lock);
	while (!recorder->holding)
		ary_cond_wait(&recorder->cond, &recorder->lock);
	ary_mutex_unlock(&recorder->lock);
}

void recorder_submit_held(struct recorder *recorder, struct ary_store *store,
			  struct ary_write *write)
{
	recorder_hold(recorder, true);
	ary_store_submit(store, write);
	recorder_await_hold(recorder);
}

void recorder_submit_behind(struct recorder *recorder, struct ary_store *store,
			    struct write_batch *batch, size_t from)
{
	recorder_submit_held(recorder, store, &batch->writes[from]);
	write_batch_submit(batch, store, from + 1);
	recorder_hold(recorder, false);
	write_batch_wait(batch);
}
