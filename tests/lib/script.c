/* SPDX-License-Identifier: MIT */
#include "lib/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void script_note(struct script *script, const struct stub_request *request)
{
	snprintf(script->target, sizeof(script->target), "%.200s", request->target);
	memcpy(script->head, request->head, sizeof(script->head));
}

void script_answer_alike(void *context, const struct stub_request *request,
			 struct stub_reply *reply)
{
	struct script *script = context;

	script_note(script, request);
	*reply = script->reply;
	if (script->status)
		stub_respond(reply, script->status, script->fields ? script->fields : "",
			     script->body ? script->body : "");
}

void script_start(struct script *script, stub_answer answer)
{
	script->stub = stub_start(answer, script);
	snprintf(script->url, sizeof(script->url), "--server=http://127.0.0.1:%d",
		 stub_port(script->stub));
}

void script_end(struct script *script)
{
	stub_end(script->stub);
	script->stub = NULL;
}

void script_run(struct script *script, struct program *program, const char *input,
		const char *const *words)
{
	if (script->stub)
		stub_sync(script->stub);
	program_run(program, input, words);
	if (script->stub)
		stub_sync(script->stub);
}

static size_t lines_of(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

void script_expect(struct program *program, int status, const char *out, const char *reason)
{
	if (program->status != status || strcmp(program->out, out) != 0 ||
	    (reason && (!strstr(program->err, reason) || lines_of(program->err) != 1)))
		fail_msg("status %d, printed '%.200s', said '%s'; wanted %d, '%s', '%s'",
			 program->status, program->out, program->err, status, out,
			 reason ? reason : "");
	if (!reason)
		assert_string_equal(program->err, "");
	program_release(program);
}
