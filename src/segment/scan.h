/* SPDX-License-Identifier: MIT */
/* Walks the lines of one file in order, and tells a torn end from damage in the middle.
 *
 * The rule (docs/FORMAT.md, "Torn tail or damage"): let `bad` be the first line that is not
 * intact. When any intact line after it says `durable` > the offset of `bad`, bytes that were
 * confirmed durable are damaged: CORRUPT. Otherwise the file was cut off while it was written,
 * and everything from `bad` on never was acknowledged as durable.
 *
 * What has no newline for longer than ARY_RECORD_LINE_BYTES_MAX is not intact, whatever it is.
 * After `bad`, a line that has lost the newline before it is found all the same, where it begins
 * as this program begins lines.
 *
 * Threads: one scan, one thread.
 * Limits: two buffers, which grow with the longest line; 16 MiB each at most. */
#ifndef ARY_SEGMENT_SCAN_H
#define ARY_SEGMENT_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "env/env.h"
#include "format/record.h"

/* One intact line. All views borrow until the visitor returns. */
struct ary_scan_line {
	uint64_t offset;
	struct ary_bytes line;           /* newline included */
	const struct ary_record *record; /* without its value */
};

/* What of a file is scanned: from OFFSET on, where a line begins, behind which there is none with a
 * seq of SEQ or less; what lies before is known to be durable. All zero: the whole file. */
struct ary_scan_start {
	uint64_t offset;
	uint64_t seq;
	uint64_t end; /* as if the file ended here; 0: where it does */
};

/* Called once per intact line. Anything but OK ends the scan with that status; ERR (never NULL)
 * is the visitor's to fill. */
typedef enum ary_status (*ary_scan_visit)(void *context, const struct ary_scan_line *line,
					  struct ary_error *err);

/* What a scan found besides its lines. */
struct ary_scan_report {
	uint64_t lines;         /* intact lines visited */
	uint64_t end;           /* the offset after the last of them, or that of the start */
	uint64_t bytes;         /* the size of the file, or the end that was set */
	uint64_t durable_bytes; /* the highest `durable` any intact line states, or the start's
				 * offset; at most `end` */
	uint64_t seq_last;      /* of the lines visited; when none, the start's, or 0 at
				 * the beginning */
	uint64_t seq_seen;      /* the highest seq of any intact line, cut-off ones included */
	bool torn;              /* end < bytes: what follows `end` is a torn tail */
};

/* Scans FILE from START on, from where every line's seq must rise; a line that does not is damage.
 * NAME is for messages.
 * CORRUPT: damage; the text names the file, the offset and the seqs around it, and *OUT says how
 * far it was good. Other statuses: of the file, of memory, of the visitor; *OUT is untouched. */
ARY_MUST_CHECK enum ary_status ary_scan(struct ary_file *file, const char *name,
					struct ary_scan_start start, ary_scan_visit visit,
					void *context, struct ary_scan_report *out,
					struct ary_error *err);

/* CORRUPT: what REPORT found in file NAME is less than all of it, or not its LINES; a file that has
 * become shorter since it was sealed is damaged, too. */
ARY_MUST_CHECK enum ary_status ary_scan_check_whole(const struct ary_scan_report *report,
						    const char *name, uint64_t lines,
						    struct ary_error *err);

#endif
