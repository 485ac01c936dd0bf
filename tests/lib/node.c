/* SPDX-License-Identifier: MIT */
#include "lib/node.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/wire.h"

enum { START_TIMEOUT_MS = 60000, STOP_TIMEOUT_MS = 60000, MESSAGES_BYTES = 65536 };

long long node_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void node_sleep_ms(long milliseconds)
{
	struct timespec rest = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
		;
}

/* What the server said from FROM on, cut to fit. */
static void read_messages(const struct node *node, off_t from, char *text, size_t size)
{
	int fd = open(node->messages, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? pread(fd, text, size - 1, from) : 0;

	text[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static void fail_with_messages(const struct node *node, const char *what)
{
	char *text = malloc(MESSAGES_BYTES);

	if (text) {
		read_messages(node, 0, text, MESSAGES_BYTES);
		print_error("%s; the server said:\n%s\n", what, text);
		free(text);
	}
	fail();
}

static void exec_server(const struct node *node, const char *program, pid_t parent)
{
	const char *words[NODE_OPTIONS_MAX + 8] = { program, "serve", "--dir", node->store,
						    "--listen", "127.0.0.1:0" };
	union {
		const char **constant;
		char **words;
	} argument = { .constant = words };
	size_t count = 6;
	int fd = open(node->messages, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	for (size_t i = 0; i < node->option_count; i++)
		words[count++] = node->options[i];
	words[count] = NULL;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		_exit(126);
	if (getppid() != parent)
		_exit(126);
	execv(program, argument.words);
	_exit(127);
}

static bool has_ended(struct node *node, int *code)
{
	int status;
	pid_t pid = waitpid(node->pid, &status, WNOHANG);

	if (pid != node->pid)
		return false;
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	node->pid = 0;
	return true;
}

static void wait_for_port(struct node *node, off_t from)
{
	static const char mark[] = "event=listening address=";
	long long end = node_now_ms() + START_TIMEOUT_MS;
	char text[4096];
	const char *line;
	const char *colon;
	int code;

	for (;;) {
		read_messages(node, from, text, sizeof(text));
		line = strstr(text, mark);
		if (line && strchr(line, '\n'))
			break;
		if (has_ended(node, &code))
			fail_with_messages(node, "the server ended at its start");
		if (node_now_ms() > end)
			fail_with_messages(node, "the server does not listen");
		node_sleep_ms(5);
	}
	line += sizeof(mark) - 1;
	colon = strchr(line, ':');
	node->port = colon ? (int)strtol(colon + 1, NULL, 10) : 0;
	if (node->port <= 0)
		fail_with_messages(node, "the server names no port");
}

static void wait_for_ready(struct node *node)
{
	static const char ask[] =
		"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	long long end = node_now_ms() + START_TIMEOUT_MS;
	struct wire_reply reply;
	int code;

	for (;;) {
		int status = wire_ask(node->port, ask, sizeof(ask) - 1, &reply);

		wire_reply_release(&reply);
		if (status == 200)
			return;
		if (has_ended(node, &code))
			fail_with_messages(node, "the server ended before it was ready");
		if (node_now_ms() > end)
			fail_with_messages(node, "the server does not get ready");
		node_sleep_ms(10);
	}
}

void node_relaunch(struct node *node)
{
	const char *program = getenv("ARYAVARTH");
	struct stat before = { 0 };
	pid_t parent = getpid();

	assert_int_equal(node->pid, 0);
	if (!program)
		fail_msg("%s", "the environment variable ARYAVARTH names no program");
	if (stat(node->messages, &before) != 0)
		before.st_size = 0;
	node->pid = fork();
	assert_true(node->pid >= 0);
	if (node->pid == 0)
		exec_server(node, program, parent);
	wait_for_port(node, before.st_size);
}

void node_restart(struct node *node)
{
	node_relaunch(node);
	wait_for_ready(node);
}

struct node *node_start(const char *const *options)
{
	struct node *node = calloc(1, sizeof(*node));
	const char *base = getenv("TMPDIR");

	assert_non_null(node);
	snprintf(node->home, sizeof(node->home) - 16, "%s/aryavarth-rest-XXXXXX",
		 base && *base ? base : "/tmp");
	assert_non_null(mkdtemp(node->home));
	snprintf(node->store, sizeof(node->store), "%.*s/data", NODE_PATH_BYTES - 16, node->home);
	snprintf(node->messages, sizeof(node->messages), "%.*s/messages", NODE_PATH_BYTES - 16,
		 node->home);
	while (options && options[node->option_count]) {
		assert_true(node->option_count < NODE_OPTIONS_MAX);
		node->options[node->option_count] = options[node->option_count];
		node->option_count++;
	}
	node_restart(node);
	return node;
}

void node_terminate(struct node *node)
{
	assert_true(node->pid > 0);
	assert_int_equal(kill(node->pid, SIGTERM), 0);
}

int node_wait(struct node *node)
{
	long long end = node_now_ms() + STOP_TIMEOUT_MS;
	int code = -1;

	while (!has_ended(node, &code)) {
		if (node_now_ms() > end)
			fail_with_messages(node, "the server does not end");
		node_sleep_ms(5);
	}
	return code;
}

int node_stop(struct node *node)
{
	node_terminate(node);
	return node_wait(node);
}

void node_kill(struct node *node)
{
	assert_true(node->pid > 0);
	assert_int_equal(kill(node->pid, SIGKILL), 0);
	assert_int_equal(node_wait(node), 128 + SIGKILL);
}

bool node_is_alive(struct node *node)
{
	int code;

	return node->pid > 0 && !has_ended(node, &code);
}

static int remove_entry(const char *path, const struct stat *entry, int type, struct FTW *walk)
{
	(void)entry;
	(void)type;
	(void)walk;
	return remove(path);
}

void node_destroy(struct node *node)
{
	if (!node)
		return;
	if (node_is_alive(node)) {
		kill(node->pid, SIGKILL);
		waitpid(node->pid, NULL, 0);
	}
	nftw(node->home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(node);
}
