/* SPDX-License-Identifier: MIT */
/* Promise: a check that holds does nothing; a broken one ends the process and says where. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

/* Checks that NUMBER is 2 in a child process. Answers how the child ended, and what it said. */
static int check_in_child(int number, char *said, size_t size)
{
	int ends[2];
	int status;
	ssize_t got;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit no_core = { 0, 0 };

		(void)setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		dup2(ends[1], STDERR_FILENO);
		ARY_CHECK(number == 2);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	got = read(ends[0], said, size - 1);
	assert_true(got >= 0);
	said[got] = '\0';
	close(ends[0]);
	return status;
}

static void test_check_that_holds_does_nothing(void **state)
{
	char said[1024];
	int status = check_in_child(2, said, sizeof(said));

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_string_equal(said, "");
}

static void test_broken_check_aborts_and_names_the_place(void **state)
{
	char said[1024];
	int status = check_in_child(3, said, sizeof(said));

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(said, "number == 2"));
	assert_non_null(strstr(said, "check_test.c:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_that_holds_does_nothing),
		cmocka_unit_test(test_broken_check_aborts_and_names_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
