/* SPDX-License-Identifier: MIT */
#include "api/problem.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/request_id.h"
#include "api/respond.h"
#include "api/route.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/diag.h"
#include "base/utf8.h"

#define RETRY "Send the request again after the time in Retry-After."

static const struct ary_problem problems[ARY_PROBLEM_COUNT] = {
	[ARY_PROBLEM_BAD_REQUEST] = {
		"bad-request", 400, 0, "Bad request",
		"The request breaks a rule of HTTP that this server does not overlook.",
		"Correct what the detail names; a client or proxy on the way may have caused it."},
	[ARY_PROBLEM_BAD_TARGET] = {
		"bad-target", 400, 0, "Bad request target",
		"The request target holds a space, a control character or a '#', or does not "
		"begin with '/'.",
		"Percent-encode the bytes of a key in the URL."},
	[ARY_PROBLEM_BAD_PERCENT_ENCODING] = {
		"bad-percent-encoding", 400, 0, "Bad percent-encoding",
		"A '%' in the target is not followed by two hexadecimal digits.",
		"Write a percent sign that belongs to the key as %25."},
	[ARY_PROBLEM_BAD_KEY_ENCODING] = {
		"bad-key-encoding", 400, 0, "Bad encoding of a key",
		"What is behind /keys-b64/ is not base64 for URLs (RFC 4648 section 5).",
		"Write - for +, _ for /, and all of the padding or none."},
	[ARY_PROBLEM_DOT_SEGMENT] = {
		"dot-segment", 400, 0, "Dot segment in key",
		"A part of the key between slashes is '.' or '..', which clients and proxies "
		"remove from a URL before it arrives.",
		"Choose a key without such parts."},
	[ARY_PROBLEM_UNKNOWN_PARAMETER] = {
		"unknown-parameter", 400, 0, "Unknown query parameter",
		"This resource does not know the query parameter, and does not guess.",
		"Remove or correct it; a question mark that belongs to the key is %3F."},
	[ARY_PROBLEM_REPEATED_PARAMETER] = {
		"repeated-parameter", 400, 0, "Repeated query parameter",
		"The same query parameter was given twice.",
		"Give it once."},
	[ARY_PROBLEM_INVALID_PARAMETER] = {
		"invalid-parameter", 400, 0, "Invalid query parameter",
		"The value of a query parameter is not one that it can have.",
		"Use one of the values that the detail names."},
	[ARY_PROBLEM_UNEXPECTED_BODY] = {
		"unexpected-body", 400, 0, "Unexpected body",
		"Only PUT and POST /keys take a body, and this request has one.",
		"Send the request without a body."},
	[ARY_PROBLEM_BAD_CONDITION] = {
		"bad-condition", 400, 0, "Malformed condition",
		"If-Match or If-None-Match is neither '*' nor a list of quoted entity tags; or a "
		"condition came with a POST or DELETE of /keys, where it is about no value.",
		"Send the ETag as it was received, with its quotes; or no condition."},
	[ARY_PROBLEM_BAD_CONTENT_TYPE] = {
		"bad-content-type", 400, 0, "Bad Content-Type",
		"The Content-Type is longer than 255 bytes, is given twice, or is not printable "
		"ASCII.",
		"Send one short Content-Type, or none."},
	[ARY_PROBLEM_BAD_CONTENT_ENCODING] = {
		"bad-content-encoding", 400, 0, "Bad Content-Encoding",
		"The Content-Encoding is longer than 255 bytes, is given twice, or is no list of "
		"codings.",
		"Send one short list of codings, as in gzip, or none."},
	[ARY_PROBLEM_BAD_METADATA] = {
		"bad-metadata", 400, 0, "Bad metadata",
		"A field Aryavarth-Meta-NAME is given twice, is empty, or is not printable ASCII.",
		"Give each name once, and encode what is not ASCII."},
	[ARY_PROBLEM_BAD_TTL] = {
		"bad-ttl", 400, 0, "Bad time to live",
		"Aryavarth-TTL is no number of seconds that a value can live, is given twice, or "
		"is another one than the parameter ttl.",
		"Say how long in one place, in whole seconds."},
	[ARY_PROBLEM_BAD_DURABILITY] = {
		"bad-durability", 400, 0, "Bad durability",
		"The parameter durability, or the header Aryavarth-Durability, is not always, "
		"interval or never, or the two are not the same.",
		"Ask for one of the three, in one place."},
	[ARY_PROBLEM_CONTENT_RANGE] = {
		"content-range", 400, 0, "Partial PUT",
		"A PUT with Content-Range would replace the whole value by a part of it.",
		"Send the whole value without Content-Range."},
	[ARY_PROBLEM_BAD_DIGEST] = {
		"bad-digest", 400, 0, "Malformed digest",
		"Content-Digest or Repr-Digest is no dictionary of a structured field, or a "
		"sha-256 or sha-512 in it is not the base64 of such a digest between colons.",
		"Send it as in sha-256=:...:, or leave it out."},
	[ARY_PROBLEM_DIGEST_MISMATCH] = {
		"digest-mismatch", 400, 0, "Digest mismatch",
		"The body that arrived has another digest than Content-Digest or Repr-Digest says; "
		"nothing was changed.",
		"Send the value again: it was damaged on the way, or the digest is another's."},
	[ARY_PROBLEM_FOREIGN_ORIGIN] = {
		"foreign-origin", 403, 0, "Page of another origin",
		"A browser sent this POST for a web page of another origin, which it does without "
		"asking whether that page may.",
		"Name the page's origin in --cors-origin, if it may."},
	[ARY_PROBLEM_KEY_NOT_FOUND] = {
		"key-not-found", 404, 0, "Key not found",
		"There is no value under this key.",
		"Check the key and its percent-encoding, or PUT a value first."},
	[ARY_PROBLEM_NO_SUCH_RESOURCE] = {
		"no-such-resource", 404, 0, "No such resource",
		"This server has nothing at this path.",
		"See / for what there is; keys live below /keys/."},
	[ARY_PROBLEM_METHOD_NOT_ALLOWED] = {
		"method-not-allowed", 405, 0, "Method not allowed",
		"The resource does not support this method.",
		"Use one of the methods in Allow."},
	[ARY_PROBLEM_COMPACTION_CANCELLED] = {
		"compaction-cancelled", 409, 0, "Compaction cancelled",
		"Somebody sent DELETE /compact while this compaction ran; what it had finished "
		"stays.",
		"POST /compact again when it suits."},
	[ARY_PROBLEM_PRECONDITION_FAILED] = {
		"precondition-failed", 412, 0, "Precondition failed",
		"A condition of the request (If-Match, If-Unmodified-Since, If-None-Match) did not "
		"hold for the present value; nothing was changed.",
		"GET the present value and its ETag, and decide again."},
	[ARY_PROBLEM_VALUE_TOO_LARGE] = {
		"value-too-large", 413, 0, "Value too large",
		"The body is larger than a value may be.",
		"Send a smaller value, or start the server with a larger --max-value-bytes."},
	[ARY_PROBLEM_TARGET_TOO_LONG] = {
		"target-too-long", 414, 0, "Request target too long",
		"The request target is longer than this server reads.",
		"Use a shorter key or query."},
	[ARY_PROBLEM_KEY_TOO_LONG] = {
		"key-too-long", 414, 0, "Key too long",
		"The key has more bytes than a key may have.",
		"Use a shorter key, or start the server with a larger --max-key-bytes."},
	[ARY_PROBLEM_RANGE_NOT_SATISFIABLE] = {
		"range-not-satisfiable", 416, 0, "Range not satisfiable",
		"The range begins behind the end of the value, or has no bytes; Content-Range says "
		"how long the value is.",
		"Ask for a range within the value, or for all of it."},
	[ARY_PROBLEM_EXPECTATION_FAILED] = {
		"expectation-failed", 417, 0, "Expectation failed",
		"Expect names something other than 100-continue.",
		"Send the request without Expect."},
	[ARY_PROBLEM_HEADERS_TOO_LARGE] = {
		"headers-too-large", 431, 0, "Request headers too large",
		"The header fields together are larger than this server reads.",
		"Send fewer or shorter header fields; cookies are not needed here."},
	[ARY_PROBLEM_METADATA_TOO_LARGE] = {
		"metadata-too-large", 431, 0, "Metadata too large",
		"The fields Aryavarth-Meta-NAME are more than 64, or have more than 4096 bytes as "
		"they are stored: names, values, and 6 bytes for each.",
		"Send fewer or shorter ones, or make them part of the value."},
	[ARY_PROBLEM_OUTCOME_UNKNOWN] = {
		"outcome-unknown", 500, 0, "Outcome unknown",
		"Storing failed in a way that leaves open whether the change survives; the "
		"server takes no writes any more.",
		"GET the key after the server was restarted to see which value it has."},
	[ARY_PROBLEM_RECORD_CORRUPT] = {
		"record-corrupt", 500, 0, "Record damaged",
		"What is stored fails its checksum, so it is not handed out.",
		"Check the disk and restore the data from a backup."},
	[ARY_PROBLEM_IO_ERROR] = {
		"io-error", 500, 0, "Input/output error",
		"The disk or file system refused an operation.",
		"Check the disk and the messages of the server."},
	[ARY_PROBLEM_INTERNAL_ERROR] = {
		"internal-error", 500, 0, "Internal error",
		"The server met a state that should not occur.",
		"Report it with the detail and the messages of the server."},
	[ARY_PROBLEM_UNKNOWN_METHOD] = {
		"unknown-method", 501, 0, "Unknown method",
		"No resource of this server knows the method; methods are in capitals.",
		"Use GET, HEAD, PUT, POST, DELETE or OPTIONS."},
	[ARY_PROBLEM_TRANSFER_CODING] = {
		"transfer-coding", 501, 0, "Unknown transfer coding",
		"Transfer-Encoding names something other than chunked.",
		"Send the body chunked or with a Content-Length."},
	[ARY_PROBLEM_STARTING] = {
		"starting", 503, 1, "Starting",
		"The server is still reading its log; /readyz tells how far it is.",
		RETRY},
	[ARY_PROBLEM_SHUTTING_DOWN] = {
		"shutting-down", 503, 5, "Shutting down",
		"The server is stopping and takes no more changes; this one was not made.",
		RETRY},
	[ARY_PROBLEM_OVERLOADED] = {
		"overloaded", 503, 1, "Overloaded",
		"More work is waiting than the server queues; this request was not carried out.",
		RETRY},
	[ARY_PROBLEM_TOO_MANY_BYTES] = {
		"too-many-bytes", 503, 1, "Too many bytes in flight",
		"The bodies being received and the values being sent hold as many bytes as "
		"--flight-bytes-max allows, of which bodies of more than 1 MiB have half; those of "
		"this request do not fit beside them.",
		RETRY},
	[ARY_PROBLEM_TOO_MANY_CONNECTIONS] = {
		"too-many-connections", 503, 1, "Too many connections",
		"As many connections are open as --connections-max allows; only probes are "
		"answered on further ones.",
		RETRY},
	[ARY_PROBLEM_READ_ONLY] = {
		"read-only", 503, 60, "Read-only",
		"After a failed write to the disk the server takes no more changes; reads go on.",
		"Check the disk, then restart the server, which reads and checks its log anew."},
	[ARY_PROBLEM_OUT_OF_MEMORY] = {
		"out-of-memory", 503, 1, "Out of memory",
		"The server could not get the memory that this request needs.",
		RETRY},
	[ARY_PROBLEM_NO_SPACE] = {
		"no-space", 507, 0, "No space left",
		"The disk is full, or nearly; the change was not stored.",
		"Delete keys and POST /compact, or make room on the disk."},
};

