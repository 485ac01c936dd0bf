/* SPDX-License-Identifier: MIT */
#include "api/answer.h"

#include <jansson.h>
#include <string.h>

#include "api/problem.h"
#include "base/base64.h"

#define PROBLEMS_PATH "/problems/"

/* More milliseconds than any server runs, and few enough for a double to count them exactly. */
static const double MS_MAX = 1e15;

static json_t *load(struct ary_bytes body)
{
	json_t *root = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(root))
		return root;
	json_decref(root);
	return NULL;
}

static enum ary_status load_figures(struct ary_bytes body, json_t **out, struct ary_error *err)
{
	json_t *root = load(body);

	if (root == NULL)
		return ary_fail(err, ARY_CORRUPT, "the answer is no JSON object");
	*out = root;
	return ARY_OK;
}

static uint64_t number_of(const json_t *root, const char *name)
{
	json_int_t number = json_integer_value(json_object_get(root, name));

	return number > 0 ? (uint64_t)number : 0;
}

/* Seconds with a fraction, as milliseconds. */
static uint64_t ms_of(const json_t *root, const char *name)
{
	double ms = json_number_value(json_object_get(root, name)) * 1000;

	return ms > 0 && ms < MS_MAX ? (uint64_t)(ms + 0.5) : 0;
}

/* A text, or "". */
static const char *text_of(const json_t *root, const char *name)
{
	const char *text = json_string_value(json_object_get(root, name));

	return text != NULL ? text : "";
}

static bool find_problem(const char *type, enum ary_problem_kind *out)
{
	if (strncmp(type, PROBLEMS_PATH, strlen(PROBLEMS_PATH)) != 0)
		return false;
	return ary_problem_find(ary_bytes_of(type + strlen(PROBLEMS_PATH)), out);
}

/* For an answer that is none of ours: of a proxy, or of some other server. */
static enum ary_status status_of_number(unsigned http_status, bool is_write)
{
	if (http_status == 503)
		return ARY_BUSY;
	return is_write && http_status >= 500 ? ARY_UNCERTAIN : ARY_IO;
}

enum ary_status ary_answer_failure(unsigned http_status, struct ary_bytes body, bool is_write,
				   struct ary_error *err)
{
	json_t *root = load(body);
	const char *title = text_of(root, "title");
	const char *detail = text_of(root, "detail");
	enum ary_status status = status_of_number(http_status, is_write);
	enum ary_problem_kind kind;

	if (find_problem(text_of(root, "type"), &kind))
		status = ary_problem_status(kind);
	if (*title == '\0')
		(void)ary_fail(err, status, "the answer is %u, without a reason", http_status);
	else
		(void)ary_fail(err, status, "%s%s%s", title, *detail ? ": " : "", detail);
	json_decref(root);
	return status;
}

/* How the compaction ended that ROOT reports; nothing is said while it runs. */
static void read_outcome(const json_t *root, struct ary_compaction_report *report)
{
	const char *result = text_of(root, "result");
	const char *text = text_of(root, "error");
	enum ary_problem_kind kind;

	if (*result == '\0' || strcmp(result, "ok") == 0)
		return;
	report->status = ary_problem_find(ary_bytes_of(result), &kind) ? ary_problem_status(kind) :
									 ARY_IO;
	(void)ary_fail(&report->error, report->status, "%s", *text ? text : result);
}

enum ary_status ary_answer_compaction(struct ary_bytes body, struct ary_compaction_report *out,
				      struct ary_error *err)
{
	json_t *root = NULL;
	enum ary_status status = load_figures(body, &root, err);

	if (status != ARY_OK)
		return status;
	bool running = strcmp(text_of(root, "state"), "running") == 0;
	*out = (struct ary_compaction_report){
		.state = running ? ARY_COMPACTION_RUNNING : ARY_COMPACTION_IDLE,
		.runs = number_of(root, "runs"),
		.full = json_is_true(json_object_get(root, "full")),
		.logs_before = number_of(root, "logs_before"),
		.logs_after = number_of(root, "logs_after"),
		.bytes_before = number_of(root, "bytes_before"),
		.bytes_after = number_of(root, "bytes_after"),
		.selected_logs = number_of(root, "selected_logs"),
		.selected_bytes = number_of(root, "selected_bytes"),
		.scanned_bytes = number_of(root, "scanned_bytes"),
		.written_bytes = number_of(root, "written_bytes"),
		.records_kept = number_of(root, "records_kept"),
		.records_dropped = number_of(root, "records_dropped"),
		.duration_ms = ms_of(root, "duration_seconds"),
	};
	read_outcome(root, out);
	json_decref(root);
	return ARY_OK;
}

