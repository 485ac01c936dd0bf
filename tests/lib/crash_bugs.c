/* SPDX-License-Identifier: MIT */
#include "lib/crash_bugs.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/crc32c.h"
#include "format/name.h"
#include "format/record.h"
#include "format/watermark.h"

static bool ends_with(const char *name, const char *end)
{
	size_t size = name != NULL ? strlen(name) : 0;

	return size > strlen(end) && strcmp(name + size - strlen(end), end) == 0;
}

static bool is_log(const struct sim_call *call)
{
	return ends_with(call->name, ".log");
}

static bool is_merge(const struct sim_call *call)
{
	return ends_with(call->name, ".log.tmp");
}

/* Whether a merge is given its name. */
static bool is_commit(const struct sim_call *call)
{
	return call->op == SIM_OP_RENAME && is_merge(call);
}

static struct sim_inode *inode_of(const struct sim_call *call)
{
	return call->disk->inodes[call->inode];
}

static bool has_change(const struct sim_call *call, enum sim_change change)
{
	for (size_t i = 0; i < call->disk->change_count; i++) {
		if (call->disk->changes[i].change == change &&
		    !sim_name_outer(call->disk->changes[i].name))
			return true;
	}
	return false;
}

static enum sim_verdict skip_if(bool skips)
{
	return skips ? SIM_SKIP : SIM_DO;
}

static enum sim_verdict ack_before_sync(struct sim_call *call)
{
	return skip_if(call->op == SIM_OP_SYNC && is_log(call) && !call->recovering);
}

static enum sim_verdict no_dir_sync_on_rotation(struct sim_call *call)
{
	return skip_if(call->op == SIM_OP_DIR_SYNC && has_change(call, SIM_LINK) &&
		       !has_change(call, SIM_RENAME));
}

static enum sim_verdict merge_not_synced(struct sim_call *call)
{
	return skip_if(call->op == SIM_OP_SYNC && is_merge(call));
}

static enum sim_verdict unlink_before_dir_sync(struct sim_call *call)
{
	return skip_if(call->op == SIM_OP_DIR_SYNC && has_change(call, SIM_RENAME) &&
		       !has_change(call, SIM_UNLINK));
}

/* What a merge rests on, in the active log, is not made durable before the merge counts. */
static enum sim_verdict merge_before_active(struct sim_call *call)
{
	bool merged = false;

	if (call->op != SIM_OP_SYNC || !is_log(call))
		return SIM_DO;
	for (size_t i = 0; i < call->disk->cache.count; i++) {
		const struct sim_name *name = &call->disk->cache.names[i];
		const struct ary_buf *bytes = &call->disk->inodes[name->inode]->cache;
		merged = merged || (ends_with(name->name, ".log.tmp") && bytes->size > 0 &&
				    memmem(bytes->data, bytes->size, "\"Seal\"", 6) != NULL);
	}
	return skip_if(merged);
}

/* In the place of the rename, the old file is written over. */
static enum sim_verdict merge_in_place(struct sim_call *call)
{
	if (!is_commit(call))
		return SIM_DO;
	int from = sim_names_find(&call->disk->cache, call->name);
	int to = sim_names_find(&call->disk->cache, call->to);
	const struct ary_buf *bytes = &call->disk->inodes[from]->cache;
	sim_inode_truncate(call->disk->inodes[to], 0);
	sim_inode_write(call->disk->inodes[to], 0, bytes->data, bytes->size);
	sim_disk_unlink(call->disk, call->name);
	return SIM_SKIP;
}

/* The old file goes before the new one comes. */
static enum sim_verdict unlink_before_rename(struct sim_call *call)
{
	if (is_commit(call)) {
		sim_disk_unlink(call->disk, call->to);
		sim_disk_sync_dir(call->disk, false);
	}
	return SIM_DO;
}

/* The disk holds MADE (taken) in INODE, and not what was written. */
static void put_in_place(struct sim_inode *inode, struct ary_buf *made)
{
	sim_inode_truncate(inode, 0);
	sim_inode_write(inode, 0, made->data, made->size);
	sim_inode_sync(inode);
	ary_buf_release(made);
}

/* The merge does not say that it is one: its Base line is written as a Log line. */
static enum sim_verdict merge_without_base(struct sim_call *call)
{
	struct ary_buf scratch = {0};
	struct ary_buf made = {0};
	struct ary_record record;

