/* SPDX-License-Identifier: MIT */
#include "lib/crash_oracle.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "lib/sim_crash.h"

struct ary_bytes oracle_key(unsigned number, char out[ORACLE_KEY_BYTES])
{
	snprintf(out, ORACLE_KEY_BYTES, "k%u", number);
	return ary_bytes_of(out);
}

/* Mostly short; some longer than a sector, some than two; some not text. */
static size_t value_size(struct sim_random *random)
{
	uint64_t kind = sim_draw(random, 32);

	if (kind < 26)
		return 8 + sim_draw(random, 40);
	if (kind < 30)
		return 200 + sim_draw(random, 500);
	return 900 + sim_draw(random, 700);
}

struct ary_bytes oracle_value(const struct oracle *oracle, uint32_t serial,
			      uint8_t out[ORACLE_VALUE_BYTES_MAX])
{
	struct sim_random random = {oracle->seed ^ (UINT64_C(0x5bd1e995) * serial)};
	size_t size = value_size(&random);
	bool is_text = sim_draw(&random, 8) != 0;
	int head = snprintf((char *)out, ORACLE_VALUE_BYTES_MAX, "%u:", serial);

	for (size_t i = (size_t)head; i < size; i++)
		out[i] = is_text ? (uint8_t)(' ' + sim_draw(&random, 95))
				 : (uint8_t)sim_draw(&random, 256);
	return (struct ary_bytes){out, size > (size_t)head ? size : (size_t)head};
}

/* The serial of key NUMBER now, after COUNT writes. */
static uint32_t serial_of(const struct oracle *oracle, size_t count, unsigned number)
{
	uint64_t ends_ms = oracle->ends_ms[count][number];

	bool is_over = ends_ms != 0 && ends_ms <= oracle->now_ms;

	return is_over ? 0 : oracle->states[count].serials[number];
}

bool oracle_has(const struct oracle *oracle, unsigned number)
{
	return serial_of(oracle, oracle->issued, number) != 0;
}

uint32_t oracle_reserve(struct oracle *oracle)
{
	return ++oracle->serial_last;
}

void oracle_issue_as(struct oracle *oracle, unsigned number, uint32_t serial)
{
	ARY_CHECK(oracle->issued < ORACLE_WRITES_MAX);
	struct oracle_state *next = &oracle->states[oracle->issued + 1];
	*next = oracle->states[oracle->issued];
	next->serials[number] = serial;
	memcpy(oracle->ends_ms[oracle->issued + 1], oracle->ends_ms[oracle->issued],
	       sizeof(oracle->ends_ms[0]));
	oracle->ends_ms[oracle->issued + 1][number] = 0;
	oracle->issued++;
}

uint32_t oracle_issue(struct oracle *oracle, unsigned number, bool remove)
{
	uint32_t serial = oracle_reserve(oracle);
	oracle_issue_as(oracle, number, remove ? 0 : serial);
	return serial;
}

void oracle_end(struct oracle *oracle, unsigned number, uint64_t ends_ms)
{
	oracle->ends_ms[oracle->issued][number] = ends_ms;
}

void oracle_forget(struct oracle *oracle, size_t count)
{
	if (oracle->issued > count)
		oracle->issued = count;
}

struct listing {
	unsigned numbers[ORACLE_KEYS + 1];
	size_t count;
	bool strange;
};

static bool note_key(void *context, struct ary_bytes key, uint64_t seq)
{
	struct listing *listing = context;

	(void)seq;
	bool known = key.size == 2 && key.data[0] == 'k' && key.data[1] >= '0' &&
		     key.data[1] <= '0' + ORACLE_PROBE && listing->count <= ORACLE_KEYS;
	listing->strange = listing->strange || !known;
	if (known)
		listing->numbers[listing->count++] = (unsigned)(key.data[1] - '0');
	return known;
}

static uint32_t parse_serial(struct ary_bytes value)
{
	uint32_t serial = 0;

	for (size_t i = 0; i < value.size && i < 9; i++) {
		if (value.data[i] == ':')
			return serial;
		if (value.data[i] < '0' || value.data[i] > '9')
			return 0;
		serial = serial * 10 + (uint32_t)(value.data[i] - '0');
	}
	return 0;
}

size_t oracle_read_value(struct ary_value *value, uint8_t out[ORACLE_VALUE_BYTES_MAX],
			 struct ary_error *err)
{
	struct ary_bytes bytes;
	size_t size = 0;

	if (value->size > ORACLE_VALUE_BYTES_MAX)
		return 0;
	while (size < value->size) {
		if (ary_value_read(value, size, &bytes, err) != ARY_OK)
			return 0;
		memcpy(out + size, bytes.data, bytes.size);
		size += bytes.size;
	}
	return size;
}

static bool read_key(const struct oracle *oracle, struct ary_store *store, unsigned number,
		     uint32_t *out, char why[ORACLE_WHY_BYTES])
{
	uint8_t expected[ORACLE_VALUE_BYTES_MAX];
	uint8_t read[ORACLE_VALUE_BYTES_MAX];
	char key[ORACLE_KEY_BYTES];
	struct ary_value value;
	struct ary_error err = {.status = ARY_OK};

	if (ary_store_get(store, oracle_key(number, key), &value, &err) != ARY_OK) {
		snprintf(why, ORACLE_WHY_BYTES, "%s is listed and cannot be read: %s", key,
			 err.text);
		return false;
	}
	struct ary_bytes bytes = {read, oracle_read_value(&value, read, &err)};
	*out = parse_serial(bytes);
	bool right = *out > 0 && ary_bytes_equal(oracle_value(oracle, *out, expected), bytes);
	ary_value_release(&value);
	if (!right)
		snprintf(why, ORACLE_WHY_BYTES, "%s has a value that was never written %s", key,
			 err.text);
	return right;
}

bool oracle_read(const struct oracle *oracle, struct ary_store *store, struct oracle_state *out,
		 char why[ORACLE_WHY_BYTES])
{
	struct listing listing = {.count = 0};
	const struct ary_bytes none = {NULL, 0};

	memset(out, 0, sizeof(*out));
	ary_store_list(store, none, none, UINT64_MAX, note_key, &listing);
	if (listing.strange) {
		snprintf(why, ORACLE_WHY_BYTES, "there is a key that was never written");
		return false;
	}
	for (size_t i = 0; i < listing.count; i++) {
		unsigned number = listing.numbers[i];
		if (!read_key(oracle, store, number, &out->serials[number], why))
			return false;
	}
	return true;
}

static bool is_state(const struct oracle *oracle, size_t count, const struct oracle_state *state)
{
	for (unsigned number = 0; number <= ORACLE_KEYS; number++) {
		if (serial_of(oracle, count, number) != state->serials[number])
			return false;
	}
	return true;
}

bool oracle_find(const struct oracle *oracle, size_t low, size_t high,
		 const struct oracle_state *state, size_t *out)
{
	for (size_t i = low; i <= high; i++) {
		if (is_state(oracle, i, state)) {
			*out = i;
			return true;
		}
	}
	return false;
}
