/* SPDX-License-Identifier: MIT */
/* The only place that knows what files are called: `N.log` (decimal, no leading zero) in the
 * folder `logs`, `N.log.tmp` while a compaction writes it, `LOCK`, `WATERMARK` and `CHECKPOINT`
 * beside the folder. */
#ifndef ARY_FORMAT_NAME_H
#define ARY_FORMAT_NAME_H

#include <stdint.h>

#define ARY_NAME_LOGS "logs"
#define ARY_NAME_LOCK "LOCK"
#define ARY_NAME_WATERMARK "WATERMARK"
#define ARY_NAME_CHECKPOINT "CHECKPOINT"
#define ARY_NAME_CHECKPOINT_TEMPORARY "CHECKPOINT.tmp"

enum { ARY_NAME_BYTES = 40 };

enum ary_name_kind { ARY_NAME_LOG, ARY_NAME_TEMPORARY, ARY_NAME_FOREIGN };

/* What NAME is; *LOG_OUT is the log's number unless it is foreign. "7", "3.log.log", "07.log",
 * "-1.log" and numbers over 2^53 - 1 are foreign. */
enum ary_name_kind ary_name_parse(const char *name, uint64_t *log_out);

/* Writes the file name of LOG, or of its temporary form. */
void ary_name_log(uint64_t log, char out[ARY_NAME_BYTES]);
void ary_name_temporary(uint64_t log, char out[ARY_NAME_BYTES]);

#endif