	if (!is_commit(call))
		return SIM_DO;
	int number = sim_names_find(&call->disk->cache, call->name);
	struct sim_inode *inode = call->disk->inodes[number];
	const uint8_t *newline = memchr(inode->cache.data, '\n', inode->cache.size);
	ARY_CHECK(newline != NULL);
	size_t size = (size_t)(newline - inode->cache.data) + 1;
	struct ary_bytes line = {inode->cache.data, size};
	struct ary_bytes rest = {inode->cache.data + size, inode->cache.size - size};
	ARY_CHECK(ary_record_decode(line, &scratch, &record, NULL) == ARY_OK);
	record.op = ARY_OP_LOG;
	record.durability = ary_bytes_of("always");
	ARY_CHECK(ary_record_encode(&record, &made) == ARY_OK);
	ARY_CHECK(ary_buf_append(&made, rest));
	put_in_place(inode, &made);
	ary_buf_release(&scratch);
	return SIM_DO;
}

/* Takes the next line from *REST; empty at its end. */
static struct ary_bytes next_line(struct ary_bytes *rest)
{
	const uint8_t *newline = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
	size_t size = newline != NULL ? (size_t)(newline - rest->data) + 1 : 0;
	struct ary_bytes line = {rest->data, size};

	*rest = (struct ary_bytes){rest->data + size, rest->size - size};
	return line;
}

/* A merge has no line of OP. On the disk only: the engine reads the merge again at once, and would
 * see that lines are missing. */
static enum sim_verdict merge_without(struct sim_call *call, enum ary_op op)
{
	struct ary_buf scratch = {0};
	struct ary_buf made = {0};
	struct ary_record record;
	uint64_t lines = 0;

	if (!is_commit(call))
		return SIM_DO;
	int number = sim_names_find(&call->disk->cache, call->name);
	struct sim_inode *inode = call->disk->inodes[number];
	struct ary_bytes rest = ary_buf_view(&inode->cache);
	struct ary_bytes line;
	while ((line = next_line(&rest)).size > 0) {
		ARY_CHECK(ary_record_decode(line, &scratch, &record, NULL) == ARY_OK);
		if (record.op == op)
			continue;
		record.lines = lines++;
		if (record.op == ARY_OP_SEAL)
			ARY_CHECK(ary_record_encode(&record, &made) == ARY_OK);
		else
			ARY_CHECK(ary_buf_append(&made, line));
	}
	inode->durable.size = 0;
	ARY_CHECK(ary_buf_append(&inode->durable, ary_buf_view(&made)));
	ary_buf_release(&made);
	ary_buf_release(&scratch);
	return SIM_DO;
}

/* Those of logs that are not the lowest drop them, as if they were. */
static enum sim_verdict merge_without_tombstones(struct sim_call *call)
{
	return merge_without(call, ARY_OP_RM);
}

static enum sim_verdict merge_without_parts(struct sim_call *call)
{
	return merge_without(call, ARY_OP_PART);
}

/* What lies below then has a value again that had no end. */
static enum sim_verdict merge_without_expire_lines(struct sim_call *call)
{
	return merge_without(call, ARY_OP_EXPIRE);
}

static enum sim_verdict tail_not_cut(struct sim_call *call)
{
	return skip_if(call->op == SIM_OP_TRUNCATE && call->recovering);
}

static enum sim_verdict refused_not_cut(struct sim_call *call)
{
	return skip_if(call->op == SIM_OP_TRUNCATE && !call->recovering);
}

static enum sim_verdict refusal_not_synced(struct sim_call *call)
{
	return skip_if(call->op == SIM_OP_SYNC && !call->recovering && inode_of(call)->truncated);
}

static enum sim_verdict recovery_not_synced(struct sim_call *call)
{
	return skip_if(call->op == SIM_OP_SYNC && call->recovering);
}

static enum sim_verdict recovery_trusts_cache(struct sim_call *call)
{
	return skip_if(call->op == SIM_OP_WRITE && call->recovering);
}

/* Whether a log with a higher number is there. */
static bool has_successor(const struct sim_call *call)
{
	uint64_t own;
	uint64_t other;

	if (ary_name_parse(call->name, &own) != ARY_NAME_LOG)
		return false;
	for (size_t i = 0; i < call->disk->cache.count; i++) {
		if (ary_name_parse(call->disk->cache.names[i].name, &other) == ARY_NAME_LOG &&
		    other > own)
			return true;
	}
	return false;
}

