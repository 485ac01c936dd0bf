/* SPDX-License-Identifier: MIT */
/* What must hold from line to line of a log, whoever reads it: docs/FORMAT.md, "Commands" and "Torn
 * tail or damage". Checksums and the rise of seq are the scan's to check.
 *
 * Threads: the caller's own memory. */
#ifndef ARY_STORE_RULES_H
#define ARY_STORE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "segment/scan.h"

/* How far a log has been read. All zero but `strict`, which is true, before the first one. */
struct ary_rules {
	const char *name;   /* of the file; borrowed while it is read */
	uint64_t number;    /* of the log */
	uint64_t lines;
	uint64_t seq_first; /* of its first line; 0 while it has none */
	bool sealed;
	bool merged;        /* begins with a Base or Merge line */
	uint64_t base;      /* the lowest number it stands for */
	uint64_t cleaned;   /* what the first line says; 0: nothing */
	/* What the lines said, of all logs. */
	bool clean;         /* the very last one is a clean Mark */
	bool strict;        /* the last run was in mode `always` */
	uint64_t seq_last;  /* of the last line that is there */
	uint64_t heeded;    /* the writes up to this one, the most of any merge, were taken into
			     * account by that of log `heeded_by` */
	uint64_t heeded_by;
};

/* The next lines are those of log NUMBER, in the file NAME (borrowed). */
void ary_rules_begin(struct ary_rules *rules, const char *name, uint64_t number);

/* LINE is the log's next one.
 * CORRUPT: it has no place there. UNSUPPORTED: a later version wrote it. */
ARY_MUST_CHECK enum ary_status ary_rules_line(struct ary_rules *rules,
					      const struct ary_scan_line *line,
					      struct ary_error *err);

/* The log is read, and SCAN is what its scan found. MAY_TEAR: it is the one that was written to
 * last. CORRUPT: it does not end as it must. */
ARY_MUST_CHECK enum ary_status ary_rules_end(const struct ary_rules *rules,
					     const struct ary_scan_report *scan, bool may_tear,
					     struct ary_error *err);

/* All logs are read. CORRUPT: lines are gone that the merge of `heeded_by` took into account. What
 * they did to other lines was left out of it, and nothing would do it now. */
ARY_MUST_CHECK enum ary_status ary_rules_end_all(const struct ary_rules *rules,
						 struct ary_error *err);

#endif
