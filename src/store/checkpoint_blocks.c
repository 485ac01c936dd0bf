/* SPDX-License-Identifier: MIT */
#include "store/checkpoint_blocks.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "env/system.h"
#include "env/thread.h"

/* With fewer blocks for each, a thread takes longer to start than it saves; and some threads read
 * as fast as memory answers. */
enum { THREAD_BLOCKS_MIN = 16, THREADS_MAX = 4 };

/* The system copies whole pages fastest to where one could begin. */
enum { PAGE_BYTES = 4096 };

/* What all threads look at. */
struct proof {
	const struct ary_checkpoint_data *data;
	_Atomic uint64_t next; /* the block that nobody has taken yet */
	atomic_bool failed;    /* somewhere, so that the others need not go on */
};

/* One thread. */
struct worker {
	struct ary_thread thread;
	struct proof *proof;
	uint8_t *buffer; /* of a block; not needed where the data have their place */
	enum ary_status status;
	struct ary_error err;
};

uint64_t ary_checkpoint_blocks(uint64_t data_bytes)
{
	return (data_bytes + ARY_CHECKPOINT_BLOCK_BYTES - 1) / ARY_CHECKPOINT_BLOCK_BYTES;
}

/* Reads BLOCK to BUFFER, or where it belongs. */
static enum ary_status read_block(const struct ary_checkpoint_data *data, uint64_t block,
				  uint8_t *buffer, struct ary_error *err)
{
	uint64_t offset = block * ARY_CHECKPOINT_BLOCK_BYTES;
	uint64_t left = data->bytes - offset;
	size_t wanted = left < ARY_CHECKPOINT_BLOCK_BYTES ? (size_t)left
							  : ARY_CHECKPOINT_BLOCK_BYTES;
	size_t size = 0;
	uint8_t *place = data->place != NULL ? data->place + offset : buffer;
	enum ary_status status = ary_file_read_at(data->file, data->offset + offset, place, wanted,
						  &size, err);
	if (status != ARY_OK)
		return status;
	if (size < wanted)
		return ary_fail(err, ARY_CORRUPT, "it has become shorter");
	if (ary_hash_long(data->secret, (struct ary_bytes){place, size}) != data->hashes[block])
		return ary_fail(err, ARY_CORRUPT, "a block of it is damaged");
	return ARY_OK;
}

/* Takes one block after the other, until there is none, or one of any thread has failed. */
static enum ary_status read_blocks(struct proof *proof, uint8_t *buffer, struct ary_error *err)
{
	uint64_t count = ary_checkpoint_blocks(proof->data->bytes);
	enum ary_status status = ARY_OK;
	while (status == ARY_OK && !atomic_load_explicit(&proof->failed, memory_order_relaxed)) {
		uint64_t block = atomic_fetch_add_explicit(&proof->next, 1, memory_order_relaxed);
		if (block >= count)
			break;
		status = read_block(proof->data, block, buffer, err);
	}
	return status;
}

static void run(void *context)
{
	struct worker *worker = context;
	struct proof *proof = worker->proof;
	worker->status = read_blocks(proof, worker->buffer, &worker->err);
	if (worker->status != ARY_OK)
		atomic_store_explicit(&proof->failed, true, memory_order_relaxed);
}

/* How many threads there should be, with the caller's. */
static unsigned threads_wanted(uint64_t blocks)
{
	uint64_t threads = blocks / THREAD_BLOCKS_MIN;
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	if (threads > ary_cpu_count())
		threads = ary_cpu_count();
	return threads > 0 ? (unsigned)threads : 1;
}

/* Starts as many of COUNT workers as it can, does the work of the first, and waits for all. */
static enum ary_status work(struct worker *workers, unsigned count, struct ary_error *err)
{
	unsigned started = 1;
	enum ary_status status = ARY_OK;
	/* Without the others it takes longer, and is the same. */
	while (started < count &&
	       ary_thread_start(&workers[started].thread, "proof", run, &workers[started], NULL) ==
		       ARY_OK)
		started++;
	run(&workers[0]);
	for (unsigned i = 0; i < started; i++) {
		ary_thread_join(&workers[i].thread);
		if (status != ARY_OK || workers[i].status == ARY_OK)
			continue;
		status = workers[i].status;
		if (err != NULL)
			*err = workers[i].err;
	}
	return status;
}

enum ary_status ary_checkpoint_blocks_read(const struct ary_checkpoint_data *data,
					   struct ary_error *err)
{
	struct proof proof = {.data = data};
	struct worker workers[THREADS_MAX];
	unsigned count = threads_wanted(ary_checkpoint_blocks(data->bytes));
	uint8_t *memory = NULL;
	uint8_t *buffers = NULL;
	if (data->place == NULL) {
		memory = ary_try_alloc(count * (size_t)ARY_CHECKPOINT_BLOCK_BYTES + PAGE_BYTES);
		if (memory == NULL)
			return ary_fail(err, ARY_NO_MEMORY, "no memory to read it");
		buffers = memory + -(uintptr_t)memory % PAGE_BYTES;
	}
	for (unsigned i = 0; i < count; i++) {
		workers[i] = (struct worker){.proof = &proof};
		if (buffers != NULL)
			workers[i].buffer = buffers + i * (size_t)ARY_CHECKPOINT_BLOCK_BYTES;
	}
	enum ary_status status = work(workers, count, err);
	free(memory);
	return status;
}
