/* SPDX-License-Identifier: MIT */
/* A store in a directory of its own, over an environment that can be made to fail, and words for
 * what tests do with it. Whatever goes wrong fails the test.
 *
 * Threads: one, but for the functions that only call the store. */
#ifndef ARY_TESTS_LIB_STORE_HELPER_H
#define ARY_TESTS_LIB_STORE_HELPER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/fault_env.h"
#include "lib/tmpdir.h"
#include "store/store.h"

struct store_test {
	struct tmpdir tmpdir;
	char path[TMPDIR_PATH_BYTES]; /* of the store's directory, in the temporary one */
	struct fault_env *faults;
	struct ary_store_options options;
	struct ary_store *store;      /* NULL while closed */
};

/* Makes the temporary directory and fills the options: durability always, no reserve, compaction
 * only when asked, WATERMARK written at a close only. Opens nothing. */
void store_test_begin(struct store_test *test);
/* Closes what is open, whatever the answer, and removes everything. */
void store_test_end(struct store_test *test);

/* The same as setup and teardown of a cmocka test, whose state is the struct store_test. */
int store_test_setup(void **state);
int store_test_teardown(void **state);

/* Opens the store; it must work. */
void store_test_open(struct store_test *test);
/* Tries to open the store. */
enum ary_status store_test_try_open(struct store_test *test, struct ary_error *err);
/* Closes the store; it must work. */
void store_test_close(struct store_test *test);
void store_test_reopen(struct store_test *test);
/* Ends the run as a killed process would: what has been written so far to the logs stays, nothing
 * is added. There is no WATERMARK after it. The faults are reset. */
void store_test_kill(struct store_test *test);

/* Writes, and answers the status. VALUE NULL: a removal. */
enum ary_status store_test_write(struct store_test *test, const char *key, const char *value);
/* As store_test_write; it must work. Answers the seq. */
uint64_t store_test_set(struct store_test *test, const char *key, const char *value);
uint64_t store_test_remove(struct store_test *test, const char *key);
/* KEY must have VALUE; NULL: none. */
void store_test_expect(struct store_test *test, const char *key, const char *value);
/* The seq of KEY, which must be there. */
uint64_t store_test_seq(struct store_test *test, const char *key);
/* Compacts, waits and answers the report. */
struct ary_compaction_report store_test_compact(struct store_test *test);
struct ary_compaction_report store_test_compact_full(struct store_test *test);
struct ary_stats store_test_stats(struct store_test *test);

/* Writes keys k0 to k(COUNT - 1), each with its own name as the value; they must have them. */
void store_test_fill(struct store_test *test, int count);
void store_test_expect_filled(struct store_test *test, int count);
/* Opening is refused with EXPECTED, with a text that holds each of WORDS (NULL: no more), and
 * leaves every file as it was. Verifying finds the same. */
void store_test_expect_refusal(struct store_test *test, enum ary_status expected,
			       const char *words[3]);

/* Opens the store with small logs, fills it with COUNT keys, enough for several, and kills it. */
void store_test_make_logs(struct store_test *test, int count);

#endif
