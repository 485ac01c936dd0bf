/* SPDX-License-Identifier: MIT */
#include "api/digest.h"

#include <string.h>

#include "api/dictionary.h"
#include "api/kv_upload.h"
#include "api/problem.h"
#include "api/respond.h"
#include "base/base64.h"
#include "base/number.h"
#include "store/upload.h"

enum { DIGEST_BYTES_MAX = ARY_SHA512_BYTES, WEIGHT_MAX = 10 };

struct algorithm {
	const char *name;
	size_t bytes;
	void (*digest)(struct ary_bytes bytes, uint8_t *out);
};

static const struct algorithm algorithms[] = {
	{"sha-256", ARY_SHA256_BYTES, ary_sha256},
	{"sha-512", ARY_SHA512_BYTES, ary_sha512},
};

enum { ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]) };

static const struct algorithm *find_algorithm(struct ary_bytes name)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (ary_bytes_equal(name, ary_bytes_of(algorithms[i].name)))
			return &algorithms[i];
	return NULL;
}

/* ---- What a PUT says ---- */

/* What is done with each known digest of a request. */
struct visit {
	enum ary_step (*visit)(struct visit *visit, const struct algorithm *algorithm,
			       const uint8_t *digest);
	struct ary_call *call;
	const char *field;
	struct ary_digests *made;          /* or NULL */
	const struct ary_digests *digests; /* or NULL */
};

static enum ary_step refuse(struct ary_call *call, const char *field)
{
	return ary_problem_respond(call, ARY_PROBLEM_BAD_DIGEST,
				   "%s is not as in sha-256=:...:, with base64 between the colons",
				   field);
}

/* Decodes MEMBER, a digest by ALGORITHM, to OUT; a longer text cannot be one. */
static enum ary_status decode(const struct ary_member *member, const struct algorithm *algorithm,
			      uint8_t out[DIGEST_BYTES_MAX])
{
	struct ary_buf decoded = {0};
	enum ary_status status = ARY_INVALID;

	if (member->kind == ARY_MEMBER_BYTES &&
	    member->value.size == ary_base64_size(algorithm->bytes))
		status = ary_base64_decode(member->value, &decoded);
	if (status == ARY_OK && decoded.size != algorithm->bytes)
		status = ARY_INVALID;
	if (status == ARY_OK)
		memcpy(out, decoded.data, decoded.size);
	ary_buf_release(&decoded);
	return status;
}

static enum ary_step visit_member(struct visit *visit, const struct ary_member *member)
{
	const struct algorithm *algorithm = find_algorithm(member->name);
	uint8_t digest[DIGEST_BYTES_MAX];
	enum ary_status status;

	if (algorithm == NULL)
		return ARY_STEP_BODY;
	status = decode(member, algorithm, digest);
	if (status == ARY_INVALID)
		return refuse(visit->call, visit->field);
	if (status != ARY_OK)
		return ary_problem_respond_status(visit->call, status, NULL);
	return visit->visit(visit, algorithm, digest);
}

static enum ary_step visit_field(struct visit *visit, const char *field, struct ary_bytes text)
{
	struct ary_member member;
	enum ary_take taken;
	enum ary_step step = ARY_STEP_BODY;

	visit->field = field;
	while (step == ARY_STEP_BODY) {
		taken = ary_dictionary_take(&text, &member);
		if (taken == ARY_TAKE_END)
			break;
		step = taken == ARY_TAKE_BAD ? refuse(visit->call, field) :
					       visit_member(visit, &member);
	}
	return step;
}

/* Visits the digests of all fields, one after the other: each of them is held to be true. */
static enum ary_step visit_digests(struct visit *visit)
{
	struct ary_call *call = visit->call;
	const uint64_t bits = ARY_FIELD_BIT(ARY_FIELD_CONTENT_DIGEST) |
			      ARY_FIELD_BIT(ARY_FIELD_REPR_DIGEST);
	enum ary_step step = ARY_STEP_BODY;

	if (!ary_call_has_any(call, bits))
		return step;
	for (size_t i = 0; i < call->request.field_count && step == ARY_STEP_BODY; i++) {
		const struct ary_field *field = &call->request.fields[i];

		if (field->id == ARY_FIELD_CONTENT_DIGEST)
			step = visit_field(visit, "Content-Digest", field->value);
		if (field->id == ARY_FIELD_REPR_DIGEST)
			step = visit_field(visit, "Repr-Digest", field->value);
	}
	return step;
}

static enum ary_step pass(struct visit *visit, const struct algorithm *algorithm,
			  const uint8_t *digest)
{
	(void)visit;
	(void)algorithm;
	(void)digest;
	return ARY_STEP_BODY;
}

enum ary_step ary_digest_check(struct ary_call *call)
{
	return visit_digests(&(struct visit){.visit = pass, .call = call});
}

/* Where DIGESTS have that of ALGORITHM. */
static struct ary_sha2 *const *find_made(const struct ary_digests *digests,
					 const struct algorithm *algorithm)
{
	return algorithm->bytes == ARY_SHA256_BYTES ? &digests->sha256 : &digests->sha512;
}

static enum ary_step begin(struct visit *visit, const struct algorithm *algorithm,
			   const uint8_t *digest)
{
	struct ary_digests *made = visit->made;
	struct ary_sha2 **place =
		algorithm->bytes == ARY_SHA256_BYTES ? &made->sha256 : &made->sha512;

	(void)digest;
	if (*place == NULL)
		*place = ary_sha2_create(algorithm->bytes);
	return *place != NULL ? ARY_STEP_BODY :
				ary_problem_respond_status(visit->call, ARY_NO_MEMORY, NULL);
}

