/* SPDX-License-Identifier: MIT */
#include "store/checkpoint_file.h"

#include <stddef.h>
#include <string.h>

#include "format/name.h"

/* Another version of the program may mean something else by the same bytes. */
static const char magic[ARY_CHECKPOINT_MAGIC_BYTES] = "aryavarth " PACKAGE_VERSION " checkpoint\n";

void ary_checkpoint_sign(struct ary_checkpoint_head *head)
{
	memcpy(head->magic, magic, sizeof(magic));
	head->version = ARY_CHECKPOINT_VERSION;
}

bool ary_checkpoint_is_signed(const struct ary_checkpoint_head *head)
{
	return memcmp(head->magic, magic, sizeof(magic)) == 0 &&
	       head->version == ARY_CHECKPOINT_VERSION;
}

uint64_t ary_checkpoint_head_hash(const struct ary_checkpoint_head *head)
{
	const struct ary_bytes bytes = {(const uint8_t *)head,
					offsetof(struct ary_checkpoint_head, head_hash)};
	return ary_hash(&head->secret, bytes);
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

uint64_t ary_checkpoint_described_bytes(const struct ary_checkpoint_head *head)
{
	uint64_t end = sizeof(*head) + head->facts_bytes + head->image_head_bytes +
		       ary_checkpoint_blocks(head->data_bytes) * sizeof(uint64_t);
	return round_up(end, ARY_CHECKPOINT_PAGE_BYTES) - sizeof(*head);
}

uint64_t ary_checkpoint_data_offset(const struct ary_checkpoint_head *head)
{
	uint64_t end = sizeof(*head) + ary_checkpoint_described_bytes(head);
	return head->data_bytes < ARY_CHECKPOINT_ALIGNED_BYTES_MIN
		       ? end
		       : round_up(end, ARY_CHECKPOINT_BLOCK_BYTES);
}

enum ary_status ary_checkpoint_tail_hash(struct ary_segment *segment, uint64_t bytes,
					 const struct ary_hash_secret *secret, uint64_t *out,
					 struct ary_error *err)
{
	uint8_t tail[ARY_CHECKPOINT_TAIL_BYTES];
	size_t wanted = bytes < sizeof(tail) ? (size_t)bytes : sizeof(tail);
	size_t size = 0;
	enum ary_status status = ary_file_read_at(ary_segment_file(segment), bytes - wanted, tail,
						  wanted, &size, err);
	if (status == ARY_OK)
		*out = ary_hash(secret, (struct ary_bytes){tail, size});
	return status;
}

static bool append(struct ary_buf *out, const void *data, size_t size)
{
	return ary_buf_append(out, (struct ary_bytes){data, size});
}

static enum ary_status fail_memory(struct ary_error *err)
{
	return ary_fail(err, ARY_NO_MEMORY, "no memory for " ARY_NAME_CHECKPOINT);
}

static enum ary_status append_log(const struct ary_log *log, const struct ary_hash_secret *secret,
				  struct ary_buf *out, struct ary_error *err)
{
	struct ary_checkpoint_log facts = {
		.number = ary_segment_log(log->segment),
		.slot = ary_segment_slot(log->segment),
		.base = log->base,
		.cleaned = log->cleaned,
		.seq_first = log->seq_first,
		.lines = log->lines,
		.live_bytes = atomic_load(&log->live_bytes),
		.tombstone_bytes = atomic_load(&log->tombstone_bytes),
		.mark_bytes = atomic_load(&log->mark_bytes),
		.overhead_bytes = atomic_load(&log->overhead_bytes),
		.bytes = atomic_load(&log->bytes),
		.merged = log->merged,
		.sealed = log->sealed,
	};
	enum ary_status status = ary_checkpoint_tail_hash(log->segment, facts.bytes, secret,
							  &facts.tail_hash, err);
	if (status != ARY_OK)
		return status;
	return append(out, &facts, sizeof(facts)) ? ARY_OK : fail_memory(err);
}

static enum ary_status append_logs(struct ary_store *store, const struct ary_hash_secret *secret,
				   struct ary_buf *out, struct ary_error *err)
{
	enum ary_status status = ARY_OK;
	for (size_t i = 0; status == ARY_OK && i < store->logs.count; i++)
		status = append_log(store->logs.ordered[i], secret, out, err);
	return status;
}

/* Uploads as they are appended. */
struct uploads {
	struct ary_buf *out;
	uint64_t count;
	bool unnamed; /* one is no present value's: somebody still holds it */
};

static bool append_upload(void *context, const struct ary_upload *upload)
{
	struct uploads *uploads = context;
	struct ary_buf *out = uploads->out;
	const struct ary_checkpoint_upload facts = {
		.large = upload->large,
		.set_seq = upload->by_set.number,
		.place_count = upload->place_count,
	};
	uploads->count++;
	uploads->unnamed = uploads->unnamed || !upload->present;
	return append(out, &facts, sizeof(facts)) &&
	       append(out, upload->places, upload->place_count * sizeof(*upload->places));
}

static bool append_ending(void *context, const struct ary_ending *ending)
{
	static const uint8_t zeros[8] = {0};
	struct ary_buf *out = context;
	const struct ary_checkpoint_ending facts = {
		.seq = ending->seq,
		.expires_ms = ending->expires_ms,
		.key_bytes = ending->key_size,
	};
	return append(out, &facts, sizeof(facts)) &&
	       ary_buf_append(out, ary_ending_key(ending)) &&
	       append(out, zeros, (8 - ending->key_size % 8) % 8);
}

/* All but the facts' own head, of which it fills in the counts. */
static enum ary_status append_all(struct ary_store *store, const struct ary_hash_secret *secret,
				  struct ary_checkpoint_facts *facts, struct ary_buf *out,
				  struct ary_error *err)
{
	struct uploads uploads = {.out = out};
	enum ary_status status = append_logs(store, secret, out, err);
	if (status != ARY_OK)
		return status;
	if (!ary_parts_visit(&store->parts, append_upload, &uploads) ||
	    !ary_expiry_visit(&store->expiry, append_ending, out))
		return fail_memory(err);
	if (uploads.unnamed)
		return ary_fail(err, ARY_UNSUPPORTED, "a value is read that was replaced");
	facts->log_count = store->logs.count;
	facts->upload_count = uploads.count;
	facts->ending_count = ary_expiry_count(&store->expiry);
	return ARY_OK;
}

enum ary_status ary_checkpoint_facts(struct ary_store *store, const struct ary_hash_secret *secret,
				     struct ary_buf *out, struct ary_error *err)
{
	struct ary_checkpoint_facts facts = {
		.seq = store->committer.seq_stored,
		.last_ms = atomic_load(&store->last_ms),
		.strict = store->committer.wrote
				  ? store->options.durability == ARY_DURABILITY_ALWAYS
				  : store->recovered_strict,
	};
	size_t at = out->size;
	if (!append(out, &facts, sizeof(facts)))
		return fail_memory(err);
	enum ary_status status = append_all(store, secret, &facts, out, err);
	if (status == ARY_OK)
		memcpy(out->data + at, &facts, sizeof(facts));
	return status;
}

const void *ary_checkpoint_take(struct ary_checkpoint_reader *reader, uint64_t bytes)
{
	const uint8_t *data = reader->rest.data;
	if (reader->rest.size < bytes)
		return NULL;
	reader->rest.data += bytes;
	reader->rest.size -= (size_t)bytes;
	return data;
}
