/* SPDX-License-Identifier: MIT */
#include "store/queue.h"

/* A write's own memory, beside its bytes, for the queue's bound. */
enum { WRITE_OVERHEAD_BYTES = 512 };

uint64_t ary_queue_write_bytes(const struct ary_write *write)
{
	return WRITE_OVERHEAD_BYTES + write->key.size + write->value.size + write->type.size +
	       write->encoding.size + write->meta.size;
}

bool ary_queue_is_part(const struct ary_write *write)
{
	return write->op == ARY_WRITE_PART;
}

static void push(struct ary_write_list *line, struct ary_write *write)
{
	write->next = NULL;
	if (line->last != NULL)
		line->last->next = write;
	else
		line->first = write;
	line->last = write;
}

void ary_queue_put_locked(struct ary_store *store, struct ary_write *write)
{
	struct ary_queue *queue = &store->queue;
	bool is_part = ary_queue_is_part(write);
	*(is_part ? &queue->part_bytes : &queue->bytes) += ary_queue_write_bytes(write);
	push(is_part ? &queue->parts : &queue->writes, write);
	queue->count++;
	queue->part_count += is_part;
}

static struct ary_write *pop(struct ary_write_list *line)
{
	struct ary_write *write = line->first;
	line->first = write->next;
	if (line->first == NULL)
		line->last = NULL;
	return write;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A group that is put together. */
struct taking {
	struct ary_write_list line;
	size_t count;
	size_t parts;
	size_t others; /* what belongs to no upload */
};

/* Moves writes from LINE to TAKING, as many as BYTES_MAX allow, but at least one. */
static void take_from(struct ary_write_list *line, struct taking *taking, uint64_t bytes_max)
{
	uint64_t bytes = 0;
	for (size_t taken = 0; line->first != NULL && taking->count < ARY_GROUP_WRITES_MAX;
	     taken++) {
		bytes += ary_queue_write_bytes(line->first);
		if (taken > 0 && bytes > bytes_max)
			break;
		taking->count++;
		taking->parts += ary_queue_is_part(line->first);
		taking->others += line->first->upload == NULL;
		push(&taking->line, pop(line));
	}
}

/* Whether small writes come now and then at most: none is there, and the last one was a while
 * before the last group. */
static bool is_quiet_locked(const struct ary_store *store) ARY_REQUIRES(&store->queue.lock)
{
	static const uint64_t QUIET_NS_MIN = 100000000;
	const struct ary_committer *committer = &store->committer;
	uint64_t since_ns = ary_between_ns(committer->writes_ns, committer->times.begun_ns);
	return store->queue.writes.first == NULL &&
	       (committer->writes_ns == 0 || since_ns > QUIET_NS_MIN);
}

/* How many bytes of parts the next group may have, but one part in any case. A small write in it,
 * or one that comes while it is stored, waits for them: where such writes come, as many as take
 * about as long as a sync does without any, on a disk that writes 100 MB/s. */
static uint64_t part_bytes_max_locked(const struct ary_store *store)
	ARY_REQUIRES(&store->queue.lock)
{
	static const uint64_t NS_A_BYTE = 10;
	uint64_t bytes_max = store->options.batch_bytes_max;
	if (is_quiet_locked(store))
		return bytes_max;
	return smaller(store->committer.plain_sync_ns / NS_A_BYTE, bytes_max);
}

struct ary_write *ary_queue_take_locked(struct ary_store *store)
{
	struct ary_queue *queue = &store->queue;
	struct ary_committer *committer = &store->committer;
	struct taking taking = {.count = 0};
	if (queue->writes.first == NULL || committer->group_parts == 0)
		take_from(&queue->parts, &taking, part_bytes_max_locked(store));
	take_from(&queue->writes, &taking, store->options.batch_bytes_max);
	queue->count -= taking.count;
	queue->part_count -= taking.parts;
	if (taking.count > 0) {
		committer->group_parts = taking.parts;
		committer->group_writes = taking.others;
	}
	return taking.line.first;
}

/* What is known of the sync of groups without parts: the shorter the sooner, as one after parts
 * takes longer for them. */
static void note_plain_sync(struct ary_committer *committer)
{
	enum { SLOWNESS = 16 };
	const struct ary_group_times *times = &committer->times;
	uint64_t before_ns = committer->plain_sync_ns;
	uint64_t sync_ns = ary_between_ns(times->written_ns, times->synced_ns);
	if (sync_ns > before_ns)
		sync_ns = before_ns + (sync_ns - before_ns) / SLOWNESS;
	committer->plain_sync_ns = sync_ns;
}

void ary_queue_note_group(struct ary_committer *committer)
{
	if (committer->group_writes > 0)
		committer->writes_ns = committer->times.begun_ns;
	/* Of a group that came to nothing there is nothing to learn. */
	if (committer->group_parts == 0 && committer->times.written_ns != 0)
		note_plain_sync(committer);
}
