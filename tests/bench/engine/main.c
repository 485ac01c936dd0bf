/* SPDX-License-Identifier: MIT */
/* One engine, asked for one thing, and what that took.
 *
 *   NAME-OF-ENGINE DIR put KEYS            writes all keys of a new store, in no order
 *   NAME-OF-ENGINE DIR overwrite KEYS      once more, in another order
 *   NAME-OF-ENGINE DIR get KEYS THREADS N  reads N of them by chance, each thread its part
 *   NAME-OF-ENGINE DIR sync LANES SECONDS  writes that are on disk before their answers
 *   NAME-OF-ENGINE DIR reopen KEYS         opens what `put` has left
 *
 * Prints "RESULT operations microseconds cpu-microseconds resident-bytes index-bytes". The time is
 * that of the operations alone, or of the opening; processor time is that of all threads, and for
 * writes it goes on until the store is closed, so that what an engine has put off counts.
 * Resident is by how much the process grew by opening. The index is what the engine says, or 0. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench/engine/bench.h"

enum { THREADS_MAX = 256 };

/* Coprime with every number of keys that is a power of ten. */
static const uint64_t OTHER_ORDER = 7368787;

struct run {
	const struct bench_engine *engine;
	const char *dir;
	uint64_t keys;
	uint64_t threads;
	uint64_t operations;
};

struct figures {
	uint64_t operations;
	uint64_t us;
	uint64_t cpu_us;
	uint64_t resident_bytes;
	uint64_t index_bytes;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static uint64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long long pages = 0;

	if (!file || fscanf(file, "%*u %llu", &pages) != 1)
		bench_die("/proc/self/statm cannot be read", NULL);
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void measure_write(const struct run *run, unsigned generation, uint64_t stride,
			  struct figures *out)
{
	const struct bench_span span = {
		.total = run->keys,
		.stride = stride,
		.count = run->keys,
		.generation = generation,
	};
	void *store = run->engine->open(run->dir, false);
	uint64_t cpu = cpu_us();
	uint64_t start = now_us();

	run->engine->write(store, &span);
	out->us = now_us() - start;
	run->engine->close(store);
	out->cpu_us = cpu_us() - cpu;
	out->operations = run->keys;
}

/* One of several threads. */
struct lane {
	pthread_t thread;
	const struct run *run;
	void *store;
	uint64_t number;
	uint64_t done;
	const atomic_bool *end;
};

/* Numbers by chance, the same ones in each run (xorshift). */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void *read_lane(void *context)
{
	struct lane *lane = context;
	const struct bench_engine *engine = lane->run->engine;
	void *reader = engine->reader_open ? engine->reader_open(lane->store) : lane->store;
	uint64_t state = (lane->number + 1) * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t count = lane->run->operations / lane->run->threads;

	for (; lane->done < count; lane->done++) {
		uint8_t key[BENCH_KEY_BYTES];
		uint8_t value[BENCH_VALUE_BYTES];

		bench_key(draw(&state) % lane->run->keys, key);
		bench_check(key, value, engine->get(reader, key, value), 1);
	}
	if (engine->reader_close)
		engine->reader_close(reader);
	return NULL;
}

static void *write_lane(void *context)
{
	struct lane *lane = context;

	while (!*lane->end) {
		const struct bench_span one = {
			.total = UINT64_MAX,
			.stride = 1,
			.first = lane->number << 32 | lane->done++,
			.count = 1,
			.generation = 1,
		};
		lane->run->engine->write(lane->store, &one);
	}
	return NULL;
}

/* Runs FUNCTION in COUNT threads, for SECONDS where END is given; the sum of what they did. */
static uint64_t run_lanes(const struct run *run, void *store, void *(*function)(void *),
			  uint64_t seconds, atomic_bool *end)
{
	static struct lane lanes[THREADS_MAX];
	uint64_t done = 0;

	if (run->threads > THREADS_MAX)
		bench_die("too many threads", NULL);
	for (uint64_t i = 0; i < run->threads; i++) {
		lanes[i] = (struct lane){.run = run, .store = store, .number = i, .end = end};
		if (pthread_create(&lanes[i].thread, NULL, function, &lanes[i]) != 0)
			bench_die("a thread cannot be started", NULL);
	}
	if (end) {
		sleep((unsigned)seconds);
		*end = true;
	}
	for (uint64_t i = 0; i < run->threads; i++) {
		pthread_join(lanes[i].thread, NULL);
		done += lanes[i].done;
	}
	return done;
}

static void measure_get(const struct run *run, struct figures *out)
{
	void *store = run->engine->open(run->dir, false);
	uint64_t cpu = cpu_us();
	uint64_t start = now_us();

	out->operations = run_lanes(run, store, read_lane, 0, NULL);
	out->us = now_us() - start;
	out->cpu_us = cpu_us() - cpu;
	run->engine->close(store);
}

/* Ends the lanes of an engine that has its own way to have several writes under way. */
struct timer {
	uint64_t seconds;
	atomic_bool end;
};

static void *run_timer(void *context)
{
	struct timer *timer = context;

	sleep((unsigned)timer->seconds);
	timer->end = true;
	return NULL;
}

static uint64_t write_own_lanes(const struct run *run, void *store, struct timer *timer)
{
	const struct bench_span span = {.total = UINT64_MAX, .stride = 1, .generation = 1};
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_timer, timer) != 0)
		bench_die("a thread cannot be started", NULL);
	uint64_t done = run->engine->write_lanes(store, &span, (unsigned)run->threads, &timer->end);
	pthread_join(thread, NULL);
	return done;
}

