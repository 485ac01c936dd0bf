/* SPDX-License-Identifier: MIT */
#include "api/kv_upload.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "api/digest.h"
#include "api/problem.h"
#include "base/alloc.h"
#include "base/check.h"
#include "store/upload.h"

/* A value that is no longer than so many parts is one line: then it is in lists, a digest of it can
 * be asked for, and it takes one write. */
enum { PIECE_PARTS = 4 };

struct ary_pieces {
	struct ary_upload *upload;  /* owned */
	struct ary_digests digests; /* of what was passed on */
	uint64_t part_bytes;
	uint64_t passed_bytes;      /* of the pieces before this one */
	uint64_t passed_parts;
	struct ary_write parts[PIECE_PARTS]; /* of this one */
	unsigned part_count;        /* 0: there is none, or somebody has looked at it since */
	atomic_uint pending;        /* parts that are not done */
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

/* After the last one the pieces may be gone. */
static void part_done(struct ary_write *write)
{
	struct ary_call *call = write->context;

	if (atomic_fetch_sub(&call->pieces->pending, 1) == 1)
		call->wake(call);
}

/* Makes the parts of the piece. They are as durable as the store makes them; the write that names
 * them is as durable as was asked, and all that is before it in the log is so with it. */
static enum ary_step pass(struct ary_call *call)
{
	struct ary_pieces *pieces = call->pieces;
	struct ary_bytes rest = ary_buf_view(&call->body);

	while (rest.size > 0) {
		size_t size = rest.size < pieces->part_bytes ? rest.size
							     : (size_t)pieces->part_bytes;

		ARY_CHECK(pieces->part_count < PIECE_PARTS);
		pieces->parts[pieces->part_count++] = (struct ary_write){
			.op = ARY_WRITE_PART,
			.value = {rest.data, size},
			.upload = pieces->upload,
			.part = pieces->passed_parts++,
			.done = part_done,
			.context = call,
		};
		rest = (struct ary_bytes){rest.data + size, rest.size - size};
	}
	atomic_store(&pieces->pending, pieces->part_count);
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

/* Whether a part got to the disk may be unknown, but not what became of the value: nothing did. */
static enum ary_step refuse(struct ary_call *call, const struct ary_write *part)
{
	enum ary_status status = part->status == ARY_UNCERTAIN ? ARY_READ_ONLY : part->status;

	return ary_problem_respond_status(call, status, &part->error);
}

enum ary_step ary_kv_passed(struct ary_call *call)
{
	struct ary_pieces *pieces = call->pieces;
	unsigned count = pieces->part_count;

	pieces->part_count = 0;
	/* Those behind the first that fails only say that it is missing. */
	for (unsigned i = 0; i < count; i++) {
		if (pieces->parts[i].status != ARY_OK)
			return refuse(call, &pieces->parts[i]);
	}
	pieces->passed_bytes += call->body.size;
	call->write.upload = pieces->upload;
	call->body.size = 0;
	return ARY_STEP_BODY;
}

bool ary_kv_is_passing(const struct ary_call *call)
{
	return call->pieces != NULL && call->pieces->part_count > 0;
}

void ary_kv_propose_parts(struct ary_replica *replica, struct ary_call *call)
{
	struct ary_write *parts = call->pieces->parts;
	unsigned count = call->pieces->part_count;

	/* None is looked at after it was proposed: the call may have gone on with the last one. */
	for (unsigned i = 0; i < count; i++)
		ary_replica_propose(replica, &parts[i]);
}

uint64_t ary_kv_body_bytes(const struct ary_call *call)
{
	return call->body.size + (call->pieces != NULL ? call->pieces->passed_bytes : 0);
}
