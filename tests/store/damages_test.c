/* SPDX-License-Identifier: MIT */
/* Whatever one damage does to a store's files, no value is read that was not written, and no
 * confirmed write is lost in silence: the store is refused with nothing changed, or all of it is
 * there. Where nothing but the lines themselves is left to bear witness, exactly that is cut off
 * which they cannot prove, as docs/FORMAT.md has it; it is counted.
 *
 * ARYAVARTH_DAMAGES sets how many damages are done; a failure prints its seed and number, and
 * ARYAVARTH_SEED repeats it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/diag.h"
#include "format/name.h"
#include "lib/damage.h"
#include "lib/damage_store.h"
#include "lib/one_in.h"
#include "lib/sim_thread_use.h"
#include "store/verify.h"

/* Under a sanitizer everything takes a hundred times as long. */
enum { DAMAGES = SANITIZED ? 4000 : 40000 };

/* Each store is damaged so often, each time from what it was. */
enum { DAMAGES_PER_STORE = 50, STORES_RUNNING = 20 };

/* What bears witness beside the lines. */
enum witness {
	WITNESS_CLOSED,  /* WATERMARK of a close */
	WITNESS_CURRENT, /* WATERMARK of a process killed when it was up to date */
	WITNESS_OLD,     /* none, or an old one: of a process killed within the second */
	WITNESS_REMOVED, /* none, but the closing Mark */
	WITNESSES,
};

static const char *const witness_names[WITNESSES] = {
	"closed", "killed, WATERMARK up to date", "killed, WATERMARK old",
	"closed, WATERMARK removed",
};

enum outcome {
	OUTCOME_WHOLE,
	OUTCOME_REFUSED,
	OUTCOME_LAST_GROUP, /* cut off, or a part of it */
	OUTCOME_MORE,       /* writes of earlier groups were cut off, too */
	OUTCOMES,
};

struct tally {
	unsigned long counts[WITNESSES][DAMAGE_KINDS][OUTCOMES];
};

/* One damage to one store, whose files were WHOLE. */
struct damage_case {
	uint64_t seed;
	unsigned long number;
	enum witness witness;
	const struct damage_store *store;
	const struct image *whole;
	struct damage damage;
};

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void give_up(const struct damage_case *c, const char *what, const char *detail)
{
	fail_msg("ARYAVARTH_SEED=%llu, damage %lu (%s of %s at %zu, %zu bytes; %s): %s: %s",
		 (unsigned long long)c->seed, c->number, damage_kind_name(c->damage.kind),
		 c->damage.name, c->damage.offset, c->damage.size, witness_names[c->witness],
		 what, detail);
}

static void ignore_log(void *context, const struct ary_verified_log *log)
{
	(void)context;
	(void)log;
}

static void verify(const struct damage_case *c, struct ary_env *env,
		   struct ary_verify_report *out)
{
	const struct ary_verify_options options = {
		.env = env, .path = IMAGE_PATH, .found = ignore_log,
	};
	struct ary_error err;

	if (ary_store_verify(&options, out, &err) != ARY_OK)
		give_up(c, "it cannot be verified", err.text);
}

/* Opening answered WHY, verifying REPORT; both have left the files as they were. */
static void check_refusal(const struct damage_case *c, const struct image *damaged,
			  struct ary_env *env, const struct ary_verify_report *report,
			  const struct ary_error *why)
{
	struct image after = {.count = 0};

	if (why->status != ARY_CORRUPT)
		give_up(c, "refused, and not for damage", why->text);
	if (report->bad_logs == 0 || strcmp(report->first.text, why->text) != 0)
		give_up(c, "refused, and verifying does not say so", why->text);
	image_take(env, &after);
	/* The lock is made where it was removed. */
	if (image_find(damaged, ARY_NAME_LOCK) == NULL)
		image_remove(&after, ARY_NAME_LOCK);
	if (!image_equal(&after, damaged))
		give_up(c, "refused, and files were changed", why->text);
	image_release(&after);
}

/* STORE has opened on what was damaged. */
static enum outcome check_state(const struct damage_case *c, struct ary_store *store,
				const struct ary_verify_report *report,
				const struct damage_forecast *forecast)
{
	const struct oracle *oracle = &c->store->oracle;
	size_t writes = damage_store_writes(c->store, forecast->seq);
	struct oracle_state expected;
	struct oracle_state state;
	char why[ORACLE_WHY_BYTES];
	size_t found;

	if (report->bad_logs > 0)
		give_up(c, "it opens, and verifying calls it damaged", report->first.text);
	if (!oracle_read(oracle, store, &state, why))
		give_up(c, "a value that was never written, or cannot be read", why);
	if (c->witness <= WITNESS_CURRENT &&
	    memcmp(&state, &oracle->states[oracle->issued], sizeof(state)) != 0)
		give_up(c, "it opens", "without writes that were confirmed");
	if (forecast->refused)
		give_up(c, "it opens", "with damage that the lines or WATERMARK prove");
	damage_store_replay(c->store, c->whole, forecast->seq, &expected);
	if (memcmp(&state, &expected, sizeof(state)) != 0)
		give_up(c, "it opens", "with another state than the lines before the damage make");
	if (c->witness != WITNESS_REMOVED &&
	    !oracle_find(oracle, 0, oracle->issued, &state, &found))
		give_up(c, "it opens", "with a state that never was");
	if (writes == oracle->issued)
		return OUTCOME_WHOLE;
	return writes >= c->store->group_start ? OUTCOME_LAST_GROUP : OUTCOME_MORE;
}

