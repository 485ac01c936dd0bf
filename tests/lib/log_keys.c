/* SPDX-License-Identifier: MIT */
#include "lib/log_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/store_files.h"

const char logs_value[] = "a value of some length, so that few of them fill a log";

void logs_begin(struct store_test *test)
{
	test->options.rotate_bytes = LOGS_KEYS * 120;
	test->options.merge_bytes_max = 4000;
	test->options.compact_percent = 100;
	store_test_open(test);
	store_test_set(test, "first", "");
}

static const char *name_of(char log, int i, char out[LOGS_NAME_BYTES])
{
	snprintf(out, LOGS_NAME_BYTES, "%c%d", log, i);
	return out;
}

int logs_fill(struct store_test *test, char log)
{
	char name[LOGS_NAME_BYTES];
	uint64_t logs = store_test_stats(test).logs;
	int count = 0;

	do {
		store_test_set(test, name_of(log, count++, name), logs_value);
	} while (store_test_stats(test).logs == logs);
	return count;
}

void logs_set(struct store_test *test, char log, int from, int count)
{
	char name[LOGS_NAME_BYTES];

	for (int i = from; i < count; i++)
		store_test_set(test, name_of(log, i, name), logs_value);
}

void logs_remove(struct store_test *test, char log, int from, int count)
{
	char name[LOGS_NAME_BYTES];

	for (int i = from; i < count; i++)
		store_test_remove(test, name_of(log, i, name));
}

void logs_expect(struct store_test *test, char log, int from, int count,
		 const char *expected)
{
	char name[LOGS_NAME_BYTES];

	for (int i = from; i < count; i++)
		store_test_expect(test, name_of(log, i, name), expected);
}

uint64_t logs_sum(struct store_test *test, int number)
{
	char name[LOGS_NAME_BYTES];
	uint64_t sum = 1469598103934665603U;

	snprintf(name, sizeof(name), "%d.log", number);
	struct ary_buf bytes = file_read(test->path, name);
	for (size_t i = 0; i < bytes.size; i++)
		sum = (sum ^ bytes.data[i]) * 1099511628211U;
	ary_buf_release(&bytes);
	return sum;
}

int logs_count_text(struct store_test *test, const char *text)
{
	int count = 0;

	for (int number = 0; number < LOGS_NUMBER_MAX; number++) {
		char name[LOGS_NAME_BYTES];

		snprintf(name, sizeof(name), "%d.log", number);
		if (!file_exists(test->path, name))
			continue;
		struct ary_buf bytes = file_read(test->path, name);
		const uint8_t *at = bytes.data;
		while (at && (at = memmem(at, bytes.size - (size_t)(at - bytes.data), text,
					  strlen(text)))) {
			count++;
			at++;
		}
		ary_buf_release(&bytes);
	}
	return count;
}
