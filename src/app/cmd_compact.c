/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "app/command.h"
#include "app/local.h"

static void print_report(const struct ary_compaction_report *report)
{
	printf("logs_before %" PRIu64 "\n", report->logs_before);
	printf("logs_after %" PRIu64 "\n", report->logs_after);
	printf("bytes_before %" PRIu64 "\n", report->bytes_before);
	printf("bytes_after %" PRIu64 "\n", report->bytes_after);
	printf("rewritten_logs %" PRIu64 "\n", report->selected_logs);
	printf("rewritten_bytes %" PRIu64 "\n", report->selected_bytes);
	printf("written_bytes %" PRIu64 "\n", report->written_bytes);
	printf("records_kept %" PRIu64 "\n", report->records_kept);
	printf("records_dropped %" PRIu64 "\n", report->records_dropped);
	printf("duration_ms %" PRIu64 "\n", report->duration_ms);
}

enum ary_exit ary_cmd_compact(const struct ary_config *config)
{
	struct ary_compaction_report report;
	struct ary_store *store;
	enum ary_exit code = ary_local_open(config, ARY_LOCAL_READ, &store);

	if (code != ARY_EXIT_OK)
		return code;
	if (ary_local_compact(store, config->full, &report) == ARY_OK)
		print_report(&report);
	else
		code = ary_local_refused(&report.error);
	return ary_local_close(store, code);
}
