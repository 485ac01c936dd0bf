/* SPDX-License-Identifier: MIT */
/* Walks a file in two legs: up to the first line that is not intact, visiting; and from there to
 * the end, looking for a line that proves that what lies before it was durable. */
#include "segment/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "segment/lines.h"

struct scan {
	struct ary_lines lines;
	struct ary_buf scratch;
	const char *name;
	ary_scan_visit visit;
	void *context;
	struct ary_error *err;
	struct ary_scan_report report;
	uint64_t seq_floor;     /* the next seq must be above it */
	bool bad;               /* the first leg ended at a line that is not intact */
	uint64_t bad_offset;
	struct ary_error why;   /* what is wrong with that line */
	uint64_t seq_after_bad; /* of the first intact line after it; 0 when there is none */
	bool damaged;           /* a later line proves that `bad` was durable */
};

static void note_bad(struct scan *scan, uint64_t offset)
{
	scan->bad = true;
	scan->bad_offset = offset;
}

static void note_line(struct scan *scan, const struct ary_record *record)
{
	if (record->seq > scan->report.seq_seen)
		scan->report.seq_seen = record->seq;
	if (record->has_durable && record->durable_bytes > scan->report.durable_bytes)
		scan->report.durable_bytes = record->durable_bytes;
}

static enum ary_status fail_damaged(struct scan *scan)
{
	char before[64] = "";
	char after[64];

	scan->damaged = true;
	if (scan->seq_floor > 0)
		snprintf(before, sizeof(before), " after seq %" PRIu64 " and", scan->seq_floor);
	snprintf(after, sizeof(after), " before seq %" PRIu64, scan->seq_after_bad);
	return ary_fail(scan->err, ARY_CORRUPT, "%s: damaged at offset %" PRIu64 ",%s%s: %s",
			scan->name, scan->bad_offset, before, after, scan->why.text);
}

/* Looks at BYTES behind `bad`. *INTACT_OUT: they are a line. */
static enum ary_status examine(struct scan *scan, struct ary_bytes bytes, bool *intact_out)
{
	struct ary_error why;
	struct ary_record record;

	enum ary_status status = ary_record_decode_head(bytes, &scan->scratch, &record, &why);
	if (status == ARY_NO_MEMORY)
		return ary_fail(scan->err, status, "%s: %s", scan->name, why.text);
	*intact_out = status == ARY_OK;
	if (status != ARY_OK)
		return ARY_OK;
	if (scan->seq_after_bad == 0)
		scan->seq_after_bad = record.seq;
	note_line(scan, &record);
	if (record.has_durable && record.durable_bytes > scan->bad_offset)
		return fail_damaged(scan);
	return ARY_OK;
}

/* The last place in BYTES, but their start, where a line of this program may begin; else none. */
static struct ary_bytes find_last_start(struct ary_bytes bytes)
{
	static const char start[] = "{\"seq\":";
	size_t start_bytes = sizeof(start) - 1;
	size_t end = bytes.size;
	const uint8_t *brace;

	while (end > 1 && (brace = memrchr(bytes.data + 1, '{', end - 1))) {
		end = (size_t)(brace - bytes.data);
		if (bytes.size - end >= start_bytes && memcmp(brace, start, start_bytes) == 0)
			return (struct ary_bytes){brace, bytes.size - end};
	}
	return (struct ary_bytes){bytes.data, 0};
}

/* Where a hole or a flipped bit has taken a newline, an intact line stands at the end of a bad one,
 * and may be the only one to tell that the hole was not always there. */
static enum ary_status examine_end(struct scan *scan, struct ary_bytes bytes)
{
	struct ary_bytes end = find_last_start(bytes);
	bool intact;

	return end.size > 0 ? examine(scan, end, &intact) : ARY_OK;
}

/* One line of the first leg. */
static enum ary_status take_line(struct scan *scan, const struct ary_line *line)
{
	struct ary_record record;