enum ary_step ary_digests_begin(struct ary_call *call, struct ary_digests *digests)
{
	return visit_digests(&(struct visit){.visit = begin, .call = call, .made = digests});
}

void ary_digests_release(struct ary_digests *digests)
{
	ary_sha2_destroy(digests->sha256);
	ary_sha2_destroy(digests->sha512);
	*digests = (struct ary_digests){NULL, NULL};
}

void ary_digests_add(struct ary_digests *digests, struct ary_bytes bytes)
{
	if (digests->sha256 != NULL)
		ary_sha2_add(digests->sha256, bytes);
	if (digests->sha512 != NULL)
		ary_sha2_add(digests->sha512, bytes);
}

/* What was true of the body is kept with the value. */
static void store(struct ary_call *call, const uint8_t sha256[ARY_SHA256_BYTES])
{
	memcpy(call->sha256, sha256, ARY_SHA256_BYTES);
	call->write.sha256 = (struct ary_bytes){call->sha256, ARY_SHA256_BYTES};
}

static enum ary_step compare(struct visit *visit, const struct algorithm *algorithm,
			     const uint8_t *digest)
{
	struct ary_call *call = visit->call;
	uint8_t own[DIGEST_BYTES_MAX];

	if (visit->digests != NULL)
		ary_sha2_digest(*find_made(visit->digests, algorithm), own);
	else
		algorithm->digest(ary_buf_view(&call->body), own);
	if (memcmp(own, digest, algorithm->bytes) == 0) {
		if (algorithm->bytes == ARY_SHA256_BYTES)
			store(call, own);
		return ARY_STEP_BODY;
	}
	return ary_problem_respond(call, ARY_PROBLEM_DIGEST_MISMATCH,
				   "the %llu bytes received have another %s than %s says",
				   (unsigned long long)ary_kv_body_bytes(call), algorithm->name,
				   visit->field);
}

enum ary_step ary_digest_compare(struct ary_call *call, const struct ary_digests *digests)
{
	return visit_digests(&(struct visit){.visit = compare, .call = call, .digests = digests});
}

/* ---- What a read wants ---- */

/* A weight from 0, not wanted, to 10. False: it is none. */
static bool parse_weight(const struct ary_member *member, uint64_t *out)
{
	return member->kind == ARY_MEMBER_INTEGER && ary_parse_u64(member->value, out) &&
	       *out <= WEIGHT_MAX;
}

/* Raises *BEST to the algorithm of TEXT that is wanted most. False: TEXT is no such field. */
static bool read_wish(struct ary_bytes text, const struct algorithm **best, uint64_t *best_weight)
{
	struct ary_member member;
	enum ary_take taken;

	while ((taken = ary_dictionary_take(&text, &member)) == ARY_TAKE_ONE) {
		const struct algorithm *algorithm = find_algorithm(member.name);
		uint64_t weight;

		if (!parse_weight(&member, &weight))
			return false;
		if (algorithm == NULL || weight <= *best_weight)
			continue;
		*best = algorithm;
		*best_weight = weight;
	}
	return taken == ARY_TAKE_END;
}

/* The algorithm that field ID of CALL wants most, the first of equals; NULL: none. */
static const struct algorithm *wanted(const struct ary_call *call, enum ary_field_id id)
{
	const struct algorithm *best = NULL;
	uint64_t best_weight = 0;

	for (size_t i = 0; i < call->request.field_count; i++) {
		const struct ary_field *field = &call->request.fields[i];

		if (field->id == id && !read_wish(field->value, &best, &best_weight))
			return NULL;
	}
	return best;
}

static void add(struct ary_response *response, const char *name, const struct algorithm *algorithm,
		const uint8_t *digest)
{
	char text[96];
	size_t size = ary_base64_size(algorithm->bytes);

	ary_base64_encode((struct ary_bytes){digest, algorithm->bytes}, (uint8_t *)text);
	ary_response_field(response, name, "%s=:%.*s:", algorithm->name, (int)size, text);
}

static void add_of(struct ary_response *response, const char *name,
		   const struct algorithm *algorithm, struct ary_bytes bytes)
{
	uint8_t digest[DIGEST_BYTES_MAX];

	algorithm->digest(bytes, digest);
	add(response, name, algorithm, digest);
}

void ary_digest_add(struct ary_call *call, const struct ary_value *value)
{
	struct ary_response *response = &call->response;
	const struct algorithm *of_whole = NULL, *of_content = NULL;

	/* A wish only, and all of a large value would have to be read for it first. */
	if (ary_call_has_any(call, ARY_DIGEST_WANT_BITS) && !ary_value_is_large(value)) {
		of_whole = wanted(call, ARY_FIELD_WANT_REPR_DIGEST);
		of_content = wanted(call, ARY_FIELD_WANT_CONTENT_DIGEST);
	}
	if (value->sha256.size > 0 && (of_whole == NULL || of_whole == &algorithms[0]))
		add(response, "Repr-Digest", &algorithms[0], value->sha256.data);
	else if (of_whole != NULL)
		add_of(response, "Repr-Digest", of_whole, value->value);
	if (of_content != NULL)
		add_of(response, "Content-Digest", of_content, response->body);
}
