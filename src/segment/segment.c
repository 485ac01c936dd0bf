/* SPDX-License-Identifier: MIT */
#include "segment/segment.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/check.h"
#include "format/name.h"

enum { REPAIR_CHUNK_BYTES = 1024 * 1024 };

struct ary_segment {
	/* Constant after construction. */
	struct ary_file *file;
	uint64_t log;
	uint32_t slot;

	atomic_uint refs;
	/* Written by the appending thread, read by any. */
	_Atomic uint64_t bytes;
	_Atomic uint64_t durable_bytes;
	/* The appending thread's own: what is on disk is unknown. */
	bool uncertain;
};

static void create(struct ary_file *file, uint64_t log, uint32_t slot, struct ary_segment **out)
{
	struct ary_segment *segment = ARY_NEW(struct ary_segment);

	segment->file = file;
	segment->log = log;
	segment->slot = slot;
	atomic_init(&segment->refs, 1);
	atomic_init(&segment->bytes, 0);
	atomic_init(&segment->durable_bytes, 0);
	*out = segment;
}

enum ary_status ary_segment_create(struct ary_dir *dir, uint64_t log, bool temporary, uint32_t slot,
				   struct ary_segment **out, struct ary_error *err)
{
	char name[ARY_NAME_BYTES];
	struct ary_file *file;

	if (temporary)
		ary_name_temporary(log, name);
	else
		ary_name_log(log, name);
	enum ary_status status = ary_file_open(dir, name, ARY_OPEN_CREATE_NEW, &file, err);
	if (status != ARY_OK)
		return status;
	create(file, log, slot, out);
	return ARY_OK;
}

enum ary_status ary_segment_open(struct ary_dir *dir, uint64_t log, uint32_t slot,
				 struct ary_segment **out, struct ary_error *err)
{
	char name[ARY_NAME_BYTES];
	struct ary_file *file;
	uint64_t bytes;

	ary_name_log(log, name);
	enum ary_status status = ary_file_open(dir, name, ARY_OPEN_WRITE, &file, err);
	if (status != ARY_OK)
		return status;
	status = ary_file_size(file, &bytes, err);
	if (status != ARY_OK) {
		(void)ary_file_close(file, NULL);
		return status;
	}
	create(file, log, slot, out);
	atomic_store(&(*out)->bytes, bytes);
	return ARY_OK;
}

void ary_segment_map(struct ary_segment *segment, uint64_t bytes)
{
	ary_file_map(segment->file, bytes);
}

struct ary_segment *ary_segment_ref(struct ary_segment *segment)
{
	atomic_fetch_add_explicit(&segment->refs, 1, memory_order_relaxed);
	return segment;
}

void ary_segment_unref(struct ary_segment *segment)
{
	if (!segment)
		return;
	unsigned before = atomic_fetch_sub_explicit(&segment->refs, 1, memory_order_acq_rel);
	ARY_CHECK(before > 0);
	if (before > 1)
		return;
	/* What counted was synced before; what was not has no promise to break. */
	(void)ary_file_close(segment->file, NULL);
	free(segment);
}

uint64_t ary_segment_log(const struct ary_segment *segment)
{
	return segment->log;
}

uint32_t ary_segment_slot(const struct ary_segment *segment)
{
	return segment->slot;
}

uint64_t ary_segment_bytes(const struct ary_segment *segment)
{
	return atomic_load(&segment->bytes);
}

uint64_t ary_segment_durable_bytes(const struct ary_segment *segment)
{
	return atomic_load(&segment->durable_bytes);
}

struct ary_file *ary_segment_file(struct ary_segment *segment)
{
	return segment->file;
}

static enum ary_status check_certain(const struct ary_segment *segment, struct ary_error *err)
{
	if (!segment->uncertain)
		return ARY_OK;
	return ary_fail(err, ARY_UNCERTAIN,
			"log %" PRIu64 " takes no more writes: the outcome of one is unknown",
			segment->log);
}

/* Latches the segment and answers UNCERTAIN with CAUSE's text. */
static enum ary_status lose(struct ary_segment *segment, const struct ary_error *cause,
			    struct ary_error *err)
{
	segment->uncertain = true;
	ary_fail(err, ARY_UNCERTAIN, "%s", cause->text);
	if (err)
		err->os_errno = cause->os_errno;
	return ARY_UNCERTAIN;
}

