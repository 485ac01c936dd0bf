/* SPDX-License-Identifier: MIT */
#include "app/remote.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/answer.h"
#include "api/target.h"
#include "app/console.h"
#include "app/local.h"
#include "app/transfer.h"
#include "env/thread.h"

enum {
	POLL_MS_MIN = 20,
	POLL_MS_MAX = 500,
	TTL_FIELD_BYTES = 48,
	PAGE_KEYS = 1000,
	/* Pages are shorter; what answers with more is none of our servers. */
	PAGE_BYTES_MAX = 16 * 1024 * 1024,
};

/* A server, and one connection to it. */
struct remote {
	struct ary_server server;
	struct ary_transfer transfer;
	struct ary_buf path;
};

static enum ary_exit connect_to(const struct ary_config *config, struct remote *out)
{
	struct ary_error err;

	*out = (struct remote){ .path = { .size = 0 } };
	if (ary_server_open(config->server, config->timeout_ms, &out->server, &err) != ARY_OK)
		return ary_complain(ARY_EXIT_STORE, "%s", err.text);
	return ARY_EXIT_OK;
}

static void disconnect(struct remote *remote)
{
	ary_transfer_release(&remote->transfer);
	ary_buf_release(&remote->path);
	ary_server_close(&remote->server);
}

/* Sends REQUEST, about KEY. */
static enum ary_status ask_for_key(struct remote *remote, struct ary_bytes key,
				   struct ary_transfer_request *request, struct ary_error *err)
{
	enum ary_status status;

	/* Its path would be that of something else. */
	if (key.size == 0)
		return ary_fail(err, ARY_NOT_FOUND, "no key is empty");
	status = ary_server_url_key_path(key, &remote->path, err);
	if (status != ARY_OK)
		return status;
	request->path = (const char *)remote->path.data;
	return ary_transfer_run(&remote->transfer, &remote->server, request, err);
}

static enum ary_exit tell(enum ary_status status, const struct ary_error *err)
{
	if (status == ARY_OK)
		return ARY_EXIT_OK;
	if (status != ARY_NOT_FOUND)
		return ary_local_refused(err);
	fputs("Key not found\n", stderr);
	return ARY_EXIT_MISS;
}

static bool print_piece(void *context, struct ary_bytes bytes)
{
	(void)context;
	ary_console_write(bytes);
	return ary_console_good();
}

enum ary_exit ary_remote_get(const struct ary_config *config, struct ary_bytes key)
{
	struct ary_transfer_request request = { .method = ARY_GET, .sink = print_piece };
	struct ary_error err = { .status = ARY_OK };
	struct remote remote;
	enum ary_exit code = connect_to(config, &remote);
	enum ary_status status;

	if (code != ARY_EXIT_OK)
		return code;
	status = ask_for_key(&remote, key, &request, &err);
	if (status == ARY_OK)
		ary_console_end_line();
	if (!ary_console_good())
		code = ARY_EXIT_STORE; /* and the reason is told at the end */
	else if (remote.transfer.sunk_bytes > 0 && status != ARY_OK)
		code = ary_complain(ARY_EXIT_STORE,
				    "the value broke off behind byte %" PRIu64 ": %s",
				    remote.transfer.sunk_bytes, err.text);
	else
		code = tell(status, &err);
	disconnect(&remote);
	return code;
}

/* The next bytes of standard input; *CONTEXT, an error, is why there are none. */
static bool read_input(void *context, void *out, size_t size, size_t *size_out)
{
	struct ary_error *err = context;
	struct ary_buf buf = { .size = 0 };
	bool read = ary_console_read_some(size, &buf, err) == ARY_OK;

	if (read && buf.size > 0)
		memcpy(out, buf.data, buf.size);
	if (read)
		*size_out = buf.size;
	ary_buf_release(&buf);
	return read;
}

