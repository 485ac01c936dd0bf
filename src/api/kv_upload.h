/* SPDX-License-Identifier: MIT */
/* A value that comes in pieces: each becomes some parts in the store as soon as it is there, so
 * that no more than one is in memory, and the write that names them follows the last one.
 *
 * Threads: those of the call. */
#ifndef ARY_API_KV_UPLOAD_H
#define ARY_API_KV_UPLOAD_H

#include "api/api.h"

struct ary_pieces;

/* Notes that the body of CALL, an admitted PUT, may come in pieces. RESPOND: it is announced as so
 * long that it must, and the store takes nothing now. */
enum ary_step ary_kv_check_pieces(struct ary_api *api, struct ary_call *call);

/* The body of CALL is a piece that more will follow, or the last one after others: PARK, or
 * RESPOND, with digest-mismatch too. */
enum ary_step ary_kv_pass(struct ary_api *api, struct ary_call *call);
enum ary_step ary_kv_pass_last(struct ary_call *call);

/* What became of a piece that was launched. BODY: it is stored, and the body is empty. RESPOND. */
enum ary_step ary_kv_passed(struct ary_call *call);

/* Whether a piece of CALL is to be launched, or was and is still to be looked at. */
bool ary_kv_is_passing(const struct ary_call *call);

/* Launches it. */
void ary_kv_propose_parts(struct ary_replica *replica, struct ary_call *call);

/* The bytes of CALL's body, those included that were passed on before. */
uint64_t ary_kv_body_bytes(const struct ary_call *call);

/* Takes PIECES (NULL is fine); none of its writes may be under way. */
void ary_pieces_destroy(struct ary_pieces *pieces);

#endif