const struct ary_problem *ary_problem(enum ary_problem_kind kind)
{
	ARY_CHECK(kind < ARY_PROBLEM_COUNT);
	return &problems[kind];
}

bool ary_problem_find(struct ary_bytes slug, enum ary_problem_kind *out)
{
	for (unsigned kind = 0; kind < ARY_PROBLEM_COUNT; kind++) {
		if (!ary_bytes_equal(slug, ary_bytes_of(problems[kind].slug)))
			continue;
		*out = (enum ary_problem_kind)kind;
		return true;
	}
	return false;
}

enum ary_problem_kind ary_problem_of(enum ary_status status)
{
	switch (status) {
	case ARY_NOT_FOUND: return ARY_PROBLEM_KEY_NOT_FOUND;
	case ARY_INVALID: return ARY_PROBLEM_BAD_REQUEST;
	case ARY_TOO_LARGE: return ARY_PROBLEM_VALUE_TOO_LARGE;
	case ARY_CONFLICT: return ARY_PROBLEM_PRECONDITION_FAILED;
	case ARY_BUSY: return ARY_PROBLEM_OVERLOADED;
	case ARY_READ_ONLY: return ARY_PROBLEM_READ_ONLY;
	case ARY_NO_SPACE: return ARY_PROBLEM_NO_SPACE;
	case ARY_NO_MEMORY: return ARY_PROBLEM_OUT_OF_MEMORY;
	case ARY_CORRUPT: return ARY_PROBLEM_RECORD_CORRUPT;
	case ARY_IO: return ARY_PROBLEM_IO_ERROR;
	case ARY_UNCERTAIN: return ARY_PROBLEM_OUTCOME_UNKNOWN;
	case ARY_CANCELLED: return ARY_PROBLEM_COMPACTION_CANCELLED;
	case ARY_SHUTDOWN: return ARY_PROBLEM_SHUTTING_DOWN;
	case ARY_OK:
	case ARY_EXISTS:
	case ARY_LOCKED:
	case ARY_UNSUPPORTED: return ARY_PROBLEM_INTERNAL_ERROR;
	}
	return ARY_PROBLEM_INTERNAL_ERROR;
}

