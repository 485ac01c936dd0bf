/* SPDX-License-Identifier: MIT */
/* Promise: whatever a server does, the data commands end, say in one line what is known, never say
 * that a write was done when it may not be, and never send a write twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/script.h"

enum { MIB = 1024 * 1024 };

/* ---- What is sent ---- */

static void test_a_path_before_the_keys_and_credentials_are_sent_and_not_shown(void **state)
{
	struct script script = { .status = "404 Not Found", .fields = "" };
	struct program program;
	char url[SCRIPT_URL_BYTES];

	(void)state;
	script_start(&script, script_answer_alike);
	snprintf(url, sizeof(url), "http://me:s%%40crEt@127.0.0.1:%d/a%%20b//",
		 stub_port(script.stub));
	RUN(&script, &program, NULL, "get", "k/\xc3\xa4+ ?", "--server", url);
	assert_null(strstr(program.err, "crEt"));
	assert_null(strstr(program.err, "me:"));
	script_expect(&program, 3, "", "the answer is 404, without a reason");
	assert_string_equal(script.target, "/a%20b/keys/k/%C3%A4%2B%20%3F");
	/* me:s@crEt */
	assert_non_null(strstr(script.head, "Authorization: Basic bWU6c0BjckV0\r\n"));
	script_end(&script);
}

static void test_bodies_are_no_forms_and_large_ones_wait_to_be_wanted(void **state)
{
	struct script script = { .status = "204 No Content" };
	struct program program;
	char large[20001];

	(void)state;
	script_start(&script, script_answer_alike);
	RUN(&script, &program, "x", "set", "k", "-", script.url);
	script_expect(&program, 0, "", NULL);
	assert_null(strstr(script.head, "Content-Type"));
	assert_null(strstr(script.head, "Expect"));
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	RUN(&script, &program, large, "set", "k", "-", script.url);
	script_expect(&program, 0, "", NULL);
	assert_non_null(strstr(script.head, "Expect: 100-continue\r\n"));
	assert_non_null(strstr(script.head, "Content-Length: 20000\r\n"));
	script_end(&script);
}

static void test_health_asks_no_proxy_and_the_others_do(void **state)
{
	struct script script = { .status = "200 OK", .body = "ok" };
	struct program program;

	(void)state;
	script_start(&script, script_answer_alike);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	RUN(&script, &program, NULL, "health", script.url);
	script_expect(&program, 0, "", NULL);
	RUN(&script, &program, NULL, "get", "k", script.url);
	script_expect(&program, 3, "", "port 1");
	unsetenv("http_proxy");
	script_end(&script);
}

/* ---- What comes back ---- */

static void test_a_value_that_breaks_off_is_told(void **state)
{
	struct script script = { .reply = { .closes = true } };
	struct program program;

	(void)state;
	snprintf(script.reply.text, sizeof(script.reply.text),
		 "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
	script_start(&script, script_answer_alike);
	RUN(&script, &program, NULL, "get", "k", script.url);
	script_expect(&program, 3, "half", "broke off behind byte 4");
	script_end(&script);
}

static void test_nothing_but_a_200_is_printed(void **state)
{
	static const char *const statuses[] = {
		"201 Created", "204 No Content", "206 Partial Content", "301 Moved Permanently",
		"404 Not Found", "500 Internal Server Error", "999 Odd",
	};
	struct script script = { .body = "" };
	struct program program;

	(void)state;
	script_start(&script, script_answer_alike);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		script.status = statuses[i];
		script.body = strncmp(statuses[i], "204", 3) == 0 ? "" : "a page";
		RUN(&script, &program, NULL, "get", "k", script.url);
		script_expect(&program, 3, "", "the answer is ");
	}
	script_end(&script);
}

static void test_a_404_of_others_is_no_missing_key(void **state)
{
	struct script script = { .status = "404 Not Found", .body = "nginx" };
	struct program program;

	(void)state;
	script_start(&script, script_answer_alike);
	RUN(&script, &program, NULL, "rm", "k", script.url);
	script_expect(&program, 3, "", "404");
	script.body = "{\"type\":\"/problems/key-not-found\",\"title\":\"Key not found\"}";
	RUN(&script, &program, NULL, "rm", "k", script.url);
	script_expect(&program, 1, "", "Key not found");
	script_end(&script);
}

