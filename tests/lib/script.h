/* SPDX-License-Identifier: MIT */
/* A server that answers as a test says, and the program run against it.
 *
 * Threads: the test's; answers are given on the server's. Whatever goes wrong fails the test. */
#ifndef TESTS_LIB_SCRIPT_H
#define TESTS_LIB_SCRIPT_H

#include "lib/program.h"
#include "lib/stub.h"

enum { SCRIPT_URL_BYTES = 256, SCRIPT_KEPT_MAX = 64 };

/* What a test's server answers, and what it was asked. */
struct script {
	struct stub *stub;
	char url[SCRIPT_URL_BYTES];
	const char *status;       /* of every response, unless `answer` knows better */
	const char *fields;
	const char *body;
	struct stub_reply reply;  /* for the fields beside the text */
	char target[SCRIPT_URL_BYTES];   /* of the last request */
	char head[STUB_HEAD_BYTES];
	char kept[SCRIPT_KEPT_MAX][32];  /* "METHOD TARGET BODY" of those that were carried out */
	unsigned kept_count;
};

/* Remembers REQUEST's target and head. */
void script_note(struct script *script, const struct stub_request *request);

/* A stub_answer: the same to everyone. */
void script_answer_alike(void *context, const struct stub_request *request,
			 struct stub_reply *reply);

/* Starts the server of SCRIPT; its url is an option of the program then. */
void script_start(struct script *script, stub_answer answer);
void script_end(struct script *script);

/* Runs the program with WORDS against the server of SCRIPT, which may have ended. */
void script_run(struct script *script, struct program *program, const char *input,
		const char *const *words);
#define RUN(script, program, input, ...) \
	script_run(script, program, input, (const char *const[]){ __VA_ARGS__, NULL })

/* Fails unless PROGRAM ended with STATUS and one line that holds REASON (NULL: none), and printed
 * OUT; releases it. */
void script_expect(struct program *program, int status, const char *out, const char *reason);

#endif
