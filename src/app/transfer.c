/* SPDX-License-Identifier: MIT */
#include "app/transfer.h"

#include <stdio.h>
#include <string.h>

#include "api/answer.h"
#include "app/command.h"

enum {
	ANSWER_BYTES_MAX = 64 * 1024,
	/* Larger bodies are sent once the server has said that it wants them: one that is refused
	 * would be cut off in the middle, and the refusal lost with the connection. */
	EXPECT_BYTES_MIN = 16 * 1024,
	/* Servers and what stands before them close connections that are idle for longer. */
	IDLE_SECONDS_MAX = 30,
};

enum ary_status ary_server_open(const char *url, uint64_t timeout_ms, struct ary_server *out,
				struct ary_error *err)
{
	enum ary_status status;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return ary_fail(err, ARY_NO_MEMORY, "cannot prepare an HTTP request");
	*out = (struct ary_server){ .timeout_ms = timeout_ms };
	status = ary_server_url_parse(url, &out->url, err);
	if (status != ARY_OK)
		curl_global_cleanup();
	return status;
}

void ary_server_close(struct ary_server *server)
{
	ary_server_url_release(&server->url);
	curl_global_cleanup();
}

/* ---- What libcurl calls ---- */

static unsigned status_so_far(const struct ary_transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	return status > 0 ? (unsigned)status : 0;
}

static size_t sink(struct ary_transfer *transfer, struct ary_bytes bytes)
{
	if (!transfer->request.sink(transfer->request.sink_context, bytes))
		return 0;
	transfer->sunk_bytes += bytes.size;
	return bytes.size;
}

/* An answer longer than is kept ends the transfer: a stranger may send for ever. */
static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct ary_transfer *transfer = context;
	struct ary_bytes bytes = { (const uint8_t *)data, size * count };
	size_t room = ANSWER_BYTES_MAX - transfer->body.size;

	if (transfer->request.sink && status_so_far(transfer) == 200)
		return sink(transfer, bytes);
	transfer->cut = bytes.size > room;
	if (transfer->cut)
		bytes.size = room;
	if (!ary_buf_append(&transfer->body, bytes))
		transfer->cut = true;
	return transfer->cut ? 0 : bytes.size;
}

/* What comes before the source, and then that. */
static size_t give_body(char *out, size_t size, size_t count, void *context)
{
	struct ary_transfer *transfer = context;
	const struct ary_transfer_request *request = &transfer->request;
	size_t left = request->body.size - transfer->body_sent;
	size_t given = size * count < left ? size * count : left;

	if (given > 0) {
		memcpy(out, request->body.data + transfer->body_sent, given);
		transfer->body_sent += given;
		return given;
	}
	if (request->source(request->source_context, out, size * count, &given))
		return given;
	transfer->source_failed = true;
	return CURL_READFUNC_ABORT;
}

static bool is_write(const struct ary_transfer *transfer)
{
	return transfer->request.method != ARY_GET;
}

/* Called each time the request is about to be sent on a connection. */
static int count_sending(void *context, char *their_address, char *our_address, int their_port,
			 int our_port)
{
	struct ary_transfer *transfer = context;

	(void)their_address;
	(void)our_address;
	(void)their_port;
	(void)our_port;
	if (is_write(transfer) && transfer->times_sent > 0)
		return CURL_PREREQFUNC_ABORT;
	transfer->times_sent++;
	return CURL_PREREQFUNC_OK;
}

/* ---- Before ---- */

static bool add_field(struct ary_transfer *transfer, const char *line)
{
	struct curl_slist *fields = curl_slist_append(transfer->fields, line);

	if (fields)
		transfer->fields = fields;
	return fields != NULL;
}

/* Without a line of ours libcurl would call every body a form. */
static bool add_type(struct ary_transfer *transfer, struct ary_bytes type)
{
	static const uint8_t terminator;
	struct ary_buf line = { .size = 0 };
	bool added = ary_buf_append(&line, ary_bytes_of("Content-Type: ")) &&
		     ary_buf_append(&line, type) &&
		     ary_buf_append(&line, (struct ary_bytes){ &terminator, 1 }) &&
		     add_field(transfer, (const char *)line.data);

	ary_buf_release(&line);
	return added;
}

static bool add_fields(struct ary_transfer *transfer)
{
	const struct ary_transfer_request *request = &transfer->request;

	if (request->method != ARY_GET && request->method != ARY_DELETE &&
	    !add_type(transfer, request->type))
		return false;
	if ((request->source || request->body.size >= EXPECT_BYTES_MIN) &&
	    !add_field(transfer, "Expect: 100-continue"))
		return false;
	return !request->field || add_field(transfer, request->field);
}

static bool set_url(struct ary_transfer *transfer)
{
	struct ary_buf url = { .size = 0 };
	bool set = ary_buf_printf(&url, "%s%s%c", transfer->server->url.base,
				  transfer->request.path, '\0') &&
		   curl_easy_setopt(transfer->curl, CURLOPT_URL, (const char *)url.data) ==
			   CURLE_OK;

	ary_buf_release(&url);
	return set;
}

static void set_method(struct ary_transfer *transfer)
{
	const struct ary_transfer_request *request = &transfer->request;
	CURL *curl = transfer->curl;

	if (request->method == ARY_GET)
		return;
	if (request->method == ARY_DELETE) {
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "DELETE");
		return;
	}
	if (request->source) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
		return;
	}
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
			 request->body.size > 0 ? (const char *)request->body.data : "");
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
	if (request->method == ARY_PUT)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
}

