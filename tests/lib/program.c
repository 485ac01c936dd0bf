/* SPDX-License-Identifier: MIT */
#include "lib/program.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORDS_MAX = 16 };

/* A file in memory: no pipe to fill up, however much is written to it. */
static int make_file(const char *text)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);
	size_t size = text ? strlen(text) : 0;

	assert_true(fd >= 0);
	assert_true(write(fd, text, size) == (ssize_t)size);
	assert_true(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* All of FD, owned and terminated; closes it. */
static char *take_file(int fd, size_t *size_out)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text;

	assert_true(size >= 0);
	text = malloc((size_t)size + 1);
	assert_non_null(text);
	assert_true(pread(fd, text, (size_t)size, 0) == size);
	text[size] = '\0';
	close(fd);
	if (size_out)
		*size_out = (size_t)size;
	return text;
}

static void become_program(const char *const *words, const int *streams)
{
	const char *path = getenv("ARYAVARTH");
	const char *all[WORDS_MAX + 2] = { path };
	union {
		const char **constant;
		char **words;
	} argument = { .constant = all };
	size_t count = 0;

	for (; count < WORDS_MAX && words[count]; count++)
		all[count + 1] = words[count];
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(streams[fd], fd) < 0)
			_exit(126);
	if (path)
		execv(path, argument.words);
	_exit(127);
}

static void run(struct program *program, const char *input, int out, const char *const *words)
{
	int streams[3] = { make_file(input), out, make_file(NULL) };
	struct rusage usage;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		become_program(words, streams);
	assert_int_equal(wait4(pid, &status, 0, &usage), pid);
	program->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	program->rss_bytes = usage.ru_maxrss * 1024;
	program->err = take_file(streams[2], NULL);
	close(streams[0]);
}

void program_run(struct program *program, const char *input, const char *const *words)
{
	int out = make_file(NULL);

	run(program, input, out, words);
	program->out = take_file(out, &program->out_size);
}

void program_run_silent(struct program *program, const char *const *words)
{
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);

	assert_true(out >= 0);
	run(program, NULL, out, words);
	close(out);
	program->out = NULL;
	program->out_size = 0;
}

void program_release(struct program *program)
{
	free(program->out);
	free(program->err);
}
