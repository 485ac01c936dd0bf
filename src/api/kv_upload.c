/* SPDX-License-Identifier: MIT */
#include "api/kv_upload.h"

#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "api/digest.h"
#include "api/problem.h"
#include "base/alloc.h"
#include "store/upload.h"

/* A value that is no longer than so many parts is one line: then it is in lists, a digest of it can
 * be asked for, and it takes one write. */
enum { PIECE_PARTS = 4 };

struct ary_pieces {
	struct ary_upload *upload;  /* owned */
	struct ary_digests digests; /* of what was passed on */
	uint64_t part_bytes;
	uint64_t passed_bytes;      /* of the pieces before this one */
	size_t stored_bytes;        /* of this one */
	struct ary_write part;
	bool is_passing;            /* `part` is launched, and nobody has looked at it since */
};

enum ary_step ary_kv_check_pieces(struct ary_api *api, struct ary_call *call)
{
	struct ary_store *store = ary_api_store(api);
	struct ary_error err;
	enum ary_status status;

	call->piece_bytes = PIECE_PARTS * ary_store_part_bytes(store);
	if (!call->request.has_length || call->request.length <= call->piece_bytes)
		return ARY_STEP_BODY;
	status = ary_store_ready(store, &err);
	return status == ARY_OK ? ARY_STEP_BODY : ary_problem_respond_status(call, status, &err);
}

void ary_pieces_destroy(struct ary_pieces *pieces)
{
	if (pieces == NULL)
		return;
	ary_upload_close(pieces->upload);
	ary_digests_release(&pieces->digests);
	free(pieces);
}

static enum ary_step begin(struct ary_api *api, struct ary_call *call)
{
	struct ary_pieces *pieces = ary_try_alloc(sizeof(*pieces));
	struct ary_error err;
	enum ary_status status;

	if (pieces == NULL)
		return ary_problem_respond_status(call, ARY_NO_MEMORY, NULL);
	memset(pieces, 0, sizeof(*pieces));
	pieces->part_bytes = ary_store_part_bytes(ary_api_store(api));
	call->pieces = pieces;
	status = ary_upload_begin(ary_api_store(api), &pieces->upload, &err);
	if (status != ARY_OK)
		return ary_problem_respond_status(call, status, &err);
	return ary_digests_begin(call, &pieces->digests);
}

static void wake(struct ary_write *write)
{
	struct ary_call *call = write->context;

	call->wake(call);
}

/* The next part of the piece. It is as durable as the store makes it; the write that names it is as
 * durable as was asked, and all that is before it in the log is so with it. */
static enum ary_step pass(struct ary_call *call)
{
	struct ary_pieces *pieces = call->pieces;
	size_t left = call->body.size - pieces->stored_bytes;
	size_t size = left < pieces->part_bytes ? left : (size_t)pieces->part_bytes;

	pieces->part = (struct ary_write){
		.op = ARY_WRITE_PART,
		.value = {call->body.data + pieces->stored_bytes, size},
		.upload = pieces->upload,
		.done = wake,
		.context = call,
	};
	pieces->is_passing = true;
	return ARY_STEP_PARK;
}

enum ary_step ary_kv_pass(struct ary_api *api, struct ary_call *call)
{
	enum ary_step step = call->pieces == NULL ? begin(api, call) : ARY_STEP_BODY;

	if (step != ARY_STEP_BODY)
		return step;
	ary_digests_add(&call->pieces->digests, ary_buf_view(&call->body));
	return pass(call);
}

enum ary_step ary_kv_pass_last(struct ary_call *call)
{
	enum ary_step step;

	ary_digests_add(&call->pieces->digests, ary_buf_view(&call->body));
	step = ary_digest_compare(call, &call->pieces->digests);
	return step == ARY_STEP_BODY ? pass(call) : step;
}

/* Whether a piece got to the disk may be unknown, but not what became of the value: nothing did. */
static enum ary_step refuse(struct ary_call *call, const struct ary_write *part)
{
	enum ary_status status = part->status == ARY_UNCERTAIN ? ARY_READ_ONLY : part->status;

	return ary_problem_respond_status(call, status, &part->error);
}

enum ary_step ary_kv_passed(struct ary_call *call)
{
	struct ary_pieces *pieces = call->pieces;
	const struct ary_write *part = &pieces->part;

	pieces->is_passing = false;
	if (part->status != ARY_OK)
		return refuse(call, part);
	pieces->stored_bytes += part->value.size;
	if (pieces->stored_bytes < call->body.size)
		return pass(call);
	pieces->passed_bytes += pieces->stored_bytes;
	pieces->stored_bytes = 0;
	call->write.upload = pieces->upload;
	call->body.size = 0;
	return ARY_STEP_BODY;
}

struct ary_write *ary_kv_next_write(struct ary_call *call)
{
	return ary_kv_is_passing(call) ? &call->pieces->part : &call->write;
}

bool ary_kv_is_passing(const struct ary_call *call)
{
	return call->pieces != NULL && call->pieces->is_passing;
}

uint64_t ary_kv_body_bytes(const struct ary_call *call)
{
	return call->body.size + (call->pieces != NULL ? call->pieces->passed_bytes : 0);
}