static void test_a_problem_is_one_harmless_line(void **state)
{
	struct script script = {
		.status = "507 Insufficient Storage",
		.body = "{\"type\":\"/problems/no-space\",\"title\":\"No \\u001b[2Jspace\","
			"\"detail\":\"a\\nb\"}",
	};
	struct program program;

	(void)state;
	script_start(&script, script_answer_alike);
	RUN(&script, &program, NULL, "set", "k", "v", script.url);
	assert_null(strchr(program.err, '\033'));
	script_expect(&program, 3, "", "space: a b");
	assert_int_equal(stub_requests(script.stub), 1);
	script_end(&script);
}

static void test_an_endless_refusal_is_not_read_to_its_end(void **state)
{
	struct script script = { .reply = { .filler_bytes = 1024 * (size_t)MIB } };
	struct program program;

	(void)state;
	snprintf(script.reply.text, sizeof(script.reply.text),
		 "HTTP/1.1 500 Oh\r\nContent-Length: 1073741824\r\n\r\n");
	script_start(&script, script_answer_alike);
	RUN(&script, &program, NULL, "stats", script.url);
	script_expect(&program, 3, "", "the answer is 500");
	assert_true(stub_filled_bytes(script.stub) < 64 * (size_t)MIB);
	snprintf(script.reply.text, sizeof(script.reply.text),
		 "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
	RUN(&script, &program, NULL, "stats", script.url);
	script_expect(&program, 3, "", "no JSON object");
	script_end(&script);
}

static void test_a_large_value_needs_little_memory(void **state)
{
	struct script script = { .reply = { .filler_bytes = 512 * (size_t)MIB } };
	const char *const words[] = { "get", "k", script.url, NULL };
	struct program program;

	(void)state;
	snprintf(script.reply.text, sizeof(script.reply.text),
		 "HTTP/1.1 200 OK\r\nContent-Length: 536870912\r\n\r\n");
	script_start(&script, script_answer_alike);
	program_run_silent(&program, words);
	assert_int_equal(program.status, 0);
	assert_int_equal(stub_filled_bytes(script.stub), 512 * (size_t)MIB);
	assert_true(program.rss_bytes < 256 * (long)MIB);
	program_release(&program);
	script_end(&script);
}

/* ---- When nothing comes back ---- */

static void test_no_answer_leaves_a_write_open_and_a_read_failed(void **state)
{
	struct script script = { .reply = { .closes = true } };
	struct program program;

	(void)state;
	script_start(&script, script_answer_alike);
	RUN(&script, &program, NULL, "set", "k", "v", script.url);
	script_expect(&program, 3, "", "it is unknown whether this was done: http://127.0.0.1:");
	assert_int_equal(stub_requests(script.stub), 1);
	RUN(&script, &program, NULL, "rm", "k", script.url);
	script_expect(&program, 3, "", "it is unknown whether this was done");
	assert_int_equal(stub_requests(script.stub), 2);
	RUN(&script, &program, NULL, "compact", script.url);
	script_expect(&program, 3, "", "it is unknown whether this was done");
	assert_int_equal(stub_requests(script.stub), 3);
	RUN(&script, &program, NULL, "get", "k", script.url);
	assert_null(strstr(program.err, "unknown"));
	script_expect(&program, 3, "", "http://127.0.0.1:");
	script_end(&script);
}

static void test_silence_ends_after_the_time_that_was_given(void **state)
{
	struct script script = { .reply = { .hangs = true } };
	struct program program;

	(void)state;
	script_start(&script, script_answer_alike);
	RUN(&script, &program, NULL, "get", "k", script.url, "--timeout-ms=1500");
	script_expect(&program, 3, "", "timed out");
	RUN(&script, &program, NULL, "set", "k", "v", script.url, "--timeout-ms=1500");
	script_expect(&program, 3, "", "it is unknown whether this was done");
	RUN(&script, &program, "{\"Rm\":{\"key\":\"k\"}}", "import", "-", script.url,
	    "--timeout-ms=1500");
	script_expect(&program, 3, "", "-, line 1: it is unknown");
	script_end(&script);
}

static void test_what_was_not_sent_was_not_done(void **state)
{
	struct script script = { .status = "200 OK" };
	struct program program;

	(void)state;
	script_start(&script, script_answer_alike);
	script_end(&script);
	RUN(&script, &program, NULL, "set", "k", "v", script.url);
	assert_null(strstr(program.err, "unknown"));
	script_expect(&program, 3, "", "Failed to connect");
	RUN(&script, &program, "{\"Rm\":{\"key\":\"k\"}}", "import", "-", script.url);
	assert_null(strstr(program.err, "unknown"));
	script_expect(&program, 3, "", "-, line 1: http://127.0.0.1:");
}

static void test_an_answer_that_no_write_has_leaves_it_open(void **state)
{
	struct script script = { .status = "200 OK", .body = "Welcome to the hotel" };
	struct program program;

	(void)state;
	script_start(&script, script_answer_alike);
	RUN(&script, &program, NULL, "set", "k", "v", script.url);
	script_expect(&program, 3, "", "it is unknown whether this was done");
	script.status = "502 Bad Gateway";
	RUN(&script, &program, NULL, "set", "k", "v", script.url);
	script_expect(&program, 3, "", "it is unknown whether this was done");
	script.status = "301 Moved Permanently";
	RUN(&script, &program, NULL, "set", "k", "v", script.url);
	assert_null(strstr(program.err, "unknown"));
	script_expect(&program, 3, "", "somewhere else");
	script_end(&script);
}

/* ---- Connections that are kept ---- */

/* Takes the second request on a connection, and leaves. */
static void answer_once(void *context, const struct stub_request *request,
			struct stub_reply *reply)
{
	script_note(context, request);
	if (request->on_connection > 1)
		reply->closes = true;
	else
		stub_respond(reply, "204 No Content", "", "");
}

static void test_no_write_is_sent_again_when_its_connection_dies(void **state)
{
	struct script script = { .stub = NULL };
	struct program program;

	(void)state;
	script_start(&script, answer_once);
	/* One after the other, as they are about one key; and without a body, so that libcurl
	 * would not hesitate. */
	RUN(&script, &program, "{\"Rm\":{\"key\":\"k\"}}\n{\"Rm\":{\"key\":\"k\"}}\n"
		      "{\"Rm\":{\"key\":\"k\"}}\n", "import", "-", script.url);
	script_expect(&program, 3, "", "-, line 2: it is unknown whether this was done");
	assert_int_equal(stub_requests(script.stub), 2);
	script_end(&script);
	script = (struct script){ .stub = NULL };
	script_start(&script, answer_once);
	RUN(&script, &program, "{\"Set\":{\"key\":\"k\",\"value\":\"1\"}}\n"
		      "{\"Set\":{\"key\":\"k\",\"value\":\"2\"}}\n", "import", "-", script.url);
	script_expect(&program, 3, "", "-, line 2: it is unknown whether this was done");
	assert_int_equal(stub_requests(script.stub), 2);
	script_end(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_path_before_the_keys_and_credentials_are_sent_and_not_shown),
		cmocka_unit_test(test_bodies_are_no_forms_and_large_ones_wait_to_be_wanted),
		cmocka_unit_test(test_health_asks_no_proxy_and_the_others_do),
		cmocka_unit_test(test_a_value_that_breaks_off_is_told),
		cmocka_unit_test(test_nothing_but_a_200_is_printed),
		cmocka_unit_test(test_a_404_of_others_is_no_missing_key),
		cmocka_unit_test(test_a_problem_is_one_harmless_line),
		cmocka_unit_test(test_an_endless_refusal_is_not_read_to_its_end),
		cmocka_unit_test(test_a_large_value_needs_little_memory),
		cmocka_unit_test(test_no_answer_leaves_a_write_open_and_a_read_failed),
		cmocka_unit_test(test_silence_ends_after_the_time_that_was_given),
		cmocka_unit_test(test_what_was_not_sent_was_not_done),
		cmocka_unit_test(test_an_answer_that_no_write_has_leaves_it_open),
		cmocka_unit_test(test_no_write_is_sent_again_when_its_connection_dies),
	};

	return cmocka_run_group_tests_name("cli/remote", tests, NULL, NULL);
}
