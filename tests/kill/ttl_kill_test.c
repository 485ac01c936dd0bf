/* SPDX-License-Identifier: MIT */
/* The promise, over HTTP and across kill -9: no value is answered after the end that the server
 * itself has told, none is gone before it, and one that was gone by its end does not come back;
 * with logs rotating, and a compaction nearly always running.
 *
 * Clients put values that end soon, late, or never, replace and delete them, and hold each answer
 * against what they were told, by the time at which they asked and were answered: so it does not
 * matter how fast anything is. A request without an answer may have happened or not.
 * ARYAVARTH_KILLS sets the number of kills (6), and ARYAVARTH_SEED the random choices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client.h"
#include "lib/life.h"
#include "lib/node.h"

enum {
	WORKERS = 6,
	KEYS_PER_WORKER = 25,
	KILLS_DEFAULT = 6,
	VALUE_BYTES_MAX = 400,
	TEXT_BYTES = 64,
	LONG_SECONDS = 3600,
	/* An end that is told of a write whose answer never came may be off by as much as clocks
	 * are corrected meanwhile. */
	TOLERANCE_MS = 2000,
};

struct memory {
	struct life known;
	struct life pending;        /* sent, and not answered */
	unsigned long long ttl_ms;  /* of that; its end was not told */
	unsigned long long sent_ms;
	bool is_pending;
};

struct worker {
	pthread_t thread;
	int port;
	unsigned number;
	unsigned random;
	unsigned version;          /* the last one sent */
	unsigned long answered;
	unsigned long seen;        /* values that end, before that */
	unsigned long ended;       /* gone by their end */
	unsigned wrong;            /* answers that no right server gives */
	char first_wrong[160];
	struct memory keys[KEYS_PER_WORKER];
};

static unsigned next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void make_target(const struct worker *worker, size_t key, char out[TEXT_BYTES])
{
	(void)snprintf(out, TEXT_BYTES, "/keys/w%u%%2F%zu", worker->number, key);
}

static size_t make_value(const struct worker *worker, unsigned version, char out[VALUE_BYTES_MAX])
{
	unsigned state = version;
	size_t size = 20 + next_random(&state) % (VALUE_BYTES_MAX - 20);

	memset(out, 'a' + (char)(version % 26), size);
	out[snprintf(out, 20, "%u:%u", worker->number, version)] = ' ';
	return size;
}

static void note_wrong(struct worker *worker, const char *what, size_t key, long status,
		       struct life_span span)
{
	const struct memory *memory = &worker->keys[key];

	if (worker->wrong++ == 0)
		(void)snprintf(worker->first_wrong, sizeof(worker->first_wrong),
			       "%s of key %zu: %ld, sent %llu, answered %llu; version %u until "
			       "%llu", what, key, status, span.sent_ms, span.answered_ms,
			       memory->known.version, memory->known.expires_ms);
}

/* Sends a PUT of the pending version of KEY. */
static long put(struct worker *worker, struct client *client, size_t key, struct life_span *span)
{
	struct memory *memory = &worker->keys[key];
	char value[VALUE_BYTES_MAX];
	char target[TEXT_BYTES];
	char header[TEXT_BYTES];
	struct client_reply reply;
	bool wrong = false;

	make_target(worker, key, target);
	(void)snprintf(header, sizeof(header), "Aryavarth-TTL: %llu", memory->ttl_ms / 1000);
	long status = client_put(client, target, value,
				 make_value(worker, memory->pending.version, value),
				 memory->ttl_ms > 0 ? header : NULL, &reply);

	span->answered_ms = life_now_ms();
	memory->pending.expires_ms = life_expires_ms(&reply, &wrong);
	if (status != 0 && (wrong || (memory->pending.expires_ms != 0) != (memory->ttl_ms != 0)))
		note_wrong(worker, "end of a PUT", key, status, *span);
	client_reply_release(&reply);
	return status;
}

