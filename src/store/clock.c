/* SPDX-License-Identifier: MIT */
#include "store/clock.h"

uint64_t ary_clock_now_ms(struct ary_store *store)
{
	uint64_t wall_ms = ary_wall_ms(store->options.env);
	uint64_t last_ms = atomic_load_explicit(&store->last_ms, memory_order_relaxed);
	return wall_ms > last_ms ? wall_ms : last_ms;
}

void ary_clock_note(struct ary_store *store, uint64_t time_ms)
{
	uint64_t last_ms = atomic_load_explicit(&store->last_ms, memory_order_relaxed);
	while (time_ms > last_ms &&
	       !atomic_compare_exchange_weak_explicit(&store->last_ms, &last_ms, time_ms,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

bool ary_clock_is_over(uint64_t expires_ms, uint64_t now_ms)
{
	return expires_ms != 0 && expires_ms <= now_ms;
}

bool ary_clock_tell_over(struct ary_store *store, uint64_t expires_ms, uint64_t now_ms)
{
	bool over = ary_clock_is_over(expires_ms, now_ms);
	if (over)
		ary_clock_note(store, now_ms);
	return over;
}
