/* SPDX-License-Identifier: MIT */
/* Promise: compactions and imports on a server end with what came of them, whatever it answers
 * meanwhile; an import comes again where it is told to, and keeps the order of a key's lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/script.h"

/* ---- Compaction ---- */

#define RUNNING "{\"state\":\"running\",\"runs\":5,\"bytes_before\":100,\"scanned_bytes\":7}"
#define ENDED "\"logs_before\":3,\"logs_after\":1,\"bytes_before\":100,\"bytes_after\":40," \
	      "\"selected_logs\":2,\"selected_bytes\":90,\"written_bytes\":30," \
	      "\"records_kept\":2,\"records_dropped\":9,\"duration_seconds\":0.25"

/* Started by the first request; the third one on a connection finds it closed. */
static void answer_compaction(void *context, const struct stub_request *request,
			      struct stub_reply *reply)
{
	struct script *script = context;

	if (strcmp(request->method, "POST") == 0) {
		script_note(script, request);
		stub_respond(reply, "202 Accepted", "", RUNNING);
	} else if (request->on_connection == 3) {
		reply->closes = true;
	} else {
		stub_respond(reply, script->status, "", request->number < 6 ? RUNNING :
									       script->body);
	}
}

static void compact(struct script *script, const char *body, struct program *program)
{
	*script = (struct script){ .status = "200 OK", .body = body };
	script_start(script, answer_compaction);
	RUN(script, program, NULL, "compact", script->url);
	script_end(script);
}

/* Where one runs that goes less far, the one that was asked for follows it without a pause. */
static void test_a_full_compaction_is_waited_for(void **state)
{
	struct script script = { .status = "200 OK", .body =
		"{\"state\":\"idle\",\"runs\":7,\"full\":true,\"result\":\"ok\"," ENDED "}" };
	struct program program;

	(void)state;
	script_start(&script, answer_compaction);
	RUN(&script, &program, NULL, "compact", "--full", script.url);
	script_end(&script);
	assert_int_equal(program.status, 0);
	assert_non_null(strstr(program.out, "written_bytes 30\n"));
	assert_string_equal(script.target, "/compact?full");
	program_release(&program);
	/* It does not where somebody cancelled it; nobody waits for it then. */
	script = (struct script){ .status = "200 OK", .body =
		"{\"state\":\"idle\",\"runs\":6,\"full\":false,\"result\":\"ok\"," ENDED "}" };
	script_start(&script, answer_compaction);
	RUN(&script, &program, NULL, "compact", "--full", script.url);
	script_end(&script);
	script_expect(&program, 3, "", "the compaction was cancelled");
}

static void test_a_compaction_is_started_and_asked_after(void **state)
{
	struct script script;
	struct program program;

	(void)state;
	compact(&script, "{\"state\":\"idle\",\"runs\":6,\"result\":\"ok\"," ENDED "}", &program);
	script_expect(&program, 0, "logs_before 3\nlogs_after 1\nbytes_before 100\nbytes_after 40\n"
			    "rewritten_logs 2\nrewritten_bytes 90\nwritten_bytes 30\n"
			    "records_kept 2\nrecords_dropped 9\nduration_ms 250\n", NULL);
	assert_string_equal(script.target, "/compact");
	assert_non_null(strstr(script.head, "Prefer: respond-async\r\n"));
	assert_non_null(strstr(script.head, "Content-Length: 0\r\n"));
}

static void test_a_compaction_that_fails_or_gets_lost_is_told(void **state)
{
	struct script script;
	struct program program;

	(void)state;
	compact(&script, "{\"state\":\"idle\",\"runs\":6,\"result\":\"no-space\","
			 "\"error\":\"1 byte is free\"}", &program);
	script_expect(&program, 3, "", "1 byte is free");
	/* Fewer have ended than before, and none runs. */
	compact(&script, "{\"state\":\"idle\",\"runs\":0}", &program);
	script_expect(&program, 3, "", "the server was started anew");
	script = (struct script){ .status = "200 OK", .body = "[]" };
	script_start(&script, script_answer_alike);
	RUN(&script, &program, NULL, "compact", script.url);
	script_expect(&program, 3, "", "no JSON object");
	/* One that waits for the end although it was asked not to. */
	script.body = "{\"state\":\"idle\",\"runs\":1,\"result\":\"ok\"," ENDED "}";
	RUN(&script, &program, NULL, "compact", script.url);
	assert_int_equal(program.status, 0);
	assert_non_null(strstr(program.out, "bytes_after 40\n"));
	program_release(&program);
	script_end(&script);
}

/* ---- Import ---- */

/* Too busy for the first three, whichever they are. */
static void answer_when_rested(void *context, const struct stub_request *request,
			       struct stub_reply *reply)
{
	struct script *script = context;

