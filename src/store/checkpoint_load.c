/* SPDX-License-Identifier: MIT */
/* Uses a checkpoint. Until all of it is found to be what was written, and its logs to be those that
 * are there, nothing of the store is changed. */
#include "store/checkpoint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "format/name.h"
#include "index/image.h"
#include "store/checkpoint_file.h"
#include "store/clock.h"

/* A checkpoint that is being looked at. */
struct load {
	struct ary_store *store;
	const struct ary_inventory *inventory;
	struct ary_file *file;
	uint64_t file_bytes;
	struct ary_checkpoint_head head;
	uint8_t *described; /* what is behind the head; what follows is in it */
	struct ary_bytes image_head;
	const uint64_t *hashes;
	struct ary_checkpoint_facts facts;
	const struct ary_checkpoint_log *logs;
	struct ary_bytes uploads; /* and endings */
	struct ary_segment **segments; /* opened so far, `segment_count` */
	size_t segment_count;
	struct ary_file_copy copy; /* of all of the file, for the sake of the data */
	struct ary_index *index;
	struct ary_error *err;
};

static enum ary_status fail(struct load *load, const char *what)
{
	return ary_fail(load->err, ARY_CORRUPT, "%s", what);
}

/* NOT_FOUND: there is none. */
static enum ary_status open_file(struct load *load)
{
	enum ary_status status = ary_file_open(load->store->root, ARY_NAME_CHECKPOINT,
					       ARY_OPEN_READ, &load->file, load->err);
	if (status != ARY_OK)
		return status;
	/* What is proved here must be on the disk too: pages that could not be written would be
	 * dropped, and read again as something else. Mostly there is nothing to do. */
	status = ary_file_sync(load->file, load->err);
	if (status == ARY_OK)
		status = ary_file_size(load->file, &load->file_bytes, load->err);
	if (status == ARY_OK &&
	    (load->file_bytes < sizeof(load->head) || load->file_bytes > SIZE_MAX / 2))
		status = fail(load, "its size is not that of one");
	return status;
}

/* Reads all SIZE bytes. */
static enum ary_status read_all(struct load *load, uint64_t offset, void *data, size_t size)
{
	size_t read = 0;
	enum ary_status status = ary_file_read_at(load->file, offset, data, size, &read, load->err);
	if (status == ARY_OK && read < size)
		status = fail(load, "it has become shorter");
	return status;
}

/* Whether A + B, which may be anything, is BOUND at most. */
static bool fits(uint64_t a, uint64_t b, uint64_t bound)
{
	return a <= bound && b <= bound - a;
}

static enum ary_status read_head(struct load *load)
{
	struct ary_checkpoint_head *head = &load->head;
	uint64_t bytes = load->file_bytes;
	enum ary_status status = read_all(load, 0, head, sizeof(*head));
	if (status != ARY_OK)
		return status;
	if (!ary_checkpoint_is_signed(head))
		return fail(load, "another version of the program wrote it");
	if (ary_checkpoint_head_hash(head) != head->head_hash)
		return fail(load, "its head is damaged");
	/* So small that sums of them cannot overflow. */
	if (head->facts_bytes % 8 != 0 || head->image_head_bytes % 8 != 0 ||
	    !fits(head->facts_bytes, head->image_head_bytes, bytes) ||
	    !fits(head->facts_bytes + head->image_head_bytes, head->data_bytes, bytes) ||
	    ary_checkpoint_data_offset(head) + head->data_bytes != bytes)
		return fail(load, "its size is not what it says");
	return ARY_OK;
}

/* Reads and checks what stands between head and data, and finds its sections. */
static enum ary_status read_described(struct load *load)
{
	const struct ary_checkpoint_head *head = &load->head;
	size_t size = (size_t)ary_checkpoint_described_bytes(head);
	load->described = ary_try_alloc(size);
	if (load->described == NULL)
		return ary_fail(load->err, ARY_NO_MEMORY, "no memory for it");
	enum ary_status status = read_all(load, sizeof(*head), load->described, size);
	if (status != ARY_OK)
		return status;
	if (ary_hash_long(&head->secret, (struct ary_bytes){load->described, size}) !=
	    head->described_hash)
		return fail(load, "its facts are damaged");
	load->image_head = (struct ary_bytes){load->described + head->facts_bytes,
					      head->image_head_bytes};
	load->hashes = (const void *)(load->image_head.data + load->image_head.size);
	return ARY_OK;
}