/* One damage: what comes of it. */
static enum outcome try_damage(const struct damage_case *c, const struct image *damaged)
{
	struct damage_forecast forecast = damage_forecast(c->whole, damaged);
	struct memory_env *env = image_put(damaged);
	struct ary_store_options options = c->store->options;
	enum outcome outcome = OUTCOME_REFUSED;
	struct ary_verify_report report;
	struct ary_store *store;
	struct ary_error err;

	options.env = memory_env_env(env);
	verify(c, options.env, &report);
	if (ary_store_open(&options, &store, &err) == ARY_OK) {
		outcome = check_state(c, store, &report, &forecast);
		ary_store_close(store, NULL);
	} else {
		check_refusal(c, damaged, options.env, &report, &err);
		if (!forecast.refused)
			give_up(c, "refused, and nothing proves it", err.text);
	}
	memory_env_destroy(env);
	return outcome;
}

static enum witness draw_witness(struct sim_random *random)
{
	uint64_t way = sim_draw(random, 10);

	if (way < 4)
		return WITNESS_CLOSED;
	if (way < 7)
		return WITNESS_CURRENT;
	return way < 9 ? WITNESS_OLD : WITNESS_REMOVED;
}

static enum damage_ending ending_of(enum witness witness)
{
	if (witness == WITNESS_CURRENT)
		return DAMAGE_WITNESSED;
	return witness == WITNESS_OLD ? DAMAGE_KILLED : DAMAGE_CLOSED;
}

/* The store of SEED, damaged COUNT times. */
static void try_store(uint64_t seed, unsigned long count, struct tally *tally)
{
	static struct damage_store store;
	static struct image whole;
	static struct image damaged;
	struct sim_random random = {seed};
	struct damage_case c = {.seed = seed, .store = &store, .whole = &whole};

	c.witness = draw_witness(&random);
	damage_store_begin(&store, sim_draw(&random, UINT64_MAX), ending_of(c.witness));
	damage_store_end(&store, ending_of(c.witness), &whole);
	if (c.witness == WITNESS_REMOVED)
		image_remove(&whole, ARY_NAME_WATERMARK);
	for (c.number = 1; c.number <= count; c.number++) {
		image_copy(&whole, &damaged);
		damage_do(&damaged, DAMAGE_KINDS, &random, &c.damage);
		enum outcome outcome = try_damage(&c, &damaged);
		tally->counts[c.witness][c.damage.kind][outcome]++;
		image_release(&damaged);
	}
	image_release(&whole);
}

static void print_tally(const struct tally *tally)
{
	for (int witness = 0; witness < WITNESSES; witness++) {
		print_message("%-29s    whole  refused  last group cut  more cut\n",
			      witness_names[witness]);
		for (int kind = 0; kind < DAMAGE_KINDS; kind++) {
			const unsigned long *counts = tally->counts[witness][kind];
			print_message("  %-27s %8lu %8lu %15lu %9lu\n",
				      damage_kind_name((enum damage_kind)kind),
				      counts[OUTCOME_WHOLE], counts[OUTCOME_REFUSED],
				      counts[OUTCOME_LAST_GROUP], counts[OUTCOME_MORE]);
		}
	}
}

static unsigned long sum_of(const struct tally *tally, enum witness witness, enum outcome outcome)
{
	unsigned long sum = 0;

	for (int kind = 0; kind < DAMAGE_KINDS; kind++)
		sum += tally->counts[witness][kind][outcome];
	return sum;
}

static void test_damage_is_refused_or_does_no_harm(void **state)
{
	uint64_t damages = number_from("ARYAVARTH_DAMAGES", DAMAGES / one_in());
	uint64_t seed = number_from("ARYAVARTH_SEED", (uint64_t)time(NULL) * 1000000);
	static struct tally tally;

	(void)state;
	print_message("ARYAVARTH_SEED=%llu\n", (unsigned long long)seed);
	for (uint64_t left = damages; left > 0; seed++) {
		unsigned long count = left < DAMAGES_PER_STORE ? left : DAMAGES_PER_STORE;
		try_store(seed, count, &tally);
		left -= count;
	}
	print_tally(&tally);
	for (int i = 0; i <= WITNESS_CURRENT; i++) {
		assert_int_equal(sum_of(&tally, (enum witness)i, OUTCOME_LAST_GROUP), 0);
		assert_int_equal(sum_of(&tally, (enum witness)i, OUTCOME_MORE), 0);
	}
	/* These damages do lose writes, where nothing bears witness to them. */
	if (damages >= DAMAGES)
		assert_true(sum_of(&tally, WITNESS_OLD, OUTCOME_LAST_GROUP) +
			    sum_of(&tally, WITNESS_REMOVED, OUTCOME_LAST_GROUP) > 0);
}

