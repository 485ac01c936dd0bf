/* SPDX-License-Identifier: MIT */
/* Promise: a store of which half is garbage is compacted under load: no request fails, and the
 * memory of the server does not grow with the data; where little is garbage, and in one log, the
 * others are not rewritten.
 *
 * ARYAVARTH_LOAD_MIB sets the size of the store (48; docs/TESTING.md quotes figures of 2048). */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/load.h"
#include "lib/rest.h"
#include "lib/sanitizer.h"

enum {
	VALUE_BYTES = 60000,
	HOT_KEYS = 20,
	WRITERS = 4,
	WRITES_BEFORE = 500,
	LOGS = 32,
	GROWTH_KIB_MAX = 64 * 1024,
	SAMPLE_MS = 5,
};

static size_t size_mib(void)
{
	const char *text = getenv("ARYAVARTH_LOAD_MIB");

	return text != NULL ? strtoul(text, NULL, 10) : 48;
}

/* What key NUMBER holds after VERSION writes of it. */
static void make_value(size_t number, size_t version, char out[VALUE_BYTES])
{
	memset(out, 'a' + (int)((number + version) % 26), VALUE_BYTES);
	snprintf(out, VALUE_BYTES, "%zu %zu", number, version);
	out[strlen(out)] = ' ';
}

static void put(struct rest *rest, const char *name, size_t number, size_t version)
{
	char value[VALUE_BYTES];
	char target[64];
	struct client_reply reply;

	snprintf(target, sizeof(target), "/keys/%s/%zu", name, number);
	make_value(number, version, value);
	long status = client_put(rest->client, target, value, sizeof(value), NULL, &reply);
	client_reply_release(&reply);
	assert_true(status == 201 || status == 204);
}

static void expect(struct rest *rest, const char *name, size_t number, size_t version)
{
	char value[VALUE_BYTES];
	char target[64];

	snprintf(target, sizeof(target), "/keys/%s/%zu", name, number);
	make_value(number, version, value);
	rest_expect_value(rest, target, value, sizeof(value));
}

/* VmRSS or VmHWM of the server, mapped pages counted. */
static long memory_kib(const struct node *node, const char *what)
{
	char path[64];
	char line[256];
	long kib = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)node->pid);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (kib < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtol(line + strlen(what) + 1, NULL, 10);
	fclose(file);
	assert_true(kib > 0);
	return kib;
}

struct compaction {
	pthread_t thread;
	struct client *client;
	struct client_reply reply;
	atomic_bool done;
};

static void *compact(void *context)
{
	struct compaction *compaction = context;

	(void)client_ask(compaction->client, "POST", "/compact", NULL, &compaction->reply);
	atomic_store(&compaction->done, true);
	return NULL;
}

/* Compacts; answers the report, and the most memory that was seen meanwhile. */
static json_t *compact_watched(struct rest *rest, size_t keys, long *kib_max_out)
{
	struct compaction compaction = {.client = client_create(rest->node->port)};
	long kib_max = 0;
	size_t next = 0;

	assert_non_null(compaction.client);
	assert_int_equal(pthread_create(&compaction.thread, NULL, compact, &compaction), 0);
	while (!atomic_load(&compaction.done)) {
		long kib = memory_kib(rest->node, "VmRSS:");

		kib_max = kib > kib_max ? kib : kib_max;
		expect(rest, "kept", next, 1);
		next = next + 1 < keys ? next + 1 : 0;
		node_sleep_ms(SAMPLE_MS);
	}
	pthread_join(compaction.thread, NULL);
	assert_int_equal(compaction.reply.status, 200);
	json_t *report = json_loadb((const char *)compaction.reply.body,
				    compaction.reply.body_size, 0, NULL);
	assert_non_null(report);
	client_reply_release(&compaction.reply);
	client_destroy(compaction.client);
	*kib_max_out = kib_max;
	return report;
}

static long long number(json_t *object, const char *name)
{
	json_t *member = json_object_get(object, name);

	assert_true(json_is_integer(member));
	return json_integer_value(member);
}

