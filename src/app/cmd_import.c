/* SPDX-License-Identifier: MIT */
/* import: lines from elsewhere into a store. Files are read twice: nothing is applied unless every
 * line of all of them is good. What cannot be read twice is applied as it comes. */
#include <inttypes.h>
#include <stdio.h>

#include "app/command.h"
#include "app/console.h"
#include "app/feed.h"
#include "app/import_large.h"
#include "app/pipeline.h"
#include "format/foreign.h"

/* Progress is told once per this many lines. */
enum { PROGRESS_LINES = 1024 };

/* What was read so far. */
struct totals {
	uint64_t lines;
	uint64_t sets;
	uint64_t removes;
	uint64_t skipped;
	uint64_t bytes;
};

struct import {
	const struct ary_config *config;
	struct ary_pipeline *pipeline; /* NULL while files are only checked */
	struct ary_import_large large; /* what is not one line, and so waited for */
	uint64_t large_lines;          /* of it, that were applied */
	struct ary_buf scratch;
	struct totals totals;
	uint64_t total_bytes;          /* of the files */
};

/* A value of one line that is stored as several. */
static enum ary_status write_large(struct import *import, const struct ary_foreign *foreign,
				   struct ary_error *err)
{
	struct ary_write write = {
		.op = ARY_WRITE_SET,
		.key = foreign->key,
		.type = foreign->type,
		.encoding = foreign->encoding,
		.expires_ms = foreign->expires_ms,
		.meta = foreign->meta,
		.sha256 = foreign->sha256,
		.value = foreign->value,
	};
	enum ary_status status = ary_large_write(import->large.store, &write);

	if (status != ARY_OK)
		*err = write.error;
	return status;
}

/* Whether the line is waited for: it is about a value in parts, or becomes one. */
static bool is_large(const struct import *import, const struct ary_foreign *foreign)
{
	return foreign->op == ARY_FOREIGN_PART || foreign->large.count > 0 ||
	       (import->large.store != NULL && foreign->value.size > ARY_LARGE_BYTES_MIN);
}

/* Those before it that are still under way are before it in the store's queue, too. */
static enum ary_status apply_large(struct import *import, const struct ary_foreign *foreign,
				   struct ary_error *err)
{
	enum ary_status status;

	if (import->config->on_server)
		return ary_fail(err, ARY_UNSUPPORTED, "a value in parts can only be imported into "
				"a directory");
	if (foreign->op == ARY_FOREIGN_PART)
		status = ary_import_part(&import->large, foreign, err);
	else if (foreign->large.count > 0)
		status = ary_import_set(&import->large, foreign, err);
	else
		status = write_large(import, foreign, err);
	import->large_lines += status == ARY_OK;
	return status;
}

/* Checks what the line of FEED asks for, and passes it on unless files are only checked. */
static enum ary_status apply(struct import *import, const struct ary_feed *feed,
			     const struct ary_foreign *foreign, struct ary_error *err)
{
	const struct ary_pipeline_item item = {
		.op = foreign->op == ARY_FOREIGN_SET ? ARY_WRITE_SET : ARY_WRITE_REMOVE,
		.key = foreign->key,
		/* Only looked at, where it is in parts. */
		.value = { foreign->value.data, foreign->large.count > 0 ? foreign->large.size :
									   foreign->value.size },
		.type = foreign->type,
		.encoding = foreign->encoding,
		.meta = foreign->meta,
		.sha256 = foreign->sha256,
		.expires_ms = foreign->expires_ms,
		.path = feed->path,
		.line = feed->line,
	};
	enum ary_status status = ARY_OK;

	if (foreign->op == ARY_FOREIGN_NONE)
		return ARY_OK;
	if (foreign->op != ARY_FOREIGN_PART)
		status = ary_pipeline_check(import->config, &item, err);
	if (status == ARY_OK && is_large(import, foreign))
		return apply_large(import, foreign, err);
	if (status != ARY_OK || import->pipeline == NULL)
		return status;
	return ary_pipeline_put(import->pipeline, &item, err);
}

static enum ary_status take_line(struct import *import, const struct ary_feed *feed,
				 struct ary_bytes line, struct ary_error *err)
{
	struct totals *totals = &import->totals;
	struct ary_foreign foreign;
	enum ary_status status = ary_foreign_decode(line, &import->scratch, &foreign, err);

