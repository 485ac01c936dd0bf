/* SPDX-License-Identifier: MIT */
/* Who orders writes. Everything above this floor writes through it and does not know whether one
 * machine decides or several; today it is a cluster of one, in front of one store.
 *
 * It also is the gate of a shutdown: once closed, no write enters, and drain waits until those
 * inside are answered.
 *
 * Threads: any, but destroy, which comes after drain and the store's close. */
#ifndef ARY_REPLICA_REPLICA_H
#define ARY_REPLICA_REPLICA_H

#include <stdint.h>

#include "store/store.h"

struct ary_replica;

/* A cluster of one over STORE, which is borrowed. Returns owned. */
struct ary_replica *ary_replica_solo(struct ary_store *store);

/* Takes REPLICA (NULL is fine). Nothing may be in flight. */
void ary_replica_destroy(struct ary_replica *replica);

/* Proposes WRITE (borrowed until its `done`). After the gate is closed its answer is SHUTDOWN. The
 * write's `private` fields are this floor's and below. */
void ary_replica_propose(struct ary_replica *replica, struct ary_write *write);

/* As ary_store_compact; `done` must not call the replica. Not counted as in flight: when the gate
 * is closed, whoever waits is answered SHUTDOWN, and the compaction goes on until the store
 * closes. */
void ary_replica_compact(struct ary_replica *replica, struct ary_compaction_request *request);

/* The store for reading. Returns borrowed until the store is closed. */
struct ary_store *ary_replica_store(struct ary_replica *replica);

/* Closes the gate: everything proposed from now on is answered SHUTDOWN, and so is, on this thread,
 * whoever waits for a compaction. */
void ary_replica_close_gate(struct ary_replica *replica);

/* Waits until nothing is in flight, for at most TIMEOUT_MS. OK, or BUSY when the time was up. The
 * gate must be closed. */
ARY_MUST_CHECK enum ary_status ary_replica_drain(struct ary_replica *replica, uint64_t timeout_ms);

#endif