/* Changes KEY. False: no answer. */
static bool change(struct worker *worker, struct client *client, size_t key)
{
	static const unsigned long long lives_ms[] = {1000, 1000, 2000, LONG_SECONDS * 1000, 0};
	struct memory *memory = &worker->keys[key];
	struct life_span span = {.sent_ms = life_now_ms()};
	bool removes = next_random(&worker->random) % 5 == 0;
	char target[TEXT_BYTES];
	long status;

	memory->pending = (struct life){.version = removes ? 0 : ++worker->version};
	memory->ttl_ms = removes ? 0 : lives_ms[next_random(&worker->random) % 5];
	memory->sent_ms = span.sent_ms;
	memory->is_pending = true;
	if (removes) {
		make_target(worker, key, target);
		status = client_status(client, "DELETE", target);
		span.answered_ms = life_now_ms();
	} else {
		status = put(worker, client, key, &span);
	}
	if (status == 0)
		return false;
	if (status == 204 ? !life_may_be(&memory->known, span) :
	    status == (removes ? 404 : 201) ? !life_may_be_over(&memory->known, span) : true)
		note_wrong(worker, removes ? "DELETE" : "PUT", key, status, span);
	memory->known = memory->pending;
	memory->is_pending = false;
	return true;
}

/* Whether REPLY has the value of VERSION. */
static bool has_version(const struct worker *worker, const struct client_reply *reply,
			unsigned version)
{
	char value[VALUE_BYTES_MAX];
	size_t size = make_value(worker, version, value);

	return version != 0 && reply->body_size == size && memcmp(reply->body, value, size) == 0;
}

/* Whether what is pending on MEMORY may be over, or end at EXPIRES_MS. */
static bool pending_may_be_over(const struct memory *memory, struct life_span span)
{
	const struct life first = {memory->pending.version,
				   memory->ttl_ms > 0 ? memory->sent_ms + memory->ttl_ms : 0};

	return memory->is_pending && life_may_be_over(&first, span);
}

static bool pending_may_end_at(const struct memory *memory, unsigned long long expires_ms)
{
	if (memory->ttl_ms == 0)
		return expires_ms == 0;
	return expires_ms + TOLERANCE_MS >= memory->sent_ms + memory->ttl_ms &&
	       expires_ms <= life_now_ms() + memory->ttl_ms + TOLERANCE_MS;
}

/* Holds the answer to a GET of KEY against what is known of it, and takes it for what is. */
static void check(struct worker *worker, size_t key, const struct client_reply *reply,
		  struct life_span span)
{
	struct memory *memory = &worker->keys[key];
	bool wrong = false;
	struct life found = {.expires_ms = life_expires_ms(reply, &wrong)};

	if (reply->status == 404) {
		wrong = !life_may_be_over(&memory->known, span) &&
			!pending_may_be_over(memory, span);
		worker->ended += memory->known.expires_ms != 0;
	} else if (reply->status == 200 && memory->is_pending &&
		   has_version(worker, reply, memory->pending.version)) {
		found.version = memory->pending.version;
		wrong = wrong || !pending_may_end_at(memory, found.expires_ms) ||
			!life_may_be(&found, span);
	} else {
		found.version = memory->known.version;
		wrong = wrong || reply->status != 200 ||
			!has_version(worker, reply, memory->known.version) ||
			found.expires_ms != memory->known.expires_ms ||
			!life_may_be(&memory->known, span);
	}
	if (wrong)
		note_wrong(worker, "GET", key, reply->status, span);
	worker->seen += found.expires_ms != 0;
	memory->known = found;
	memory->is_pending = false;
}

/* Reads KEY. False: no answer. */
static bool look(struct worker *worker, struct client *client, size_t key)
{
	struct life_span span = {.sent_ms = life_now_ms()};
	struct client_reply reply;
	char target[TEXT_BYTES];
	bool answered;

	make_target(worker, key, target);
	answered = client_ask(client, "GET", target, NULL, &reply) != 0;
	span.answered_ms = life_now_ms();
	if (answered)
		check(worker, key, &reply, span);
	client_reply_release(&reply);
	return answered;
}

