/* SPDX-License-Identifier: MIT */
/* LMDB: a write is a transaction of its own, or one of a thousand in one (which share their fate,
 * and their sync). A read begins and ends a transaction too, as whoever wants the present value
 * must; or all reads share one, which shows one moment's state. Without `sync` it is MDB_NOSYNC. */
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/engine/bench.h"

enum { PUTS_MAX = 1000 };

struct store {
	MDB_env *env;
	MDB_dbi dbi;
};

struct reader {
	struct store *store;
	MDB_txn *txn;
	bool renew;
};

static void check(int result)
{
	if (result != 0)
		bench_die("LMDB", mdb_strerror(result));
}

static void *open_store(const char *dir, bool sync)
{
	struct store *store = calloc(1, sizeof(*store));
	MDB_txn *txn;

	if (!store)
		bench_die("no memory", NULL);
	(void)mkdir(dir, 0700);
	check(mdb_env_create(&store->env));
	check(mdb_env_set_mapsize(store->env, (size_t)64 << 30));
	check(mdb_env_open(store->env, dir, sync ? 0 : MDB_NOSYNC, 0600));
	check(mdb_txn_begin(store->env, NULL, 0, &txn));
	check(mdb_dbi_open(txn, NULL, 0, &store->dbi));
	check(mdb_txn_commit(txn));
	return store;
}

static void close_store(void *context)
{
	struct store *store = context;

	mdb_env_close(store->env);
	free(store);
}

static void write_many(struct store *store, const struct bench_span *span, uint64_t puts_max)
{
	uint8_t key_bytes[BENCH_KEY_BYTES];
	uint8_t value_bytes[BENCH_VALUE_BYTES];
	MDB_val key = {sizeof(key_bytes), key_bytes};
	MDB_txn *txn = NULL;

	for (uint64_t i = 0; i < span->count; i++) {
		MDB_val value = {sizeof(value_bytes), value_bytes};

		bench_fill(span, span->first + i, key_bytes, value_bytes);
		if (i % puts_max == 0)
			check(mdb_txn_begin(store->env, NULL, 0, &txn));
		check(mdb_put(txn, store->dbi, &key, &value, 0));
		if ((i + 1) % puts_max == 0 || i + 1 == span->count)
			check(mdb_txn_commit(txn));
	}
}

static void write_span(void *store, const struct bench_span *span)
{
	write_many(store, span, 1);
}

static void write_thousands(void *store, const struct bench_span *span)
{
	write_many(store, span, PUTS_MAX);
}

static struct reader *open_reader(struct store *store, bool renew)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		bench_die("no memory", NULL);
	reader->store = store;
	reader->renew = renew;
	check(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &reader->txn));
	if (renew)
		mdb_txn_reset(reader->txn);
	return reader;
}

static void *reader_open(void *store)
{
	return open_reader(store, true);
}

static void *reader_open_once(void *store)
{
	return open_reader(store, false);
}

static void reader_close(void *context)
{
	struct reader *reader = context;

	mdb_txn_abort(reader->txn);
	free(reader);
}

static size_t get(void *context, const uint8_t *key_bytes, uint8_t *out)
{
	struct reader *reader = context;
	uint8_t copy[BENCH_KEY_BYTES];
	MDB_val key = {sizeof(copy), copy};
	MDB_val value;

	memcpy(copy, key_bytes, sizeof(copy));
	if (reader->renew)
		check(mdb_txn_renew(reader->txn));
	check(mdb_get(reader->txn, reader->store->dbi, &key, &value));
	if (value.mv_size <= BENCH_VALUE_BYTES)
		memcpy(out, value.mv_data, value.mv_size);
	if (reader->renew)
		mdb_txn_reset(reader->txn);
	return value.mv_size;
}

#define COMMON .open = open_store, .close = close_store, .reader_close = reader_close, .get = get

const struct bench_engine bench_engines[] = {
	{.name = "LMDB", COMMON, .write = write_span, .reader_open = reader_open},
	{.name = "LMDB-1000", COMMON, .write = write_thousands, .reader_open = reader_open_once},
	{0},
};
