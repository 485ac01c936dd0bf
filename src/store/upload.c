/* SPDX-License-Identifier: MIT */
#include "store/upload.h"

#include <inttypes.h>

#include "base/check.h"
#include "format/record.h"
#include "store/store_private.h"

uint64_t ary_store_part_bytes(const struct ary_store *store)
{
	return store->options.part_bytes;
}

enum ary_status ary_upload_begin(struct ary_store *store, struct ary_upload **out,
				 struct ary_error *err)
{
	struct ary_upload *upload = ary_parts_new(store, 0);
	if (upload == NULL)
		return ary_fail(err, ARY_NO_MEMORY, "no memory for an upload");
	*out = upload;
	return ARY_OK;
}

void ary_upload_close(struct ary_upload *upload)
{
	if (upload != NULL)
		ary_parts_unhold(upload);
}

bool ary_value_is_large(const struct ary_value *value)
{
	return value->upload != NULL;
}

uint64_t ary_value_memory_bytes(const struct ary_value *value)
{
	uint64_t bytes = value->line.capacity + value->scratch.capacity;
	if (value->upload == NULL)
		return bytes;
	const struct ary_record part = {
		.op = ARY_OP_PART,
		.value = {.size = (size_t)value->large.part_bytes},
	};
	return bytes + ary_record_line_bytes_max(&part) + value->large.part_bytes;
}

/* The segment (owned) that holds part NUMBER of UPLOAD, and where. False: it is not there. */
static bool take_segment(struct ary_upload *upload, uint64_t number, struct ary_location *place,
			 struct ary_segment **segment)
{
	/* As for values: where a segment has gone, its parts have another place. */
	do {
		if (!ary_parts_place(upload, number, place))
			return false;
		*segment = ary_logs_ref(&upload->store->logs, place->slot);
	} while (*segment == NULL);
	return true;
}

/* Whether RECORD is part NUMBER of VALUE. */
static bool is_part(const struct ary_value *value, const struct ary_record *record,
		    uint64_t number)
{
	return record->op == ARY_OP_PART && record->upload == value->large.upload &&
	       record->part == number &&
	       record->value.size == ary_record_part_bytes(&value->large, number);
}

static enum ary_status read_line(struct ary_segment *segment, const struct ary_location *place,
				 struct ary_value *value, struct ary_error *err)
{
	enum ary_status status = ary_segment_read_line(segment, place->offset, place->size,
						       &value->part_line, err);
	/* A disk that finds no space to read is not full but broken. */
	if (status == ARY_NO_SPACE)
		return ary_fail(err, ARY_IO, "cannot read log %" PRIu64 ", offset %" PRIu64,
				ary_segment_log(segment), place->offset);
	return status;
}

/* Reads part NUMBER, which is at PLACE in SEGMENT, and proves that it is this one. */
static enum ary_status read_part(struct ary_segment *segment, const struct ary_location *place,
				 uint64_t number, struct ary_value *value, struct ary_bytes *out,
				 struct ary_error *err)
{
	enum ary_status status = read_line(segment, place, value, err);
	if (status != ARY_OK)
		return status;
	struct ary_record record;
	status = ary_record_decode(ary_buf_view(&value->part_line), &value->part_scratch, &record,
				   err);
	if (status == ARY_OK && !is_part(value, &record, number))
		status = ary_fail(err, ARY_CORRUPT, "the line is not the part that it should be");
	if (status != ARY_OK)
		return ary_error_wrap(err, status, "%" PRIu64 ".log, offset %" PRIu64 ", part %"
				      PRIu64 " of seq %" PRIu64, ary_segment_log(segment),
				      place->offset, number, value->seq);
	*out = record.value;
	return ARY_OK;
}

enum ary_status ary_value_read(struct ary_value *value, uint64_t offset, struct ary_bytes *out,
			       struct ary_error *err)
{
	ARY_CHECK(offset < value->size);
	if (value->upload == NULL) {
		*out = (struct ary_bytes){value->value.data + offset, value->size - offset};
		return ARY_OK;
	}
	uint64_t number = offset / value->large.part_bytes;
	uint64_t skipped = offset % value->large.part_bytes;
	struct ary_location place;
	struct ary_segment *segment;
	/* All were there when the store was opened, and are while the value is held. */
	ARY_CHECK(take_segment(value->upload, number, &place, &segment));
	struct ary_bytes part = {0};
	enum ary_status status = read_part(segment, &place, number, value, &part, err);
	ary_segment_unref(segment);
	if (status == ARY_OK)
		*out = (struct ary_bytes){part.data + skipped, part.size - skipped};
	return status;
}
