/* SPDX-License-Identifier: MIT */
/* What an engine must be able to do to be measured beside others by script/bench. main.c does the
 * same with each, in a process of its own: same keys, same order, same values.
 *
 * Threads: as each member says. Limits: what goes wrong ends the process with a message. */
#ifndef ARY_TESTS_BENCH_ENGINE_BENCH_H
#define ARY_TESTS_BENCH_ENGINE_BENCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_KEY_BYTES = 16, BENCH_VALUE_BYTES = 100 };

/* `count` of `total` keys from place `first` on, in the order of `stride`. */
struct bench_span {
	uint64_t total;
	uint64_t stride;
	uint64_t first;
	uint64_t count;
	unsigned generation;
};

/* Writes the key and the value at PLACE of SPAN's order. Keys are 16 hexadecimal digits without
 * an order that could be seen; a value is its key, its generation, and text. */
void bench_fill(const struct bench_span *span, uint64_t place, uint8_t *key, uint8_t *value);

/* The key of number N alone. */
void bench_key(uint64_t n, uint8_t *key);

/* Ends the process unless VALUE, SIZE bytes, is what bench_fill writes for KEY. */
void bench_check(const uint8_t *key, const uint8_t *value, size_t size, unsigned generation);

/* Ends the process; ERROR says why, or is NULL. */
__attribute__((noreturn)) void bench_die(const char *what, const char *error);

struct bench_engine {
	const char *name;
	/* Opens the store in folder DIR, made when missing. SYNC: a write is on disk before it is
	 * answered. */
	void *(*open)(const char *dir, bool sync);
	void (*close)(void *store);
	/* Writes SPAN, and returns when the last of it is answered. Where `write_lanes` is NULL,
	 * called by several threads at once for spans of one key. */
	void (*write)(void *store, const struct bench_span *span);
	/* Writes keys of SPAN, LANES at a time, until *END is set; how many. NULL: as many threads
	 * call `write`, for one key each time. */
	uint64_t (*write_lanes)(void *store, const struct bench_span *span, unsigned lanes,
				const atomic_bool *end);
	/* A thread's own state for reading. NULL: it needs none, and `get` takes the store. */
	void *(*reader_open)(void *store);
	void (*reader_close)(void *reader);
	/* Copies KEY's value, of at most BENCH_VALUE_BYTES, to VALUE; its size. */
	size_t (*get)(void *reader, const uint8_t *key, uint8_t *value);
	/* Bytes that the engine itself counts for its index; NULL: it does not. */
	uint64_t (*index_bytes)(void *store);
};

/* The engines of this program, ended by one without a name. */
extern const struct bench_engine bench_engines[];

#endif
