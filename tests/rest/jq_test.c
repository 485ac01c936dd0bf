/* SPDX-License-Identifier: MIT */
/* Promise: at any moment of a running server under load, with rotation and compaction going on,
 * every complete line of every log is one JSON object that any JSON reader takes. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/load.h"
#include "lib/rest.h"

enum { WRITERS = 8, ENOUGH_WRITES = 1500, GIVE_UP_MS = 60000 };

static void check_line(const char *name, const char *line, size_t size)
{
	json_error_t error;
	json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(object))
		fail_msg("%s: %s: %.*s", name, error.text, (int)(size < 200 ? size : 200), line);
	assert_true(json_is_integer(json_object_get(object, "seq")));
	assert_true(json_is_string(json_object_get(object, "cmd")));
	assert_true(json_is_string(json_object_get(object, "crc")));
	json_decref(object);
}

/* Answers how many complete lines there are in the first SIZE bytes of FILE. */
static size_t check_text(const char *name, char *text, size_t size)
{
	size_t lines = 0;
	char *line = text;
	char *end;

	while ((end = memchr(line, '\n', size - (size_t)(line - text))) != NULL) {
		if (end > line) {
			check_line(name, line, (size_t)(end - line));
			lines++;
		}
		line = end + 1;
	}
	return lines;
}

/* A compaction may remove a log between its name and its opening. */
static size_t check_file(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	size_t lines = 0;
	size_t size = 0;
	char *text;
	off_t end;

	if (fd < 0)
		return 0;
	end = lseek(fd, 0, SEEK_END);
	assert_true(end >= 0);
	text = malloc((size_t)end + 1);
	assert_non_null(text);
	while (size < (size_t)end) {
		ssize_t got = pread(fd, text + size, (size_t)end - size, (off_t)size);

		if (got <= 0)
			break;
		size += (size_t)got;
	}
	close(fd);
	if (size > 0)
		lines = check_text(name, text, size);
	free(text);
	return lines;
}

static size_t check_logs(const struct node *node)
{
	char path[NODE_PATH_BYTES + 8];
	struct dirent *entry;
	size_t lines = 0;
	DIR *directory;
	int fd;

	snprintf(path, sizeof(path), "%s/logs", node->store);
	directory = opendir(path);
	assert_non_null(directory);
	fd = dirfd(directory);
	assert_true(fd >= 0);
	while ((entry = readdir(directory)) != NULL) {
		size_t size = strlen(entry->d_name);

		if (size > 4 && strcmp(entry->d_name + size - 4, ".log") == 0)
			lines += check_file(fd, entry->d_name);
	}
	closedir(directory);
	return lines;
}

static void test_every_complete_line_is_json(void **state)
{
	struct rest *rest = *state;
	struct load *load = load_start(rest->node->port, WRITERS);
	long long end = node_now_ms() + GIVE_UP_MS;
	size_t most = 0;

	rest_expect_put(rest, "/keys/odd%00%FF%0A%22", "\"\\\n\0\xff", 5, 201);
	while (load_acknowledged(load) < ENOUGH_WRITES) {
		size_t lines = check_logs(rest->node);

		most = lines > most ? lines : most;
		assert_true(node_now_ms() < end);
	}
	load_stop(load);
	assert_true(most > 0);
	assert_true(check_logs(rest->node) > 0);
	load_check(load, rest->node->port);
	load_destroy(load);
	assert_int_equal(node_stop(rest->node), 0);
	assert_true(check_logs(rest->node) > 0);
}

static int setup(void **state)
{
	static const char *const options[] = { "--rotate-bytes", "16384",
					       "--compact-stale-bytes", "32768", NULL };

	*state = rest_start(options);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_complete_line_is_json),
	};

	return cmocka_run_group_tests_name("rest/jq", tests, setup, rest_teardown);
}
