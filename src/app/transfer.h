/* SPDX-License-Identifier: MIT */
/* One HTTP request to a server, and its answer, on a handle of libcurl's. Door of <curl/curl.h>.
 *
 * A write is sent at most once. libcurl would send it again where a kept connection turns out to be
 * dead; but then nobody knows whether the first one was carried out, and this says so instead.
 *
 * Limits of time: that of the server for a whole request; for one with a source it is the longest
 * time in which nothing goes on.
 *
 * Threads: one transfer, one thread.
 * Limits: 64 KiB of an answer are kept; what goes to a sink has no limit. */
#ifndef ARY_APP_TRANSFER_H
#define ARY_APP_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/call.h"
#include "app/server_url.h"
#include "base/bytes.h"
#include "base/status.h"

/* Whom requests go to. */
struct ary_server {
	struct ary_server_url url;
	uint64_t timeout_ms; /* of one request */
	bool direct;         /* proxies that the environment names are left out */
};

/* Readies libcurl and fills OUT, but for `direct`. Close OUT after OK only. INVALID, as
 * ary_server_url_parse. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_server_open(const char *url, uint64_t timeout_ms,
					       struct ary_server *out, struct ary_error *err);
void ary_server_close(struct ary_server *server);

/* Takes the bytes of a 200 as they come. False: no more of them are wanted. */
typedef bool (*ary_transfer_sink)(void *context, struct ary_bytes bytes);

/* Writes the next bytes of a body to OUT, at most SIZE of them, and tells how many in *SIZE_OUT; 0
 * is its end. False: they cannot be had, and the request is to come to nothing. */
typedef bool (*ary_transfer_source)(void *context, void *out, size_t size, size_t *size_out);

/* What to send. All is borrowed until the transfer ends. */
struct ary_transfer_request {
	enum ary_method method; /* GET, PUT, DELETE or POST */
	const char *path;       /* what comes behind the server's base, encoded */
	struct ary_bytes body;  /* of a PUT */
	ary_transfer_source source; /* of what follows `body`, of any length; may be NULL */
	void *source_context;
	struct ary_bytes type;  /* its Content-Type; empty: none */
	const char *field;      /* one more header line; may be NULL */
	ary_transfer_sink sink; /* may be NULL */
	void *sink_context;
};

/* Allocated by the caller; begins all zero, and stays where it is while it is under way. */
struct ary_transfer {
	CURL *curl;
	const struct ary_server *server;
	struct ary_transfer_request request;
	/* The answer. */
	unsigned status;              /* 0: there is none */
	uint64_t retry_after_seconds; /* 0: not said */
	struct ary_buf body;          /* its beginning; nothing of what went to a sink */
	uint64_t sunk_bytes;
	bool source_failed;           /* so nothing was done */
	/* Private. */
	struct curl_slist *fields;
	unsigned times_sent;
	size_t body_sent;             /* of the request's body, where it has a source */
	bool cut;                     /* there is more than `body` */
	char reason[CURL_ERROR_SIZE];
};

/* Sends REQUEST to SERVER (borrowed until release) and waits for the answer. OK: it is one of
 * success. Otherwise what ary_answer_failure makes of it. Where there is no answer, or one that
 * this kind of server does not give: UNCERTAIN if a write may have been carried out, else IO.
 * NO_MEMORY: nothing was sent. The text names the server's address. */
ARY_MUST_CHECK enum ary_status ary_transfer_run(struct ary_transfer *transfer,
						const struct ary_server *server,
						const struct ary_transfer_request *request,
						struct ary_error *err);

/* ary_transfer_run in pieces, for those who drive many: make the handle ready, have it performed,
 * look at what came of it, which libcurl calls CODE. */
ARY_MUST_CHECK enum ary_status ary_transfer_begin(struct ary_transfer *transfer,
						  const struct ary_server *server,
						  const struct ary_transfer_request *request,
						  struct ary_error *err);
ARY_MUST_CHECK enum ary_status ary_transfer_end(struct ary_transfer *transfer, CURLcode code,
						struct ary_error *err);

void ary_transfer_release(struct ary_transfer *transfer);

#endif
