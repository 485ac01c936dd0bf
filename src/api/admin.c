/* SPDX-License-Identifier: MIT */
/* Running and watching the store: compaction and figures. */
#include "api/handler.h"

#include "api/api_private.h"
#include "api/prefer.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/respond.h"

static void respond_figures(struct ary_call *call, unsigned status, json_t *root)
{
	ary_respond_json(&call->response, status, ARY_TYPE_JSON, root);
	ary_response_constant(&call->response, "Cache-Control", "no-store");
}

static void add_outcome(json_t **root, const struct ary_compaction_report *report)
{
	uint64_t reclaimed = report->bytes_before > report->bytes_after ?
				     report->bytes_before - report->bytes_after :
				     0;
	const char *result = "ok";

	if (report->status != ARY_OK) {
		result = ary_problem(ary_problem_of(report->status))->slug;
		ary_json_text(root, "error", report->error.text);
	} else {
		ary_json_number(root, "reclaimed_bytes", reclaimed);
	}
	ary_json_set(root, "result", json_string(result));
}

static json_t *report_json(const struct ary_compaction_report *report)
{
	bool running = report->state == ARY_COMPACTION_RUNNING;
	json_t *root = json_object();

	ary_json_set(&root, "state", json_string(running ? "running" : "idle"));
	ary_json_number(&root, "runs", report->runs);
	ary_json_set(&root, "full", json_boolean(report->full));
	ary_json_number(&root, "logs_before", report->logs_before);
	ary_json_number(&root, "logs_after", report->logs_after);
	ary_json_number(&root, "bytes_before", report->bytes_before);
	ary_json_number(&root, "bytes_after", report->bytes_after);
	ary_json_number(&root, "selected_logs", report->selected_logs);
	ary_json_number(&root, "selected_bytes", report->selected_bytes);
	ary_json_number(&root, "scanned_bytes", report->scanned_bytes);
	ary_json_number(&root, "written_bytes", report->written_bytes);
	ary_json_number(&root, "records_kept", report->records_kept);
	ary_json_number(&root, "records_dropped", report->records_dropped);
	ary_json_set(&root, "duration_seconds", json_real((double)report->duration_ms / 1000.0));
	if (!running && report->runs > 0)
		add_outcome(&root, report);
	return root;
}

static void respond_report(struct ary_api *api, struct ary_call *call, unsigned status)
{
	struct ary_compaction_report report;

	ary_store_compaction_report(ary_api_store(api), &report);
	respond_figures(call, status, report_json(&report));
}

enum ary_step ary_admin_compact_progress(struct ary_api *api, struct ary_call *call)
{
	respond_report(api, call, 200);
	return ARY_STEP_RESPOND;
}

static void wake(struct ary_compaction_request *request)
{
	struct ary_call *call = request->context;

	call->wake(call);
}

/* Starting is all that is waited for here, so what would refuse the compaction is asked first. */
static enum ary_step compact_async(struct ary_api *api, struct ary_call *call)
{
	struct ary_error err = {0};
	enum ary_status status = ary_store_ready(ary_api_store(api), &err);

	if (ary_api_phase(api) == ARY_PHASE_DRAINING)
		return ary_problem_respond_status(call, ARY_SHUTDOWN, NULL);
	if (status == ARY_READ_ONLY)
		return ary_problem_respond_status(call, status, &err);
	ary_store_compact_start(ary_api_store(api), call->compaction.full);
	respond_report(api, call, 202);
	ary_response_constant(&call->response, "Location", "/compact");
	ary_response_constant(&call->response, "Preference-Applied", "respond-async");
	return ARY_STEP_RESPOND;
}

enum ary_step ary_admin_compact_check(struct ary_api *api, struct ary_call *call)
{
	(void)api;
	return ary_query_flag(call, "full", &call->compaction.full);
}

enum ary_step ary_admin_compact(struct ary_api *api, struct ary_call *call)
{
	if (ary_prefer_has(call, "respond-async"))
		return compact_async(api, call);
	call->compaction.done = wake;
	call->compaction.context = call;
	return ARY_STEP_PARK;
}

void ary_admin_compact_launch(struct ary_api *api, struct ary_call *call)
{
	ary_replica_compact(atomic_load(&api->replica), &call->compaction);
}

void ary_admin_compact_finish(struct ary_api *api, struct ary_call *call)
{
	const struct ary_compaction_report *report = &call->compaction.report;

	(void)api;
	if (report->status == ARY_OK)
		respond_figures(call, 200, report_json(report));
	else
		(void)ary_problem_respond_status(call, report->status, &report->error);
}

/* What is under way may take a moment to stop, and what it has finished stays. */
enum ary_step ary_admin_compact_cancel(struct ary_api *api, struct ary_call *call)
{
	bool runs = ary_store_compact_cancel(ary_api_store(api));

	respond_report(api, call, runs ? 202 : 200);
	return ARY_STEP_RESPOND;
}

static void add_log_figures(json_t **root, const struct ary_stats *stats)
{
	ary_json_number(root, "keys", stats->keys);
	ary_json_number(root, "keys_with_expiry", stats->keys_with_expiry);
	ary_json_number(root, "logs", stats->logs);
	ary_json_number(root, "log_bytes", stats->log_bytes);
	ary_json_number(root, "live_bytes", stats->live_bytes);
	ary_json_number(root, "stale_bytes", stats->stale_bytes);
	ary_json_number(root, "seq", stats->seq);
	ary_json_number(root, "index_bytes", stats->index_bytes);
	ary_json_number(root, "disk_free_bytes", stats->disk_free_bytes);
}

static void add_work_figures(json_t **root, const struct ary_stats *stats)
{
	ary_json_number(root, "reads", stats->reads);
	ary_json_number(root, "sets", stats->sets);
	ary_json_number(root, "removes", stats->removes);
	ary_json_number(root, "expired", stats->expired);
	ary_json_number(root, "groups", stats->groups);
	ary_json_number(root, "syncs", stats->syncs);
	ary_json_number(root, "appended_bytes", stats->appended_bytes);
	ary_json_number(root, "queue_bytes", stats->queue_bytes);
	ary_json_number(root, "recovered_records", stats->recovered_records);
	ary_json_number(root, "recovered_torn_bytes", stats->recovered_torn_bytes);
	ary_json_set(root, "recovery_seconds", json_real((double)stats->recovery_ms / 1000.0));
}

enum ary_step ary_admin_stats(struct ary_api *api, struct ary_call *call)
{
	struct ary_stats stats;
	json_t *root = json_object();

	ary_store_stats(ary_api_store(api), &stats);
	ary_json_set(&root, "version", json_string(api->options.version));
	ary_json_set(&root, "durability", json_string(ary_durability_name(stats.durability)));
	add_log_figures(&root, &stats);
	add_work_figures(&root, &stats);
	ary_json_number(&root, "flight_bytes", ary_budget_used(ary_api_flight_bytes(api)));
	ary_json_set(&root, "read_only", json_boolean(stats.read_only));
	ary_json_set(&root, "disk_full", json_boolean(stats.disk_full));
	if (stats.read_only)
		ary_json_text(&root, "fault", stats.fault.text);
	respond_figures(call, 200, root);
	return ARY_STEP_RESPOND;
}
