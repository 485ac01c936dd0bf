/* SPDX-License-Identifier: MIT */
/* Promise: addresses mean one thing, listening answers where, and no wake-up is lost. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "env/env.h"
#include "env/net.h"
#include "env/thread.h"

static void test_address_forms_are_parsed(void **state)
{
	static const struct {
		const char *text;
		const char *host;
		uint16_t port;
	} rows[] = {
		{ "4000", "127.0.0.1", 4000 },
		{ "0", "127.0.0.1", 0 },
		{ "65535", "127.0.0.1", 65535 },
		{ "0.0.0.0:80", "0.0.0.0", 80 },
		{ "localhost:8080", "localhost", 8080 },
		{ "my-host.example.org:1", "my-host.example.org", 1 },
		{ "[::1]:4000", "::1", 4000 },
		{ "[::]:0", "::", 0 },
		{ "[fe80::1%lo]:1", "fe80::1%lo", 1 },
		{ "[localhost]:1", "localhost", 1 },
		{ "a23456789012345678901234567890123456789012345678901234567890123:1",
		  "a23456789012345678901234567890123456789012345678901234567890123", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ary_address address = { 0 };
		struct ary_error err;

		if (ary_address_parse(rows[i].text, &address, &err) != ARY_OK)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_string_equal(address.host, rows[i].host);
		assert_int_equal(address.port, rows[i].port);
	}
}

static void test_what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"", ":", ":80", "[]:80", "host", "host:", "host:http", "host:-1", "host:+1",
		"host:65536", "65536", "-1", "host:080", "host: 80", "ho st:80", " host:80", "::1",
		"::1:80", "[::1]", "[::1]80", "[::1]:", "[::1", "[::1]:80x", "http://host:80",
		"host/x:80", "a:b:80", "h\nost:1", "h\xc3\xb6st:1", "h\x7f:1",
		"18446744073709551617",
		"a234567890123456789012345678901234567890123456789012345678901234:1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ary_address address = { .host = "untouched", .port = 7 };
		struct ary_error err = { 0 };

		if (ary_address_parse(texts[i], &address, &err) != ARY_INVALID)
			fail_msg("'%s' is not refused", texts[i]);
		assert_int_equal(err.status, ARY_INVALID);
		assert_true(strlen(err.text) > 0);
		assert_string_equal(address.host, "untouched");
		assert_int_equal(address.port, 7);
	}
}

static void test_loopback_is_told_from_the_rest(void **state)
{
	static const char *const near[] = {
		"127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "localhost", "LocalHost",
	};
	static const char *const far[] = {
		"0.0.0.0", "::", "128.0.0.1", "126.255.255.255", "10.0.0.1", "::2", "fe80::1",
		"localhost.example.org", "example.org",
	};
	struct ary_address address = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		snprintf(address.host, sizeof(address.host), "%s", near[i]);
		assert_true(ary_address_is_loopback(&address));
	}
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		snprintf(address.host, sizeof(address.host), "%s", far[i]);
		assert_false(ary_address_is_loopback(&address));
	}
}

/* Listens on HOST:PORT; answers the descriptor, and where in BOUND. */
static int listen_on(const char *host, uint16_t port, struct ary_address *bound)
{
	struct ary_address address = { .port = port };
	struct ary_error err;
	int fd = -1;

	snprintf(address.host, sizeof(address.host), "%s", host);
	if (ary_net_listen(&address, &fd, bound, &err) != ARY_OK)
		fail_msg("%s", err.text);
	return fd;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
	return fd;
}

static int accept_from(int fd)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };
	int accepted;

	assert_int_equal(poll(&waiting, 1, 10000), 1);
	accepted = accept(fd, NULL, NULL);
	assert_true(accepted >= 0);
	return accepted;
}

static void test_chosen_port_is_answered_and_works(void **state)
{
	struct ary_address bound = { 0 };
	int fd = listen_on("127.0.0.1", 0, &bound);
	int client;

	(void)state;
	assert_string_equal(bound.host, "127.0.0.1");
	assert_int_not_equal(bound.port, 0);
	assert_true(ary_address_is_loopback(&bound));
	client = connect_to(bound.port);
	ary_net_close(accept_from(fd));
	ary_net_close(client);
	ary_net_close(fd);
}

static void test_socket_neither_blocks_nor_is_inherited(void **state)
{
	struct ary_address bound;
	int fd = listen_on("127.0.0.1", 0, &bound);

	(void)state;
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_true(errno == EAGAIN || errno == EWOULDBLOCK);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	ary_net_close(fd);
}