/* Cuts the file at END and syncs it: on OK exactly [0, END) is on disk. */
static enum ary_status cut(struct ary_segment *segment, uint64_t end, struct ary_error *err)
{
	struct ary_error cause;

	if (ary_file_truncate(segment->file, end, &cause) != ARY_OK ||
	    ary_file_sync(segment->file, &cause) != ARY_OK)
		return lose(segment, &cause, err);
	atomic_store(&segment->bytes, end);
	atomic_store(&segment->durable_bytes, end);
	return ARY_OK;
}

enum ary_status ary_segment_append(struct ary_segment *segment, struct ary_bytes bytes,
				   struct ary_error *err)
{
	uint64_t end = ary_segment_bytes(segment);
	size_t written;

	enum ary_status status = check_certain(segment, err);
	if (status != ARY_OK || bytes.size == 0)
		return status;
	status = ary_file_write_at(segment->file, end, bytes.data, bytes.size, &written, err);
	if (status == ARY_OK) {
		atomic_store(&segment->bytes, end + bytes.size);
		return ARY_OK;
	}
	/* The write's own failure is the answer, unless the cut fails too. */
	enum ary_status cut_status = cut(segment, end, err);
	return cut_status == ARY_OK ? status : cut_status;
}

enum ary_status ary_segment_sync(struct ary_segment *segment, struct ary_error *err)
{
	struct ary_error cause;

	enum ary_status status = check_certain(segment, err);
	if (status != ARY_OK)
		return status;
	if (ary_file_sync(segment->file, &cause) != ARY_OK)
		return lose(segment, &cause, err);
	atomic_store(&segment->durable_bytes, ary_segment_bytes(segment));
	return ARY_OK;
}

/* Reads exactly SIZE bytes. CORRUPT: the file ends before. */
static enum ary_status read_exactly(struct ary_segment *segment, uint64_t offset, void *data,
				    size_t size, struct ary_error *err)
{
	size_t got = 0;

	enum ary_status status = ary_file_read_at(segment->file, offset, data, size, &got, err);
	if (status != ARY_OK || got == size)
		return status;
	return ary_fail(err, ARY_CORRUPT,
			"log %" PRIu64 " ends at %" PRIu64 ", inside a line at %" PRIu64,
			segment->log, offset + got, offset);
}

/* Writes [FROM, END) back over itself by way of CHUNK. */
static enum ary_status write_back(struct ary_segment *segment, uint64_t from, uint64_t end,
				  uint8_t *chunk, struct ary_error *err)
{
	while (from < end) {
		uint64_t left = end - from;
		size_t size = left < REPAIR_CHUNK_BYTES ? (size_t)left : REPAIR_CHUNK_BYTES;
		size_t written;

		enum ary_status status = read_exactly(segment, from, chunk, size, err);
		if (status == ARY_OK)
			status = ary_file_write_at(segment->file, from, chunk, size, &written, err);
		if (status != ARY_OK)
			return status;
		from += size;
	}
	return ARY_OK;
}

enum ary_status ary_segment_repair(struct ary_segment *segment, uint64_t from, uint64_t end,
				   struct ary_error *err)
{
	ARY_CHECK(from <= end && end <= ary_segment_bytes(segment));
	enum ary_status status = check_certain(segment, err);
	if (status != ARY_OK)
		return status;
	if (from < end) {
		uint8_t *chunk = ary_try_alloc(REPAIR_CHUNK_BYTES);
		if (!chunk)
			return ary_fail(err, ARY_NO_MEMORY, "no memory to repair a log");
		status = write_back(segment, from, end, chunk, err);
		free(chunk);
	}
	return status == ARY_OK ? cut(segment, end, err) : status;
}

enum ary_status ary_segment_read_line(struct ary_segment *segment, uint64_t offset, uint32_t size,
				      struct ary_buf *out, struct ary_error *err)
{
	out->size = 0;
	if (!ary_buf_reserve(out, size))
		return ary_fail(err, ARY_NO_MEMORY, "no memory to read a line of %" PRIu32 " bytes",
				size);
	enum ary_status status = read_exactly(segment, offset, out->data, size, err);
	if (status == ARY_OK)
		out->size = size;
	return status;
}
