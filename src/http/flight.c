/* SPDX-License-Identifier: MIT */
#include "http/flight.h"

#include "env/env.h"

void ary_flight_init(struct ary_flight *flight)
{
	atomic_init(&flight->count, 0);
	atomic_init(&flight->watched, false);
	ary_mutex_init(&flight->mutex);
	ary_cond_init(&flight->empty);
}

void ary_flight_release(struct ary_flight *flight)
{
	ary_cond_release(&flight->empty);
	ary_mutex_release(&flight->mutex);
}

void ary_flight_enter(struct ary_flight *flight)
{
	atomic_fetch_add(&flight->count, 1);
}

/* `watched` is set before the count is looked at, and the count changed before `watched` is looked
 * at, so one of the two sides always sees the other. */
void ary_flight_leave(struct ary_flight *flight)
{
	if (atomic_fetch_sub(&flight->count, 1) != 1 || !atomic_load(&flight->watched))
		return;
	ary_mutex_lock(&flight->mutex);
	ary_cond_broadcast(&flight->empty);
	ary_mutex_unlock(&flight->mutex);
}

bool ary_flight_wait(struct ary_flight *flight, uint64_t timeout_ms)
{
	uint64_t end_ms = ary_monotonic_ms(ary_env_posix()) + timeout_ms;
	bool is_empty;

	ary_mutex_lock(&flight->mutex);
	atomic_store(&flight->watched, true);
	for (;;) {
		uint64_t at_ms = ary_monotonic_ms(ary_env_posix());

		is_empty = atomic_load(&flight->count) == 0;
		if (is_empty || at_ms >= end_ms)
			break;
		ary_cond_wait_ms(&flight->empty, &flight->mutex, end_ms - at_ms);
	}
	atomic_store(&flight->watched, false);
	ary_mutex_unlock(&flight->mutex);
	return is_empty;
}