static enum sim_verdict recovery_of_last_only(struct sim_call *call)
{
	bool changes = call->op == SIM_OP_WRITE || call->op == SIM_OP_TRUNCATE ||
		       call->op == SIM_OP_SYNC;

	return skip_if(call->recovering && changes && has_successor(call));
}

static enum sim_verdict unused_left(struct sim_call *call)
{
	return skip_if(call->recovering && call->op == SIM_OP_UNLINK && is_log(call));
}

/* The second sync finds nothing to do, and succeeds. */
static enum sim_verdict sync_retried(struct sim_call *call)
{
	if (call->op != SIM_OP_SYNC || !call->fails)
		return SIM_DO;
	sim_inode_forget(inode_of(call));
	return SIM_SKIP;
}

static enum sim_verdict seal_not_synced(struct sim_call *call)
{
	static const char seal[] = "\"cmd\":\"Seal\"";

	if (call->op != SIM_OP_SYNC || !is_log(call))
		return SIM_DO;
	const struct ary_buf *bytes = &inode_of(call)->cache;
	return skip_if(bytes->size > 0 &&
		       memmem(bytes->data, bytes->size, seal, sizeof(seal) - 1) != NULL);
}

/* What a walk over the lines of a log does with one. */
struct walk {
	bool drops_bad;      /* lines that are not intact are left out, later ones kept */
	bool believes;       /* a checksum is made to fit */
	bool forgets_ends;   /* of values */
	bool saw_bad;
	bool saw_hole;       /* an intact line after one that is not */
	struct ary_buf kept;
};

/* Gives the line at START, of SIZE bytes with its newline, the checksum of what it says. */
static void believe(uint8_t *start, size_t size)
{
	char digits[9];
	size_t body = size - ARY_RECORD_TRAILER_BYTES;

	snprintf(digits, sizeof(digits), "%08x", ary_crc32c(start, body));
	memcpy(start + body + 8, digits, 8);
}

/* Gives the field that says when the value ends a name that nobody knows. */
static void forget_end(uint8_t *line, size_t size)
{
	static const char field[] = ",\"expires\":";
	char *found = memmem(line, size, field, sizeof(field) - 1);

	if (found == NULL)
		return;
	found[2] = 'E';
	believe(line, size);
}

static void take_line(struct walk *walk, uint8_t *line, size_t size)
{
	if (walk->believes && size > ARY_RECORD_TRAILER_BYTES &&
	    memcmp(line + size - ARY_RECORD_TRAILER_BYTES, ",\"crc\":\"", 8) == 0)
		believe(line, size);
	bool intact = ary_record_intact((struct ary_bytes){line, size});
	if (walk->forgets_ends && intact)
		forget_end(line, size);
	walk->saw_hole = walk->saw_hole || (walk->saw_bad && intact);
	walk->saw_bad = walk->saw_bad || !intact;
	if (!intact && walk->drops_bad)
		return;
	ARY_CHECK(ary_buf_append(&walk->kept, (struct ary_bytes){line, size}));
}

/* Walks the log that is opened for a recovery, and leaves what was kept in its place. */
static void walk_log(struct walk *walk, const struct sim_call *call)
{
	struct sim_inode *inode = inode_of(call);
	struct ary_buf *bytes = &inode->cache;
	size_t start = 0;

	while (start < bytes->size) {
		uint8_t *end = memchr(bytes->data + start, '\n', bytes->size - start);
		size_t size = end != NULL ? (size_t)(end - bytes->data) + 1 - start
					  : bytes->size - start;
		take_line(walk, bytes->data + start, size);
		start += size;
	}
	if (walk->kept.size < bytes->size)
		sim_inode_truncate(inode, walk->kept.size);
	sim_inode_write(inode, 0, walk->kept.data, walk->kept.size);
	ary_buf_release(&walk->kept);
}

/* The group's first line says that the whole group is on disk, where the number is as long. */
static enum sim_verdict watermark_ahead(struct sim_call *call)
{
	static const char field[] = "\"durable\":";
	struct ary_buf group = {0};
	char digits[24];

