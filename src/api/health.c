/* SPDX-License-Identifier: MIT */
/* Probes. Live: this process answers, and nothing else is asked, for the cure is a restart. Ready:
 * requests can be served now. */
#include "api/handler.h"

#include "api/api_private.h"
#include "api/query.h"
#include "api/respond.h"

/* The body of a probe under way. */
struct report {
	struct ary_buf text;
	bool verbose;
	bool failed;
	bool incomplete; /* memory ran out */
};

enum ary_step ary_health_check(struct ary_api *api, struct ary_call *call)
{
	bool verbose = false;

	(void)api;
	return ary_query_flag(call, "verbose", &verbose);
}

static void append(struct report *report, const char *text)
{
	if (!ary_buf_append(&report->text, ary_bytes_of(text)))
		report->incomplete = true;
}

/* Reports check NAME; it failed when there is a REASON. Failures are shown always. */
static void add_check(struct report *report, const char *name, const char *reason)
{
	if (reason == NULL && !report->verbose)
		return;
	append(report, reason == NULL ? "[+]" : "[-]");
	append(report, name);
	append(report, reason == NULL ? " ok" : " failed: ");
	append(report, reason == NULL ? "" : reason);
	append(report, "\n");
	report->failed = report->failed || reason != NULL;
}

static void begin_report(struct report *report, struct ary_call *call)
{
	*report = (struct report){.verbose = false};
	/* It was looked at by the check already. */
	(void)ary_query_flag(call, "verbose", &report->verbose);
}

static enum ary_step respond(struct ary_call *call, struct report *report)
{
	struct ary_response *response = &call->response;

	append(report, report->failed ? "not ready\n" : "ok\n");
	ary_respond_owned(response, report->failed ? 503 : 200, ARY_TYPE_TEXT, &report->text);
	response->incomplete = response->incomplete || report->incomplete;
	ary_response_constant(response, "Cache-Control", "no-store");
	if (report->failed)
		ary_response_constant(response, "Retry-After", "1");
	return ARY_STEP_RESPOND;
}

enum ary_step ary_health_live(struct ary_api *api, struct ary_call *call)
{
	struct report report;

	(void)api;
	begin_report(&report, call);
	add_check(&report, "process", NULL);
	return respond(call, &report);
}

static void check_replay(struct ary_api *api, struct report *report)
{
	uint64_t done = atomic_load(&api->replay_done_bytes);
	uint64_t total = atomic_load(&api->replay_total_bytes);
	double percent = total > 0 ? 100.0 * (double)done / (double)total : 0.0;
	struct ary_error reason;

	/* Between two reports of the replay, done may belong to a later one than total. */
	if (percent > 100.0)
		percent = 100.0;
	(void)ary_fail(&reason, ARY_BUSY, "%.1f %% of %llu bytes are read", percent,
		       (unsigned long long)total);
	add_check(report, "replay", reason.text);
}

static void check_store(struct ary_api *api, struct report *report)
{
	struct ary_error err = {0};
	enum ary_status status = ary_store_ready(ary_api_store(api), &err);

	add_check(report, "replay", NULL);
	add_check(report, "log", status == ARY_OK || status == ARY_NO_SPACE ? NULL : err.text);
	add_check(report, "disk", status == ARY_NO_SPACE ? err.text : NULL);
}

enum ary_step ary_health_ready(struct ary_api *api, struct ary_call *call)
{
	bool draining = ary_api_phase(api) == ARY_PHASE_DRAINING;
	struct report report;

	begin_report(&report, call);
	if (atomic_load(&api->replica) == NULL)
		check_replay(api, &report);
	else
		check_store(api, &report);
	add_check(&report, "drain", draining ? "the server is stopping" : NULL);
	return respond(call, &report);
}