enum ary_exit ary_remote_write(const struct ary_config *config, const struct ary_write *write,
			       bool is_longer)
{
	struct ary_error input_err = { .status = ARY_OK };

	struct ary_transfer_request request = {
		.method = write->op == ARY_WRITE_SET ? ARY_PUT : ARY_DELETE,
		.body = write->value,
		.type = write->type,
	};
	struct ary_error err = { .status = ARY_OK };
	char field[TTL_FIELD_BYTES];
	struct remote remote;
	enum ary_exit code = connect_to(config, &remote);

	if (code != ARY_EXIT_OK)
		return code;
	if (is_longer) {
		request.source = read_input;
		request.source_context = &input_err;
	}
	if (write->ttl_ms > 0) {
		(void)snprintf(field, sizeof(field), "Aryavarth-TTL: %" PRIu64,
			       write->ttl_ms / 1000);
		request.field = field;
	}
	code = tell(ask_for_key(&remote, write->key, &request, &err),
		    remote.transfer.source_failed ? &input_err : &err);
	disconnect(&remote);
	return code;
}

static enum ary_status ask_for_report(struct remote *remote,
				      const struct ary_transfer_request *request,
				      struct ary_compaction_report *out, struct ary_error *err)
{
	struct ary_transfer *transfer = &remote->transfer;
	enum ary_status status = ary_transfer_run(transfer, &remote->server, request, err);

	if (status != ARY_OK)
		return status;
	return ary_answer_compaction(ary_buf_view(&transfer->body), out, err);
}

/* Asks until the compaction has ended that runs in REPORT, and makes REPORT what came of it. A
 * server counts those that ended since it started. */
static enum ary_status wait_for_end(struct remote *remote, bool full,
				    struct ary_compaction_report *report, struct ary_error *err)
{
	const struct ary_transfer_request request = { .method = ARY_GET, .path = "/compact" };
	uint64_t runs = report->runs;
	uint64_t pause_ms = POLL_MS_MIN;

	while (report->state == ARY_COMPACTION_RUNNING) {
		enum ary_status status;

		ary_console_progress("compacting", report->scanned_bytes, report->selected_bytes);
		ary_thread_pause(pause_ms);
		pause_ms = pause_ms < POLL_MS_MAX / 2 ? 2 * pause_ms : POLL_MS_MAX;
		status = ask_for_report(remote, &request, report, err);
		if (status != ARY_OK)
			return status;
		if (report->state != ARY_COMPACTION_RUNNING && report->runs <= runs)
			return ary_fail(err, ARY_CANCELLED, "the server was started anew");
	}
	/* One that goes less far is followed at once by the one that was asked for; not if somebody
	 * cancelled it. */
	if (full && !report->full && report->status == ARY_OK)
		return ary_fail(err, ARY_CANCELLED, "the compaction was cancelled");
	ary_console_progress("compacting", report->selected_bytes, report->selected_bytes);
	return ARY_OK;
}

/* Starting it and asking how it gets on holds no connection open for as long as it takes, which
 * what stands between may cut off, and needs no time limit of its own. A server that does not know
 * the preference answers at the end, which is as good. */
static enum ary_status compact(struct remote *remote, bool full,
			       struct ary_compaction_report *out, struct ary_error *err)
{
	const struct ary_transfer_request request = {
		.method = ARY_POST,
		.path = full ? "/compact?full" : "/compact",
		.field = "Prefer: respond-async",
	};
	enum ary_status status = ask_for_report(remote, &request, out, err);

	if (status != ARY_OK)
		return status;
	status = wait_for_end(remote, full, out, err);
	if (status != ARY_OK) {
		ary_error_wrap(err, status, "the compaction was started, its end was not seen");
		return status;
	}
	if (out->status != ARY_OK)
		*err = out->error;
	return out->status;
}

enum ary_exit ary_remote_compact(const struct ary_config *config,
				 struct ary_compaction_report *out)
{
	struct ary_error err = { .status = ARY_OK };
	struct remote remote;
	enum ary_exit code = connect_to(config, &remote);