enum ary_status ary_problem_status(enum ary_problem_kind kind)
{
	switch (kind) {
	case ARY_PROBLEM_KEY_NOT_FOUND: return ARY_NOT_FOUND;
	case ARY_PROBLEM_PRECONDITION_FAILED: return ARY_CONFLICT;
	case ARY_PROBLEM_VALUE_TOO_LARGE:
	case ARY_PROBLEM_TARGET_TOO_LONG:
	case ARY_PROBLEM_KEY_TOO_LONG:
	case ARY_PROBLEM_HEADERS_TOO_LARGE:
	case ARY_PROBLEM_METADATA_TOO_LARGE: return ARY_TOO_LARGE;
	case ARY_PROBLEM_NO_SUCH_RESOURCE:
	case ARY_PROBLEM_METHOD_NOT_ALLOWED:
	case ARY_PROBLEM_UNKNOWN_METHOD:
	case ARY_PROBLEM_TRANSFER_CODING:
	case ARY_PROBLEM_EXPECTATION_FAILED: return ARY_UNSUPPORTED;
	/* It should not occur, so what came of the request is not known either. */
	case ARY_PROBLEM_INTERNAL_ERROR:
	case ARY_PROBLEM_OUTCOME_UNKNOWN: return ARY_UNCERTAIN;
	case ARY_PROBLEM_RECORD_CORRUPT: return ARY_CORRUPT;
	case ARY_PROBLEM_IO_ERROR: return ARY_IO;
	case ARY_PROBLEM_STARTING:
	case ARY_PROBLEM_TOO_MANY_BYTES:
	case ARY_PROBLEM_TOO_MANY_CONNECTIONS:
	case ARY_PROBLEM_OVERLOADED: return ARY_BUSY;
	case ARY_PROBLEM_COMPACTION_CANCELLED: return ARY_CANCELLED;
	case ARY_PROBLEM_SHUTTING_DOWN: return ARY_SHUTDOWN;
	case ARY_PROBLEM_READ_ONLY: return ARY_READ_ONLY;
	case ARY_PROBLEM_OUT_OF_MEMORY: return ARY_NO_MEMORY;
	case ARY_PROBLEM_NO_SPACE: return ARY_NO_SPACE;
	default: return ARY_INVALID;
	}
}

