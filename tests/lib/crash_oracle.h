/* SPDX-License-Identifier: MIT */
/* What a store may hold after a crash, from the contract alone: the state after the first n of the
 * writes that were issued, for some n from those that had to survive to all, less the values whose
 * time is over.
 *
 * Threads: one at a time.
 * Limits: ORACLE_WRITES_MAX writes, to ORACLE_KEYS keys and a probe's. */
#ifndef ARY_TESTS_LIB_CRASH_ORACLE_H
#define ARY_TESTS_LIB_CRASH_ORACLE_H

#include "store/upload.h"

enum {
	ORACLE_KEYS = 8,
	ORACLE_PROBE = ORACLE_KEYS, /* the key that is written after a crash */
	ORACLE_WRITES_MAX = 500,
	ORACLE_VALUE_BYTES_MAX = 2048,
	ORACLE_KEY_BYTES = 8,
	ORACLE_WHY_BYTES = 400,
};

/* Which write each key's value is of; 0: it has none. */
struct oracle_state {
	uint32_t serials[ORACLE_KEYS + 1];
};

struct oracle {
	uint64_t seed;                                  /* of the values */
	struct oracle_state states[ORACLE_WRITES_MAX + 1]; /* after so many writes */
	uint64_t ends_ms[ORACLE_WRITES_MAX + 1][ORACLE_KEYS + 1]; /* of these values; 0: never */
	uint64_t now_ms;                                /* never goes back */
	size_t issued;
	size_t acked;
	size_t durable;       /* so many must survive a power failure */
	uint32_t serial_last;
	uint64_t seq_max;     /* that was ever handed out */
};

/* Key NUMBER's name. */
struct ary_bytes oracle_key(unsigned number, char out[ORACLE_KEY_BYTES]);
/* The value that write SERIAL sets. */
struct ary_bytes oracle_value(const struct oracle *oracle, uint32_t serial,
			      uint8_t out[ORACLE_VALUE_BYTES_MAX]);

/* Whether key NUMBER has a value now, after all that was issued. */
bool oracle_has(const struct oracle *oracle, unsigned number);
/* Notes that a write (REMOVE: a removal) of key NUMBER is issued; answers its serial. */
uint32_t oracle_issue(struct oracle *oracle, unsigned number, bool remove);
/* A serial for a value that is written before it is known which key has it, and when. */
uint32_t oracle_reserve(struct oracle *oracle);
/* As oracle_issue: key NUMBER is given the value of SERIAL. */
void oracle_issue_as(struct oracle *oracle, unsigned number, uint32_t serial);
/* The value of key NUMBER that was issued last ends at ENDS_MS. */
void oracle_end(struct oracle *oracle, unsigned number, uint64_t ends_ms);
/* All writes but the first COUNT never were. */
void oracle_forget(struct oracle *oracle, size_t count);

/* Reads VALUE, large or not, to its end. Answers its size; 0: it could not be read, says ERR. */
size_t oracle_read_value(struct ary_value *value, uint8_t out[ORACLE_VALUE_BYTES_MAX],
			 struct ary_error *err);

/* Reads all of STORE. False: it holds what no write ever said, or cannot be read; WHY says it. */
bool oracle_read(const struct oracle *oracle, struct ary_store *store, struct oracle_state *out,
		 char why[ORACLE_WHY_BYTES]);
/* Whether STATE is that after n writes, LOW <= n <= HIGH, as of now; *OUT is the least such n. */
bool oracle_find(const struct oracle *oracle, size_t low, size_t high,
		 const struct oracle_state *state, size_t *out);

#endif
