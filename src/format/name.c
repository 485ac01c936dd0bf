/* SPDX-License-Identifier: MIT */
#include "format/name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/number.h"
#include "format/record.h"

#define LOG_SUFFIX ".log"
#define TEMPORARY_SUFFIX ".log.tmp"

enum ary_name_kind ary_name_parse(const char *name, uint64_t *log_out)
{
	const char *suffix = strchr(name, '.');
	uint64_t log;

	if (!suffix)
		return ARY_NAME_FOREIGN;
	struct ary_bytes digits = {(const uint8_t *)name, (size_t)(suffix - name)};
	if (!ary_parse_u64(digits, &log) || log > ARY_SEQ_MAX)
		return ARY_NAME_FOREIGN;
	bool temporary = strcmp(suffix, TEMPORARY_SUFFIX) == 0;
	if (!temporary && strcmp(suffix, LOG_SUFFIX) != 0)
		return ARY_NAME_FOREIGN;
	*log_out = log;
	return temporary ? ARY_NAME_TEMPORARY : ARY_NAME_LOG;
}

void ary_name_log(uint64_t log, char out[ARY_NAME_BYTES])
{
	snprintf(out, ARY_NAME_BYTES, "%" PRIu64 LOG_SUFFIX, log);
}

void ary_name_temporary(uint64_t log, char out[ARY_NAME_BYTES])
{
	snprintf(out, ARY_NAME_BYTES, "%" PRIu64 TEMPORARY_SUFFIX, log);
}