static void test_name_is_bound_to_a_numeric_address(void **state)
{
	struct ary_address bound = { 0 };
	int fd = listen_on("localhost", 0, &bound);

	(void)state;
	assert_true(ary_address_is_loopback(&bound));
	assert_string_not_equal(bound.host, "localhost");
	ary_net_close(fd);
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 self = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&self, sizeof(self)) == 0;

	ary_net_close(fd);
	return has;
}

static void test_ipv6_leaves_the_port_of_ipv4_alone(void **state)
{
	struct ary_address bound = { 0 };
	struct ary_address other;
	int v4;
	int v6;

	(void)state;
	if (!has_ipv6())
		skip();
	v4 = listen_on("0.0.0.0", 0, &other);
	v6 = listen_on("::", other.port, &bound);
	assert_string_equal(bound.host, "::");
	assert_int_equal(bound.port, other.port);
	ary_net_close(v6);
	ary_net_close(v4);
}

static void test_taken_port_is_refused_by_name(void **state)
{
	struct ary_address bound;
	struct ary_address unused = { .host = "untouched" };
	int fd = listen_on("127.0.0.1", 0, &bound);
	int second = -1;
	char port[8];
	struct ary_error err = { 0 };

	(void)state;
	assert_int_equal(ary_net_listen(&bound, &second, &unused, &err), ARY_IO);
	assert_int_equal(err.os_errno, EADDRINUSE);
	snprintf(port, sizeof(port), ":%u", (unsigned)bound.port);
	assert_non_null(strstr(err.text, "127.0.0.1"));
	assert_non_null(strstr(err.text, port));
	assert_int_equal(second, -1);
	assert_string_equal(unused.host, "untouched");
	ary_net_close(fd);
}

static void test_port_is_free_again_at_once(void **state)
{
	struct ary_address bound;
	int fd = listen_on("127.0.0.1", 0, &bound);
	int client = connect_to(bound.port);
	int accepted = accept_from(fd);

	(void)state;
	/* The listening side closes first, so that its port lingers in TIME_WAIT. */
	ary_net_close(accepted);
	ary_net_close(fd);
	ary_net_close(client);
	fd = listen_on("127.0.0.1", bound.port, &bound);
	ary_net_close(fd);
}

static void test_address_that_is_not_here_is_refused(void **state)
{
	/* From the range for documentation (RFC 5737), and on an interface that no machine has. */
	static const char *const hosts[] = { "192.0.2.1", "fe80::1%no/interface" };

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct ary_address address = { 0 };
		struct ary_address bound;
		struct ary_error err = { 0 };
		int fd = -1;

		snprintf(address.host, sizeof(address.host), "%s", hosts[i]);
		assert_int_equal(ary_net_listen(&address, &fd, &bound, &err), ARY_IO);
		assert_non_null(strstr(err.text, hosts[i]));
		assert_int_equal(fd, -1);
	}
}

