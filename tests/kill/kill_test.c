/* SPDX-License-Identifier: MIT */
/* The promise: what was acknowledged is there after kill -9, what was deleted stays deleted, and no
 * sequence number is handed out twice; with logs rotating and a compaction nearly always running.
 *
 * Clients remember what the server acknowledged. A request without an answer may have happened or
 * not; either is right, anything else is a loss. ARYAVARTH_KILLS sets the number of kills (8), and
 * ARYAVARTH_SEED the random choices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client.h"
#include "lib/node.h"

enum {
	WORKERS = 8,
	KEYS_PER_WORKER = 30,
	VALUE_BYTES_MAX = 3000,
	TARGET_BYTES = 64,
	KILLS_DEFAULT = 8,
};

/* What a key may hold: a version, 0 for nothing. */
struct memory {
	unsigned acknowledged;
	unsigned pending;     /* sent, and not answered */
	bool is_pending;
};

struct worker {
	pthread_t thread;
	int port;
	unsigned number;
	unsigned random;
	unsigned version;              /* the last one sent */
	unsigned long long seq;        /* the last one acknowledged */
	unsigned long acknowledged;    /* requests */
	unsigned wrong;                /* answers that no right server gives */
	struct memory keys[KEYS_PER_WORKER];
};

static unsigned next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* The bytes of VERSION: of its own length, with every kind of byte in it. */
static size_t make_value(unsigned worker, unsigned version, unsigned char out[VALUE_BYTES_MAX])
{
	unsigned state = worker * 7919u + version;
	size_t size = next_random(&state) % VALUE_BYTES_MAX;
	bool is_text = version % 2 == 0;

	for (size_t i = 0; i < size; i++)
		out[i] = (unsigned char)(is_text ? 'a' + next_random(&state) % 26
						 : next_random(&state));
	return size;
}

static void make_target(const struct worker *worker, unsigned key, char out[TARGET_BYTES])
{
	snprintf(out, TARGET_BYTES, "/keys/worker%u%%2Fkey%u%%00", worker->number, key);
}

static void note_seq(struct worker *worker, const struct client_reply *reply)
{
	char etag[CLIENT_HEADER_BYTES];
	unsigned long long seq;

	if (client_header(reply, "ETag", etag) == NULL || sscanf(etag, "\"%llu\"", &seq) != 1 ||
	    seq <= worker->seq)
		worker->wrong++;
	else
		worker->seq = seq;
}

static long put(struct worker *worker, struct client *client, const char *target,
		unsigned version)
{
	unsigned char value[VALUE_BYTES_MAX];
	size_t size = make_value(worker->number, version, value);
	struct client_reply reply;
	long status = client_put(client, target, value, size, NULL, &reply);

	if (status == 201 || status == 204)
		note_seq(worker, &reply);
	else if (status != 0)
		worker->wrong++;
	client_reply_release(&reply);
	return status;
}

/* Sends one request about a key of this worker's own. False: no answer. */
static bool send_one(struct worker *worker, struct client *client)
{
	unsigned key = next_random(&worker->random) % KEYS_PER_WORKER;
	struct memory *memory = &worker->keys[key];
	bool removes = next_random(&worker->random) % 4 == 0;
	char target[TARGET_BYTES];
	long status;

	make_target(worker, key, target);
	memory->pending = removes ? 0 : ++worker->version;
	memory->is_pending = true;
	if (removes) {
		status = client_status(client, "DELETE", target);
		if (status != 0 && status != (memory->acknowledged ? 204 : 404))
			worker->wrong++;
	} else {
		status = put(worker, client, target, memory->pending);
	}
	if (status == 0)
		return false;
	memory->acknowledged = memory->pending;
	memory->is_pending = false;
	worker->acknowledged++;
	return true;
}

static void *work(void *context)
{
	struct worker *worker = context;
	struct client *client = client_create(worker->port);

	while (send_one(worker, client))
		;
	client_destroy(client);
	return NULL;
}

/* Whether REPLY is what a key at VERSION answers. */
static bool holds(const struct worker *worker, const struct client_reply *reply, unsigned version)
{
	unsigned char value[VALUE_BYTES_MAX];

	if (version == 0)
		return reply->status == 404;
	size_t size = make_value(worker->number, version, value);
	return reply->status == 200 && reply->body_size == size &&
	       (size == 0 || memcmp(reply->body, value, size) == 0);
}

/* Compares every key with what its worker remembers, and remembers what is there. */
static void verify(struct worker *worker, struct client *client)
{
	for (unsigned key = 0; key < KEYS_PER_WORKER; key++) {
		struct memory *memory = &worker->keys[key];
		struct client_reply reply;
		char target[TARGET_BYTES];

		make_target(worker, key, target);
		client_ask(client, "GET", target, NULL, &reply);
		if (memory->is_pending && holds(worker, &reply, memory->pending))
			memory->acknowledged = memory->pending;
		else if (!holds(worker, &reply, memory->acknowledged))
			fail_msg("%s: status %ld, %zu bytes; acknowledged was version %u", target,
				 reply.status, reply.body_size, memory->acknowledged);
		memory->is_pending = false;
		client_reply_release(&reply);
	}
	assert_int_equal(worker->wrong, 0);
}

static void run_round(struct node *node, struct worker *workers, unsigned *random)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i].port = node->port;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	node_sleep_ms(50 + (long)(next_random(random) % 350));
	node_kill(node);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	node_restart(node);
	struct client *client = client_create(node->port);
	for (unsigned i = 0; i < WORKERS; i++)
		verify(&workers[i], client);
	client_destroy(client);
}

/* The lowest and highest number of a log. */
static void log_range(const struct node *node, unsigned long *low, unsigned long *high)
{
	char path[NODE_PATH_BYTES + 8];
	struct dirent *entry;

	snprintf(path, sizeof(path), "%s/logs", node->store);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	*low = ULONG_MAX;
	*high = 0;
	while ((entry = readdir(dir)) != NULL) {
		unsigned long number;
		if (sscanf(entry->d_name, "%lu.log", &number) != 1)
			continue;
		*low = number < *low ? number : *low;
		*high = number > *high ? number : *high;
	}
	closedir(dir);
}

static unsigned number_from_environment(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void test_kill_9_loses_no_acknowledged_write(void **state)
{
	static const char *const options[] = {"--rotate-bytes", "50000", "--compact-stale-bytes",
					      "100000", NULL};
	static struct worker workers[WORKERS];
	unsigned kills = number_from_environment("ARYAVARTH_KILLS", KILLS_DEFAULT);
	unsigned random = number_from_environment("ARYAVARTH_SEED", (unsigned)node_now_ms());
	unsigned long acknowledged = 0;
	unsigned long low;
	unsigned long high;

	(void)state;
	print_message("ARYAVARTH_SEED=%u ARYAVARTH_KILLS=%u\n", random, kills);
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i].number = i;
		workers[i].random = random + i;
	}
	struct node *node = node_start(options);
	for (unsigned i = 0; i < kills; i++)
		run_round(node, workers, &random);
	for (unsigned i = 0; i < WORKERS; i++)
		acknowledged += workers[i].acknowledged;
	log_range(node, &low, &high);
	print_message("%u kills, %lu writes acknowledged, 0 lost; logs up to %lu, merged up to "
		      "%lu\n", kills, acknowledged, high, low);
	assert_true(acknowledged > kills * WORKERS);
	assert_true(high > 2);
	assert_true(low > 0);
	assert_int_equal(node_stop(node), 0);
	node_destroy(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill_9_loses_no_acknowledged_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