/* Proves the data by reading them, wherever they are to lie: a map, whose every first touch of a
 * page is dear, is left alone until somebody needs what is in it. */
static enum ary_status take_data(struct load *load)
{
	uint64_t offset = ary_checkpoint_data_offset(&load->head);
	enum ary_status status = ary_file_copy_init(&load->copy, load->file,
						    (size_t)load->file_bytes, load->err);
	if (status != ARY_OK)
		return status;
	const struct ary_checkpoint_data data = {
		.file = load->file,
		.offset = offset,
		.bytes = load->head.data_bytes,
		.hashes = load->hashes,
		.secret = &load->head.secret,
		.place = load->copy.mapped_by == NULL ? load->copy.data + offset : NULL,
	};
	return ary_checkpoint_blocks_read(&data, load->err);
}

static bool skip_uploads(struct ary_checkpoint_reader *reader, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		const struct ary_checkpoint_upload *upload =
			ary_checkpoint_take(reader, sizeof(*upload));
		if (upload == NULL || upload->place_count > ARY_RECORD_PARTS_MAX ||
		    ary_checkpoint_take(reader, upload->place_count *
							sizeof(struct ary_location)) == NULL)
			return false;
	}
	return true;
}

static struct ary_bytes take_key(struct ary_checkpoint_reader *reader,
				 const struct ary_checkpoint_ending *ending)
{
	const void *key = NULL;
	if (ending->key_bytes <= ARY_INDEX_KEY_BYTES_MAX)
		key = ary_checkpoint_take(reader, (ending->key_bytes + 7) / 8 * 8);
	return (struct ary_bytes){key, key == NULL ? 0 : (size_t)ending->key_bytes};
}

static bool skip_endings(struct ary_checkpoint_reader *reader, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		const struct ary_checkpoint_ending *ending =
			ary_checkpoint_take(reader, sizeof(*ending));
		if (ending == NULL || take_key(reader, ending).size == 0)
			return false;
	}
	return true;
}

/* Checks that the facts are of the form that they should be. */
static enum ary_status check_facts(struct load *load)
{
	struct ary_checkpoint_reader reader = {
		.rest = {load->described, load->head.facts_bytes}};
	const struct ary_checkpoint_facts *facts = ary_checkpoint_take(&reader, sizeof(*facts));
	if (facts == NULL || facts->log_count == 0 || facts->log_count > reader.rest.size)
		return fail(load, "its facts are of another form");
	load->facts = *facts;
	load->logs = ary_checkpoint_take(&reader, facts->log_count * sizeof(*load->logs));
	load->uploads = reader.rest;
	if (load->logs == NULL || !skip_uploads(&reader, facts->upload_count) ||
	    !skip_endings(&reader, facts->ending_count) || reader.rest.size > 0)
		return fail(load, "its facts are of another form");
	return ARY_OK;
}

/* Opens the I-th log, if it is the one that the checkpoint was made of. */
static enum ary_status open_log(struct load *load, size_t i)
{
	const struct ary_checkpoint_log *log = &load->logs[i];
	struct ary_segment *segment;
	uint64_t hash = 0;
	if (load->inventory->logs[i] != log->number || load->inventory->bases[i] != log->base ||
	    log->slot >= UINT32_MAX)
		return fail(load, "the logs are not those it was made of");
	enum ary_status status = ary_segment_open(load->store->dir, log->number,
						  (uint32_t)log->slot, &segment, load->err);
	if (status != ARY_OK)
		return status;
	load->segments[load->segment_count++] = segment;
	uint64_t bytes = ary_segment_bytes(segment);
	if (log->sealed ? bytes != log->bytes : bytes < log->bytes)
		return fail(load, "a log has another size than when it was made");
	status = ary_checkpoint_tail_hash(segment, log->bytes, &load->head.secret, &hash,
					  load->err);
	if (status == ARY_OK && hash != log->tail_hash)
		return fail(load, "a log is not the one it was made of");
	return status;
}

