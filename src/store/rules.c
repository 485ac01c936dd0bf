/* SPDX-License-Identifier: MIT */
#include "store/rules.h"

#include <inttypes.h>

#include "index/index.h"
#include "store/store.h"

void ary_rules_begin(struct ary_rules *rules, const char *name, uint64_t number)
{
	*rules = (struct ary_rules){
		.name = name,
		.number = number,
		.base = number,
		.clean = rules->clean,
		.strict = rules->strict,
		.seq_last = rules->seq_last,
		.heeded = rules->heeded,
		.heeded_by = rules->heeded_by,
	};
}

static enum ary_status fail_line(const struct ary_rules *rules, const struct ary_scan_line *line,
				 const char *what, struct ary_error *err)
{
	return ary_fail(err, ARY_CORRUPT, "%s: damaged at offset %" PRIu64 ", seq %" PRIu64 ": %s",
			rules->name, line->offset, line->record->seq, what);
}

static enum ary_status fail_unknown(const struct ary_rules *rules,
				    const struct ary_scan_line *line, struct ary_error *err)
{
	return ary_fail(err, ARY_UNSUPPORTED, "%s: offset %" PRIu64 ", seq %" PRIu64
			": a command that only a later version understands",
			rules->name, line->offset, line->record->seq);
}

static void note_mode(struct ary_rules *rules, struct ary_bytes durability)
{
	rules->strict = ary_bytes_equal(
		durability, ary_bytes_of(ary_durability_name(ARY_DURABILITY_ALWAYS)));
}

/* The first line of a log says which it is. */
static enum ary_status begin_log(struct ary_rules *rules, const struct ary_scan_line *line,
				 struct ary_error *err)
{
	const struct ary_record *record = line->record;

	if (record->op == ARY_OP_UNKNOWN)
		return fail_unknown(rules, line, err);
	bool merged = record->op == ARY_OP_BASE || record->op == ARY_OP_MERGE;
	if (record->op != ARY_OP_LOG && !merged)
		return fail_line(rules, line, "not the first line of a log", err);
	if (record->version > ARY_FORMAT_VERSION)
		return ary_fail(err, ARY_UNSUPPORTED, "%s: format version %" PRIu64 " is later "
				"than this program's, %d", rules->name, record->version,
				ARY_FORMAT_VERSION);
	if (record->log != rules->number)
		return fail_line(rules, line, "this is another log's first line", err);
	if (record->op == ARY_OP_LOG)
		note_mode(rules, record->durability);
	if (merged && record->base > record->log)
		return fail_line(rules, line, "a merge of logs that come after it", err);
	rules->merged = merged;
	rules->base = merged ? record->base : record->log;
	rules->cleaned = record->cleaned;
	if (record->cleaned > rules->heeded) {
		rules->heeded = record->cleaned;
		rules->heeded_by = record->log;
	}
	rules->seq_first = record->seq;
	return ARY_OK;
}

/* Any line but the first. */
static enum ary_status go_on(struct ary_rules *rules, const struct ary_scan_line *line,
			     struct ary_error *err)
{
	const struct ary_record *record = line->record;

	switch (record->op) {
	case ARY_OP_PART:
		break;
	case ARY_OP_SET:
	case ARY_OP_RM:
	case ARY_OP_EXPIRE:
		if (record->key.size > ARY_INDEX_KEY_BYTES_MAX)
			return fail_line(rules, line, "the key is too long", err);
		break;
	case ARY_OP_SEAL:
		if (record->lines != rules->lines)
			return fail_line(rules, line, "lines are missing before this Seal", err);
		rules->sealed = true;
		break;
	case ARY_OP_MARK:
		rules->clean = record->clean;
		if (record->durability.size > 0)
			note_mode(rules, record->durability);
		break;
	case ARY_OP_LOG:
	case ARY_OP_BASE:
	case ARY_OP_MERGE:
		return fail_line(rules, line, "a first line in the middle", err);
	case ARY_OP_UNKNOWN:
		return fail_unknown(rules, line, err);
	}
	return ARY_OK;
}

enum ary_status ary_rules_line(struct ary_rules *rules, const struct ary_scan_line *line,
			       struct ary_error *err)
{
	if (rules->sealed)
		return fail_line(rules, line, "a line follows the Seal", err);
	rules->clean = false;
	enum ary_status status = rules->lines == 0 ? begin_log(rules, line, err) :
						     go_on(rules, line, err);
	rules->lines++;
	rules->seq_last = line->record->seq;
	return status;
}

enum ary_status ary_rules_end(const struct ary_rules *rules, const struct ary_scan_report *scan,
			      bool may_tear, struct ary_error *err)
{
	const char *what;

	/* A merge was whole and durable before it got its name. */
	if (may_tear && !rules->merged)
		return ARY_OK;
	if (scan->torn)
		what = "a sealed log may not end here";
	else if (!rules->sealed)
		what = "the Seal line is missing";
	else
		return ARY_OK;
	return ary_fail(err, ARY_CORRUPT, "%s: damaged at offset %" PRIu64 ", after seq %" PRIu64
			": %s", rules->name, scan->end, scan->seq_last, what);
}

enum ary_status ary_rules_end_all(const struct ary_rules *rules, struct ary_error *err)
{
	if (rules->heeded <= rules->seq_last)
		return ARY_OK;
	return ary_fail(err, ARY_CORRUPT, "the last line of the logs is seq %" PRIu64
			", and lines after it are gone: %" PRIu64 ".log took those up to seq %"
			PRIu64 " into account", rules->seq_last, rules->heeded_by, rules->heeded);
}