	if (status == ARY_OK)
		status = apply(import, feed, &foreign, err);
	if (status != ARY_OK)
		return status;
	totals->sets += foreign.op == ARY_FOREIGN_SET;
	totals->removes += foreign.op == ARY_FOREIGN_RM;
	totals->skipped += foreign.op == ARY_FOREIGN_NONE;
	totals->bytes += line.size;
	if (++totals->lines % PROGRESS_LINES == 0)
		ary_console_progress(import->pipeline ? "importing" : "checking", totals->bytes,
				     import->total_bytes);
	return ARY_OK;
}

/* Reads PATH to its end, or to a line that cannot be taken. */
static enum ary_status read_path(struct import *import, const char *path, struct ary_error *err)
{
	struct ary_bytes line;
	struct ary_feed feed;
	enum ary_status status = ary_feed_open(path, &feed, err);

	if (status != ARY_OK)
		return status;
	do {
		status = ary_feed_next(&feed, &line, err);
		if (status == ARY_OK && line.size > 0)
			status = take_line(import, &feed, line, err);
	} while (status == ARY_OK && line.size > 0);
	if (status != ARY_OK)
		ary_error_wrap(err, status, "%s, line %" PRIu64, path, feed.line);
	ary_feed_close(&feed);
	return status;
}

/* The first of two readings. */
static enum ary_exit check_files(struct import *import)
{
	const struct ary_config *config = import->config;
	struct ary_error err;
	uint64_t bytes;

	for (size_t i = 0; i < config->argument_count; i++) {
		if (ary_input_repeatable(config->arguments[i], &bytes))
			import->total_bytes += bytes;
	}
	for (size_t i = 0; i < config->argument_count; i++) {
		if (ary_input_repeatable(config->arguments[i], &bytes) &&
		    read_path(import, config->arguments[i], &err) != ARY_OK)
			return ary_complain(ARY_EXIT_STORE, "%s; nothing was applied", err.text);
	}
	ary_console_progress("checking", import->total_bytes, import->total_bytes);
	ary_import_large_release(&import->large);
	import->large_lines = 0;
	import->totals = (struct totals){ .lines = 0 };
	return ARY_EXIT_OK;
}

static enum ary_exit apply_all(struct import *import)
{
	const struct ary_config *config = import->config;
	struct ary_error read_error = { .status = ARY_OK };
	struct ary_error err;
	uint64_t done;
	enum ary_status status = ARY_OK;
	enum ary_status drained;

	for (size_t i = 0; i < config->argument_count && status == ARY_OK; i++)
		status = read_path(import, config->arguments[i], &read_error);
	drained = ary_pipeline_drain(import->pipeline, &done, &err);
	/* A write that failed comes before the line at which reading stopped. */
	if (drained == ARY_OK)
		err = read_error;
	else
		status = drained;
	ary_console_progress("importing", import->total_bytes, import->total_bytes);
	if (status == ARY_OK)
		return ARY_EXIT_OK;
	return ary_complain(ARY_EXIT_STORE, "%s; %" PRIu64 " lines were applied", err.text,
			    done + import->large_lines);
}

static enum ary_exit import_into(struct import *import)
{
	enum ary_exit code = ary_pipeline_open(import->config, &import->pipeline);

	if (code != ARY_EXIT_OK)
		return code;
	import->large.store = ary_pipeline_store(import->pipeline);
	code = apply_all(import);
	/* What has not got its Set does not outlive the store. */
	ary_import_large_release(&import->large);
	return ary_pipeline_close(import->pipeline, code);
}

enum ary_exit ary_cmd_import(const struct ary_config *config)
{
	struct import import = { .config = config };
	enum ary_exit code = check_files(&import);

	if (code == ARY_EXIT_OK)
		code = import_into(&import);
	ary_import_large_release(&import.large);
	ary_buf_release(&import.scratch);
	if (code != ARY_EXIT_OK)
		return code;
	printf("files %zu\n", config->argument_count);
	printf("lines %" PRIu64 "\n", import.totals.lines);
	printf("sets %" PRIu64 "\n", import.totals.sets);
	printf("removes %" PRIu64 "\n", import.totals.removes);
	printf("skipped %" PRIu64 "\n", import.totals.skipped);
	return ARY_EXIT_OK;
}
