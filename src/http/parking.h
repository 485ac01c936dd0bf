/* SPDX-License-Identifier: MIT */
/* Where the requests of a loop wait that have their answers made on another thread, and how the
 * loop hears of these.
 *
 * A parked request is suspended: its connection is out of the library's sight until it is resumed,
 * which costs two system calls and an empty read. One whose answer will be there soon is held
 * instead: it stays in sight, and the library asks for its answer whenever it runs. That costs
 * less, as long as it runs a few times meanwhile; so what was held for TURNS_MAX turns of the loop
 * is suspended after all, and costs about twice what it would have cost, at most.
 *
 * While any is held, the library wants to run again at once, for it cannot know that there is no
 * answer yet. Who has something for it to go on with says so here, and else the loop may wait.
 *
 * A suspended connection is not ended by its peer. A held one may be: then its spot is left, and
 * must live until its answer has come. So it is with one that is suspended after all.
 * Threads: the loop's, but for ary_parking_wake. */
#ifndef ARY_HTTP_PARKING_H
#define ARY_HTTP_PARKING_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env/net.h"
#include "env/thread.h"

enum ary_spot_state {
	ARY_SPOT_FREE,
	ARY_SPOT_SUSPENDED,
	ARY_SPOT_HELD,
	ARY_SPOT_ANSWERED, /* of either: its answer is there, and the library will ask for it */
	ARY_SPOT_LEFT,     /* its connection has ended before its answer came */
};

/* One request's place; lies in what it belongs to, and is free when it is all zero. */
struct ary_spot {
	struct MHD_Connection *connection;
	struct ary_spot *next;   /* guarded by the parking's lock */
	uint64_t turn;           /* of the loop, in which it was held */
	enum ary_spot_state state;
};

struct ary_parking {
	struct ary_wake *wake;   /* the loop's: without a thread of its own, the library has none */
	void (*on_orphan)(struct ary_spot *spot);
	size_t count;            /* of spots that are not free */
	size_t held;             /* of these: asked for their answers at each run */
	uint64_t turns;          /* of the loop */
	unsigned runs_due;       /* in which the library may have something to go on with */
	struct ary_mutex lock;   /* guards what follows */
	struct ary_spot *first_answered; /* in the order of their answers */
	struct ary_spot *last_answered;
	bool is_waiting;         /* the loop, and nobody has woken it yet */
	/* Taken under `lock`, and held while the loop is woken, which takes the other at once: who
	 * takes both once no spot is taken knows that no other thread will touch the loop any
	 * more. */
	struct ary_mutex wake_lock;
};

/* An empty one, whose loop waits for WAKE (borrowed). ON_ORPHAN is called when the answer of a spot
 * comes that was left, and is free now. */
void ary_parking_init(struct ary_parking *parking, struct ary_wake *wake,
		      void (*on_orphan)(struct ary_spot *spot));
void ary_parking_release(struct ary_parking *parking);

/* Parks the request of CONNECTION at SPOT, in the library's callback for it. BRIEFLY: its answer
 * will be there soon, and it outlives its connection. */
void ary_parking_take(struct ary_parking *parking, struct ary_spot *spot,
		      struct MHD_Connection *connection, bool briefly);

/* In the library's callback for a parked request: whether its answer is there, and it is not parked
 * any more. False: the callback is to do nothing. */
bool ary_parking_leave(struct ary_parking *parking, struct ary_spot *spot);

/* The request at SPOT, if there is one, has come to its end. False: it is parked no more. True: its
 * answer has still to come, and SPOT must live until on_orphan. */
bool ary_parking_abandon(struct ary_parking *parking, struct ary_spot *spot);

/* The answer of a parked request is there. Its loop is woken where it waits, for the first of those
 * that it finds together: that costs a system call here and another one there. SPOT may be gone
 * when this returns. Threads: any. */
void ary_parking_wake(struct ary_parking *parking, struct ary_spot *spot);

/* It may take the library so many runs until it waits for an event, or somebody is told something:
 * it sends head and body of an answer in one, and ends the request in the next. */
enum { ARY_PARKING_RUNS = 3 };

/* The library has something to go on with in its next runs. */
static inline void ary_parking_go_on(struct ary_parking *parking)
{
	parking->runs_due = ARY_PARKING_RUNS;
}

/* For how many milliseconds the loop may wait, where the library says LIBRARY_MS. */
uint64_t ary_parking_wait_ms(const struct ary_parking *parking, uint64_t library_ms);

/* Whether the loop may wait for events: it is woken then when a parked request has its answer.
 * False: one has, and the loop is to go on. */
bool ary_parking_may_wait(struct ary_parking *parking);

/* Resumes those that have their answers. The loop calls it before it runs the library. */
void ary_parking_resume(struct ary_parking *parking);

/* No spot is taken, and none will be: waits for the thread that gave the last wake-up to let go. */
void ary_parking_settle(struct ary_parking *parking);

#endif
