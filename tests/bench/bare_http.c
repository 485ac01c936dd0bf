/* SPDX-License-Identifier: MIT */
/* What our HTTP library costs without a store: a server that gives one and the same answer.
 *
 *   bare_http ANSWER THREADS [FILE]
 *
 * ANSWER is a file with a whole answer as it came over the wire (curl -i): its status, fields and
 * body are what every request is answered with, so that they cannot drift from those of the server
 * that gave it. What the library writes by itself is left to the library. With FILE, the target and
 * the body of each request are appended to it, and synced, under one lock, before the answer: the
 * simplest handler that is durable.
 *
 * It listens on a free port of 127.0.0.1, which it prints, and serves until it is killed. As ours
 * does, it has THREADS loops around the library's epoll descriptor, on one listening socket. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_BYTES_MAX = 65536, RECORD_BYTES_MAX = 8192, THREADS_MAX = 64, BACKLOG = 1024 };

struct answer {
	unsigned status;
	bool has_date;
	struct MHD_Response *made;
};

/* The durable log; fd is -1 when there is none. */
struct log {
	pthread_mutex_t mutex;
	int fd;
};

struct bare {
	struct answer answer;
	struct log log;
	int listen_fd;
};

/* One request that has been begun, and the line that it will be in the log. */
struct request {
	bool overflows;
	size_t size;
	char line[RECORD_BYTES_MAX];
};

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "bare_http: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check(bool is_good, const char *what)
{
	if (!is_good)
		die(what);
}

/* ---- The answer ---- */

/* What the library writes by itself into every answer. */
static bool is_of_library(const char *name)
{
	static const char *const names[] = { "Date", "Connection", "Content-Length" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* LINE without its end, which is where the next one begins. */
static char *next_line(char *line)
{
	char *end = strstr(line, "\r\n");

	errno = EINVAL;
	check(end != NULL, "the answer has no end of its head");
	*end = '\0';
	return end + 2;
}

static void take_field(struct answer *answer, char *line)
{
	char *value = strstr(line, ": ");

	errno = EINVAL;
	check(value != NULL, line);
	*value = '\0';
	value += 2;
	if (strcasecmp(line, "Date") == 0)
		answer->has_date = true;
	if (!is_of_library(line))
		check(MHD_add_response_header(answer->made, line, value) == MHD_YES, line);
}

static void parse_answer(struct answer *answer, char *text, size_t size)
{
	char *head_end = strstr(text, "\r\n\r\n");
	char *line = text;
	char *body;
	char *next;

	errno = EINVAL;
	check(head_end != NULL, "the answer has no end of its head");
	check(sscanf(text, "HTTP/1.1 %3u", &answer->status) == 1, "the answer has no status");
	body = head_end + 4;
	answer->made = MHD_create_response_from_buffer(size - (size_t)(body - text), body,
						       MHD_RESPMEM_MUST_COPY);
	check(answer->made != NULL, "response");
	for (line = next_line(line); line < head_end; line = next) {
		next = next_line(line);
		take_field(answer, line);
	}
}

static void read_answer(struct answer *answer, const char *path)
{
	static char text[ANSWER_BYTES_MAX];
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file)
		die(path);
	size = fread(text, 1, sizeof(text) - 1, file);
	check(!ferror(file) && size < sizeof(text) - 1, path);
	fclose(file);
	parse_answer(answer, text, size);
}

/* ---- The log ---- */

static bool write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t wrote = write(fd, data, size);

		if (wrote < 0)
			return false;
		data += wrote;
		size -= (size_t)wrote;
	}
	return true;
}

static bool make_durable(struct log *log, const struct request *request)
{
	bool is_done;

	pthread_mutex_lock(&log->mutex);
	is_done = write_all(log->fd, request->line, request->size) && fdatasync(log->fd) == 0;
	pthread_mutex_unlock(&log->mutex);
	return is_done;
}

/* ---- Requests ---- */

static void append(struct request *request, const char *data, size_t size)
{
	if (size > sizeof(request->line) - request->size) {
		request->overflows = true;
		return;
	}
	memcpy(request->line + request->size, data, size);
	request->size += size;
}

static enum MHD_Result fail_request(struct MHD_Connection *connection)
{
	struct MHD_Response *made = MHD_create_response_from_buffer(0, NULL,
								    MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!made)
		return MHD_NO;
	result = MHD_queue_response(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, made);
	MHD_destroy_response(made);
	return result;
}

