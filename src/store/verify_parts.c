/* SPDX-License-Identifier: MIT */
#include "store/verify_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static enum ary_status fail_memory(struct ary_error *err)
{
	return ary_fail(err, ARY_NO_MEMORY, "no memory for the parts of values");
}

static enum ary_status fail_line(const char *name, const struct ary_scan_line *line,
				 const char *what, struct ary_error *err)
{
	return ary_fail(err, ARY_CORRUPT, "%s: damaged at offset %" PRIu64 ", seq %" PRIu64 ": %s",
			name, line->offset, line->record->seq, what);
}

/* Room in ARRAY, of elements of SIZE bytes, for one more than COUNT. Answers it, or NULL. */
static void *grow(void *array, size_t *capacity, size_t count, size_t size)
{
	if (count < *capacity)
		return array;
	size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
	void *grown = ary_try_realloc(array, wanted * size);
	if (grown != NULL)
		*capacity = wanted;
	return grown;
}

/* The place of upload SEQ among the others. Most are the newest, and at the end. */
static size_t place_of(const struct ary_verify_parts *parts, uint64_t seq)
{
	size_t low = 0;
	size_t high = parts->upload_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (parts->uploads[middle].upload < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The upload known as SEQ, a new one where there was none; NULL: no memory. */
static struct ary_verified_upload *upload_of(struct ary_verify_parts *parts, uint64_t seq)
{
	size_t place = place_of(parts, seq);
	if (place < parts->upload_count && parts->uploads[place].upload == seq)
		return &parts->uploads[place];
	struct ary_verified_upload *grown = grow(parts->uploads, &parts->upload_capacity,
						 parts->upload_count, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	parts->uploads = grown;
	memmove(grown + place + 1, grown + place, (parts->upload_count - place) * sizeof(*grown));
	parts->upload_count++;
	grown[place] = (struct ary_verified_upload){.upload = seq};
	return &grown[place];
}

/* Makes room in UPLOAD for part NUMBER; false: no memory. */
static bool reserve(struct ary_verified_upload *upload, uint64_t number)
{
	if (number < upload->capacity)
		return true;
	uint64_t capacity = upload->capacity * 2 > number ? upload->capacity * 2 : number + 4;
	uint32_t *sizes = ary_try_realloc(upload->sizes, (size_t)capacity * sizeof(*sizes));
	if (sizes == NULL)
		return false;
	memset(sizes + upload->capacity, 0,
	       (size_t)(capacity - upload->capacity) * sizeof(*sizes));
	upload->sizes = sizes;
	upload->capacity = capacity;
	return true;
}

static enum ary_status note_part(struct ary_verify_parts *parts, const char *name,
				 const struct ary_scan_line *line, const struct ary_record *record,
				 struct ary_error *err)
{
	struct ary_verified_upload *upload = upload_of(parts, record->upload);
	if (upload == NULL || !reserve(upload, record->part))
		return fail_memory(err);
	if (upload->named)
		return fail_line(name, line, "a part behind the Set that names it", err);
	if (upload->sizes[record->part] > 0)
		return fail_line(name, line, "the same part twice", err);
	if (record->value.size == 0)
		return fail_line(name, line, "a part without bytes", err);
	upload->sizes[record->part] = (uint32_t)record->value.size;
	if (upload->count <= record->part)
		upload->count = record->part + 1;
	return ARY_OK;
}

/* The first part of LARGE that UPLOAD lacks, or has in another size; `count`: it has them all. */
static uint64_t missing(const struct ary_verified_upload *upload,
			const struct ary_record_large *large)
{
	uint64_t part = 0;
	while (part < large->count && part < upload->count &&
	       upload->sizes[part] == ary_record_part_bytes(large, part))
		part++;
	return part;
}

static enum ary_status suspect(struct ary_verify_parts *parts, const char *name,
			       const struct ary_scan_line *line, uint64_t part,
			       struct ary_error *err)
{
	struct ary_suspect *grown = grow(parts->suspects, &parts->suspect_capacity,
					 parts->suspect_count, sizeof(*grown));
	if (grown == NULL)
		return fail_memory(err);
	parts->suspects = grown;
	struct ary_suspect *own = &grown[parts->suspect_count];
	*own = (struct ary_suspect){.offset = line->offset, .seq = line->record->seq, .part = part};
	snprintf(own->name, sizeof(own->name), "%s", name);
	if (parts->keys == NULL)
		parts->keys = ary_index_create(&parts->secret);
	const struct ary_entry entry = {.seq = parts->suspect_count};
	struct ary_entry old;
	bool had;
	if (ary_index_put(parts->keys, line->record->key, &entry, &had, &old) != ARY_OK)
		return fail_memory(err);
	parts->suspect_count++;
	return ARY_OK;
}

static enum ary_status note_large(struct ary_verify_parts *parts, const char *name,
				  const struct ary_scan_line *line, struct ary_error *err)
{
	const struct ary_record_large *large = &line->record->large;
	struct ary_verified_upload *upload = upload_of(parts, large->upload);
	if (upload == NULL)
		return fail_memory(err);
	if (upload->named)
		return fail_line(name, line, "its parts are another value's", err);
	if (upload->count > large->count)
		return fail_line(name, line, "there are more parts than it names", err);
	upload->named = true;
	uint64_t part = missing(upload, large);
	free(upload->sizes);
	upload->sizes = NULL;
	upload->capacity = 0;
	return part == large->count ? ARY_OK : suspect(parts, name, line, part, err);
}

/* KEY has another value, or none: what it had need not be there any more. */
static void clear(struct ary_verify_parts *parts, struct ary_bytes key)
{
	struct ary_entry entry;
	if (parts->keys != NULL && ary_index_remove(parts->keys, key, &entry))
		parts->suspects[entry.seq].cleared = true;
}

enum ary_status ary_verify_parts_line(struct ary_verify_parts *parts, const char *name,
				      const struct ary_scan_line *line,
				      const struct ary_record *record, struct ary_error *err)
{
	if (record->op == ARY_OP_PART)
		return note_part(parts, name, line, record, err);
	if (record->key.size == 0)
		return ARY_OK;
	clear(parts, record->key);
	return record->large.count > 0 ? note_large(parts, name, line, err) : ARY_OK;
}

enum ary_status ary_verify_parts_tell(const struct ary_verify_parts *parts, size_t number,
				      struct ary_error *err)
{
	const struct ary_suspect *own = &parts->suspects[number];
	if (own->cleared)
		return ARY_OK;
	return ary_fail(err, ARY_CORRUPT, "%s: damaged at offset %" PRIu64 ", seq %" PRIu64
			": the value lacks part %" PRIu64, own->name, own->offset, own->seq,
			own->part);
}

void ary_verify_parts_release(struct ary_verify_parts *parts)
{
	for (size_t i = 0; i < parts->upload_count; i++)
		free(parts->uploads[i].sizes);
	ary_index_destroy(parts->keys);
	free(parts->uploads);
	free(parts->suspects);
	*parts = (struct ary_verify_parts){.upload_count = 0};
}
