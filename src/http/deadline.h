/* SPDX-License-Identifier: MIT */
/* Ends connections that take too long: whoever sends or reads one byte at a time must not hold a
 * connection for ever.
 *
 * Every kind of deadline has one length, so each kind is a queue in order of time, and setting,
 * clearing and expiring cost O(1). Threads: everything belongs to the loop's thread. */
#ifndef ARY_HTTP_DEADLINE_H
#define ARY_HTTP_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "http/server.h"

enum ary_deadline_kind {
	ARY_DEADLINE_HEADER,
	ARY_DEADLINE_BODY,
	ARY_DEADLINE_REPLY,
	ARY_DEADLINE_IDLE,
	ARY_DEADLINE_KINDS, /* also: none */
};

/* One connection's deadline; lies in the connection. All zero but `kind` and `fd` is unset. */
struct ary_deadline {
	struct ary_deadline *previous;
	struct ary_deadline *next;
	enum ary_deadline_kind kind; /* ARY_DEADLINE_KINDS: none is set */
	uint64_t at_ms;
	int fd;                      /* shut down when the time is over */
	bool was_at_end;             /* its peer had gone when it was last looked at */
};

struct ary_deadline_queue {
	struct ary_deadline *first;
	struct ary_deadline *last;
	uint64_t length_ms;
};

struct ary_deadlines {
	struct ary_deadline_queue queues[ARY_DEADLINE_KINDS];
	uint64_t looked_ms; /* when the peers were last looked at */
};

/* No deadlines, with the lengths of OPTIONS. */
void ary_deadlines_init(struct ary_deadlines *deadlines, const struct ary_server_options *options);

/* An unset deadline of socket FD. */
void ary_deadline_init(struct ary_deadline *deadline, int fd);

/* Sets DEADLINE (borrowed until it is cleared) to the length of KIND after NOW_MS, whatever it was
 * before. */
void ary_deadline_set(struct ary_deadlines *deadlines, struct ary_deadline *deadline,
		      enum ary_deadline_kind kind, uint64_t now_ms);

void ary_deadline_clear(struct ary_deadlines *deadlines, struct ary_deadline *deadline);

/* Milliseconds from NOW_MS to the next deadline, or to when peers are to be looked at; 0 when that
 * is now, -1 when there is none. */
int64_t ary_deadlines_wait_ms(const struct ary_deadlines *deadlines, uint64_t now_ms);

/* Shuts down the sockets whose time is over at NOW_MS; their deadlines are clear then. */
void ary_deadlines_expire(struct ary_deadlines *deadlines, uint64_t now_ms);

/* Shuts down the sockets that wait for bytes (of a head, a body, the next request) from a peer that
 * has gone, all it sent taken; their deadlines are clear then. The library can miss that a client
 * left when that is told together with its last bytes. Looks at most once a second, and acts when
 * the second look sees the same: whatever the library still had to do has been done by then. A peer
 * that has only ended its side and waits for a reply is let be here; the library may close the
 * connection all the same, when it was suspended meanwhile. */
void ary_deadlines_drop_gone(struct ary_deadlines *deadlines, uint64_t now_ms);

#endif
