/* SPDX-License-Identifier: MIT */
/* Ours, through the store's public interface. Writes are submitted without waiting, as the server
 * does; they are answered on the commit thread, in their order. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "bench/engine/bench.h"
#include "env/thread.h"
#include "store/store.h"

enum { LANES_MAX = 2048 };

struct lane {
	struct ary_write write;
	uint8_t key[BENCH_KEY_BYTES];
	uint8_t value[BENCH_VALUE_BYTES];
};

/* A ring: answers come in the order of the writes, so that the oldest lane is free first. */
struct pipeline {
	struct ary_store *store;
	unsigned lanes;
	uint64_t submitted;
	atomic_uint_least64_t answered;
	struct ary_mutex lock;
	struct ary_cond freed;
	atomic_uint_least64_t awaited; /* so many must be answered for the submitter to go on */
	struct lane lane[LANES_MAX];
};

static void *open_store(const char *dir, bool sync)
{
	struct ary_store_options options;
	struct ary_store *store;
	struct ary_error err;

	ary_store_options_default(&options);
	options.path = dir;
	options.create = true;
	options.durability = sync ? ARY_DURABILITY_ALWAYS : ARY_DURABILITY_NEVER;
	if (ary_store_open(&options, &store, &err) != ARY_OK)
		bench_die("aryavarth", err.text);
	return store;
}

static void close_store(void *store)
{
	struct ary_error err;

	if (ary_store_close(store, &err) != ARY_OK)
		bench_die("aryavarth", err.text);
}

static void take_answer(struct ary_write *write)
{
	struct pipeline *pipeline = write->context;

	if (write->status != ARY_OK)
		bench_die("aryavarth", write->error.text);
	uint64_t answered = atomic_fetch_add(&pipeline->answered, 1) + 1;
	if (answered != atomic_load(&pipeline->awaited))
		return;
	ary_mutex_lock(&pipeline->lock);
	ary_cond_signal(&pipeline->freed);
	ary_mutex_unlock(&pipeline->lock);
}

/* Waits until COUNT writes are answered. Who answers sees `awaited`, or we see `answered`. */
static void await(struct pipeline *pipeline, uint64_t count)
{
	if (atomic_load(&pipeline->answered) >= count)
		return;
	ary_mutex_lock(&pipeline->lock);
	atomic_store(&pipeline->awaited, count);
	while (atomic_load(&pipeline->answered) < count)
		ary_cond_wait(&pipeline->freed, &pipeline->lock);
	ary_mutex_unlock(&pipeline->lock);
}

/* Submits the write at PLACE of SPAN. When all lanes are taken it waits for a half of them, so
 * that it does not wake up for each. */
static void submit(struct pipeline *pipeline, const struct bench_span *span, uint64_t place)
{
	struct lane *lane = &pipeline->lane[pipeline->submitted % pipeline->lanes];

	if (pipeline->submitted - atomic_load(&pipeline->answered) >= pipeline->lanes)
		await(pipeline, pipeline->submitted - pipeline->lanes / 2);
	bench_fill(span, place, lane->key, lane->value);
	lane->write.op = ARY_WRITE_SET;
	lane->write.key = (struct ary_bytes){lane->key, sizeof(lane->key)};
	lane->write.value = (struct ary_bytes){lane->value, sizeof(lane->value)};
	lane->write.done = take_answer;
	lane->write.context = pipeline;
	pipeline->submitted++;
	ary_store_submit(pipeline->store, &lane->write);
}

static struct pipeline *open_pipeline(void *store, unsigned lanes)
{
	struct pipeline *pipeline = ary_alloc(sizeof(*pipeline));

	if (lanes > LANES_MAX)
		bench_die("too many lanes", NULL);
	pipeline->store = store;
	pipeline->lanes = lanes;
	ary_mutex_init(&pipeline->lock);
	ary_cond_init(&pipeline->freed);
	return pipeline;
}

/* Waits for all answers. */
static void close_pipeline(struct pipeline *pipeline)
{
	await(pipeline, pipeline->submitted);
	/* The thread that answered last may still hold the lock. */
	ary_mutex_lock(&pipeline->lock);
	ary_mutex_unlock(&pipeline->lock);
	ary_cond_release(&pipeline->freed);
	ary_mutex_release(&pipeline->lock);
	free(pipeline);
}

static void write_span(void *store, const struct bench_span *span)
{
	struct pipeline *pipeline = open_pipeline(store, LANES_MAX);

	for (uint64_t i = 0; i < span->count; i++)
		submit(pipeline, span, span->first + i);
	close_pipeline(pipeline);
}

static uint64_t write_lanes(void *store, const struct bench_span *span, unsigned lanes,
			    const atomic_bool *end)
{
	struct pipeline *pipeline = open_pipeline(store, lanes);
	uint64_t done = 0;

	for (; !atomic_load(end); done++) {
		/* Each lane is used again as soon as its answer is there. */
		if (done >= lanes)
			await(pipeline, done - lanes + 1);
		submit(pipeline, span, done);
	}
	close_pipeline(pipeline);
	return done;
}

static size_t get(void *store, const uint8_t *key, uint8_t *out)
{
	struct ary_error err;
	struct ary_value value;

	if (ary_store_get(store, (struct ary_bytes){key, BENCH_KEY_BYTES}, &value, &err) != ARY_OK)
		bench_die("aryavarth", err.text);
	size_t size = value.value.size;
	if (size <= BENCH_VALUE_BYTES)
		memcpy(out, value.value.data, size);
	ary_value_release(&value);
	return size;
}

static uint64_t index_bytes(void *store)
{
	struct ary_stats stats;

	ary_store_stats(store, &stats);
	return stats.index_bytes;
}

const struct bench_engine bench_engines[] = {
	{
		.name = "aryavarth",
		.open = open_store,
		.close = close_store,
		.write = write_span,
		.write_lanes = write_lanes,
		.get = get,
		.index_bytes = index_bytes,
	},
	{0},
};
