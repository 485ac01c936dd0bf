/* SPDX-License-Identifier: MIT */
#include "lib/load.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/client.h"

enum { KEYS = 16, VALUE_BYTES = 200 };

/* A key goes through versions; an odd multiple of five is a removal. */
struct key {
	long acknowledged; /* the last version that was; 0: none */
	long sent;         /* the last version that was sent */
};

struct writer {
	pthread_t thread;
	struct load *load;
	int number;
	int port;
	struct key keys[KEYS];
};

struct load {
	int run; /* its keys are its own, whatever earlier loads left */
	atomic_bool wants_stop;
	atomic_size_t acknowledged;
	atomic_size_t failed;
	int count;
	struct writer writers[];
};

static bool is_removal(long version)
{
	return version % 10 == 5;
}

static void make_target(const struct writer *writer, int key, char target[64])
{
	snprintf(target, 64, "/keys/load/%d/%d/%d", writer->load->run, writer->number, key);
}

static void make_value(long version, char value[VALUE_BYTES + 1])
{
	memset(value, 'a' + (int)(version % 26), VALUE_BYTES);
	snprintf(value, VALUE_BYTES + 1, "%ld", version);
	value[strlen(value)] = ' ';
	value[VALUE_BYTES] = '\0';
}

/* False: the server gave no answer, or refused. */
static bool write_next(struct writer *writer, struct client *client, int number)
{
	struct key *key = &writer->keys[number];
	char value[VALUE_BYTES + 1];
	char target[64];
	long status;

	key->sent++;
	make_target(writer, number, target);
	make_value(key->sent, value);
	if (is_removal(key->sent))
		status = client_status(client, "DELETE", target);
	else
		status = client_put_status(client, target, value);
	if (status != 201 && status != 204) {
		atomic_fetch_add(&writer->load->failed, 1);
		return false;
	}
	key->acknowledged = key->sent;
	atomic_fetch_add(&writer->load->acknowledged, 1);
	return true;
}

static void *run(void *context)
{
	struct writer *writer = context;
	struct client *client = client_create(writer->port);
	int key = 0;

	while (client && !atomic_load(&writer->load->wants_stop) &&
	       write_next(writer, client, key))
		key = (key + 1) % KEYS;
	client_destroy(client);
	return NULL;
}

struct load *load_start(int port, int writers)
{
	static atomic_int runs;
	struct load *load = calloc(1, sizeof(*load) + (size_t)writers * sizeof(struct writer));

	assert_non_null(load);
	load->count = writers;
	load->run = atomic_fetch_add(&runs, 1);
	for (int i = 0; i < writers; i++) {
		struct writer *writer = &load->writers[i];

		writer->load = load;
		writer->number = i;
		writer->port = port;
		assert_int_equal(pthread_create(&writer->thread, NULL, run, writer), 0);
	}
	return load;
}

size_t load_acknowledged(struct load *load)
{
	return atomic_load(&load->acknowledged);
}

size_t load_failed(struct load *load)
{
	return atomic_load(&load->failed);
}

size_t load_stop(struct load *load)
{
	atomic_store(&load->wants_stop, true);
	for (int i = 0; i < load->count; i++)
		pthread_join(load->writers[i].thread, NULL);
	return load_acknowledged(load);
}

/* Whether REPLY is what VERSION left: a value, or nothing. */
static bool is_version(const struct client_reply *reply, long version)
{
	char value[VALUE_BYTES + 1];

	if (version == 0 || is_removal(version))
		return reply->status == 404;
	make_value(version, value);
	return reply->status == 200 && reply->body_size == VALUE_BYTES &&
	       memcmp(reply->body, value, VALUE_BYTES) == 0;
}

static void check_key(const struct writer *writer, struct client *client, int number)
{
	const struct key *key = &writer->keys[number];
	struct client_reply reply;
	char target[64];

	make_target(writer, number, target);
	client_ask(client, "GET", target, NULL, &reply);
	if (!is_version(&reply, key->acknowledged) && !is_version(&reply, key->sent))
		fail_msg("%s: version %ld was acknowledged, %ld sent; read: %ld %.40s", target,
			 key->acknowledged, key->sent, reply.status,
			 reply.body ? (const char *)reply.body : "");
	client_reply_release(&reply);
}

void load_check(struct load *load, int port)
{
	struct client *client = client_create(port);

	assert_non_null(client);
	for (int i = 0; i < load->count; i++) {
		for (int key = 0; key < KEYS; key++)
			check_key(&load->writers[i], client, key);
	}
	client_destroy(client);
}

void load_destroy(struct load *load)
{
	free(load);
}