static enum MHD_Result begin(struct bare *bare, const char *target, void **context)
{
	static int nothing;
	struct request *request;

	*context = &nothing;
	if (bare->log.fd < 0)
		return MHD_YES;
	request = malloc(sizeof(*request));
	if (!request)
		return MHD_NO;
	request->overflows = false;
	request->size = 0;
	append(request, target, strlen(target));
	append(request, " ", 1);
	*context = request;
	return MHD_YES;
}

/* The library wants the answer at a later call than the first, or it closes the connection. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *target,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **context)
{
	struct bare *bare = cls;
	struct request *request = *context;

	(void)method;
	(void)version;
	if (!request)
		return begin(bare, target, context);
	if (*data_size > 0) {
		if (bare->log.fd >= 0)
			append(request, data, *data_size);
		*data_size = 0;
		return MHD_YES;
	}
	if (bare->log.fd >= 0) {
		append(request, "\n", 1);
		if (request->overflows || !make_durable(&bare->log, request))
			return fail_request(connection);
	}
	return MHD_queue_response(connection, bare->answer.status, bare->answer.made);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct bare *bare = cls;

	(void)connection;
	(void)code;
	if (bare->log.fd >= 0)
		free(*context);
	*context = NULL;
}

/* ---- Loops ---- */

static int wait_ms(struct MHD_Daemon *daemon)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	if (MHD_get_timeout(daemon, &timeout_ms) != MHD_YES)
		return -1;
	return timeout_ms < 1000 ? (int)timeout_ms : 1000;
}

static struct MHD_Daemon *start_daemon(struct bare *bare)
{
	unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG;
	struct MHD_Daemon *daemon;

	if (!bare->answer.has_date)
		flags |= MHD_USE_SUPPRESS_DATE_NO_CLOCK;
	daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, bare,
				  MHD_OPTION_LISTEN_SOCKET, bare->listen_fd,
				  MHD_OPTION_NOTIFY_COMPLETED, on_completed, bare, MHD_OPTION_END);
	check(daemon != NULL, "cannot start the HTTP library");
	return daemon;
}

static void *run_loop(void *context)
{
	struct MHD_Daemon *daemon = start_daemon(context);
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd events = { .fd = info->epoll_fd, .events = POLLIN };

	for (;;) {
		if (poll(&events, 1, wait_ms(daemon)) < 0 && errno != EINTR)
			die("poll");
		check(MHD_run(daemon) == MHD_YES, "MHD_run");
	}
	return NULL;
}

static in_port_t listen_somewhere(struct bare *bare)
{
	union {
		struct sockaddr_in in;
		struct sockaddr any;
	} address = { .in = { .sin_family = AF_INET } };
	socklen_t size = sizeof(address.in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	check(fd >= 0, "socket");
	address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check(bind(fd, &address.any, size) == 0, "bind");
	check(listen(fd, BACKLOG) == 0, "listen");
	check(getsockname(fd, &address.any, &size) == 0, "getsockname");
	bare->listen_fd = fd;
	return ntohs(address.in.sin_port);
}

static long parse_threads(const char *text)
{
	char *end;
	long threads = strtol(text, &end, 10);

	errno = EINVAL;
	check(*end == '\0' && threads >= 1 && threads <= THREADS_MAX, "THREADS");
	return threads;
}

int main(int argc, char **argv)
{
	static struct bare bare = { .log = { .mutex = PTHREAD_MUTEX_INITIALIZER, .fd = -1 } };
	long threads;
	pthread_t thread;

	if (argc < 3 || argc > 4) {
		fputs("usage: bare_http ANSWER THREADS [FILE]\n", stderr);
		return 2;
	}
	read_answer(&bare.answer, argv[1]);
	threads = parse_threads(argv[2]);
	if (argc == 4) {
		bare.log.fd = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		check(bare.log.fd >= 0, argv[3]);
	}
	printf("port %u\n", (unsigned)listen_somewhere(&bare));
	check(fflush(stdout) == 0, "standard output");
	for (long i = 1; i < threads; i++) {
		errno = pthread_create(&thread, NULL, run_loop, &bare);
		check(errno == 0, "pthread_create");
	}
	run_loop(&bare);
	return 0;
}