	enum ary_status status =
		ary_record_decode_head(line->bytes, &scan->scratch, &record, &scan->why);
	if (status == ARY_NO_MEMORY)
		return ary_fail(scan->err, status, "%s: %s", scan->name, scan->why.text);
	if (status != ARY_OK) {
		note_bad(scan, line->offset);
		return examine_end(scan, line->bytes);
	}
	if (record.seq <= scan->seq_floor) {
		ary_fail(&scan->why, ARY_CORRUPT, "seq %" PRIu64 " does not rise", record.seq);
		note_bad(scan, line->offset);
		note_line(scan, &record);
		return ARY_OK;
	}
	struct ary_scan_line visited = {line->offset, line->bytes, &record};
	status = scan->visit(scan->context, &visited, scan->err);
	if (status != ARY_OK)
		return status;
	note_line(scan, &record);
	scan->seq_floor = record.seq;
	scan->report.seq_last = record.seq;
	scan->report.lines++;
	scan->report.end = line->offset + line->bytes.size;
	return ARY_OK;
}

/* The first leg: to the end, or to `bad`. */
static enum ary_status walk(struct scan *scan)
{
	struct ary_line line;

	while (!scan->bad) {
		enum ary_status status = ary_lines_next(&scan->lines, &line, scan->err);
		if (status != ARY_OK || line.kind == ARY_LINE_NONE)
			return status;
		if (line.kind == ARY_LINE_WHOLE) {
			status = take_line(scan, &line);
			if (status != ARY_OK)
				return status;
			continue;
		}
		note_bad(scan, line.offset);
		ary_fail(&scan->why, ARY_CORRUPT, line.kind == ARY_LINE_CUT
			 ? "the line has no end" : "the line is too long");
	}
	return ARY_OK;
}

/* The second leg: behind `bad`, line by line, whatever stands between them. */
static enum ary_status look_ahead(struct scan *scan)
{
	struct ary_line line;

	for (;;) {
		bool intact = false;
		enum ary_status status = ary_lines_next(&scan->lines, &line, scan->err);
		if (status != ARY_OK || line.kind == ARY_LINE_NONE)
			return status;
		if (line.kind != ARY_LINE_WHOLE)
			continue;
		status = examine(scan, line.bytes, &intact);
		if (status == ARY_OK && !intact)
			status = examine_end(scan, line.bytes);
		if (status != ARY_OK)
			return status;
	}
}

static void finish_report(struct scan *scan, struct ary_scan_report *out)
{
	struct ary_scan_report *report = &scan->report;

	report->bytes = scan->lines.file_bytes;
	report->torn = report->end < report->bytes;
	if (report->durable_bytes > report->end)
		report->durable_bytes = report->end;
	*out = *report;
}

enum ary_status ary_scan(struct ary_file *file, const char *name, struct ary_scan_start start,
			 ary_scan_visit visit, void *context, struct ary_scan_report *out,
			 struct ary_error *err)
{
	struct ary_error own = { .status = ARY_OK };
	struct scan scan = {
		.name = name,
		.visit = visit,
		.context = context,
		.err = err ? err : &own,
		.seq_floor = start.seq,
		.report = {
			.end = start.offset,
			.durable_bytes = start.offset,
			.seq_last = start.offset > 0 ? start.seq : 0,
		},
	};

	enum ary_status status =
		ary_lines_open(&scan.lines, file, name, start.offset, start.end, scan.err);
	if (status != ARY_OK)
		return status;
	status = walk(&scan);
	if (status == ARY_OK && scan.bad)
		status = look_ahead(&scan);
	if (status == ARY_OK || scan.damaged)
		finish_report(&scan, out);
	ary_lines_close(&scan.lines);
	ary_buf_release(&scan.scratch);
	return status;
}

enum ary_status ary_scan_check_whole(const struct ary_scan_report *report, const char *name,
				     uint64_t lines, struct ary_error *err)
{
	if (!report->torn && report->lines == lines)
		return ARY_OK;
	return ary_fail(err, ARY_CORRUPT, "%s: damaged at offset %" PRIu64 ", after seq %" PRIu64,
			name, report->end, report->seq_last);
}
