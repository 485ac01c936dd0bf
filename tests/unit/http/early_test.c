/* SPDX-License-Identifier: MIT */
/* Promise: an answer in the middle of a body is a whole one, says that the connection ends, and
 * ends it; one that cannot be sent is told, and its memory freed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "http/early.h"

static void make(struct ary_response *response)
{
	memset(response, 0, sizeof(*response));
	response->status = 413;
	ary_response_field(response, "Content-Type", "%s", "text/x");
	assert_true(ary_buf_append(&response->owned, ary_bytes_of("too long")));
	response->body = ary_buf_view(&response->owned);
}

static void test_answer_is_whole(void **state)
{
	struct ary_response response;
	char text[1024];
	size_t size = 0;
	ssize_t got;
	int ends[2];

	(void)state;
	make(&response);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(ary_early_send(ends[0], &response));
	assert_int_equal(response.status, 0);
	assert_null(response.owned.data);
	while ((got = read(ends[1], text + size, sizeof(text) - 1 - size)) > 0)
		size += (size_t)got;
	assert_int_equal(got, 0);
	text[size] = '\0';
	assert_memory_equal(text, "HTTP/1.1 413 ", 13);
	assert_non_null(strstr(text, " GMT\r\nConnection: close\r\nContent-Length: 8\r\n"));
	assert_non_null(strstr(text, "\r\nDate: "));
	assert_string_equal(strstr(text, "Content-Type"), "Content-Type: text/x\r\n\r\ntoo long");
	close(ends[0]);
	close(ends[1]);
}

static void test_answer_that_cannot_be_sent_is_told(void **state)
{
	struct ary_response response;
	int ends[2];

	(void)state;
	make(&response);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	close(ends[1]);
	assert_false(ary_early_send(ends[0], &response));
	assert_null(response.owned.data);
	close(ends[0]);
}

static void test_memory_running_out_is_told(void **state)
{
	bool sent = false;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	for (uint64_t nth = 1; !sent; nth++) {
		struct ary_response response;

		make(&response);
		ary_alloc_fail_at(nth, 1);
		sent = ary_early_send(ends[0], &response);
		ary_alloc_fail_at(0, 0);
		assert_true(!sent || nth > 1);
	}
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer_is_whole),
		cmocka_unit_test(test_answer_that_cannot_be_sent_is_told),
		cmocka_unit_test(test_memory_running_out_is_told),
	};

	return cmocka_run_group_tests_name("http/early", tests, NULL, NULL);
}
