/* SPDX-License-Identifier: MIT */
#include "http/parking.h"

#include "base/check.h"

/* Asking a held request costs a hundredth of a suspension or a little more, so that it may be done
 * so often before that had been cheaper; mostly a commit takes fewer turns. */
enum { TURNS_MAX = 64 };

/* The library can have something to go on with of which nobody knows here, as where it reads a head
 * in several pieces. That must not take until the next answer. */
enum { PATIENCE_MS = 1 };

void ary_parking_init(struct ary_parking *parking, struct ary_wake *wake,
		      void (*on_orphan)(struct ary_spot *spot))
{
	*parking = (struct ary_parking){ .wake = wake, .on_orphan = on_orphan };
	ary_mutex_init(&parking->lock);
	ary_mutex_init(&parking->wake_lock);
}

void ary_parking_release(struct ary_parking *parking)
{
	ary_mutex_release(&parking->wake_lock);
	ary_mutex_release(&parking->lock);
}

void ary_parking_take(struct ary_parking *parking, struct ary_spot *spot,
		      struct MHD_Connection *connection, bool briefly)
{
	ARY_CHECK(spot->state == ARY_SPOT_FREE);
	parking->count++;
	spot->connection = connection;
	if (briefly) {
		spot->state = ARY_SPOT_HELD;
		spot->turn = parking->turns;
		parking->held++;
		return;
	}
	spot->state = ARY_SPOT_SUSPENDED;
	MHD_suspend_connection(connection);
}

static void set_free(struct ary_parking *parking, struct ary_spot *spot)
{
	spot->state = ARY_SPOT_FREE;
	parking->count--;
}

bool ary_parking_leave(struct ary_parking *parking, struct ary_spot *spot)
{
	switch (spot->state) {
	case ARY_SPOT_HELD:
		if (parking->turns - spot->turn >= TURNS_MAX) {
			parking->held--;
			spot->state = ARY_SPOT_SUSPENDED;
			MHD_suspend_connection(spot->connection);
		}
		return false;
	case ARY_SPOT_ANSWERED:
		set_free(parking, spot);
		return true;
	default:
		ARY_CHECK(spot->state == ARY_SPOT_FREE);
		return true;
	}
}

bool ary_parking_abandon(struct ary_parking *parking, struct ary_spot *spot)
{
	switch (spot->state) {
	case ARY_SPOT_HELD:
		parking->held--;
		spot->state = ARY_SPOT_LEFT;
		return true;
	case ARY_SPOT_SUSPENDED: /* the library does not end it, as far as is known */
		spot->state = ARY_SPOT_LEFT;
		return true;
	case ARY_SPOT_LEFT:
		return true;
	default:
		return !ary_parking_leave(parking, spot);
	}
}

/* ---- Answers ---- */

static void append_answered_locked(struct ary_parking *parking, struct ary_spot *spot)
	ARY_REQUIRES(&parking->lock)
{
	spot->next = NULL;
	if (parking->first_answered)
		parking->last_answered->next = spot;
	else
		parking->first_answered = spot;
	parking->last_answered = spot;
}

void ary_parking_wake(struct ary_parking *parking, struct ary_spot *spot)
{
	ary_mutex_lock(&parking->lock);
	append_answered_locked(parking, spot);
	if (!parking->is_waiting) {
		ary_mutex_unlock(&parking->lock);
		return;
	}
	parking->is_waiting = false;
	ary_mutex_lock(&parking->wake_lock);
	ary_mutex_unlock(&parking->lock);
	ary_wake_give(parking->wake);
	ary_mutex_unlock(&parking->wake_lock);
}

static void resume(struct ary_parking *parking, struct ary_spot *spot)
{
	switch (spot->state) {
	case ARY_SPOT_HELD:
		parking->held--;
		spot->state = ARY_SPOT_ANSWERED;
		break;
	case ARY_SPOT_LEFT:
		set_free(parking, spot);
		parking->on_orphan(spot);
		break;
	default:
		ARY_CHECK(spot->state == ARY_SPOT_SUSPENDED);
		spot->state = ARY_SPOT_ANSWERED;
		MHD_resume_connection(spot->connection);
		break;
	}
}

void ary_parking_resume(struct ary_parking *parking)
{
	struct ary_spot *spot;

	parking->turns++;
	if (parking->runs_due > 0)
		parking->runs_due--;
	ary_mutex_lock(&parking->lock);
	parking->is_waiting = false;
	spot = parking->first_answered;
	parking->first_answered = NULL;
	ary_mutex_unlock(&parking->lock);
	while (spot) {
		struct ary_spot *next = spot->next;

		resume(parking, spot);
		spot = next;
	}
}

/* ---- The loop ---- */

uint64_t ary_parking_wait_ms(const struct ary_parking *parking, uint64_t library_ms)
{
	if (library_ms == 0 && parking->held > 0 && parking->runs_due == 0)
		return PATIENCE_MS;
	return library_ms;
}

bool ary_parking_may_wait(struct ary_parking *parking)
{
	bool may_wait;

	ary_mutex_lock(&parking->lock);
	may_wait = !parking->first_answered;
	parking->is_waiting = may_wait;
	ary_mutex_unlock(&parking->lock);
	return may_wait;
}

void ary_parking_settle(struct ary_parking *parking)
{
	ARY_CHECK(parking->count == 0);
	ary_mutex_lock(&parking->lock);
	ary_mutex_lock(&parking->wake_lock);
	ary_mutex_unlock(&parking->wake_lock);
	ary_mutex_unlock(&parking->lock);
}
