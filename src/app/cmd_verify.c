/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/console.h"
#include "store/verify.h"

/* The text of ERR without the name of the file, which comes first in it as a rule. */
static const char *reason(const struct ary_verified_log *log)
{
	const char *text = log->error.text;
	size_t size = strlen(log->name);

	if (strncmp(text, log->name, size) != 0)
		return text;
	text += size;
	return strncmp(text, ": ", 2) == 0 ? text + 2 : text + strspn(text, " ");
}

static void print_log(void *context, const struct ary_verified_log *log)
{
	(void)context;
	printf("%s bytes %" PRIu64 " lines %" PRIu64 " sets %" PRIu64 " removes %" PRIu64 " ",
	       log->name, log->bytes, log->lines, log->sets, log->removes);
	if (log->status != ARY_OK)
		printf("%s\n", reason(log));
	else if (log->unused)
		puts("unused (would be removed)");
	else if (log->torn_bytes > 0)
		printf("torn tail of %" PRIu64 " bytes at %" PRIu64 " (would be cut)\n",
		       log->torn_bytes, log->end);
	else
		puts("ok");
}

static void print_report(const struct ary_verify_report *report)
{
	printf("logs %" PRIu64 "\n", report->logs);
	printf("bytes %" PRIu64 "\n", report->bytes);
	printf("lines %" PRIu64 "\n", report->lines);
	printf("sets %" PRIu64 "\n", report->sets);
	printf("removes %" PRIu64 "\n", report->removes);
	printf("torn_bytes %" PRIu64 "\n", report->torn_bytes);
	printf("leftover_files %" PRIu64 "\n", report->leftover_files);
	printf("foreign_files %" PRIu64 "\n", report->foreign_files);
	printf("bad_logs %" PRIu64 "\n", report->bad_logs);
	printf("verdict %s\n", report->bad_logs == 0 ? "ok" : "damaged");
}

static void show_progress(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
	(void)context;
	ary_console_progress("verifying", done_bytes, total_bytes);
}

enum ary_exit ary_cmd_verify(const struct ary_config *config)
{
	struct ary_verify_options options = {
		.env = ary_env_posix(),
		.path = config->dir,
		.found = print_log,
		.progress = show_progress,
	};
	struct ary_verify_report report;
	struct ary_error err;

	switch (ary_store_verify(&options, &report, &err)) {
	case ARY_OK:
		break;
	case ARY_NOT_FOUND:
		return ary_complain(ARY_EXIT_STORE, "no store at %s", config->dir);
	default:
		return ary_complain(ARY_EXIT_STORE, "%s", err.text);
	}
	ary_console_progress("verifying", report.bytes, report.bytes);
	print_report(&report);
	if (report.bad_logs == 0)
		return ARY_EXIT_OK;
	return ary_complain(ARY_EXIT_STORE, "%s", report.first.text);
}
