/* SPDX-License-Identifier: MIT */
#include "store/witness.h"

#include <inttypes.h>

#include "base/diag.h"
#include "format/name.h"

/* What a person can do who knows better. */
#define REMEDY " (if logs were cut or replaced on purpose, remove " ARY_NAME_WATERMARK ")"

/* Decodes the contents of the file. What is not intact says nothing: a crash may have torn it, and
 * without it the lines' own watermarks still hold. */
static enum ary_status decode(struct ary_bytes bytes, struct ary_watermark *out,
			      struct ary_error *err)
{
	char quoted[ARY_DIAG_QUOTED_BYTES];
	struct ary_error why;
	enum ary_status status = ary_watermark_decode(bytes, out, &why);

	if (status == ARY_NO_MEMORY)
		return ary_fail(err, status, "%s: %s", ARY_NAME_WATERMARK, why.text);
	if (status != ARY_OK)
		ary_diag(ARY_DIAG_INFO, "watermark_ignored", "reason=%s",
			 ary_diag_quote(why.text, quoted));
	return ARY_OK;
}

enum ary_status ary_witness_read(struct ary_dir *root, struct ary_watermark *out,
				 struct ary_error *err)
{
	uint8_t bytes[ARY_WATERMARK_BYTES];
	struct ary_file *file;
	size_t size = 0;

	*out = (struct ary_watermark){.durable_bytes = 0};
	enum ary_status status =
		ary_file_open(root, ARY_NAME_WATERMARK, ARY_OPEN_READ, &file, err);
	if (status == ARY_NOT_FOUND)
		return ARY_OK;
	if (status != ARY_OK)
		return status;
	status = ary_file_read_at(file, 0, bytes, sizeof(bytes), &size, err);
	ary_file_close(file, NULL);
	return status == ARY_OK ? decode((struct ary_bytes){bytes, size}, out, err) : status;
}

enum ary_status ary_witness_check_log(const struct ary_watermark *mark, const uint64_t *highest,
				      struct ary_error *err)
{
	if (mark->durable_bytes == 0 || (highest != NULL && mark->log <= *highest))
		return ARY_OK;
	return ary_fail(err, ARY_CORRUPT, "%" PRIu64 ".log is missing: %" PRIu64 " bytes of it, up "
			"to seq %" PRIu64 ", are confirmed by " ARY_NAME_WATERMARK REMEDY,
			mark->log, mark->durable_bytes, mark->seq);
}

enum ary_status ary_witness_check_end(const struct ary_watermark *mark, uint64_t log, uint64_t end,
				      uint64_t seq_last, struct ary_error *err)
{
	if (mark->log != log || mark->durable_bytes <= end)
		return ARY_OK;
	return ary_fail(err, ARY_CORRUPT, "%" PRIu64 ".log: damaged at offset %" PRIu64 ", after "
			"seq %" PRIu64 ": %" PRIu64 " bytes, up to seq %" PRIu64 ", are confirmed "
			"by " ARY_NAME_WATERMARK REMEDY,
			log, end, seq_last, mark->durable_bytes, mark->seq);
}

static void set_due(struct ary_store *store)
{
	store->committer.witness.due_ns = ary_monotonic_ns(store->options.env) +
					  store->options.watermark_interval_ms * 1000000;
}

void ary_witness_start(struct ary_store *store, const struct ary_watermark *mark)
{
	store->committer.witness.stated = *mark;
	set_due(store);
}

void ary_witness_note(struct ary_store *store, uint64_t log, uint64_t bytes, uint64_t seq)
{
	/* An empty log needs no witness, and the one before it does. */
	if (bytes == 0)
		return;
	store->committer.witness.known =
		(struct ary_watermark){.seq = seq, .log = log, .durable_bytes = bytes};
}

/* The file never goes back: what it stated once stays true. A log's confirmed bytes are never cut
 * off, and its number is not used again. */
bool ary_witness_pending(const struct ary_store *store)
{
	const struct ary_watermark *known = &store->committer.witness.known;
	const struct ary_watermark *stated = &store->committer.witness.stated;

	if (atomic_load(&store->read_only))
		return false;
	return known->log > stated->log ||
	       (known->log == stated->log && known->durable_bytes > stated->durable_bytes);
}

static enum ary_status open_file(struct ary_store *store, struct ary_error *err)
{
	struct ary_witness *witness = &store->committer.witness;

	if (witness->file != NULL)
		return ARY_OK;
	enum ary_status status = ary_file_open(store->root, ARY_NAME_WATERMARK, ARY_OPEN_WRITE,
					       &witness->file, err);
	if (status != ARY_NOT_FOUND)
		return status;
	witness->created = true;
	return ary_file_open(store->root, ARY_NAME_WATERMARK, ARY_OPEN_CREATE_NEW, &witness->file,
			     err);
}

static enum ary_status write_known(struct ary_store *store, struct ary_error *err)
{
	struct ary_witness *witness = &store->committer.witness;
	uint8_t bytes[ARY_WATERMARK_BYTES];
	size_t written;

	/* Also when this fails: it is tried again when there is more to say. */
	witness->stated = witness->known;
	enum ary_status status = open_file(store, err);
	if (status != ARY_OK)
		return status;
	witness->known.time_ms = ary_wall_ms(store->options.env);
	ary_watermark_encode(&witness->known, bytes);
	witness->dirty = true;
	return ary_file_write_at(witness->file, 0, bytes, sizeof(bytes), &written, err);
}

/* Going on is right, after a failed sync too: no answer rests on this file. What is on disk of it
 * is an older statement, which is still true, or none, or a torn one, which counts as none. */
static void tell_failure(struct ary_witness *witness, const struct ary_error *err)
{
	char quoted[ARY_DIAG_QUOTED_BYTES];

	if (!witness->failed)
		ary_diag(ARY_DIAG_WARN, "watermark_not_written", "error=%s",
			 ary_diag_quote(err->text, quoted));
	witness->failed = true;
}

void ary_witness_write_if_due(struct ary_store *store)
{
	struct ary_error err;

	if (!ary_witness_pending(store) ||
	    ary_monotonic_ns(store->options.env) < store->committer.witness.due_ns)
		return;
	if (write_known(store, &err) != ARY_OK)
		tell_failure(&store->committer.witness, &err);
	set_due(store);
}

void ary_witness_settle(struct ary_store *store)
{
	struct ary_witness *witness = &store->committer.witness;
	enum ary_status status = ARY_OK;
	struct ary_error err;

	if (atomic_load(&store->read_only))
		return;
	if (ary_witness_pending(store))
		status = write_known(store, &err);
	/* Neither sync is tried again. */
	if (status == ARY_OK && witness->dirty) {
		witness->dirty = false;
		status = ary_file_sync(witness->file, &err);
	}
	if (status == ARY_OK && witness->created) {
		witness->created = false;
		status = ary_dir_sync(store->root, &err);
	}
	if (status != ARY_OK)
		tell_failure(witness, &err);
}
