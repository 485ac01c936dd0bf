/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "app/command.h"
#include "app/local.h"
#include "app/remote.h"

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

static enum ary_exit local_compact(const struct ary_config *config,
				   struct ary_compaction_report *out)
{
	struct ary_store *store;
	enum ary_exit code = ary_local_open(config, ARY_LOCAL_COMPACT, &store);

	if (code != ARY_EXIT_OK)
		return code;
	if (ary_local_compact(store, config->full, out) != ARY_OK)
		code = ary_local_refused(&out->error);
	return ary_local_close(store, code);
}

enum ary_exit ary_cmd_compact(const struct ary_config *config)
{
	struct ary_compaction_report report;
	enum ary_exit code = config->on_server ? ary_remote_compact(config, &report) :
						 local_compact(config, &report);

	if (code == ARY_EXIT_OK)
		print_report(&report);
	return code;
}
