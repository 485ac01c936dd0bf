/* SPDX-License-Identifier: MIT */
/* The crash test can fail: each of the bugs that a store like this has had, or could have, makes it
 * fail within a bounded number of scripts.
 *
 * ARYAVARTH_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/diag.h"
#include "lib/crash_bugs.h"
#include "lib/crash_script.h"
#include "lib/sim_thread_use.h"

enum { SCRIPTS_MAX = 1000 };

/* How many scripts it took to find BUG; 0: it was not found. */
static uint64_t find(crash_bug bug, uint64_t seed, struct crash_figures *figures,
		     char why[ORACLE_WHY_BYTES])
{
	while (figures->scripts < SCRIPTS_MAX) {
		if (!crash_script_run(seed + figures->scripts, bug, figures, why))
			return figures->scripts;
	}
	return 0;
}

static void test_each_bug_is_found(void **state)
{
	const char *text = getenv("ARYAVARTH_SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : (uint64_t)time(NULL) * 1000000;
	size_t count;
	const struct crash_bug_row *rows = crash_bugs(&count);
	size_t missed = 0;

	(void)state;
	/* It would take long, and the calls are those of crash_test. */
	if (SANITIZED)
		skip();
	print_message("ARYAVARTH_SEED=%llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < count; i++) {
		struct crash_figures figures = {.scripts = 0};
		char why[ORACLE_WHY_BYTES];
		uint64_t scripts = find(rows[i].bug, seed, &figures, why);

		missed += scripts == 0;
		print_message("%-50s %s after %llu scripts, %zu states: %s\n", rows[i].name,
			      scripts > 0 ? "found" : "MISSED",
			      (unsigned long long)figures.scripts, figures.images.count, why);
		crash_set_release(&figures.images);
		crash_set_release(&figures.checks);
	}
	assert_int_equal(missed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_bug_is_found),
	};

	ary_diag_set_level(ARY_DIAG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