static enum ary_status open_logs(struct load *load)
{
	size_t count = load->facts.log_count;
	if (count > load->inventory->log_count)
		return fail(load, "there are fewer logs than it was made of");
	load->segments = ary_try_alloc(count * sizeof(struct ary_segment *));
	if (load->segments == NULL)
		return ary_fail(load->err, ARY_NO_MEMORY, "no memory for it");
	enum ary_status status = ARY_OK;
	for (size_t i = 0; status == ARY_OK && i < count; i++)
		status = open_log(load, i);
	return status;
}

static enum ary_status examine(struct load *load)
{
	enum ary_status status = open_file(load);
	if (status == ARY_OK)
		status = read_head(load);
	if (status == ARY_OK)
		status = read_described(load);
	if (status == ARY_OK)
		status = take_data(load);
	if (status == ARY_OK)
		status = check_facts(load);
	if (status == ARY_OK)
		status = open_logs(load);
	if (status != ARY_OK)
		return status;
	uint8_t *data = load->copy.data + ary_checkpoint_data_offset(&load->head);
	load->index = ary_image_open(load->image_head, data, load->head.data_bytes);
	if (load->index == NULL)
		return fail(load, "another build of the program wrote it, or there is no memory");
	return ARY_OK;
}

/* ---- From here on it is used ---- */

static void add_logs(struct load *load)
{
	for (size_t i = 0; i < load->segment_count; i++) {
		const struct ary_checkpoint_log *facts = &load->logs[i];
		ary_store_map(load->store, load->segments[i]);
		ary_logs_use_slot(&load->store->logs, (uint32_t)facts->slot);
		struct ary_log *log = ary_logs_append(&load->store->logs, load->segments[i]);
		log->sealed = facts->sealed != 0;
		log->merged = facts->merged != 0;
		log->base = facts->base;
		log->cleaned = facts->cleaned;
		log->seq_first = facts->seq_first;
		log->lines = facts->lines;
		atomic_store(&log->live_bytes, facts->live_bytes);
		atomic_store(&log->tombstone_bytes, facts->tombstone_bytes);
		atomic_store(&log->mark_bytes, facts->mark_bytes);
		atomic_store(&log->overhead_bytes, facts->overhead_bytes);
		atomic_store(&log->bytes, facts->bytes);
	}
	load->segment_count = 0;
}

static bool add_upload(struct ary_store *store, const struct ary_checkpoint_upload *facts,
		       const struct ary_location *places)
{
	struct ary_upload *upload = ary_parts_new(store, facts->large.upload);
	if (upload == NULL)
		return false;
	ary_parts_name(upload, facts->set_seq, &facts->large);
	bool reserved = ary_parts_reserve(upload, facts->place_count) == ARY_OK;
	for (uint64_t i = 0; reserved && i < facts->place_count; i++)
		(void)ary_parts_put(upload, facts->large.upload, i, &places[i]);
	/* What is left is the hold of its Set. */
	ary_parts_let_go(upload);
	return reserved;
}

static bool add_ending(struct ary_store *store, const struct ary_checkpoint_ending *facts,
		       struct ary_bytes key)
{
	struct ary_ending *ending = ary_expiry_make(&store->expiry, key, facts->expires_ms);
	if (ending != NULL)
		ary_expiry_add(&store->expiry, ending, facts->seq);
	return ending != NULL;
}

static bool add_uploads_and_endings(struct load *load)
{
	struct ary_checkpoint_reader reader = {load->uploads};
	bool added = true;
	for (uint64_t i = 0; added && i < load->facts.upload_count; i++) {
		const struct ary_checkpoint_upload *upload =
			ary_checkpoint_take(&reader, sizeof(*upload));
		const struct ary_location *places = ary_checkpoint_take(
			&reader, upload->place_count * sizeof(*places));
		added = add_upload(load->store, upload, places);
	}
	for (uint64_t i = 0; added && i < load->facts.ending_count; i++) {
		const struct ary_checkpoint_ending *ending =
			ary_checkpoint_take(&reader, sizeof(*ending));
		added = add_ending(load->store, ending, take_key(&reader, ending));
	}
	return added;
}

