/* SPDX-License-Identifier: MIT */
#include "store/verify.h"

#include <inttypes.h>
#include <string.h>

#include "format/record.h"
#include "segment/scan.h"
#include "store/inventory.h"
#include "store/rules.h"
#include "store/verify_parts.h"
#include "store/witness.h"

/* Progress is told once per this many bytes. */
enum { PROGRESS_BYTES = 1 << 20 };

struct verify {
	const struct ary_verify_options *options;
	struct ary_dir *root;
	struct ary_dir *dir;         /* the folder of the logs */
	struct ary_file *lock;       /* NULL: nobody ever had the store open */
	struct ary_inventory inventory;
	bool last_empty;
	struct ary_watermark watermark;
	struct ary_rules rules;
	uint64_t seq;                /* the highest seen so far */
	struct ary_buf scratch;
	struct ary_verify_parts parts;
	struct ary_verified_log log; /* the one being read */
	struct ary_verify_report report;
	uint64_t done_bytes;
	uint64_t told_bytes;
};

static void tell_progress(struct verify *verify, size_t bytes)
{
	const struct ary_verify_options *options = verify->options;

	verify->done_bytes += bytes;
	if (options->progress == NULL || verify->done_bytes - verify->told_bytes < PROGRESS_BYTES)
		return;
	verify->told_bytes = verify->done_bytes;
	options->progress(options->context, verify->done_bytes, verify->inventory.bytes);
}

/* Recovery needs keys only; here the value must be readable too, and have its parts. */
static enum ary_status check_value(struct verify *verify, const struct ary_scan_line *line,
				   struct ary_error *err)
{
	struct ary_record record = *line->record;
	enum ary_status status = ARY_OK;

	if (record.op == ARY_OP_SET || record.op == ARY_OP_PART)
		status = ary_record_decode(line->line, &verify->scratch, &record, err);
	if (status == ARY_OK)
		return ary_verify_parts_line(&verify->parts, verify->log.name, line, &record, err);
	if (status == ARY_NO_MEMORY)
		return status;
	return ary_error_wrap(err, status, "%s: damaged at offset %" PRIu64 ", seq %" PRIu64,
			      verify->log.name, line->offset, line->record->seq);
}

static enum ary_status verify_line(void *context, const struct ary_scan_line *line,
				   struct ary_error *err)
{
	struct verify *verify = context;
	enum ary_op op = line->record->op;
	enum ary_status status = ary_rules_line(&verify->rules, line, err);

	if (status == ARY_OK)
		status = check_value(verify, line, err);
	if (status != ARY_OK)
		return status;
	verify->seq = line->record->seq;
	verify->log.lines++;
	verify->log.sets += op == ARY_OP_SET;
	verify->log.removes += op == ARY_OP_RM || op == ARY_OP_EXPIRE;
	verify->log.end = line->offset + line->line.size;
	tell_progress(verify, line->line.size);
	return ARY_OK;
}

static enum ary_status scan_log(struct verify *verify, bool may_tear, struct ary_error *err)
{
	struct ary_verified_log *log = &verify->log;
	struct ary_scan_report scan = {0};
	struct ary_file *file;
	enum ary_status status = ary_file_open(verify->dir, log->name, ARY_OPEN_READ, &file, err);

	if (status != ARY_OK)
		return status;
	status = ary_file_size(file, &log->bytes, err);
	if (status == ARY_OK)
		status = ary_scan(file, log->name, (struct ary_scan_start){.seq = verify->seq},
				  verify_line, verify, &scan, err);
	ary_file_close(file, NULL);
	/* Lines behind the damage have used their seqs, too. */
	if (scan.seq_seen > verify->seq)
		verify->seq = scan.seq_seen;
	if (status == ARY_OK)
		status = ary_rules_end(&verify->rules, &scan, may_tear, err);
	if (status == ARY_OK && !verify->rules.sealed)
		status = ary_witness_check_end(&verify->watermark, verify->rules.number, scan.end,
					       scan.seq_last, err);
	if (status == ARY_OK)
		log->torn_bytes = scan.bytes - scan.end;
	return status;
}

/* Adds what is known of the log to the report, and tells it. */
static void tell(struct verify *verify)
{
	const struct ary_verified_log *log = &verify->log;
	struct ary_verify_report *report = &verify->report;

	report->bytes += log->bytes;
	report->lines += log->lines;
	report->sets += log->sets;
	report->removes += log->removes;
	report->torn_bytes += log->torn_bytes;
	if (log->status != ARY_OK && report->bad_logs++ == 0)
		report->first = log->error;
	verify->options->found(verify->options->context, log);
}

/* If a log is missing before the I-th, tells that. */
static void verify_gap(struct verify *verify, size_t i)
{
	struct ary_verified_log *log = &verify->log;

	*log = (struct ary_verified_log){.unused = false};
	log->status = ary_inventory_check(&verify->inventory, i, &log->error);
	if (log->status == ARY_OK)
		return;
	ary_name_log(i == 0 ? 0 : verify->inventory.logs[i - 1] + 1, log->name);
	tell(verify);
}

static void verify_log(struct verify *verify, size_t i)
{
	struct ary_verified_log *log = &verify->log;
	uint64_t number = verify->inventory.logs[i];
	size_t after = verify->inventory.log_count - i - 1;

	*log = (struct ary_verified_log){.status = ARY_OK};
	ary_name_log(number, log->name);
	verify->report.logs++;
	if (after == 0 && verify->last_empty && !verify->rules.sealed) {
		log->unused = true;
		log->status = ary_witness_check_end(&verify->watermark, number, 0, verify->seq,
						    &log->error);
	} else {
		ary_rules_begin(&verify->rules, log->name, number);
		log->status = scan_log(verify, after == 0 || (after == 1 && verify->last_empty),
				       &log->error);
	}
	tell(verify);
}