	if (code != ARY_EXIT_OK)
		return code;
	if (compact(&remote, config->full, out, &err) != ARY_OK)
		code = ary_local_refused(&err);
	disconnect(&remote);
	return code;
}

/* One page, and where the next one goes on. */
struct listing {
	struct remote *remote;
	struct ary_buf body;
	struct ary_buf next;
	uint64_t keys;
	ary_store_visit visit;
	void *context;
};

static bool keep_piece(void *context, struct ary_bytes bytes)
{
	struct listing *listing = context;

	return bytes.size <= PAGE_BYTES_MAX - listing->body.size &&
	       ary_buf_append(&listing->body, bytes);
}

static bool count_key(void *context, struct ary_bytes key, uint64_t seq)
{
	struct listing *listing = context;

	listing->keys++;
	return listing->visit(listing->context, key, seq);
}

static bool make_list_path(const struct ary_config *config, uint64_t limit,
			   const struct ary_buf *next, struct ary_buf *path)
{
	static const uint8_t terminator;

	path->size = 0;
	return ary_buf_printf(path, "/keys?limit=%" PRIu64 "&prefix=", limit) &&
	       ary_percent_encode(ary_bytes_of(config->prefix), path) &&
	       ary_buf_append(path, ary_bytes_of("&next=")) &&
	       ary_percent_encode(ary_buf_view(next), path) &&
	       ary_buf_append(path, (struct ary_bytes){ &terminator, 1 });
}

static enum ary_status list_page(const struct ary_config *config, struct listing *listing,
				 uint64_t limit, struct ary_error *err)
{
	struct remote *remote = listing->remote;
	struct ary_transfer_request request = {
		.method = ARY_GET,
		.field = "Accept: application/x-ndjson",
		.sink = keep_piece,
		.sink_context = listing,
	};
	enum ary_status status;

	if (!make_list_path(config, limit, &listing->next, &remote->path))
		return ary_fail(err, ARY_NO_MEMORY, "no memory to list the keys");
	request.path = (const char *)remote->path.data;
	listing->body.size = 0;
	listing->keys = 0;
	status = ary_transfer_run(&remote->transfer, &remote->server, &request, err);
	if (status != ARY_OK)
		return status;
	return ary_answer_page(ary_buf_view(&listing->body), count_key, listing, &listing->next,
			       err);
}

enum ary_exit ary_remote_list(const struct ary_config *config, ary_store_visit visit,
			      bool (*end_page)(void *context), void *context)
{
	struct ary_error err = { .status = ARY_OK };
	struct remote remote;
	struct listing listing = { .remote = &remote, .visit = visit, .context = context };
	uint64_t left = config->limit > 0 ? config->limit : UINT64_MAX;
	enum ary_exit code = connect_to(config, &remote);
	enum ary_status status;

	if (code != ARY_EXIT_OK)
		return code;
	do {
		status = list_page(config, &listing, left < PAGE_KEYS ? left : PAGE_KEYS, &err);
		left -= listing.keys < left ? listing.keys : left;
	} while (status == ARY_OK && end_page(context) && listing.next.size > 0 && left > 0);
	if (status != ARY_OK && status != ARY_CANCELLED)
		code = ary_local_refused(&err);
	ary_buf_release(&listing.body);
	ary_buf_release(&listing.next);
	disconnect(&remote);
	return code;
}

enum ary_exit ary_remote_stats(const struct ary_config *config, struct ary_stats *out)
{
	const struct ary_transfer_request request = { .method = ARY_GET, .path = "/stats" };
	struct ary_error err = { .status = ARY_OK };
	struct remote remote;
	enum ary_exit code = connect_to(config, &remote);
	enum ary_status status;

	if (code != ARY_EXIT_OK)
		return code;
	status = ary_transfer_run(&remote.transfer, &remote.server, &request, &err);
	if (status == ARY_OK)
		status = ary_answer_stats(ary_buf_view(&remote.transfer.body), out, &err);
	if (status != ARY_OK)
		code = ary_local_refused(&err);
	disconnect(&remote);
	return code;
}
