/* SPDX-License-Identifier: MIT */
/* Writes to a server, each a request of its own, many at a time. One that the server was too busy
 * for (503: it was not done) is sent again. */
#include <inttypes.h>
#include <stdlib.h>

#include "app/backlog.h"
#include "app/console.h"
#include "app/pipeline_private.h"
#include "app/transfer.h"
#include "base/alloc.h"
#include "env/env.h"

enum {
	LANE_COUNT = 32,
	/* After so many that went well one more lane is tried, where some were given up. */
	WELL_COUNT = 4096,
	/* How long a server may put one write off, as it says itself. */
	PUT_OFF_SECONDS_MAX = 30,
	POLL_MS_MAX = 1000,
};

/* A request that can be under way. */
struct lane {
	struct ary_transfer transfer;
	struct ary_buf target;
	struct ary_held *held;  /* NULL: none is under way */
};

struct remote {
	struct ary_pipeline pipeline; /* first */
	struct ary_server server;
	struct ary_env *env;
	struct ary_backlog *backlog;
	CURLM *multi;
	size_t under_way;
	size_t under_way_max;   /* of LANE_COUNT: fewer, where the server had no room for all */
	uint64_t went_well;     /* since that last changed */
	uint64_t resume_ms;     /* nothing is sent before this */
	uint64_t done;
	struct ary_error error; /* of the first that failed; its status is OK until then */
	uint64_t error_number;
	struct lane lanes[LANE_COUNT];
};

static struct remote *remote_of(struct ary_pipeline *pipeline)
{
	return (struct remote *)pipeline;
}

/* ---- Answers ---- */

/* Of several that fail, the one that came first is told. */
static void note_failure(struct remote *remote, const struct ary_held *held,
			 const struct ary_error *err)
{
	if (remote->error.status != ARY_OK && remote->error_number < held->number)
		return;
	remote->error_number = held->number;
	remote->error = *err;
	ary_error_wrap(&remote->error, err->status, "%s, line %" PRIu64, held->item.path,
		       held->item.line);
}

/* Whether HELD, whose answer is 503, may be sent once more; nothing is sent before it is time. */
static bool put_off(struct remote *remote, struct ary_held *held, uint64_t seconds)
{
	uint64_t resume_ms;

	if (seconds == 0)
		seconds = 1;
	if (seconds > PUT_OFF_SECONDS_MAX - held->put_off_seconds)
		return false;
	held->put_off_seconds += seconds;
	/* It may have fewer places for connections than there are lanes, now or always. */
	if (remote->under_way_max > 1)
		remote->under_way_max--;
	remote->went_well = 0;
	resume_ms = ary_monotonic_ms(remote->env) + seconds * 1000;
	if (resume_ms > remote->resume_ms)
		remote->resume_ms = resume_ms;
	ary_backlog_return(remote->backlog, held);
	return true;
}

static void note_success(struct remote *remote)
{
	remote->done++;
	if (remote->under_way_max == LANE_COUNT || ++remote->went_well < WELL_COUNT)
		return;
	remote->under_way_max++;
	remote->went_well = 0;
}

/* What becomes of HELD now that its request has ended on TRANSFER. */
static void settle(struct remote *remote, struct ary_held *held,
		   const struct ary_transfer *transfer, const struct ary_error *err)
{
	enum ary_status status = err->status;

	if (status == ARY_OK || (status == ARY_NOT_FOUND && held->item.op == ARY_WRITE_REMOVE))
		note_success(remote);
	else if (transfer->status == 503 && put_off(remote, held, transfer->retry_after_seconds))
		return;
	else
		note_failure(remote, held, err);
	ary_backlog_end(remote->backlog, held);
}

/* Ends the request of LANE, of which libcurl says CODE. */
static void end_request(struct remote *remote, struct lane *lane, CURLcode code)
{
	struct ary_held *held = lane->held;
	struct ary_error err = { .status = ARY_OK };

	lane->held = NULL;
	remote->under_way--;
	curl_multi_remove_handle(remote->multi, lane->transfer.curl);
	err.status = ary_transfer_end(&lane->transfer, code, &err);
	settle(remote, held, &lane->transfer, &err);
}

static struct lane *lane_of(struct remote *remote, const CURL *curl)
{
	for (size_t i = 0; i < LANE_COUNT; i++)
		if (remote->lanes[i].held && remote->lanes[i].transfer.curl == curl)
			return &remote->lanes[i];
	return NULL;
}

/* Takes the answers that have come. False: there were none. */
static bool take_answers(struct remote *remote)
{
	CURLMsg *message;
	bool taken = false;
	int left;

	while ((message = curl_multi_info_read(remote->multi, &left)) != NULL) {
		struct lane *lane = lane_of(remote, message->easy_handle);

		if (message->msg != CURLMSG_DONE || !lane)
			continue;
		end_request(remote, lane, message->data.result);
		taken = true;
	}
	return taken;
}

/* ---- Requests ---- */

static enum ary_status launch(struct remote *remote, struct lane *lane, struct ary_held *held,
			      struct ary_error *err)
{
	struct ary_transfer_request request = {
		.method = held->item.op == ARY_WRITE_SET ? ARY_PUT : ARY_DELETE,
		.body = held->item.value,
		.type = held->item.type,
	};
	enum ary_status status = ary_server_url_key_path(held->item.key, &lane->target, err);