static void set_timeout(struct ary_transfer *transfer)
{
	long timeout_ms = (long)transfer->server->timeout_ms;

	if (!transfer->request.source) {
		curl_easy_setopt(transfer->curl, CURLOPT_TIMEOUT_MS, timeout_ms);
		return;
	}
	curl_easy_setopt(transfer->curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	curl_easy_setopt(transfer->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(transfer->curl, CURLOPT_LOW_SPEED_TIME, 1 + (timeout_ms - 1) / 1000);
}

static void set_manners(struct ary_transfer *transfer)
{
	const struct ary_server *server = transfer->server;
	CURL *curl = transfer->curl;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	set_timeout(transfer);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)IDLE_SECONDS_MAX);
	if (server->direct)
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
	if (server->url.user)
		curl_easy_setopt(curl, CURLOPT_USERNAME, server->url.user);
	if (server->url.password)
		curl_easy_setopt(curl, CURLOPT_PASSWORD, server->url.password);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->reason);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->fields);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, count_sending);
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, transfer);
}

/* Forgets the last request; the handle keeps its connection. */
static void forget(struct ary_transfer *transfer)
{
	if (transfer->curl)
		curl_easy_reset(transfer->curl);
	curl_slist_free_all(transfer->fields);
	transfer->fields = NULL;
	transfer->status = 0;
	transfer->retry_after_seconds = 0;
	transfer->body.size = 0;
	transfer->sunk_bytes = 0;
	transfer->times_sent = 0;
	transfer->body_sent = 0;
	transfer->source_failed = false;
	transfer->cut = false;
	transfer->reason[0] = '\0';
}

enum ary_status ary_transfer_begin(struct ary_transfer *transfer, const struct ary_server *server,
				   const struct ary_transfer_request *request,
				   struct ary_error *err)
{
	forget(transfer);
	if (!transfer->curl)
		transfer->curl = curl_easy_init();
	transfer->server = server;
	transfer->request = *request;
	if (!transfer->curl || !add_fields(transfer) || !set_url(transfer) ||
	    curl_easy_setopt(transfer->curl, CURLOPT_USERAGENT, "aryavarth/" PACKAGE_VERSION) !=
		    CURLE_OK)
		return ary_fail(err, ARY_NO_MEMORY, "no memory for an HTTP request");
	set_method(transfer);
	set_manners(transfer);
	return ARY_OK;
}

/* ---- After ---- */

static bool is_success(const struct ary_transfer *transfer)
{
	switch (transfer->request.method) {
	case ARY_GET:
		return transfer->status == 200;
	case ARY_PUT:
		return transfer->status == 201 || transfer->status == 204;
	case ARY_DELETE:
		return transfer->status == 204;
	default:
		return transfer->status == 200 || transfer->status == 202;
	}
}

static enum ary_status judge(const struct ary_transfer *transfer, struct ary_error *err)
{
	unsigned status = transfer->status;

	if (is_success(transfer))
		return ARY_OK;
	if (status >= 400)
		return ary_answer_failure(status, ary_buf_view(&transfer->body),
					  is_write(transfer), err);
	if (status >= 300)
		return ary_fail(err, ARY_IO, "the answer is %u: the server is somewhere else",
				status);
	return ary_fail(err, is_write(transfer) ? ARY_UNCERTAIN : ARY_IO,
			"the answer is %u, as of no server of this kind", status);
}

/* Why there is no answer. */
static enum ary_status explain(const struct ary_transfer *transfer, CURLcode code,
			       struct ary_error *err)
{
	const char *reason = transfer->reason[0] ? transfer->reason : curl_easy_strerror(code);
	bool may_be_done = is_write(transfer) && transfer->times_sent > 0 &&
			   !transfer->source_failed;

	if (code == CURLE_ABORTED_BY_CALLBACK)
		reason = "the connection was closed";
	return ary_fail(err, may_be_done ? ARY_UNCERTAIN : ARY_IO, "%s", reason);
}

enum ary_status ary_transfer_end(struct ary_transfer *transfer, CURLcode code,
				 struct ary_error *err)
{
	enum ary_status status;
	curl_off_t retry_after = 0;

	transfer->status = status_so_far(transfer);
	curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &retry_after);
	transfer->retry_after_seconds = retry_after > 0 ? (uint64_t)retry_after : 0;
	/* A refusal counts also when its explanation did not arrive in full. */
	if (code == CURLE_OK || transfer->cut || transfer->status >= 400)
		status = judge(transfer, err);
	else
		status = explain(transfer, code, err);
	if (status != ARY_OK)
		ary_error_wrap(err, status, "%.100s", transfer->server->url.base);
	if (status == ARY_UNCERTAIN)
		ary_error_wrap(err, status, "it is unknown whether this was done");
	return status;
}

enum ary_status ary_transfer_run(struct ary_transfer *transfer, const struct ary_server *server,
				 const struct ary_transfer_request *request, struct ary_error *err)
{
	enum ary_status status = ary_transfer_begin(transfer, server, request, err);

	if (status != ARY_OK)
		return status;
	return ary_transfer_end(transfer, curl_easy_perform(transfer->curl), err);
}

void ary_transfer_release(struct ary_transfer *transfer)
{
	curl_easy_cleanup(transfer->curl);
	transfer->curl = NULL;
	curl_slist_free_all(transfer->fields);
	transfer->fields = NULL;
	ary_buf_release(&transfer->body);
}
