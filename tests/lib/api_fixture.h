/* SPDX-License-Identifier: MIT */
/* The api floor without sockets: a service over a real store in a directory of its own, and
 * requests that are carried out as http does it, one after the other.
 *
 * Whatever cannot be set up ends the test. Threads: one. */
#ifndef ARY_TESTS_LIB_API_FIXTURE_H
#define ARY_TESTS_LIB_API_FIXTURE_H

#include "api/api.h"
#include "env/thread.h"
#include "lib/fault_env.h"
#include "lib/tmpdir.h"

enum {
	API_KEY_BYTES_MAX = 40,
	API_VALUE_BYTES_MAX = 1000,
	API_TARGET_BYTES_MAX = 200,
	API_HEADER_BYTES_MAX = 2000,
	API_FIELDS_MAX = 24,
	API_GZIP_BYTES_MIN = 400,
};

struct api_fixture {
	struct tmpdir dir;
	struct fault_env *faults; /* what it all runs in */
	struct ary_store *store;
	struct ary_replica *replica;
	struct ary_api *api;
	uint64_t part_bytes;      /* of the store, as below */
	uint64_t queue_bytes_max; /* of the store; may be set before it is served; 0: as ever */
};

/* A service that is starting, with CORS for ORIGINS (or NULL). */
void api_fixture_create(struct api_fixture *fixture, const char *origins);

/* Opens its store and serves it. */
void api_fixture_serve(struct api_fixture *fixture);

/* The same, with writes as durable as DURABILITY (else: always). */
void api_fixture_serve_with(struct api_fixture *fixture, enum ary_durability durability);

void api_fixture_destroy(struct api_fixture *fixture);

/* For cmocka: a service in *STATE, without origins and serving; and the end of any in *STATE. */
int api_fixture_setup(void **state);
int api_fixture_teardown(void **state);

/* A request and, once sent, its response. */
struct api_request {
	struct ary_call call;
	struct ary_field fields[API_FIELDS_MAX];
	size_t field_count;
	struct ary_bytes body;
	struct ary_bytes rest;  /* of it, that was not passed on */
	bool chunked;
	bool refused; /* by the head alone */
	void (*before_launch)(void *context); /* called before each launch, unless NULL */
	void *before_launch_context;
	struct ary_mutex mutex;
	struct ary_cond cond;
	bool awake;
};

/* Begins a request; METHOD and TARGET are borrowed. */
void api_request_init(struct api_request *request, const char *method, const char *target);

/* Adds a header; both are borrowed. */
void api_request_header(struct api_request *request, const char *name, const char *value);

/* Gives it a body, which is borrowed. */
void api_request_body(struct api_request *request, struct ary_bytes body);

/* Carries it out and answers the status. */
unsigned api_request_send(struct api_fixture *fixture, struct api_request *request);

/* The value of response header NAME, or NULL; fails the test when it is there twice, but for Vary,
 * of which it is the first. */
const char *api_request_field(const struct api_request *request, const char *name);

/* Fails the test unless the response is a problem SLUG, complete, with its status. */
void api_request_expect_problem(const struct api_request *request, const char *slug);

void api_request_release(struct api_request *request);

/* Sends METHOD TARGET without headers; answers the status, and forgets the rest. */
unsigned api_send(struct api_fixture *fixture, const char *method, const char *target);

/* Puts VALUE at TARGET; answers the status. */
unsigned api_put(struct api_fixture *fixture, const char *target, const char *value);

#endif