/* Reads KEY of a running store, whose files were WHOLE and are DAMAGED; SEQ is that of its value.
 * Whether it is found damaged. */
static bool try_read(const struct damage_case *c, unsigned key, uint64_t seq,
		     const struct image *damaged)
{
	const struct oracle *oracle = &c->store->oracle;
	uint8_t expected[ORACLE_VALUE_BYTES_MAX];
	uint8_t read[ORACLE_VALUE_BYTES_MAX];
	char name[ORACLE_KEY_BYTES];
	struct ary_value value;
	struct ary_error err;
	size_t offset;
	size_t size;

	const struct image_file *before = damage_find_line(c->whole, seq, &offset, &size);
	assert_non_null(before);
	const struct ary_buf *after = &image_find(damaged, before->name)->bytes;
	bool is_same = after->size >= offset + size &&
		       memcmp(before->bytes.data + offset, after->data + offset, size) == 0;
	enum ary_status status =
		ary_store_get(c->store->store, oracle_key(key, name), &value, &err);
	if (status != (is_same ? ARY_OK : ARY_CORRUPT))
		give_up(c, "reading answers", ary_status_name(status));
	if (status != ARY_OK)
		return true;
	uint32_t serial = oracle->states[oracle->issued].serials[key];
	struct ary_bytes bytes = {read, oracle_read_value(&value, read, &err)};
	/* The line of a large value may be whole, and those of its parts not. */
	bool is_bad = bytes.size == 0 && ary_value_is_large(&value) && err.status == ARY_CORRUPT;
	if (!is_bad && !ary_bytes_equal(bytes, oracle_value(oracle, serial, expected)))
		give_up(c, "reading answers", "another value");
	ary_value_release(&value);
	return is_bad;
}

/* The seqs of the keys of STORE; 0: it has no value. */
static void read_seqs(const struct damage_store *store, uint64_t seqs[ORACLE_KEYS])
{
	const struct oracle *oracle = &store->oracle;
	char name[ORACLE_KEY_BYTES];

	for (unsigned key = 0; key < ORACLE_KEYS; key++) {
		struct ary_value value;
		seqs[key] = 0;
		if (oracle->states[oracle->issued].serials[key] == 0)
			continue;
		assert_int_equal(ary_store_get(store->store, oracle_key(key, name), &value, NULL),
				 ARY_OK);
		seqs[key] = value.seq;
		ary_value_release(&value);
	}
}

/* Damages the files of C's store while it runs, and repairs them. How many reads found it. */
static unsigned long try_running(struct damage_case *c, struct sim_random *random,
				 const uint64_t seqs[ORACLE_KEYS])
{
	struct ary_env *env = memory_env_env(c->store->env);
	enum damage_kind kind = (enum damage_kind)sim_draw(random, DAMAGE_REMOVE);
	struct image damaged = {.count = 0};
	unsigned long found = 0;

	image_copy(c->whole, &damaged);
	damage_do(&damaged, kind, random, &c->damage);
	image_rewrite(env, image_find(&damaged, c->damage.name));
	for (unsigned key = 0; key < ORACLE_KEYS; key++)
		found += seqs[key] > 0 && try_read(c, key, seqs[key], &damaged);
	image_rewrite(env, image_find(c->whole, c->damage.name));
	image_release(&damaged);
	return found;
}

static void test_damage_under_a_running_store_is_found_by_reading(void **state)
{
	uint64_t seed = number_from("ARYAVARTH_SEED", (uint64_t)time(NULL) * 1000000);
	static struct damage_store store;
	static struct image whole;
	unsigned long found = 0;

	(void)state;
	print_message("ARYAVARTH_SEED=%llu\n", (unsigned long long)seed);
	for (uint64_t last = seed + STORES_RUNNING; seed < last; seed++) {
		struct damage_case c = {.seed = seed, .witness = WITNESS_OLD,
					.store = &store, .whole = &whole};
		struct sim_random random = {seed};
		uint64_t seqs[ORACLE_KEYS];
		damage_store_begin(&store, sim_draw(&random, UINT64_MAX), DAMAGE_KILLED);
		image_take(memory_env_env(store.env), &whole);
		read_seqs(&store, seqs);
		for (c.number = 1; c.number <= DAMAGES_PER_STORE; c.number++)
			found += try_running(&c, &random, seqs);
		image_release(&whole);
		damage_store_end(&store, DAMAGE_CLOSED, &whole);
		image_release(&whole);
	}
	print_message("%lu reads of a damaged line\n", found);
	assert_true(found > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage_is_refused_or_does_no_harm),
		cmocka_unit_test(test_damage_under_a_running_store_is_found_by_reading),
	};

	/* What is cut, refused or ignored is what this looks for. */
	ary_diag_set_level(ARY_DIAG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