	if (call->op != SIM_OP_WRITE || !is_log(call) || call->recovering)
		return SIM_DO;
	ARY_CHECK(ary_buf_append(&group, call->data));
	size_t size = (size_t)((uint8_t *)memchr(group.data, '\n', group.size) - group.data) + 1;
	char *stated = memmem(group.data, size, field, sizeof(field) - 1);
	int made = snprintf(digits, sizeof(digits), "%zu", (size_t)call->offset + group.size);
	if (stated != NULL && stated[sizeof(field) - 1 + (size_t)made] == ',') {
		memcpy(stated + sizeof(field) - 1, digits, (size_t)made);
		believe(group.data, size);
	}
	sim_inode_write(inode_of(call), call->offset, group.data, group.size);
	ary_buf_release(&group);
	return SIM_SKIP;
}

/* WATERMARK says that a group is on disk which is only about to be written. */
static enum sim_verdict witness_ahead(struct sim_call *call)
{
	static const char name[] = SIM_OUTER ARY_NAME_WATERMARK;
	struct ary_watermark mark = {.seq = 1};
	uint8_t file[ARY_WATERMARK_BYTES];

	if (call->op != SIM_OP_WRITE || call->recovering ||
	    ary_name_parse(call->name, &mark.log) != ARY_NAME_LOG)
		return SIM_DO;
	mark.durable_bytes = call->offset + call->data.size;
	ary_watermark_encode(&mark, file);
	int inode = sim_names_find(&call->disk->cache, name);
	if (inode < 0)
		inode = sim_disk_create(call->disk, name);
	sim_inode_write(call->disk->inodes[inode], 0, file, sizeof(file));
	return SIM_DO;
}

static bool is_recovered_log(const struct sim_call *call)
{
	return call->op == SIM_OP_OPEN && call->recovering && is_log(call);
}

static enum sim_verdict bad_line_skipped(struct sim_call *call)
{
	struct walk walk = {.drops_bad = true};

	if (is_recovered_log(call))
		walk_log(&walk, call);
	return SIM_DO;
}

static enum sim_verdict no_checksum(struct sim_call *call)
{
	struct walk walk = {.believes = true};

	if (is_recovered_log(call))
		walk_log(&walk, call);
	return SIM_DO;
}

static enum sim_verdict ends_forgotten(struct sim_call *call)
{
	struct walk walk = {.forgets_ends = true};

	if (!is_recovered_log(call))
		return SIM_DO;
	walk_log(&walk, call);
	/* No power failure is to give them back. */
	sim_inode_sync(inode_of(call));
	return SIM_DO;
}

static enum sim_verdict hole_refused(struct sim_call *call)
{
	struct walk walk = {.saw_hole = false};

	if (is_recovered_log(call))
		walk_log(&walk, call);
	return walk.saw_hole ? SIM_FAIL_IO : SIM_DO;
}

const struct crash_bug_row *crash_bugs(size_t *count_out)
{
	static const struct crash_bug_row rows[] = {
		{"acknowledged before the sync", ack_before_sync},
		{"a new log's name not synced", no_dir_sync_on_rotation},
		{"a merge not synced before its rename", merge_not_synced},
		{"lower logs removed before the rename is durable", unlink_before_dir_sync},
		{"a merge that does not say it is one", merge_without_base},
		{"a merge in the middle without its tombstones", merge_without_tombstones},
		{"a merge without the parts of a value", merge_without_parts},
		{"a merge in the middle without its Expire lines", merge_without_expire_lines},
		{"a replay that forgets the ends of values", ends_forgotten},
		{"a merge counts before what it rests on is durable", merge_before_active},
		{"a log merged in place", merge_in_place},
		{"a log removed before its merge has its name", unlink_before_rename},
		{"a torn tail not cut", tail_not_cut},
		{"a bad line skipped, later ones kept", bad_line_skipped},
		{"a hole in the tail refused", hole_refused},
		{"no checksum", no_checksum},
		{"a sealed log not synced", seal_not_synced},
		{"a recovery not synced", recovery_not_synced},
		{"a recovery that looks after the last log only", recovery_of_last_only},
		{"an unused log left by a recovery", unused_left},
		{"a watermark ahead of its sync", watermark_ahead},
		{"WATERMARK ahead of its sync", witness_ahead},
		{"a recovery that trusts the cache", recovery_trusts_cache},
		{"a failed sync tried again", sync_retried},
		{"a short write not undone", refused_not_cut},
		{"an undone write not synced", refusal_not_synced},
	};

	*count_out = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