static void test_half_garbage_under_load(void **state)
{
	size_t keys = size_mib() * 1024 * 1024 / VALUE_BYTES / 2;
	char rotate[64];
	const char *options[] = {rotate, "--compact-stale-bytes=0", NULL};
	long growth_max = (long)size_mib() * 1024 / 3;

	(void)state;
	snprintf(rotate, sizeof(rotate), "--rotate-bytes=%zuKiB", size_mib() * 1024 / LOGS);
	struct rest *rest = rest_start(options);
	/* Behind each value that is kept comes one that is not. */
	for (size_t i = 0; i < keys; i++) {
		put(rest, "kept", i, 1);
		put(rest, "hot", i % HOT_KEYS, i);
	}
	struct load *load = load_start(rest->node->port, WRITERS);
	while (load_acknowledged(load) < WRITES_BEFORE && load_failed(load) == 0)
		node_sleep_ms(SAMPLE_MS);
	long kib_before = memory_kib(rest->node, "VmHWM:");
	long kib_max;
	json_t *report = compact_watched(rest, keys, &kib_max);
	assert_int_equal(load_failed(load), 0);
	print_message("%zu MiB: %lld of %lld bytes left, %lld written; memory %ld KiB before, "
		      "%ld at most; %zu writes meanwhile\n", size_mib(),
		      number(report, "bytes_after"), number(report, "bytes_before"),
		      number(report, "written_bytes"), kib_before, kib_max,
		      load_acknowledged(load));
	assert_true(number(report, "bytes_after") < number(report, "bytes_before") * 6 / 10);
	/* The address sanitizer keeps what was freed. */
	assert_true(SANITIZED || kib_max - kib_before <
		    (growth_max < GROWTH_KIB_MAX ? growth_max : GROWTH_KIB_MAX));
	json_decref(report);
	load_stop(load);
	node_kill(rest->node);
	node_restart(rest->node);
	rest_reconnect(rest);
	load_check(load, rest->node->port);
	load_destroy(load);
	for (size_t i = 0; i < keys; i++)
		expect(rest, "kept", i, 1);
	rest_end(rest);
}

/* A hundredth of the store is garbage, all of it in one log, which is left alone or rewritten; the
 * others are left alone. */
static void test_little_garbage_is_not_worth_the_whole_store(void **state)
{
	size_t keys = size_mib() * 1024 * 1024 / VALUE_BYTES / 2;
	char rotate[64];
	const char *options[] = {rotate, "--compact-stale-bytes=0", "--compact-percent=25",
				 "--merge-bytes-max=1MiB", NULL};

	(void)state;
	snprintf(rotate, sizeof(rotate), "--rotate-bytes=%zuKiB", size_mib() * 512 / LOGS);
	struct rest *rest = rest_start(options);
	for (size_t i = 0; i < keys; i++)
		put(rest, "kept", i, 1);
	for (size_t i = 0; i < keys / 100 + 1; i++)
		put(rest, "kept", keys / 2 + i, 2);
	long kib_max;
	json_t *report = compact_watched(rest, keys / 2, &kib_max);
	print_message("%zu MiB: %lld of %lld bytes selected, %lld written\n", size_mib() / 2,
		      number(report, "selected_bytes"), number(report, "bytes_before"),
		      number(report, "written_bytes"));
	assert_true(number(report, "selected_logs") <= 2);
	assert_true(number(report, "written_bytes") < number(report, "bytes_before") / 10);
	json_decref(report);
	for (size_t i = 0; i < keys; i++) {
		bool anew = i >= keys / 2 && i < keys / 2 + keys / 100 + 1;
		expect(rest, "kept", i, anew ? 2 : 1);
	}
	rest_end(rest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half_garbage_under_load),
		cmocka_unit_test(test_little_garbage_is_not_worth_the_whole_store),
	};

	return cmocka_run_group_tests_name("rest/compact_load", tests, NULL, NULL);
}