static void test_shutdown_ends_both_directions(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ary_net_shutdown(ends[0]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_int_equal(read(ends[1], &byte, 1), 0);
	ary_net_shutdown(ends[0]);
	ary_net_close(ends[0]);
	ary_net_close(ends[1]);
	ary_net_close(-1);
}

/* All at once or not at all, and the other direction is left alone. */
static void test_sending_does_not_wait(void **state)
{
	static char large[64 * 1024 * 1024];
	int ends[2];
	char got[3];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(ary_net_send(ends[0], "abc", 3));
	ary_net_end(ends[0]);
	assert_int_equal(read(ends[1], got, 3), 3);
	assert_memory_equal(got, "abc", 3);
	assert_int_equal(read(ends[1], got, 3), 0);
	assert_false(ary_net_send(ends[0], "abc", 3));
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(read(ends[0], got, 3), 1);
	assert_false(ary_net_send(ends[1], large, sizeof(large)));
	ary_net_close(ends[0]);
	assert_false(ary_net_send(ends[1], "abc", 3));
	ary_net_close(ends[1]);
}

/* What was sent is there to be read before the end is. */
static void test_end_of_a_peer_is_seen(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_false(ary_net_is_at_end(ends[0]));
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
	assert_false(ary_net_is_at_end(ends[0]));
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_true(ary_net_is_at_end(ends[0]));
	assert_false(ary_net_is_at_end(ends[1]));
	ary_net_close(ends[0]);
	assert_true(ary_net_is_at_end(ends[1]));
	ary_net_close(ends[1]);
}

/* What a wait ends by when its time is far longer than the test: the test would hang without. */
enum { LONG_MS = 60000 };

static bool is_given(const struct ary_wake *wake)
{
	struct pollfd waiting = { .fd = wake->fd, .events = POLLIN };

	return poll(&waiting, 1, 0) == 1;
}

static void test_wake_given_before_the_wait_is_not_lost(void **state)
{
	struct ary_wake wake;

	(void)state;
	assert_int_equal(ary_wake_init(&wake, NULL), ARY_OK);
	assert_false(is_given(&wake));
	for (int i = 0; i < 1000; i++)
		ary_wake_give(&wake);
	ary_net_wait(-1, &wake, LONG_MS);
	assert_false(is_given(&wake));
	ary_wake_release(&wake);
}

static void give_wake(void *context)
{
	struct ary_wake *wake = context;

	usleep(5000);
	ary_wake_give(wake);
}

static void test_wake_ends_the_wait_of_another_thread(void **state)
{
	struct ary_thread thread;
	struct ary_wake wake;
	uint64_t start = ary_monotonic_ns(ary_env_posix());

	(void)state;
	assert_int_equal(ary_wake_init(&wake, NULL), ARY_OK);
	assert_int_equal(ary_thread_start(&thread, "waker", give_wake, &wake, NULL), ARY_OK);
	ary_net_wait(-1, &wake, LONG_MS);
	assert_true(ary_monotonic_ns(ary_env_posix()) - start < LONG_MS * UINT64_C(1000000));
	ary_thread_join(&thread);
	assert_false(is_given(&wake));
	ary_wake_release(&wake);
}

static void test_giving_a_wake_keeps_errno(void **state)
{
	struct ary_wake wake;
	const uint64_t nearly_full = UINT64_MAX - 1;

	(void)state;
	assert_int_equal(ary_wake_init(&wake, NULL), ARY_OK);
	assert_int_equal(write(wake.fd, &nearly_full, sizeof(nearly_full)), 8);
	errno = ERANGE;
	ary_wake_give(&wake); /* does not fit, and is a wake-up all the same */
	assert_int_equal(errno, ERANGE);
	ary_net_wait(-1, &wake, LONG_MS);
	assert_false(is_given(&wake));
	ary_wake_release(&wake);
}

static void test_readable_descriptor_ends_the_wait(void **state)
{
	struct ary_wake wake;
	struct ary_address bound;
	int fd = listen_on("127.0.0.1", 0, &bound);
	int client = connect_to(bound.port);

	(void)state;
	assert_int_equal(ary_wake_init(&wake, NULL), ARY_OK);
	ary_net_wait(fd, &wake, LONG_MS);
	ary_net_close(accept_from(fd));
	ary_net_close(client);
	ary_net_close(fd);
	ary_wake_release(&wake);
}

static void test_wait_ends_when_the_time_is_up(void **state)
{
	struct ary_wake wake;
	uint64_t start;

	(void)state;
	assert_int_equal(ary_wake_init(&wake, NULL), ARY_OK);
	start = ary_monotonic_ns(ary_env_posix());
	ary_net_wait(-1, &wake, 20);
	assert_true(ary_monotonic_ns(ary_env_posix()) - start >= 19 * UINT64_C(1000000));
	ary_net_wait(-1, &wake, 0);
	ary_wake_release(&wake);
}

static void test_descriptor_limit_is_raised_to_the_hard_one(void **state)
{
	struct rlimit before;
	struct rlimit limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = (struct rlimit){ .rlim_cur = 20, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(ary_fd_limit_raise() == before.rlim_max);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(limit.rlim_cur == before.rlim_max);
	assert_true(ary_fd_limit_raise() == before.rlim_max);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_forms_are_parsed),
		cmocka_unit_test(test_what_is_no_address_is_refused),
		cmocka_unit_test(test_loopback_is_told_from_the_rest),
		cmocka_unit_test(test_chosen_port_is_answered_and_works),
		cmocka_unit_test(test_socket_neither_blocks_nor_is_inherited),
		cmocka_unit_test(test_name_is_bound_to_a_numeric_address),
		cmocka_unit_test(test_ipv6_leaves_the_port_of_ipv4_alone),
		cmocka_unit_test(test_taken_port_is_refused_by_name),
		cmocka_unit_test(test_port_is_free_again_at_once),
		cmocka_unit_test(test_address_that_is_not_here_is_refused),
		cmocka_unit_test(test_shutdown_ends_both_directions),
		cmocka_unit_test(test_sending_does_not_wait),
		cmocka_unit_test(test_end_of_a_peer_is_seen),
		cmocka_unit_test(test_wake_given_before_the_wait_is_not_lost),
		cmocka_unit_test(test_wake_ends_the_wait_of_another_thread),
		cmocka_unit_test(test_giving_a_wake_keeps_errno),
		cmocka_unit_test(test_readable_descriptor_ends_the_wait),
		cmocka_unit_test(test_wait_ends_when_the_time_is_up),
		cmocka_unit_test(test_descriptor_limit_is_raised_to_the_hard_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
