/* SPDX-License-Identifier: MIT */
#include "segment/lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/record.h"

/* As much as stays in a processor's own cache until it has been read. */
enum { CHUNK_BYTES = 256 * 1024 };

enum ary_status ary_lines_open(struct ary_lines *lines, struct ary_file *file, const char *name,
			       uint64_t offset, uint64_t end, struct ary_error *err)
{
	uint64_t file_bytes;

	enum ary_status status = ary_file_size(file, &file_bytes, err);
	uint64_t bytes = offset > end ? offset : end;

	if (status == ARY_OK && file_bytes < bytes)
		status = ary_fail(err, ARY_IO, "%s: ends before offset %" PRIu64, name, bytes);
	if (status != ARY_OK)
		return status;
	uint8_t *data = ary_try_alloc(CHUNK_BYTES);
	if (!data)
		return ary_fail(err, ARY_NO_MEMORY, "%s: no memory to read it", name);
	*lines = (struct ary_lines){
		.file = file,
		.name = name,
		.file_bytes = end > 0 ? end : file_bytes,
		.data_offset = offset,
		.data = data,
		.capacity = CHUNK_BYTES,
	};
	return ARY_OK;
}

void ary_lines_close(struct ary_lines *lines)
{
	free(lines->data);
}

static bool at_end(const struct ary_lines *lines)
{
	return lines->data_offset + lines->size == lines->file_bytes;
}

/* Moves what is yet to be read to the front, and doubles the window where that is most of it. The
 * caller gives up on a line before the window passes twice the longest one. */
static enum ary_status make_room(struct ary_lines *lines, struct ary_error *err)
{
	size_t rest = lines->size - lines->start;

	memmove(lines->data, lines->data + lines->start, rest);
	lines->data_offset += lines->start;
	lines->searched -= lines->start;
	lines->start = 0;
	lines->size = rest;
	if (rest <= lines->capacity / 2)
		return ARY_OK;
	uint8_t *data = ary_try_realloc(lines->data, lines->capacity * 2);
	if (!data)
		return ary_fail(err, ARY_NO_MEMORY,
				"%s: no memory to read a line at offset %" PRIu64,
				lines->name, lines->data_offset);
	lines->data = data;
	lines->capacity *= 2;
	return ARY_OK;
}

/* Reads on. */
static enum ary_status fill(struct ary_lines *lines, struct ary_error *err)
{
	size_t got = 0;

	enum ary_status status = make_room(lines, err);
	if (status != ARY_OK)
		return status;
	uint64_t offset = lines->data_offset + lines->size;
	uint64_t left = lines->file_bytes - offset;
	size_t room = lines->capacity - lines->size;
	size_t size = left < room ? (size_t)left : room;
	status = ary_file_read_at(lines->file, offset, lines->data + lines->size, size, &got, err);
	if (status == ARY_OK && got < size)
		return ary_fail(err, ARY_IO, "%s: became shorter while it was read", lines->name);
	lines->size += got;
	return status;
}

/* Where the line ends (behind its newline), or 0 when the window has no end of it. */
static size_t find_end(struct ary_lines *lines)
{
	const uint8_t *from = lines->data + lines->searched;
	const uint8_t *newline = memchr(from, '\n', lines->size - lines->searched);

	lines->searched = newline ? (size_t)(newline - lines->data) + 1 : lines->size;
	return newline ? lines->searched : 0;
}

/* Fills OUT with what begins at `start` and goes on after it. */
static void take(struct ary_lines *lines, enum ary_line_kind kind, size_t size,
		 struct ary_line *out)
{
	out->kind = kind;
	out->offset = lines->data_offset + lines->start;
	out->bytes = (struct ary_bytes){lines->data + lines->start, size};
	lines->start = lines->searched;
}

/* What the window can tell of the next line. False: more must be read. */
static bool cut_line(struct ary_lines *lines, struct ary_line *out)
{
	size_t end = find_end(lines);

	if (lines->skipping) {
		lines->start = lines->searched;
		lines->skipping = end == 0;
		if (lines->skipping)
			return false;
		end = find_end(lines);
	}
	size_t size = (end ? end : lines->size) - lines->start;
	bool is_long = size > ARY_RECORD_LINE_BYTES_MAX;
	if (!end && !is_long)
		return false;
	lines->skipping = !end;
	take(lines, is_long ? ARY_LINE_LONG : ARY_LINE_WHOLE, is_long ? 0 : size, out);
	return true;
}

enum ary_status ary_lines_next(struct ary_lines *lines, struct ary_line *out, struct ary_error *err)
{
	while (!cut_line(lines, out)) {
		if (at_end(lines)) {
			bool rest = lines->size > lines->start;
			take(lines, rest ? ARY_LINE_CUT : ARY_LINE_NONE, 0, out);
			return ARY_OK;
		}
		enum ary_status status = fill(lines, err);
		if (status != ARY_OK)
			return status;
	}
	return ARY_OK;
}
