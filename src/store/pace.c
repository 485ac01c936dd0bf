/* SPDX-License-Identifier: MIT */
#include "store/pace.h"

/* Time that was not used is saved up for so long, and waits shorter than that are put off. */
static const uint64_t SLACK_NS = 20000000;

static void wait_until(struct ary_store *store, uint64_t due_ns)
{
	struct ary_compactor *compactor = &store->compactor;
	uint64_t now_ns = ary_monotonic_ns(store->options.env);

	ary_mutex_lock(&compactor->lock);
	while (now_ns < due_ns && !atomic_load(&compactor->cancel)) {
		(void)ary_cond_wait_ms(&compactor->work, &compactor->lock,
				       (due_ns - now_ns) / 1000000 + 1);
		now_ns = ary_monotonic_ns(store->options.env);
	}
	ary_mutex_unlock(&compactor->lock);
}

uint64_t ary_pace_until(uint64_t *pace_due_ns, struct ary_store *store, uint64_t bytes)
{
	uint64_t rate = store->options.compact_bytes_per_second;

	if (rate == 0)
		return 0;
	uint64_t now_ns = ary_monotonic_ns(store->options.env);
	uint64_t seconds = bytes / rate;
	if (*pace_due_ns + SLACK_NS < now_ns)
		*pace_due_ns = now_ns - SLACK_NS;
	*pace_due_ns += seconds * 1000000000 + (bytes % rate) * 1000000000 / rate;
	return *pace_due_ns > now_ns + SLACK_NS ? *pace_due_ns : 0;
}

void ary_pace(struct ary_store *store, uint64_t bytes)
{
	uint64_t due_ns = ary_pace_until(&store->compactor.pace_due_ns, store, bytes);

	if (due_ns > 0)
		wait_until(store, due_ns);
}
