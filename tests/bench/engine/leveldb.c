/* SPDX-License-Identifier: MIT */
/* LevelDB, as it comes but without compression. */
#include <leveldb/c.h>
#include <stdlib.h>
#include <string.h>

#include "bench/engine/bench.h"

struct store {
	leveldb_t *db;
	leveldb_options_t *options;
	leveldb_readoptions_t *read;
	leveldb_writeoptions_t *write;
};

static void check(const char *error)
{
	if (error)
		bench_die("LevelDB", error);
}

static void *open_store(const char *dir, bool sync)
{
	struct store *store = calloc(1, sizeof(*store));
	char *error = NULL;

	if (!store)
		bench_die("no memory", NULL);
	store->options = leveldb_options_create();
	leveldb_options_set_create_if_missing(store->options, 1);
	leveldb_options_set_compression(store->options, leveldb_no_compression);
	store->read = leveldb_readoptions_create();
	store->write = leveldb_writeoptions_create();
	leveldb_writeoptions_set_sync(store->write, sync);
	store->db = leveldb_open(store->options, dir, &error);
	check(error);
	return store;
}

static void close_store(void *context)
{
	struct store *store = context;

	leveldb_close(store->db);
	leveldb_readoptions_destroy(store->read);
	leveldb_writeoptions_destroy(store->write);
	leveldb_options_destroy(store->options);
	free(store);
}

static void write_span(void *context, const struct bench_span *span)
{
	struct store *store = context;
	uint8_t key[BENCH_KEY_BYTES];
	uint8_t value[BENCH_VALUE_BYTES];
	char *error = NULL;

	for (uint64_t i = 0; i < span->count; i++) {
		bench_fill(span, span->first + i, key, value);
		leveldb_put(store->db, store->write, (const char *)key, sizeof(key),
			    (const char *)value, sizeof(value), &error);
		check(error);
	}
}

static size_t get(void *context, const uint8_t *key, uint8_t *out)
{
	struct store *store = context;
	char *error = NULL;
	size_t size = 0;
	char *value = leveldb_get(store->db, store->read, (const char *)key, BENCH_KEY_BYTES, &size,
				  &error);

	check(error);
	if (value && size <= BENCH_VALUE_BYTES)
		memcpy(out, value, size);
	leveldb_free(value);
	return size;
}

const struct bench_engine bench_engines[] = {
	{
		.name = "LevelDB",
		.open = open_store,
		.close = close_store,
		.write = write_span,
		.get = get,
	},
	{0},
};
