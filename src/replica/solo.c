/* SPDX-License-Identifier: MIT */
/* A cluster of one: the store itself orders the writes. */
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"
#include "env/thread.h"
#include "replica/replica.h"

struct ary_replica {
	struct ary_store *store;
	struct ary_mutex lock;
	struct ary_cond drained;
	uint64_t in_flight;   /* under lock: writes */
	bool closed;          /* under lock: the gate */
};

struct ary_replica *ary_replica_solo(struct ary_store *store)
{
	struct ary_replica *replica = ARY_NEW(struct ary_replica);
	replica->store = store;
	ary_mutex_init(&replica->lock);
	ary_cond_init(&replica->drained);
	return replica;
}

void ary_replica_destroy(struct ary_replica *replica)
{
	if (replica == NULL)
		return;
	ARY_CHECK(replica->in_flight == 0);
	ary_cond_release(&replica->drained);
	ary_mutex_release(&replica->lock);
	free(replica);
}

struct ary_store *ary_replica_store(struct ary_replica *replica)
{
	return replica->store;
}

/* Counts one in, unless the gate is closed: both under one lock, so that a drain that has seen
 * nothing in flight has seen the last of it. */
static bool enter(struct ary_replica *replica)
{
	ary_mutex_lock(&replica->lock);
	bool open = !replica->closed;
	if (open)
		replica->in_flight++;
	ary_mutex_unlock(&replica->lock);
	return open;
}

static void leave(struct ary_replica *replica)
{
	ary_mutex_lock(&replica->lock);
	replica->in_flight--;
	if (replica->in_flight == 0)
		ary_cond_broadcast(&replica->drained);
	ary_mutex_unlock(&replica->lock);
}

/* The proposer hears first, then it no longer counts: after a drain nobody waits for an answer.
 * What was borrowed goes back as it was: the write may be proposed again, from within its `done`
 * too. */
static void write_done(struct ary_write *write)
{
	struct ary_replica *replica = write->replica_context;
	write->done = write->replica_done;
	write->done(write);
	leave(replica);
}

void ary_replica_propose(struct ary_replica *replica, struct ary_write *write)
{
	if (!enter(replica)) {
		write->status =
			ary_fail(&write->error, ARY_SHUTDOWN, "the server is shutting down");
		write->done(write);
		return;
	}
	write->replica_done = write->done;
	write->replica_context = replica;
	write->done = write_done;
	ary_store_submit(replica->store, write);
}

static void refuse_compaction(struct ary_compaction_request *request)
{
	request->report = (struct ary_compaction_report){.state = ARY_COMPACTION_IDLE};
	request->report.status =
		ary_fail(&request->report.error, ARY_SHUTDOWN, "the server is shutting down");
	request->done(request);
}

/* Under the lock of the gate, so that nobody begins to wait after it was closed. */
void ary_replica_compact(struct ary_replica *replica, struct ary_compaction_request *request)
{
	ary_mutex_lock(&replica->lock);
	bool open = !replica->closed;
	if (open)
		ary_store_compact(replica->store, request);
	ary_mutex_unlock(&replica->lock);
	if (!open)
		refuse_compaction(request);
}

/* A compaction may go on for long, so those who wait for it are not kept: closing the store will
 * cancel it. */
void ary_replica_close_gate(struct ary_replica *replica)
{
	ary_mutex_lock(&replica->lock);
	replica->closed = true;
	ary_mutex_unlock(&replica->lock);
	ary_store_compact_refuse(replica->store);
}

enum ary_status ary_replica_drain(struct ary_replica *replica, uint64_t timeout_ms)
{
	ary_mutex_lock(&replica->lock);
	bool in_time = true;
	while (replica->in_flight > 0 && in_time)
		in_time = ary_cond_wait_ms(&replica->drained, &replica->lock, timeout_ms);
	bool drained = replica->in_flight == 0;
	ary_mutex_unlock(&replica->lock);
	return drained ? ARY_OK : ARY_BUSY;
}
