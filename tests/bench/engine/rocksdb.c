/* SPDX-License-Identifier: MIT */
/* RocksDB, as it comes but without compression. */
#include <rocksdb/c.h>
#include <stdlib.h>
#include <string.h>

#include "bench/engine/bench.h"

struct store {
	rocksdb_t *db;
	rocksdb_options_t *options;
	rocksdb_readoptions_t *read;
	rocksdb_writeoptions_t *write;
};

static void check(const char *error)
{
	if (error)
		bench_die("RocksDB", error);
}

static void *open_store(const char *dir, bool sync)
{
	struct store *store = calloc(1, sizeof(*store));
	char *error = NULL;

	if (!store)
		bench_die("no memory", NULL);
	store->options = rocksdb_options_create();
	rocksdb_options_set_create_if_missing(store->options, 1);
	rocksdb_options_set_compression(store->options, rocksdb_no_compression);
	store->read = rocksdb_readoptions_create();
	store->write = rocksdb_writeoptions_create();
	rocksdb_writeoptions_set_sync(store->write, sync);
	store->db = rocksdb_open(store->options, dir, &error);
	check(error);
	return store;
}

static void close_store(void *context)
{
	struct store *store = context;

	rocksdb_close(store->db);
	rocksdb_readoptions_destroy(store->read);
	rocksdb_writeoptions_destroy(store->write);
	rocksdb_options_destroy(store->options);
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
		rocksdb_put(store->db, store->write, (const char *)key, sizeof(key),
			    (const char *)value, sizeof(value), &error);
		check(error);
	}
}

/* Pinned: without a copy and an allocation that the engine does not need. */
static size_t get(void *context, const uint8_t *key, uint8_t *out)
{
	struct store *store = context;
	char *error = NULL;
	size_t size = 0;
	rocksdb_pinnableslice_t *slice = rocksdb_get_pinned(
		store->db, store->read, (const char *)key, BENCH_KEY_BYTES, &error);

	check(error);
	if (!slice)
		return 0;
	const char *value = rocksdb_pinnableslice_value(slice, &size);
	if (size <= BENCH_VALUE_BYTES)
		memcpy(out, value, size);
	rocksdb_pinnableslice_destroy(slice);
	return size;
}

const struct bench_engine bench_engines[] = {
	{
		.name = "RocksDB",
		.open = open_store,
		.close = close_store,
		.write = write_span,
		.get = get,
	},
	{0},
};
