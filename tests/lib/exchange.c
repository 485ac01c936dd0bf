/* SPDX-License-Identifier: MIT */
#include "lib/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	/* Of JSON all is looked at, of anything else only how much it is. */
	JSON_BYTES_MAX = 8 << 20,
	OTHER_BYTES_MAX = 1024,
	SENT_BYTES_MAX = 65536,
	PATH_BYTES = 1024,
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int file = -1;

static void die(const char *what)
{
	fprintf(stderr, "exchange: %s: %s\n", what, strerror(errno));
	abort();
}

static void open_file(void)
{
	const char *folder = getenv("EXCHANGES");
	char path[PATH_BYTES];

	if (!folder || !*folder)
		return;
	snprintf(path, sizeof(path), "%s/%s.%ld.jsonl", folder, program_invocation_short_name,
		 (long)getpid());
	file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (file < 0)
		die(path);
}

static void put_text(FILE *line, const char *name, struct exchange_bytes bytes)
{
	const unsigned char *data = bytes.data;

	fprintf(line, ",\"%s\":\"", name);
	for (size_t i = 0; i < bytes.size; i++) {
		if (data[i] < 0x20 || data[i] > 0x7e || data[i] == '"' || data[i] == '\\')
			fprintf(line, "\\u%04x", data[i]);
		else
			putc(data[i], line);
	}
	putc('"', line);
}

static void put_cut(FILE *line, const char *name, struct exchange_bytes bytes, size_t bytes_max)
{
	fprintf(line, ",\"%s_bytes\":%zu", name, bytes.size);
	if (bytes.size > bytes_max)
		bytes.size = bytes_max;
	put_text(line, name, bytes);
}

/* The first line of HEAD that begins with NAME in any case decides. */
static int is_json(struct exchange_bytes head)
{
	char *text = strndup(head.data ? head.data : "", head.size);
	const char *type = text ? strcasestr(text, "content-type:") : NULL;
	size_t size = type ? strcspn(type, "\r\n") : 0;
	const char *json = type ? strstr(type, "json") : NULL;
	int is = json && (size_t)(json - type) < size;

	free(text);
	return is;
}

static void put_body(FILE *line, struct exchange_bytes head, struct exchange_bytes body)
{
	put_cut(line, "body", body, is_json(head) ? JSON_BYTES_MAX : OTHER_BYTES_MAX);
}

static FILE *begin(char **text, size_t *size, const char *how)
{
	FILE *line;

	pthread_once(&once, open_file);
	if (file < 0)
		return NULL;
	line = open_memstream(text, size);
	if (!line)
		die("memory");
	fprintf(line, "{\"how\":\"%s\"", how);
	return line;
}

/* One call for one line: other threads, and children of a fork, append to the same file. */
static void end(FILE *line, char **text, const size_t *size)
{
	fputs("}\n", line);
	if (fclose(line) != 0 || write(file, *text, *size) != (ssize_t)*size)
		die("a line could not be written");
	free(*text);
}

void exchange_write(const struct exchange_record *exchange)
{
	char *text = NULL;
	size_t size = 0;
	FILE *line = begin(&text, &size, exchange->how);

	if (!line)
		return;
	fprintf(line, ",\"status\":%u", exchange->status);
	put_text(line, "method", exchange->method);
	put_text(line, "target", exchange->target);
	put_text(line, "sent", exchange->sent);
	put_text(line, "head", exchange->head);
	put_body(line, exchange->head, exchange->body);
	end(line, &text, &size);
}

void exchange_opened(int fd)
{
	char *text = NULL;
	size_t size = 0;
	FILE *line = begin(&text, &size, "wire");

	if (!line)
		return;
	fprintf(line, ",\"fd\":%d,\"event\":\"opened\"", fd);
	end(line, &text, &size);
}

void exchange_sends(int fd, struct exchange_bytes data)
{
	char *text = NULL;
	size_t size = 0;
	FILE *line = begin(&text, &size, "wire");

	if (!line)
		return;
	fprintf(line, ",\"fd\":%d,\"event\":\"sends\"", fd);
	put_cut(line, "data", data, SENT_BYTES_MAX);
	end(line, &text, &size);
}

void exchange_got(int fd, struct exchange_bytes head, struct exchange_bytes body)
{
	char *text = NULL;
	size_t size = 0;
	FILE *line = begin(&text, &size, "wire");

	if (!line)
		return;
	fprintf(line, ",\"fd\":%d,\"event\":\"got\"", fd);
	put_text(line, "head", head);
	put_body(line, head, body);
	end(line, &text, &size);
}