	if (request->number <= 3) {
		stub_respond(reply, "503 Service Unavailable", "Retry-After: 1\r\n",
			     "{\"type\":\"/problems/overloaded\",\"title\":\"Overloaded\"}");
		return;
	}
	if (script->kept_count < SCRIPT_KEPT_MAX)
		snprintf(script->kept[script->kept_count++], sizeof(script->kept[0]),
			 "%.6s %.12s %.8s", request->method, request->target, request->body);
	stub_respond(reply, "201 Created", "", "");
}

/* The place of TEXT among what was carried out; it must be there once. */
static unsigned place_of(const struct script *script, const char *text)
{
	unsigned found = 0;
	unsigned place = 0;

	for (unsigned i = 0; i < script->kept_count; i++) {
		if (strcmp(script->kept[i], text) != 0)
			continue;
		place = i;
		found++;
	}
	if (found != 1)
		fail_msg("'%s' was carried out %u times", text, found);
	return place;
}

static void test_an_import_comes_again_when_the_server_was_busy(void **state)
{
	struct script script = { .stub = NULL };
	struct program program;
	char input[4096] = "";
	char text[32];

	(void)state;
	for (int i = 0; i < 20; i++)
		snprintf(input + strlen(input), sizeof(input) - strlen(input),
			 "{\"Set\":{\"key\":\"k%d\",\"value\":\"v%d\"}}\n", i % 5, i);
	script_start(&script, answer_when_rested);
	RUN(&script, &program, input, "import", "-", script.url);
	script_expect(&program, 0, "files 1\nlines 20\nsets 20\nremoves 0\nskipped 0\n", NULL);
	assert_int_equal(script.kept_count, 20);
	for (int i = 0; i < 20; i++) {
		unsigned place;

		snprintf(text, sizeof(text), "PUT /keys/k%d v%d", i % 5, i);
		place = place_of(&script, text);
		snprintf(text, sizeof(text), "PUT /keys/k%d v%d", i % 5, i - 5);
		if (i >= 5)
			assert_true(place_of(&script, text) < place);
	}
	script_end(&script);
}

static void test_an_import_does_not_wait_for_what_takes_too_long(void **state)
{
	struct script script = {
		.status = "503 Service Unavailable",
		.fields = "Retry-After: 60\r\n",
		.body = "{\"type\":\"/problems/read-only\",\"title\":\"Read-only\","
			"\"detail\":\"disk\"}",
	};
	struct program program;

	(void)state;
	script_start(&script, script_answer_alike);
	RUN(&script, &program, "{\"Rm\":{\"key\":\"a\"}}\n{\"Rm\":{\"key\":\"a\"}}\n",
	    "import", "-", script.url);
	script_expect(&program, 3, "", "Read-only: disk; 0 lines were applied");
	assert_int_equal(stub_requests(script.stub), 1);
	/* A single write does not wait at all. */
	script.fields = "Retry-After: 1\r\n";
	RUN(&script, &program, NULL, "set", "k", "v", script.url);
	assert_null(strstr(program.err, "unknown"));
	script_expect(&program, 3, "", "Read-only: disk");
	assert_int_equal(stub_requests(script.stub), 2);
	script_end(&script);
}

static void answer_but_not_b(void *context, const struct stub_request *request,
			     struct stub_reply *reply)
{
	script_note(context, request);
	if (strcmp(request->target, "/keys/b") == 0)
		stub_respond(reply, "507 Insufficient Storage", "",
			     "{\"type\":\"/problems/no-space\",\"title\":\"No space left\"}");
	else if (strcmp(request->target, "/keys/c") == 0)
		stub_respond(reply, "400 Bad Request", "", "");
	else
		stub_respond(reply, "204 No Content", "", "");
}

static void test_an_import_tells_the_first_line_that_failed(void **state)
{
	struct script script = { .stub = NULL };
	struct program program;

	(void)state;
	script_start(&script, answer_but_not_b);
	RUN(&script, &program, "{\"Rm\":{\"key\":\"a\"}}\n{\"Rm\":{\"key\":\"b\"}}\n"
		      "{\"Rm\":{\"key\":\"b\"}}\n{\"Rm\":{\"key\":\"c\"}}\n",
	    "import", "-", script.url);
	assert_non_null(strstr(program.err, "No space left; 1 lines were applied\n"));
	script_expect(&program, 3, "", "aryavarth: -, line 2: http://127.0.0.1:");
	script_end(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_compaction_is_started_and_asked_after),
		cmocka_unit_test(test_a_full_compaction_is_waited_for),
		cmocka_unit_test(test_a_compaction_that_fails_or_gets_lost_is_told),
		cmocka_unit_test(test_an_import_comes_again_when_the_server_was_busy),
		cmocka_unit_test(test_an_import_does_not_wait_for_what_takes_too_long),
		cmocka_unit_test(test_an_import_tells_the_first_line_that_failed),
	};

	return cmocka_run_group_tests_name("cli/remote_work", tests, NULL, NULL);
}
