/* SPDX-License-Identifier: MIT */
/* Logs with keys of their own: key a0 lies in log 0, b3 in log 1, so that a test can say which log
 * is to hold what, and which of them a compaction may touch.
 *
 * Threads: the test's. Whatever goes wrong fails the test. */
#ifndef TESTS_LIB_LOG_KEYS_H
#define TESTS_LIB_LOG_KEYS_H

#include "lib/store_helper.h"

enum { LOGS_KEYS = 8, LOGS_NUMBER_MAX = 64, LOGS_NAME_BYTES = 32 };

/* What every key is set to. */
extern const char logs_value[];

/* Opens the store of TEST, begun before: logs of about LOGS_KEYS keys each, of which several are
 * made one only while they stay below 4000 bytes; a quarter of a log pays when a compaction is
 * asked for. There is a log already, with key "first". */
void logs_begin(struct store_test *test);

/* Sets keys LOG0, LOG1, ... until the log is full and the next one begun. Answers how many. */
int logs_fill(struct store_test *test, char log);

/* Sets, removes or expects keys LOG followed by FROM to COUNT - 1; EXPECTED NULL: nothing. */
void logs_set(struct store_test *test, char log, int from, int count);
void logs_remove(struct store_test *test, char log, int from, int count);
void logs_expect(struct store_test *test, char log, int from, int count, const char *expected);

/* A checksum over the contents of log NUMBER. */
uint64_t logs_sum(struct store_test *test, int number);

/* How often TEXT is in any log. */
int logs_count_text(struct store_test *test, const char *text);

#endif
