/* SPDX-License-Identifier: MIT */
#include "lib/damage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "format/name.h"
#include "format/watermark.h"

const char *damage_kind_name(enum damage_kind kind)
{
	static const char *const names[DAMAGE_KINDS] = {
		"flipped bit", "zeroed sector", "random sector", "file cut off", "file removed",
	};

	return names[kind];
}

/* ---- Logs and lines ---- */

struct logs {
	const struct image_file *files[IMAGE_FILES_MAX]; /* by number */
	uint64_t numbers[IMAGE_FILES_MAX];
	size_t count;
};

static bool is_log(const struct image_file *file, uint64_t *number_out)
{
	static const char folder[] = ARY_NAME_LOGS "/";
	size_t size = sizeof(folder) - 1;

	return strncmp(file->name, folder, size) == 0 &&
	       ary_name_parse(file->name + size, number_out) == ARY_NAME_LOG;
}

static void find_logs(const struct image *image, struct logs *out)
{
	uint64_t number;

	out->count = 0;
	for (size_t i = 0; i < image->count; i++) {
		if (!is_log(&image->files[i], &number))
			continue;
		size_t at = out->count++;
		for (; at > 0 && out->numbers[at - 1] > number; at--) {
			out->numbers[at] = out->numbers[at - 1];
			out->files[at] = out->files[at - 1];
		}
		out->numbers[at] = number;
		out->files[at] = &image->files[i];
	}
}

/* A line of a log that is whole. */
struct line {
	size_t offset;
	size_t size;
	struct ary_record record; /* keys are plain, and so borrow from the log */
};

/* Reads the line at OFFSET of LOG; false: there is none. */
static bool read_line(const struct ary_buf *log, size_t offset, struct line *out)
{
	struct ary_buf scratch = {0};

	if (offset >= log->size)
		return false;
	const uint8_t *start = log->data + offset;
	const uint8_t *newline = memchr(start, '\n', log->size - offset);
	ARY_CHECK(newline != NULL);
	out->offset = offset;
	out->size = (size_t)(newline - start) + 1;
	struct ary_bytes bytes = {start, out->size};
	ARY_CHECK(ary_record_decode_head(bytes, &scratch, &out->record, NULL) == ARY_OK);
	ary_buf_release(&scratch);
	return true;
}

static uint64_t last_seq(const struct image_file *log)
{
	struct line line;
	uint64_t seq = 0;

	for (size_t at = 0; read_line(&log->bytes, at, &line); at += line.size)
		seq = line.record.seq;
	return seq;
}

void damage_visit_lines(const struct image *image, uint64_t seq_max, damage_visit visit,
			void *context)
{
	struct logs logs;
	struct line line;

	find_logs(image, &logs);
	for (size_t i = 0; i < logs.count; i++) {
		for (size_t at = 0; read_line(&logs.files[i]->bytes, at, &line); at += line.size) {
			if (line.record.seq <= seq_max)
				visit(context, &line.record);
		}
	}
}

const struct image_file *damage_find_line(const struct image *image, uint64_t seq,
					  size_t *offset_out, size_t *size_out)
{
	struct line line;
	uint64_t number;

	for (size_t i = 0; i < image->count; i++) {
		const struct image_file *file = &image->files[i];
		if (!is_log(file, &number))
			continue;
		for (size_t at = 0; read_line(&file->bytes, at, &line); at += line.size) {
			if (line.record.seq != seq || line.record.op != ARY_OP_SET)
				continue;
			*offset_out = line.offset;
			*size_out = line.size;
			return file;
		}
	}
	return NULL;
}

/* ---- Damage ---- */

static struct image_file *draw_any_file(struct image *image, bool may_be_empty,
					struct sim_random *random)
{
	struct image_file *file;

	do {
		file = &image->files[sim_draw(random, image->count)];
	} while (!may_be_empty && file->bytes.size == 0);
	return file;
}

/* Each byte of the store is as likely. */
static struct image_file *draw_any_byte(struct image *image, struct sim_random *random,
					size_t *offset_out)
{
	size_t sum = 0;
	size_t i = 0;

	for (size_t j = 0; j < image->count; j++)
		sum += image->files[j].bytes.size;
	ARY_CHECK(sum > 0);
	*offset_out = sim_draw(random, sum);
	while (*offset_out >= image->files[i].bytes.size)
		*offset_out -= image->files[i++].bytes.size;
	return &image->files[i];
}

/* One of the last bytes of the last log that has some. */
static struct image_file *draw_end(struct image *image, struct sim_random *random,
				   size_t *offset_out)
{
	struct logs logs;

	find_logs(image, &logs);
	while (logs.count > 0 && logs.files[logs.count - 1]->bytes.size == 0)
		logs.count--;
	if (logs.count == 0)
		return draw_any_byte(image, random, offset_out);
	struct image_file *file = image_find(image, logs.files[logs.count - 1]->name);
	size_t size = file->bytes.size;
	*offset_out = size - 1 - sim_draw(random, size < 1500 ? size : 1500);
	return file;
}

static struct image_file *draw_place(struct image *image, enum damage_kind kind,
				     struct sim_random *random, size_t *offset_out)
{
	uint64_t way = sim_draw(random, 3);

	if (way == 1)
		return draw_any_byte(image, random, offset_out);
	if (way == 2)
		return draw_end(image, random, offset_out);
	struct image_file *file = draw_any_file(image, kind == DAMAGE_REMOVE, random);
	*offset_out = file->bytes.size > 0 ? sim_draw(random, file->bytes.size) : 0;
	return file;
}