/* JSON text cannot hold every byte, so a key that is not UTF-8 (or holds U+0000, which many
 * readers of JSON cut at) goes as base64. */
static void add_key(json_t **root, struct ary_bytes key)
{
	size_t size = ary_base64_size(key.size);
	uint8_t *encoded;

	if (memchr(key.data, 0, key.size) == NULL && ary_utf8_valid(key)) {
		ary_json_set(root, "key", json_stringn((const char *)key.data, key.size));
		return;
	}
	encoded = ary_try_alloc(size);
	if (encoded != NULL)
		ary_base64_encode(key, encoded);
	ary_json_set(root, "key_b64",
		     encoded != NULL ? json_stringn((const char *)encoded, size) : NULL);
	free(encoded);
}

/* The key that CALL is about, or nothing. One that is too long would make for a long problem, and
 * says nothing new. */
static struct ary_bytes key_of(const struct ary_call *call, const struct ary_problem *problem)
{
	if (call->route != NULL && call->route->has_key &&
	    problem != ary_problem(ARY_PROBLEM_KEY_TOO_LONG))
		return call->tail;
	return (struct ary_bytes){ NULL, 0 };
}

/* Whoever runs the server finds the request that a client complains about by its id; what is the
 * client's doing, or is over soon, needs no line. */
