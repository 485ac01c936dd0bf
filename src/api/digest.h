/* SPDX-License-Identifier: MIT */
/* Digests of values (RFC 9530). A PUT that says what its body's digest is has it compared before
 * anything is stored; a read is told the digest that it asks for. Known are sha-256 and sha-512;
 * other algorithms are passed over, as that RFC says. A value is stored as it was sent, so the
 * digest of a body is that of the representation.
 *
 * A sha-256 that a PUT has said is stored beside the value, and told to all who read it.
 *
 * A digest is made on the http thread, over the whole value: of one that comes in pieces, a piece
 * at a time; of one that is read in parts none is made. Threads: any. */
#ifndef ARY_API_DIGEST_H
#define ARY_API_DIGEST_H

#include "api/api.h"
#include "base/sha2.h"

/* The fields of a request for a value that ask for a digest. */
#define ARY_DIGEST_WANT_BITS                                                                       \
	(ARY_FIELD_BIT(ARY_FIELD_WANT_CONTENT_DIGEST) | ARY_FIELD_BIT(ARY_FIELD_WANT_REPR_DIGEST))

/* Looks at the Content-Digest and the Repr-Digest of CALL, an admitted PUT: RESPOND with bad-digest
 * where one is no dictionary, or a digest that is known is none of its kind. */
enum ary_step ary_digest_check(struct ary_call *call);

/* The digests of a body that comes in pieces, as far as it has come; NULL: it is not asked for. */
struct ary_digests {
	struct ary_sha2 *sha256; /* owned */
	struct ary_sha2 *sha512; /* owned */
};

/* Begins the digests that CALL, which was checked, says. BODY; RESPOND: no memory. Release DIGESTS
 * in either case. */
enum ary_step ary_digests_begin(struct ary_call *call, struct ary_digests *digests);
void ary_digests_release(struct ary_digests *digests);

/* BYTES of the body come next. */
void ary_digests_add(struct ary_digests *digests, struct ary_bytes bytes);

/* Compares the body of CALL, whose digests were checked, with them: RESPOND with digest-mismatch
 * where it is another body. DIGESTS are of all of it where it came in pieces; NULL: it did not. */
enum ary_step ary_digest_compare(struct ary_call *call, const struct ary_digests *digests);

/* Adds the digest of VALUE that is stored with it, or another one that CALL wants; and where it
 * wants that, the digest of what is sent, the response's body. A wish that is not understood is
 * none. */
void ary_digest_add(struct ary_call *call, const struct ary_value *value);

#endif