/* What the rules would know after the last line that need not be read. */
static struct ary_rules rules_of(const struct load *load)
{
	const struct ary_checkpoint_log *last = &load->logs[load->facts.log_count - 1];
	struct ary_rules rules = {
		.number = last->number,
		.lines = last->lines,
		.seq_first = last->seq_first,
		.base = last->base,
		.clean = true,
		.strict = load->facts.strict != 0,
		.seq_last = load->facts.seq,
	};
	for (size_t i = 0; i < load->facts.log_count; i++) {
		if (load->logs[i].cleaned <= rules.heeded)
			continue;
		rules.heeded = load->logs[i].cleaned;
		rules.heeded_by = load->logs[i].number;
	}
	return rules;
}

static enum ary_status use(struct load *load, struct ary_resume *out)
{
	struct ary_store *store = load->store;
	struct ary_checkpoint *checkpoint = &store->checkpoint;
	ary_index_destroy(store->index);
	store->index = load->index;
	checkpoint->copy = load->copy;
	load->index = NULL;
	load->copy = (struct ary_file_copy){.bytes = 0};
	add_logs(load);
	ary_clock_note(store, load->facts.last_ms);
	for (size_t i = 0; i < load->facts.log_count; i++)
		checkpoint->bytes += load->logs[i].bytes;
	checkpoint->log_count = load->facts.log_count;
	checkpoint->last_bytes = load->logs[load->facts.log_count - 1].bytes;
	checkpoint->last_lines = load->logs[load->facts.log_count - 1].lines;
	atomic_store(&checkpoint->stands, true);
	*out = (struct ary_resume){
		.log_count = load->facts.log_count,
		.bytes = checkpoint->bytes,
		.seq = load->facts.seq,
		.rules = rules_of(load),
	};
	if (!add_uploads_and_endings(load))
		return ary_fail(load->err, ARY_NO_MEMORY, "no memory for the ends of values");
	ary_diag(ARY_DIAG_INFO, "checkpoint_used", "keys=%" PRIu64 " bytes=%" PRIu64,
		 ary_index_count(store->index), checkpoint->bytes);
	return ARY_OK;
}

/* Frees what was not used. */
static void release(struct load *load)
{
	for (size_t i = 0; i < load->segment_count; i++)
		ary_segment_unref(load->segments[i]);
	free(load->segments);
	ary_index_destroy(load->index);
	ary_file_copy_release(&load->copy);
	free(load->described);
	(void)ary_file_close(load->file, NULL);
}

enum ary_status ary_checkpoint_load(struct ary_store *store,
				    const struct ary_inventory *inventory,
				    struct ary_resume *out, struct ary_error *err)
{
	uint64_t bytes_min = store->options.checkpoint_bytes_min;
	struct ary_error why;
	struct load load = {.store = store, .inventory = inventory, .err = &why};
	char quoted[ARY_DIAG_QUOTED_BYTES];
	*out = (struct ary_resume){.log_count = 0};
	atomic_store(&store->checkpoint.kept, bytes_min == 0);
	if (bytes_min == 0 || inventory->bytes < bytes_min)
		return ARY_OK;
	atomic_store(&store->checkpoint.kept, true);
	/* Of a run that ended while it wrote. What cannot be removed only takes room. */
	if (ary_dir_unlink(store->root, ARY_NAME_CHECKPOINT_TEMPORARY, NULL) == ARY_OK)
		ary_diag(ARY_DIAG_INFO, "leftover_removed", "name=%s",
			 ARY_NAME_CHECKPOINT_TEMPORARY);
	enum ary_status status = examine(&load);
	if (status != ARY_OK && status != ARY_NOT_FOUND)
		ary_diag(ARY_DIAG_INFO, "checkpoint_ignored", "reason=%s",
			 ary_diag_quote(why.text, quoted));
	load.err = err;
	status = status == ARY_OK ? use(&load, out) : ARY_OK;
	release(&load);
	return status;
}