static void *work(void *context)
{
	struct worker *worker = context;
	struct client *client = client_create(worker->port);
	bool answered = true;

	while (answered) {
		size_t key = next_random(&worker->random) % KEYS_PER_WORKER;

		answered = next_random(&worker->random) % 3 == 0 ? change(worker, client, key) :
								   look(worker, client, key);
		worker->answered += answered;
	}
	client_destroy(client);
	return NULL;
}

/* Looks at all keys, which must be as known. */
static void look_at_all(struct node *node, struct worker *workers)
{
	struct client *client = client_create(node->port);

	for (unsigned i = 0; i < WORKERS; i++) {
		for (size_t key = 0; key < KEYS_PER_WORKER; key++)
			assert_true(look(&workers[i], client, key));
		if (workers[i].wrong > 0)
			fail_msg("worker %u: %u wrong answers; %s", i, workers[i].wrong,
				 workers[i].first_wrong);
	}
	client_destroy(client);
}

static void run_round(struct node *node, struct worker *workers, unsigned *random)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i].port = node->port;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	node_sleep_ms(300 + (long)(next_random(random) % 900));
	node_kill(node);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	node_restart(node);
	look_at_all(node, workers);
}

/* Waits until all that ends soon is over; what is left ends in an hour or never. */
static void await_ends(const struct worker *workers)
{
	unsigned long long now_ms = life_now_ms();
	unsigned long long last_ms = now_ms;

	for (unsigned i = 0; i < WORKERS; i++) {
		for (size_t key = 0; key < KEYS_PER_WORKER; key++) {
			unsigned long long expires_ms = workers[i].keys[key].known.expires_ms;

			if (expires_ms > last_ms && expires_ms < now_ms + 60000)
				last_ms = expires_ms;
		}
	}
	node_sleep_ms((long)(last_ms - now_ms) + 1);
}

static void compact(struct node *node)
{
	struct client *client = client_create(node->port);

	assert_int_equal(client_status(client, "POST", "/compact?full"), 200);
	client_destroy(client);
}

/* What is over stays over, and what is not stays, whatever happens to the log. */
static void check_to_the_end(struct node *node, struct worker *workers)
{
	await_ends(workers);
	look_at_all(node, workers);
	for (unsigned i = 0; i < WORKERS; i++)
		for (size_t key = 0; key < KEYS_PER_WORKER; key++)
			assert_true(workers[i].keys[key].known.expires_ms == 0 ||
				    workers[i].keys[key].known.expires_ms > life_now_ms());
	node_kill(node);
	node_restart(node);
	look_at_all(node, workers);
	compact(node);
	look_at_all(node, workers);
	assert_int_equal(node_stop(node), 0);
	node_restart(node);
	look_at_all(node, workers);
}

static unsigned number_from_environment(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void test_kill_9_neither_prolongs_nor_shortens_a_value(void **state)
{
	static const char *const options[] = {"--rotate-bytes", "20000", "--compact-stale-bytes",
					      "40000", NULL};
	static struct worker workers[WORKERS];
	unsigned kills = number_from_environment("ARYAVARTH_KILLS", KILLS_DEFAULT);
	unsigned random = number_from_environment("ARYAVARTH_SEED", (unsigned)node_now_ms());
	unsigned long answered = 0;
	unsigned long seen = 0;
	unsigned long ended = 0;

	(void)state;
	print_message("ARYAVARTH_SEED=%u ARYAVARTH_KILLS=%u\n", random, kills);
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i].number = i;
		workers[i].random = random + i;
	}
	struct node *node = node_start(options);
	for (unsigned i = 0; i < kills; i++)
		run_round(node, workers, &random);
	check_to_the_end(node, workers);
	for (unsigned i = 0; i < WORKERS; i++) {
		answered += workers[i].answered;
		seen += workers[i].seen;
		ended += workers[i].ended;
	}
	print_message("%u kills, %lu answers; %lu reads of values that end, %lu found them ended\n",
		      kills, answered, seen, ended);
	assert_true(answered > kills * WORKERS);
	assert_true(seen > 0 && ended > 0);
	assert_int_equal(node_stop(node), 0);
	node_destroy(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill_9_neither_prolongs_nor_shortens_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
