/* SPDX-License-Identifier: MIT */
#include "store/expire.h"

#include "store/apply.h"
#include "store/clock.h"

/* What was not stored is not tried again before this. */
static const uint64_t RETRY_NS = 1000000000;

/* What ends within this time shares a group, where no write brings one: a group costs a sync. */
static const uint64_t GATHER_NS = 100000000;

/* The clock is looked at this often, as it may be set. */
static const uint64_t LOOK_MS = 1000;

/* Adds the line of ENDING. False: no memory. */
static bool put_line(struct ary_store *store, struct ary_append *append,
		     const struct ary_ending *ending)
{
	struct ary_record record = {
		.op = ARY_OP_EXPIRE,
		.key = ary_ending_key(ending),
		.prev = ending->seq,
	};
	return ary_append_line(store, append, &record) == ARY_OK;
}

void ary_expire_put(struct ary_store *store, struct ary_append *append)
{
	struct ary_committer *committer = &store->committer;
	committer->ended_count = 0;
	if (store->options.leave_ended)
		return;
	/* The clock is not even looked at where nothing ends. */
	if (ary_expiry_next_ms(&store->expiry) > append->time_ms) {
		committer->expire_due_ns = 0;
		return;
	}
	if (ary_monotonic_ns(store->options.env) < committer->expire_retry_ns)
		return;
	while (committer->ended_count < ARY_GROUP_ENDED_MAX) {
		struct ary_ending *ending = ary_expiry_take(&store->expiry, append->time_ms);
		if (ending == NULL) {
			/* All that was over is taken: what is over next waits anew. */
			committer->expire_due_ns = 0;
			return;
		}
		if (!put_line(store, append, ending)) {
			ary_expiry_put_back(&store->expiry, ending);
			return;
		}
		committer->ended[committer->ended_count++] = ending;
	}
}

void ary_expire_apply(struct ary_store *store)
{
	struct ary_committer *committer = &store->committer;
	for (size_t i = 0; i < committer->ended_count; i++)
		ary_apply_removal(store, ary_ending_key(committer->ended[i]));
	atomic_fetch_add(&store->counters.expired, committer->ended_count);
	committer->ended_count = 0;
}

bool ary_expire_give_back(struct ary_store *store)
{
	struct ary_committer *committer = &store->committer;
	size_t count = committer->ended_count;
	for (size_t i = 0; i < count; i++)
		ary_expiry_put_back(&store->expiry, committer->ended[i]);
	committer->ended_count = 0;
	if (count > 0)
		committer->expire_retry_ns = ary_monotonic_ns(store->options.env) + RETRY_NS;
	return count > 0;
}

void ary_expire_rest(struct ary_store *store)
{
	struct ary_committer *committer = &store->committer;
	if (ary_expiry_next_ms(&store->expiry) <= ary_clock_now_ms(store))
		committer->expire_retry_ns = ary_monotonic_ns(store->options.env) + RETRY_NS;
}

/* A value is over: for how long the group of its line waits for others. Not by the store's time,
 * which may stand still. */
static uint64_t gather_ms(struct ary_store *store)
{
	struct ary_committer *committer = &store->committer;
	uint64_t now_ns = ary_monotonic_ns(store->options.env);
	if (committer->expire_due_ns == 0)
		committer->expire_due_ns = now_ns + GATHER_NS;
	uint64_t due_ns = committer->expire_due_ns;
	if (due_ns < committer->expire_retry_ns)
		due_ns = committer->expire_retry_ns;
	return now_ns < due_ns ? 1 + (due_ns - now_ns) / 1000000 : 0;
}

uint64_t ary_expire_wait_ms(struct ary_store *store)
{
	uint64_t next_ms = ary_expiry_next_ms(&store->expiry);
	if (store->options.leave_ended || atomic_load(&store->read_only))
		return UINT64_MAX;
	if (next_ms != UINT64_MAX && next_ms <= ary_clock_now_ms(store))
		return gather_ms(store);
	store->committer.expire_due_ns = 0;
	if (next_ms == UINT64_MAX)
		return UINT64_MAX;
	/* The machine's clock may be far behind, but is no further than the store's. */
	uint64_t wait_ms = next_ms - ary_wall_ms(store->options.env);
	return wait_ms < LOOK_MS ? wait_ms : LOOK_MS;
}