/* If WATERMARK knows of a log behind the last one, tells that. */
static void verify_behind(struct verify *verify)
{
	const struct ary_inventory *inventory = &verify->inventory;
	struct ary_verified_log *log = &verify->log;
	size_t count = inventory->log_count;
	const uint64_t *highest = count > 0 ? &inventory->logs[count - 1] : NULL;

	*log = (struct ary_verified_log){.unused = false};
	log->status = ary_witness_check_log(&verify->watermark, highest, &log->error);
	if (log->status == ARY_OK)
		return;
	ary_name_log(verify->watermark.log, log->name);
	tell(verify);
}

/* If lines are gone that a merge took into account, tells that. Not where a log is bad, whose lines
 * those may be. */
static void verify_end(struct verify *verify)
{
	struct ary_verified_log *log = &verify->log;

	if (verify->report.bad_logs > 0)
		return;
	*log = (struct ary_verified_log){.unused = false};
	log->status = ary_rules_end_all(&verify->rules, &log->error);
	if (log->status == ARY_OK)
		return;
	ary_name_log(verify->rules.heeded_by, log->name);
	tell(verify);
}

/* Tells the Sets that lack parts. What a bad log hides may have taken their place. */
static void verify_parts(struct verify *verify)
{
	const struct ary_verify_parts *parts = &verify->parts;
	struct ary_verified_log *log = &verify->log;

	if (verify->report.bad_logs > 0)
		return;
	for (size_t i = 0; i < parts->suspect_count; i++) {
		*log = (struct ary_verified_log){.unused = false};
		log->status = ary_verify_parts_tell(parts, i, &log->error);
		if (log->status == ARY_OK)
			continue;
		memcpy(log->name, parts->suspects[i].name, sizeof(log->name));
		tell(verify);
	}
}

static enum ary_status verify_all(struct verify *verify, struct ary_error *err)
{
	struct ary_inventory *inventory = &verify->inventory;
	enum ary_status status = ary_witness_read(verify->root, &verify->watermark, err);

	if (status == ARY_OK)
		status = ary_inventory_survey(verify->dir, inventory, err);
	if (status != ARY_OK)
		return status;
	if (inventory->log_count > 1)
		status = ary_inventory_last_empty(verify->dir, inventory, &verify->last_empty, err);
	for (size_t i = 0; status == ARY_OK && i < inventory->log_count; i++) {
		verify_gap(verify, i);
		verify_log(verify, i);
	}
	if (status == ARY_OK) {
		verify_behind(verify);
		verify_end(verify);
		verify_parts(verify);
	}
	verify->report.leftover_files = inventory->obsolete_count + inventory->temporary_count;
	verify->report.foreign_files = inventory->foreign_count;
	ary_inventory_release(inventory);
	return status;
}

/* Opens the folders and takes the lock. What was opened is closed by the caller. */
static enum ary_status open_dirs(struct verify *verify, struct ary_error *err)
{
	const struct ary_verify_options *options = verify->options;
	struct ary_buf path = {0};

	if (!ary_buf_printf(&path, "%s/%s%c", options->path, ARY_NAME_LOGS, '\0'))
		return ary_fail(err, ARY_NO_MEMORY, "no memory to open %s", options->path);
	enum ary_status status =
		ary_dir_open(options->env, options->path, false, &verify->root, err);
	if (status == ARY_OK)
		status = ary_dir_open(options->env, (const char *)path.data, false, &verify->dir,
				      err);
	ary_buf_release(&path);
	if (status != ARY_OK)
		return status;
	status = ary_dir_lock_shared(verify->root, ARY_NAME_LOCK, &verify->lock, err);
	/* A copy may have come without it, and no process can have made it yet. */
	return status == ARY_NOT_FOUND ? ARY_OK : status;
}

/* Where there was no lock to take, whoever has opened the store since has made one. */
static enum ary_status check_alone(struct verify *verify, struct ary_error *err)
{
	struct ary_file *lock;

	if (verify->lock != NULL)
		return ARY_OK;
	enum ary_status status = ary_dir_lock_shared(verify->root, ARY_NAME_LOCK, &lock, err);
	if (status == ARY_NOT_FOUND)
		return ARY_OK;
	if (status == ARY_OK)
		ary_file_close(lock, NULL);
	return ary_fail(err, ARY_LOCKED, "a process opened %s while it was read",
			verify->options->path);
}

enum ary_status ary_store_verify(const struct ary_verify_options *options,
				 struct ary_verify_report *out, struct ary_error *err)
{
	struct verify verify = {.options = options, .rules = {.strict = true}};
	enum ary_status status = open_dirs(&verify, err);

	if (status == ARY_OK)
		status = ary_random(options->env, verify.parts.secret.bytes,
				    sizeof(verify.parts.secret.bytes), err);
	if (status == ARY_OK)
		status = verify_all(&verify, err);
	if (status == ARY_OK)
		status = check_alone(&verify, err);
	if (status == ARY_OK)
		*out = verify.report;
	ary_buf_release(&verify.scratch);
	ary_verify_parts_release(&verify.parts);
	ary_file_close(verify.lock, NULL);
	ary_dir_close(verify.dir);
	ary_dir_close(verify.root);
	return status;
}