static void measure_sync(const struct run *run, struct figures *out)
{
	struct timer timer = {.seconds = run->operations};
	void *store = run->engine->open(run->dir, true);
	uint64_t cpu = cpu_us();
	uint64_t start = now_us();

	if (run->engine->write_lanes)
		out->operations = write_own_lanes(run, store, &timer);
	else
		out->operations = run_lanes(run, store, write_lane, timer.seconds, &timer.end);
	out->us = now_us() - start;
	run->engine->close(store);
	out->cpu_us = cpu_us() - cpu;
}

/* One key is read, so that no engine can put off everything. */
static void measure_reopen(const struct run *run, struct figures *out)
{
	uint8_t key[BENCH_KEY_BYTES];
	uint8_t value[BENCH_VALUE_BYTES];
	uint64_t resident = resident_bytes();
	uint64_t cpu = cpu_us();
	uint64_t start = now_us();
	void *store = run->engine->open(run->dir, false);
	void *reader = run->engine->reader_open ? run->engine->reader_open(store) : store;

	bench_key(run->keys / 2, key);
	bench_check(key, value, run->engine->get(reader, key, value), 1);
	out->us = now_us() - start;
	out->cpu_us = cpu_us() - cpu;
	out->resident_bytes = resident_bytes() - resident;
	out->operations = run->keys;
	if (run->engine->index_bytes)
		out->index_bytes = run->engine->index_bytes(store);
	if (run->engine->reader_close)
		run->engine->reader_close(reader);
	run->engine->close(store);
}

static const struct bench_engine *find_engine(const char *name)
{
	for (const struct bench_engine *engine = bench_engines; engine->name; engine++) {
		if (strcmp(engine->name, name) == 0)
			return engine;
	}
	bench_die("no such engine", name);
}

/* Argument I as a number from 1 on; FALLBACK where there are not so many. */
static uint64_t number(int argc, char **argv, int i, uint64_t fallback)
{
	char *end;
	uint64_t value = i < argc ? strtoull(argv[i], &end, 10) : fallback;

	if (value == 0 || (i < argc && *end != '\0'))
		bench_die("not a number from 1 on", i < argc ? argv[i] : "nothing");
	return value;
}

static void measure(const char *what, struct run *run, struct figures *out)
{
	if (strcmp(what, "put") == 0)
		measure_write(run, 1, 1, out);
	else if (strcmp(what, "overwrite") == 0)
		measure_write(run, 2, OTHER_ORDER, out);
	else if (strcmp(what, "get") == 0)
		measure_get(run, out);
	else if (strcmp(what, "reopen") == 0)
		measure_reopen(run, out);
	else
		bench_die("cannot be measured", what);
}

int main(int argc, char **argv)
{
	struct figures figures = {0};

	if (argc < 5)
		bench_die("usage: PROGRAM ENGINE DIR put|overwrite|get|sync|reopen N...", NULL);
	struct run run = {.engine = find_engine(argv[1]), .dir = argv[2]};
	if (strcmp(argv[3], "sync") == 0) {
		run.threads = number(argc, argv, 4, 1);
		run.operations = number(argc, argv, 5, 1);
		measure_sync(&run, &figures);
	} else {
		run.keys = number(argc, argv, 4, 1);
		run.threads = number(argc, argv, 5, 1);
		run.operations = number(argc, argv, 6, run.keys);
		measure(argv[3], &run, &figures);
	}
	printf("RESULT %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
	       figures.operations, figures.us, figures.cpu_us, figures.resident_bytes,
	       figures.index_bytes);
	return 0;
}