enum ary_status ary_answer_stats(struct ary_bytes body, struct ary_stats *out,
				 struct ary_error *err)
{
	json_t *root = NULL;
	enum ary_status status = load_figures(body, &root, err);

	if (status != ARY_OK)
		return status;
	*out = (struct ary_stats){
		.keys = number_of(root, "keys"),
		.keys_with_expiry = number_of(root, "keys_with_expiry"),
		.logs = number_of(root, "logs"),
		.log_bytes = number_of(root, "log_bytes"),
		.live_bytes = number_of(root, "live_bytes"),
		.stale_bytes = number_of(root, "stale_bytes"),
		.seq = number_of(root, "seq"),
		.index_bytes = number_of(root, "index_bytes"),
		.reads = number_of(root, "reads"),
		.sets = number_of(root, "sets"),
		.removes = number_of(root, "removes"),
		.expired = number_of(root, "expired"),
		.groups = number_of(root, "groups"),
		.syncs = number_of(root, "syncs"),
		.appended_bytes = number_of(root, "appended_bytes"),
		.queue_bytes = number_of(root, "queue_bytes"),
		.disk_free_bytes = number_of(root, "disk_free_bytes"),
		.recovered_records = number_of(root, "recovered_records"),
		.recovered_torn_bytes = number_of(root, "recovered_torn_bytes"),
		.recovery_ms = ms_of(root, "recovery_seconds"),
		.read_only = json_is_true(json_object_get(root, "read_only")),
		.disk_full = json_is_true(json_object_get(root, "disk_full")),
	};
	json_decref(root);
	return ARY_OK;
}

static struct ary_bytes bytes_of(const json_t *text)
{
	return (struct ary_bytes){ (const uint8_t *)json_string_value(text),
				   json_string_length(text) };
}

/* The key of a listed OBJECT in KEY, which is emptied first. */
static enum ary_status read_key(const json_t *object, struct ary_buf *key)
{
	const json_t *text = json_object_get(object, "key");
	const json_t *base64 = json_object_get(object, "key_b64");

	key->size = 0;
	if (json_is_string(text))
		return ary_buf_append(key, bytes_of(text)) ? ARY_OK : ARY_NO_MEMORY;
	if (json_is_string(base64))
		return ary_base64_decode(bytes_of(base64), key);
	return ARY_INVALID;
}

/* Reads one LINE of a page; *ENDED tells that it was the last one. */
static enum ary_status read_line(const json_t *line, ary_store_visit visit, void *context,
				 struct ary_buf *next, bool *ended)
{
	const json_t *token = json_object_get(line, "next");
	struct ary_buf key = { 0 };
	enum ary_status status;

	*ended = token != NULL;
	if (*ended && !json_is_string(token))
		return json_is_null(token) ? ARY_OK : ARY_INVALID;
	if (*ended)
		return ary_buf_append(next, bytes_of(token)) ? ARY_OK : ARY_NO_MEMORY;
	status = read_key(line, &key);
	if (status == ARY_OK && key.size == 0)
		status = ARY_INVALID;
	if (status == ARY_OK && !visit(context, ary_buf_view(&key), number_of(line, "seq")))
		status = ARY_CANCELLED;
	ary_buf_release(&key);
	return status;
}

enum ary_status ary_answer_page(struct ary_bytes body, ary_store_visit visit, void *context,
				struct ary_buf *next_out, struct ary_error *err)
{
	enum ary_status status = ARY_OK;
	bool ended = false;

	next_out->size = 0;
	while (status == ARY_OK && !ended && body.size > 0) {
		struct ary_bytes line = ary_bytes_cut(body, '\n', &body);
		json_t *object = load(line);

		status = object == NULL ? ARY_INVALID :
					  read_line(object, visit, context, next_out, &ended);
		json_decref(object);
	}
	if (status == ARY_NO_MEMORY)
		return ary_fail(err, status, "no memory for a page of keys");
	if (status == ARY_CANCELLED)
		return ary_fail(err, status, "no more keys are wanted");
	if (status != ARY_OK || !ended || body.size > 0)
		return ary_fail(err, ARY_CORRUPT, "the answer is no page of keys, or broke off");
	return ARY_OK;
}
