/* SPDX-License-Identifier: MIT */
#include "store/replay_parts.h"

#include <inttypes.h>

static enum ary_status fail_memory(struct ary_error *err)
{
	return ary_fail(err, ARY_NO_MEMORY, "no memory for the parts of a value");
}

static enum ary_status fail_line(const struct ary_replay *replay, const struct ary_scan_line *line,
				 const char *what, struct ary_error *err)
{
	return ary_fail(err, ARY_CORRUPT, "%s: damaged at offset %" PRIu64 ", seq %" PRIu64 ": %s",
			replay->name, line->offset, line->record->seq, what);
}

static struct ary_location place_of(const struct ary_replay *replay,
				    const struct ary_scan_line *line)
{
	return (struct ary_location){
		.offset = line->offset,
		.size = (uint32_t)line->line.size,
		.slot = ary_segment_slot(replay->log->segment),
	};
}

/* The upload that is known as SEQ, which the replay holds; NULL: no memory. */
static struct ary_upload *upload_of(struct ary_replay *replay, uint64_t seq)
{
	struct ary_upload *upload = ary_parts_find(&replay->store->parts, seq);
	if (upload != NULL)
		return upload;
	upload = ary_parts_new(replay->store, seq);
	if (upload == NULL)
		return NULL;
	upload->due_next = replay->uploads;
	replay->uploads = upload;
	return upload;
}

enum ary_status ary_replay_part(struct ary_replay *replay, const struct ary_scan_line *line,
				struct ary_error *err)
{
	const struct ary_record *record = line->record;
	const struct ary_location location = place_of(replay, line);
	struct ary_upload *upload = upload_of(replay, record->upload);
	if (upload != NULL && upload->large.count > 0)
		return fail_line(replay, line, "a part behind the Set that names it", err);
	if (upload == NULL || ary_parts_reserve(upload, record->part) != ARY_OK)
		return fail_memory(err);
	atomic_fetch_add(&replay->log->live_bytes, line->line.size);
	if (!ary_parts_put(upload, record->upload, record->part, &location))
		return fail_line(replay, line, "the same part twice", err);
	return ARY_OK;
}

enum ary_status ary_replay_large(struct ary_replay *replay, const struct ary_scan_line *line,
				 struct ary_error *err)
{
	const struct ary_record *record = line->record;
	struct ary_upload *upload = upload_of(replay, record->large.upload);
	if (upload == NULL)
		return fail_memory(err);
	if (upload->large.count > 0)
		return fail_line(replay, line, "its parts are another value's", err);
	if (upload->place_count > record->large.count)
		return fail_line(replay, line, "there are more parts than it names", err);
	upload->set_place = place_of(replay, line);
	ary_parts_name(upload, record->seq, &record->large);
	return ARY_OK;
}

/* The first part that UPLOAD, which a present Set names, lacks; its `count`: it has them all. */
static uint64_t missing_part(struct ary_upload *upload)
{
	struct ary_location place;
	uint64_t part = 0;
	while (part < upload->large.count && ary_parts_place(upload, part, &place))
		part++;
	return part;
}

static enum ary_status fail_incomplete(struct ary_upload *upload, struct ary_error *err)
{
	const struct ary_log *log =
		ary_logs_find(&upload->store->logs, upload->set_place.slot);
	char name[ARY_NAME_BYTES];
	ary_name_log(ary_segment_log(log->segment), name);
	return ary_fail(err, ARY_CORRUPT, "%s: damaged at offset %" PRIu64 ", seq %" PRIu64
			": the value lacks part %" PRIu64, name, upload->set_place.offset,
			upload->by_set.number, missing_part(upload));
}

/* Of the values that lack parts, the one that was set first is told, as verifying tells it. */
static enum ary_status check_complete(const struct ary_replay *replay, struct ary_error *err)
{
	struct ary_upload *first = NULL;
	for (struct ary_upload *upload = replay->uploads; upload != NULL;
	     upload = upload->due_next) {
		if (!upload->present || missing_part(upload) == upload->large.count)
			continue;
		if (first == NULL || upload->by_set.number < first->by_set.number)
			first = upload;
	}
	return first == NULL ? ARY_OK : fail_incomplete(first, err);
}

enum ary_status ary_replay_parts_end(struct ary_replay *replay, struct ary_error *err)
{
	enum ary_status status = check_complete(replay, err);
	while (status == ARY_OK && replay->uploads != NULL) {
		struct ary_upload *upload = replay->uploads;
		replay->uploads = upload->due_next;
		upload->due_next = NULL;
		ary_parts_let_go(upload);
	}
	return status;
}
