/* SPDX-License-Identifier: MIT */
#include "store/checkpoint_blocks.h"

#include <stdatomic.h>

#include "env/system.h"
#include "env/thread.h"

/* With fewer blocks for each, a thread takes longer to start than it saves; and some threads read
 * as fast as memory answers. */
enum { THREAD_BLOCKS_MIN = 16, THREADS_MAX = 4 };

/* What all threads look at. */
struct proof {
	const uint8_t *data;
	uint64_t data_bytes;
	const uint64_t *hashes;
	const struct ary_hash_secret *secret;
	_Atomic uint64_t next; /* the block that nobody has taken yet */
	atomic_bool damaged;
};

uint64_t ary_checkpoint_blocks(uint64_t data_bytes)
{
	return (data_bytes + ARY_CHECKPOINT_BLOCK_BYTES - 1) / ARY_CHECKPOINT_BLOCK_BYTES;
}

static bool is_intact(const struct proof *proof, uint64_t block)
{
	uint64_t offset = block * ARY_CHECKPOINT_BLOCK_BYTES;
	uint64_t left = proof->data_bytes - offset;
	const struct ary_bytes bytes = {
		proof->data + offset,
		left < ARY_CHECKPOINT_BLOCK_BYTES ? (size_t)left : ARY_CHECKPOINT_BLOCK_BYTES};
	return ary_hash(proof->secret, bytes) == proof->hashes[block];
}

/* Takes one block after the other, until there is none, or one is damaged. */
static void run(void *context)
{
	struct proof *proof = context;
	uint64_t count = ary_checkpoint_blocks(proof->data_bytes);
	while (!atomic_load_explicit(&proof->damaged, memory_order_relaxed)) {
		uint64_t block = atomic_fetch_add_explicit(&proof->next, 1, memory_order_relaxed);
		if (block >= count)
			break;
		if (!is_intact(proof, block))
			atomic_store(&proof->damaged, true);
	}
}

/* How many threads there should be beside the caller's. */
static unsigned helpers_wanted(uint64_t blocks)
{
	uint64_t threads = blocks / THREAD_BLOCKS_MIN;
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	if (threads > ary_cpu_count())
		threads = ary_cpu_count();
	return threads > 0 ? (unsigned)threads - 1 : 0;
}

bool ary_checkpoint_blocks_intact(const uint8_t *data, uint64_t data_bytes, const uint64_t *hashes,
				  const struct ary_hash_secret *secret)
{
	struct proof proof = {
		.data = data,
		.data_bytes = data_bytes,
		.hashes = hashes,
		.secret = secret,
	};
	struct ary_thread helpers[THREADS_MAX];
	unsigned wanted = helpers_wanted(ary_checkpoint_blocks(data_bytes));
	unsigned started = 0;
	/* Without them it takes longer, and is the same. */
	while (started < wanted &&
	       ary_thread_start(&helpers[started], "proof", run, &proof, NULL) == ARY_OK)
		started++;
	run(&proof);
	while (started > 0)
		ary_thread_join(&helpers[--started]);
	return !atomic_load(&proof.damaged);
}