	if (status != ARY_OK)
		return status;
	request.path = (const char *)lane->target.data;
	status = ary_transfer_begin(&lane->transfer, &remote->server, &request, err);
	if (status != ARY_OK)
		return status;
	if (curl_multi_add_handle(remote->multi, lane->transfer.curl) != CURLM_OK)
		return ary_fail(err, ARY_NO_MEMORY, "no memory for an HTTP request");
	lane->held = held;
	remote->under_way++;
	return ARY_OK;
}

static bool may_send(const struct remote *remote)
{
	return remote->error.status == ARY_OK && remote->under_way < remote->under_way_max &&
	       ary_backlog_is_ready(remote->backlog) &&
	       ary_monotonic_ms(remote->env) >= remote->resume_ms;
}

/* Sends what may be sent. */
static void fill_lanes(struct remote *remote)
{
	for (size_t i = 0; i < LANE_COUNT && may_send(remote); i++) {
		struct lane *lane = &remote->lanes[i];
		struct ary_held *held;
		struct ary_error err;

		if (lane->held)
			continue;
		held = ary_backlog_next(remote->backlog);
		if (launch(remote, lane, held, &err) == ARY_OK)
			continue;
		note_failure(remote, held, &err);
		ary_backlog_end(remote->backlog, held);
	}
}

/* libcurl cannot go on: what is under way is given up, with an outcome that nobody knows. */
static void give_up(struct remote *remote)
{
	for (size_t i = 0; i < LANE_COUNT; i++)
		if (remote->lanes[i].held)
			end_request(remote, &remote->lanes[i], CURLE_OUT_OF_MEMORY);
}

/* How long there can be nothing to do but wait for answers. */
static int poll_ms(const struct remote *remote)
{
	uint64_t now_ms = ary_monotonic_ms(remote->env);

	if (remote->resume_ms > now_ms && remote->resume_ms - now_ms < POLL_MS_MAX)
		return (int)(remote->resume_ms - now_ms);
	return POLL_MS_MAX;
}

/* Lets all that are under way get on. If none of them has ended, and WAIT, waits for one. */
static void advance(struct remote *remote, bool wait)
{
	int running;

	fill_lanes(remote);
	if (curl_multi_perform(remote->multi, &running) != CURLM_OK)
		give_up(remote);
	else if (!take_answers(remote) && wait &&
		 curl_multi_poll(remote->multi, NULL, 0, poll_ms(remote), NULL) != CURLM_OK)
		give_up(remote);
}

/* ---- The pipeline ---- */

static enum ary_status put(struct ary_pipeline *pipeline, const struct ary_pipeline_item *item,
			   struct ary_error *err)
{
	struct remote *remote = remote_of(pipeline);
	uint64_t bytes = ary_pipeline_item_bytes(item);

	while (remote->error.status == ARY_OK && !ary_backlog_has_room(remote->backlog, bytes))
		advance(remote, true);
	if (remote->error.status != ARY_OK)
		return ary_fail(err, ARY_CANCELLED, "an earlier write has failed");
	if (!ary_backlog_hold(remote->backlog, item))
		return ary_fail(err, ARY_NO_MEMORY, "no memory for a write");
	advance(remote, false);
	return ARY_OK;
}

/* Once one has failed, those that were not sent yet are given up. */
static enum ary_status drain(struct ary_pipeline *pipeline, uint64_t *done_out,
			     struct ary_error *err)
{
	struct remote *remote = remote_of(pipeline);

	while (remote->under_way > 0 ||
	       (remote->error.status == ARY_OK && ary_backlog_count(remote->backlog) > 0))
		advance(remote, true);
	*done_out = remote->done;
	if (remote->error.status != ARY_OK && err != NULL)
		*err = remote->error;
	return remote->error.status;
}

static enum ary_exit end(struct ary_pipeline *pipeline, enum ary_exit code)
{
	struct remote *remote = remote_of(pipeline);

	for (size_t i = 0; i < LANE_COUNT; i++) {
		ary_transfer_release(&remote->lanes[i].transfer);
		ary_buf_release(&remote->lanes[i].target);
	}
	curl_multi_cleanup(remote->multi);
	ary_backlog_destroy(remote->backlog);
	ary_server_close(&remote->server);
	free(remote);
	return code;
}

static const struct ary_pipeline_ops ops = { .put = put, .drain = drain, .close = end };

enum ary_exit ary_pipeline_open_remote(const struct ary_config *config, struct ary_pipeline **out)
{
	struct remote *remote = ARY_NEW(struct remote);
	struct ary_error err;

	if (ary_server_open(config->server, config->timeout_ms, &remote->server, &err) != ARY_OK) {
		free(remote);
		return ary_complain(ARY_EXIT_STORE, "%s", err.text);
	}
	remote->pipeline.ops = &ops;
	remote->env = ary_env_posix();
	remote->under_way_max = LANE_COUNT;
	remote->backlog = ary_backlog_create();
	remote->multi = curl_multi_init();
	if (!remote->multi) {
		(void)end(&remote->pipeline, ARY_EXIT_STORE);
		return ary_complain(ARY_EXIT_STORE, "no memory for HTTP requests");
	}
	curl_multi_setopt(remote->multi, CURLMOPT_MAXCONNECTS, (long)LANE_COUNT);
	*out = &remote->pipeline;
	return ARY_EXIT_OK;
}