static void tell(const struct ary_problem *problem, struct ary_bytes id, const char *detail)
{
	char quoted[ARY_DIAG_QUOTED_BYTES];

	if (problem->status == 500)
		ary_diag(ARY_DIAG_WARN, "request_failed", "request_id=%.*s problem=%s detail=%s",
			 (int)id.size, (const char *)id.data, problem->slug,
			 ary_diag_quote(detail, quoted));
}

static json_t *make(struct ary_call *call, const struct ary_problem *problem, const char *detail)
{
	struct ary_bytes id = ary_request_id(call);
	json_t *root = json_pack("{s:s+, s:s, s:i}", "type", "/problems/", problem->slug, "title",
				 problem->title, "status", (int)problem->status);

	tell(problem, id, detail);
	if (detail[0] != '\0')
		ary_json_text(&root, "detail", detail);
	if (id.size > 0)
		ary_json_set(&root, "instance",
			     json_sprintf("urn:request:%.*s", (int)id.size,
					  (const char *)id.data));
	return root;
}

/* Takes ROOT. */
static void respond(struct ary_call *call, const struct ary_problem *problem, json_t *root)
{
	ary_respond_json(&call->response, problem->status, "application/problem+json", root);
	ary_response_constant(&call->response, "Cache-Control", "no-store");
	if (problem->retry_after_seconds > 0)
		ary_response_field(&call->response, "Retry-After", "%u",
				   problem->retry_after_seconds);
}

static void respond_about(struct ary_call *call, const struct ary_problem *problem,
			  struct ary_bytes key, const char *detail)
{
	json_t *root = make(call, problem, detail);

	if (key.size > 0)
		add_key(&root, key);
	respond(call, problem, root);
}

enum ary_step ary_problem_respond(struct ary_call *call, enum ary_problem_kind kind,
				  const char *format, ...)
{
	const struct ary_problem *problem = ary_problem(kind);
	char detail[ARY_ERROR_TEXT_BYTES];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(detail, sizeof(detail), format, values);
	va_end(values);
	respond_about(call, problem, key_of(call, problem), detail);
	return ARY_STEP_RESPOND;
}

enum ary_step ary_problem_respond_status(struct ary_call *call, enum ary_status status,
					 const struct ary_error *err)
{
	const struct ary_problem *problem = ary_problem(ary_problem_of(status));

	return ary_problem_respond_about(call, status, key_of(call, problem), err);
}

enum ary_step ary_problem_respond_about(struct ary_call *call, enum ary_status status,
					struct ary_bytes key, const struct ary_error *err)
{
	respond_about(call, ary_problem(ary_problem_of(status)), key,
		      err != NULL ? err->text : "");
	return ARY_STEP_RESPOND;
}

enum ary_step ary_problem_respond_deleted(struct ary_call *call, enum ary_status status,
					  uint64_t deleted, const struct ary_error *err)
{
	const struct ary_problem *problem = ary_problem(ary_problem_of(status));
	json_t *root = make(call, problem, err != NULL ? err->text : "");

	ary_json_number(&root, "deleted", deleted);
	respond(call, problem, root);
	return ARY_STEP_RESPOND;
}

enum ary_step ary_problem_respond_condition(struct ary_call *call, enum ary_status status)
{
	if (status == ARY_INVALID)
		return ary_problem_respond(call, ARY_PROBLEM_BAD_CONDITION, "%s",
					   "entity tags are quoted, as in \"17\"");
	return ary_problem_respond_status(call, status, NULL);
}
