/* SPDX-License-Identifier: MIT */
/* Whenever the power fails, the store opens, holds the state after some number of writes, all that
 * were acknowledged among them, takes writes again and keeps them; and so it does when the power
 * fails while it recovers, and when its process is killed.
 *
 * The scripts are drawn at random; a failure prints its seed, and ARYAVARTH_SEED repeats it.
 * ARYAVARTH_CRASH_STATES sets how many distinct states are looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/diag.h"
#include "lib/crash_script.h"
#include "lib/one_in.h"
#include "lib/sim_thread_use.h"

/* Under a sanitizer everything takes a hundred times as long. */
enum { STATES = SANITIZED ? 1000 : 200000 };

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void print_figures(const struct crash_figures *figures)
{
	print_message("%zu distinct states of %llu, at %llu points (%llu with all their states), "
		      "in %llu scripts with %llu writes; %llu cuts during a recovery; "
		      "%llu kills; %llu opens, %llu of them by a checkpoint alone\n",
		      figures->images.count, (unsigned long long)figures->states,
		      (unsigned long long)figures->points,
		      (unsigned long long)figures->exhaustive,
		      (unsigned long long)figures->scripts,
		      (unsigned long long)figures->writes,
		      (unsigned long long)figures->recovery_cuts,
		      (unsigned long long)figures->kills, (unsigned long long)figures->opens,
		      (unsigned long long)figures->by_checkpoint);
}

static void test_power_failure_at_any_call_loses_nothing_acknowledged(void **state)
{
	uint64_t states = number_from("ARYAVARTH_CRASH_STATES", STATES / one_in());
	uint64_t seed = number_from("ARYAVARTH_SEED", (uint64_t)time(NULL) * 1000000);
	struct crash_figures figures = {.scripts = 0};
	char why[ORACLE_WHY_BYTES];

	(void)state;
	print_message("ARYAVARTH_SEED=%llu\n", (unsigned long long)seed);
	while (figures.images.count < states) {
		if (!crash_script_run(seed, NULL, &figures, why))
			fail_msg("ARYAVARTH_SEED=%llu: %s", (unsigned long long)seed, why);
		seed++;
	}
	print_figures(&figures);
	/* So few scripts may have none that is closed. */
	if (figures.scripts >= 40)
		assert_true(figures.by_checkpoint > 0);
	crash_set_release(&figures.images);
	crash_set_release(&figures.checks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_failure_at_any_call_loses_nothing_acknowledged),
	};

	ary_diag_set_level(ARY_DIAG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