static void change(struct image_file *file, struct damage *damage, struct sim_random *random)
{
	uint8_t *bytes = file->bytes.data + damage->offset;

	if (damage->kind == DAMAGE_FLIP)
		bytes[0] ^= (uint8_t)(1 << sim_draw(random, 8));
	for (size_t i = 0; damage->kind != DAMAGE_FLIP && i < damage->size; i++)
		bytes[i] = damage->kind == DAMAGE_ZERO ? 0 : (uint8_t)sim_draw(random, 256);
}

void damage_do(struct image *image, enum damage_kind kind, struct sim_random *random,
	       struct damage *out)
{
	out->kind = kind < DAMAGE_KINDS ? kind
					: (enum damage_kind)sim_draw(random, DAMAGE_KINDS);
	struct image_file *file = draw_place(image, out->kind, random, &out->offset);
	memcpy(out->name, file->name, sizeof(out->name));
	if (out->kind == DAMAGE_REMOVE)
		out->offset = 0;
	else if (out->kind != DAMAGE_FLIP)
		out->offset -= out->offset % DAMAGE_SECTOR_BYTES;
	out->size = file->bytes.size - out->offset;
	if (out->kind == DAMAGE_FLIP)
		out->size = 1;
	else if (out->kind < DAMAGE_CUT && out->size > DAMAGE_SECTOR_BYTES)
		out->size = DAMAGE_SECTOR_BYTES;
	if (out->kind == DAMAGE_REMOVE)
		image_remove(image, out->name);
	else if (out->kind == DAMAGE_CUT)
		file->bytes.size = out->offset;
	else
		change(file, out, random);
}

/* ---- Forecast ---- */

static const struct damage_forecast refusal = {.refused = true};

/* What WATERMARK says; all zero: nothing. */
static struct ary_watermark read_mark(const struct image *image)
{
	const struct image_file *file = image_find(image, ARY_NAME_WATERMARK);
	struct ary_watermark mark = {.seq = 0};

	if (file == NULL ||
	    ary_watermark_decode(ary_buf_view(&file->bytes), &mark, NULL) != ARY_OK)
		mark = (struct ary_watermark){.seq = 0};
	return mark;
}

static bool is_same(const struct line *line, const struct ary_buf *before,
		    const struct ary_buf *after)
{
	return after->size >= line->offset + line->size &&
	       memcmp(before->data + line->offset, after->data + line->offset, line->size) == 0;
}

static bool is_merge(const struct ary_record *record)
{
	return record->op == ARY_OP_BASE || record->op == ARY_OP_MERGE;
}

/* It opens, with the lines up to SEQ; log I of WHOLE is the last that is there, or the first that
 * is not. Unless a merge before it has taken into account a line that is gone now. */
static struct damage_forecast opening(const struct logs *whole, size_t i, uint64_t seq)
{
	for (size_t k = 0; k < i; k++) {
		struct line line;

		if (read_line(&whole->files[k]->bytes, 0, &line) && is_merge(&line.record) &&
		    line.record.cleaned > seq)
			return refusal;
	}
	return (struct damage_forecast){.seq = seq};
}

/* Log I of WHOLE, the one that was written to last, is now AFTER. */
static struct damage_forecast forecast_tail(const struct logs *whole, size_t i,
					    const struct ary_buf *after,
					    const struct ary_watermark *mark)
{
	const struct ary_buf *before = &whole->files[i]->bytes;
	uint64_t seq = i > 0 ? last_seq(whole->files[i - 1]) : 0;
	struct line line;
	size_t at = 0;

	while (read_line(before, at, &line) && is_same(&line, before, after)) {
		/* A merge has no torn tail. */
		if (is_merge(&line.record))
			return refusal;
		seq = line.record.seq;
		at += line.size;
	}
	size_t bad = at;
	/* Without its first line, the logs are missing that a merge stands for. */
	if (bad == 0 && read_line(before, 0, &line) && is_merge(&line.record) &&
	    line.record.base < whole->numbers[i])
		return refusal;
	for (; read_line(before, at, &line); at += line.size) {
		bool confirms = line.record.has_durable && line.record.durable_bytes > bad;
		if (confirms && is_same(&line, before, after))
			return refusal;
	}
	if (mark->durable_bytes > bad && mark->log == whole->numbers[i])
		return refusal;
	return opening(whole, i, seq);
}

/* Log I of WHOLE is gone. */
static struct damage_forecast forecast_gone(const struct logs *whole, size_t i,
					    const struct ary_watermark *mark)
{
	if (i + 1 < whole->count)
		return refusal;
	if (mark->durable_bytes > 0 && (i == 0 || mark->log > whole->numbers[i - 1]))
		return refusal;
	return opening(whole, i, i > 0 ? last_seq(whole->files[i - 1]) : 0);
}

struct damage_forecast damage_forecast(const struct image *whole, const struct image *damaged)
{
	struct ary_watermark mark = read_mark(damaged);
	struct logs logs;

	find_logs(whole, &logs);
	size_t tail = logs.count;
	while (tail > 0 && logs.files[tail - 1]->bytes.size == 0)
		tail--;
	for (size_t i = 0; i < logs.count; i++) {
		const struct ary_buf *before = &logs.files[i]->bytes;
		const struct image_file *after = image_find(damaged, logs.files[i]->name);
		if (after == NULL)
			return forecast_gone(&logs, i, &mark);
		if (ary_bytes_equal(ary_buf_view(before), ary_buf_view(&after->bytes)))
			continue;
		if (i + 1 < tail)
			return refusal;
		return forecast_tail(&logs, i, &after->bytes, &mark);
	}
	return (struct damage_forecast){.seq = UINT64_MAX};
}
