/* SPDX-License-Identifier: MIT */
/* Promise: a flag goes before the environment, and that before the default; every default is one
 * of its option's values; and what is not a value is refused with the name of what was wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/config.h"

enum { WORDS_MAX = 8, TEXT_BYTES = 128 };

/* Loads the words, given as one text with single spaces, for COMMAND. */
static enum ary_status load(unsigned command, const char *text, struct ary_config *out,
			    struct ary_error *err)
{
	/* The words must outlive the configuration, which borrows them. */
	static char line[TEXT_BYTES];
	char *words[WORDS_MAX];
	char *rest = line;
	int count = 0;

	assert_true(snprintf(line, sizeof(line), "%s", text) < (int)sizeof(line));
	for (char *word; count < WORDS_MAX && (word = strsep(&rest, " ")) != NULL;)
		words[count++] = word;
	return ary_config_load(command, *text ? count : 0, words, out, err);
}

static void expect_refused(unsigned command, const char *text, const char *named)
{
	struct ary_config config;
	struct ary_error err = { .status = ARY_OK };

	assert_int_equal(load(command, text, &config, &err), ARY_INVALID);
	assert_non_null(strstr(err.text, named));
}

static void test_defaults_are_the_documented_ones(void **state)
{
	struct ary_config config;

	(void)state;
	assert_int_equal(load(ARY_FOR_SERVE, "", &config, NULL), ARY_OK);
	assert_string_equal(config.dir, "./data");
	assert_string_equal(config.listen.host, "127.0.0.1");
	assert_int_equal(config.listen.port, 8080);
	assert_int_equal(config.durability, ARY_DURABILITY_ALWAYS);
	assert_int_equal(config.rotate_bytes, ARY_GIB);
	assert_int_equal(config.compact_stale_bytes, 256 * ARY_MIB);
	assert_int_equal(config.max_key_bytes, 1024);
	assert_int_equal(config.max_value_bytes, ARY_MIB);
	assert_int_equal(config.log_level, ARY_DIAG_INFO);
	assert_false(config.insecure);
	ary_config_release(&config);
}

static void test_every_default_is_accepted_as_a_flag(void **state)
{
	size_t count;
	const struct ary_option *options = ary_options(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct ary_config config;
		char word[TEXT_BYTES];
		char *words[] = { word };
		unsigned command = options[i].commands & (0u - options[i].commands);

		snprintf(word, sizeof(word), "--%s=%s", options[i].flag, options[i].fallback);
		assert_int_equal(ary_config_load(command, 1, words, &config, NULL), ARY_OK);
		ary_config_release(&config);
	}
}

static bool has_range(const struct ary_option *option)
{
	return option->kind == ARY_KIND_SIZE || option->kind == ARY_KIND_COUNT ||
	       option->kind == ARY_KIND_DURATION;
}

static enum ary_status load_number(const struct ary_option *option, uint64_t number)
{
	struct ary_config config;
	char word[TEXT_BYTES];
	char *words[] = { word };
	unsigned command = option->commands & (0u - option->commands);
	enum ary_status status;

	snprintf(word, sizeof(word), "--%s=%" PRIu64, option->flag, number);
	status = ary_config_load(command, 1, words, &config, NULL);
	if (status == ARY_OK)
		ary_config_release(&config);
	return status;
}

static void test_ranges_are_closed_at_both_ends(void **state)
{
	size_t count;
	const struct ary_option *options = ary_options(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (!has_range(&options[i]))
			continue;
		assert_int_equal(load_number(&options[i], options[i].min), ARY_OK);
		assert_int_equal(load_number(&options[i], options[i].max), ARY_OK);
		if (options[i].min > 0)
			assert_int_equal(load_number(&options[i], options[i].min - 1),
					 ARY_INVALID);
		if (options[i].max < UINT64_MAX)
			assert_int_equal(load_number(&options[i], options[i].max + 1),
					 ARY_INVALID);
	}
}

static void test_flag_goes_before_environment_before_default(void **state)
{
	struct ary_config config;

	(void)state;
	setenv("ARYAVARTH_ROTATE_BYTES", "4096", 1);
	assert_int_equal(load(ARY_FOR_SET, "--rotate-bytes 2048 k v", &config, NULL), ARY_OK);
	assert_int_equal(config.rotate_bytes, 2048);
	ary_config_release(&config);
	assert_int_equal(load(ARY_FOR_SET, "k v", &config, NULL), ARY_OK);
	assert_int_equal(config.rotate_bytes, 4096);
	ary_config_release(&config);
	setenv("ARYAVARTH_ROTATE_BYTES", "", 1);
	assert_int_equal(load(ARY_FOR_SET, "k v", &config, NULL), ARY_OK);
	assert_int_equal(config.rotate_bytes, ARY_GIB);
	ary_config_release(&config);
	unsetenv("ARYAVARTH_ROTATE_BYTES");
}

static void test_bad_variable_is_named(void **state)
{
	(void)state;
	setenv("ARYAVARTH_ROTATE_BYTES", "many", 1);
	expect_refused(ARY_FOR_SET, "k v", "ARYAVARTH_ROTATE_BYTES");
	unsetenv("ARYAVARTH_ROTATE_BYTES");
}

static void test_variable_of_another_command_is_not_looked_at(void **state)
{
	struct ary_config config;

	(void)state;
	setenv("ARYAVARTH_LISTEN", "nonsense:nonsense", 1);
	setenv("ARYAVARTH_PREFIX", "a", 1);
	assert_int_equal(load(ARY_FOR_LIST, "", &config, NULL), ARY_OK);
	assert_string_equal(config.prefix, "");
	ary_config_release(&config);
	unsetenv("ARYAVARTH_LISTEN");
	unsetenv("ARYAVARTH_PREFIX");
}

static void test_options_may_stand_anywhere(void **state)
{
	struct ary_config config;

	(void)state;
	assert_int_equal(load(ARY_FOR_SET, "--dir a key --durability=never value", &config, NULL),
			 ARY_OK);
	assert_string_equal(config.dir, "a");
	assert_int_equal(config.durability, ARY_DURABILITY_NEVER);
	assert_int_equal(config.argument_count, 2);
	assert_string_equal(config.arguments[0], "key");
	assert_string_equal(config.arguments[1], "value");
	ary_config_release(&config);
}

static void test_two_dashes_end_the_options(void **state)
{
	struct ary_config config;

	(void)state;
	assert_int_equal(load(ARY_FOR_SET, "--dir=a -- --dir -", &config, NULL), ARY_OK);
	assert_string_equal(config.dir, "a");
	assert_int_equal(config.argument_count, 2);
	assert_string_equal(config.arguments[0], "--dir");
	assert_string_equal(config.arguments[1], "-");
	ary_config_release(&config);
}

static void test_last_of_a_repeated_option_counts(void **state)
{
	struct ary_config config;

	(void)state;
	assert_int_equal(load(ARY_FOR_GET, "--dir=a --dir b k", &config, NULL), ARY_OK);
	assert_string_equal(config.dir, "b");
	ary_config_release(&config);
}

static void test_boolean_takes_a_value_only_behind_its_sign(void **state)
{
	struct ary_config config;

	(void)state;
	assert_int_equal(load(ARY_FOR_SERVE, "--insecure --threads 3", &config, NULL), ARY_OK);
	assert_true(config.insecure);
	assert_int_equal(config.threads, 3);
	ary_config_release(&config);
	assert_int_equal(load(ARY_FOR_SERVE, "--insecure=false", &config, NULL), ARY_OK);
	assert_false(config.insecure);
	ary_config_release(&config);
}

static void test_what_is_not_an_option_or_value_is_refused_by_name(void **state)
{
	(void)state;
	expect_refused(ARY_FOR_GET, "--nonsense k", "--nonsense");
	expect_refused(ARY_FOR_GET, "-x k", "-x");
	expect_refused(ARY_FOR_GET, "--di=a k", "--di");
	expect_refused(ARY_FOR_GET, "--listen 1 k", "--listen");
	expect_refused(ARY_FOR_GET, "k --dir", "--dir needs a value");
	expect_refused(ARY_FOR_SET, "--rotate-bytes= k v", "--rotate-bytes");
	expect_refused(ARY_FOR_SET, "--rotate-bytes -1 k v", "--rotate-bytes");
	expect_refused(ARY_FOR_SET, "--rotate-bytes 12 k v", "512 to 1024GiB");
	expect_refused(ARY_FOR_SET, "--durability soon k v", "always, interval or never");
	expect_refused(ARY_FOR_SERVE, "--listen host:99999", "--listen");
	expect_refused(ARY_FOR_SERVE, "--cors-origin a\r\nb", "--cors-origin");
	expect_refused(ARY_FOR_SERVE, "--insecure=maybe", "--insecure");
	expect_refused(ARY_FOR_SERVE, "--log-level loud", "--log-level");
}

static void test_help_is_found_before_other_faults(void **state)
{
	struct ary_config config;

	(void)state;
	assert_int_equal(load(ARY_FOR_SET, "--help --nonsense", &config, NULL), ARY_OK);
	assert_true(config.help);
	ary_config_release(&config);
}

static void test_every_option_is_for_some_command(void **state)
{
	size_t option_count;
	size_t command_count;
	const struct ary_option *options = ary_options(&option_count);
	const struct ary_command *commands = ary_commands(&command_count);
	unsigned bits = 0;

	(void)state;
	for (size_t i = 0; i < command_count; i++) {
		assert_int_equal(bits & commands[i].bit, 0);
		bits |= commands[i].bit;
	}
	for (size_t i = 0; i < option_count; i++)
		assert_int_not_equal(options[i].commands & bits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_the_documented_ones),
		cmocka_unit_test(test_every_default_is_accepted_as_a_flag),
		cmocka_unit_test(test_ranges_are_closed_at_both_ends),
		cmocka_unit_test(test_flag_goes_before_environment_before_default),
		cmocka_unit_test(test_bad_variable_is_named),
		cmocka_unit_test(test_variable_of_another_command_is_not_looked_at),
		cmocka_unit_test(test_options_may_stand_anywhere),
		cmocka_unit_test(test_two_dashes_end_the_options),
		cmocka_unit_test(test_last_of_a_repeated_option_counts),
		cmocka_unit_test(test_boolean_takes_a_value_only_behind_its_sign),
		cmocka_unit_test(test_what_is_not_an_option_or_value_is_refused_by_name),
		cmocka_unit_test(test_help_is_found_before_other_faults),
		cmocka_unit_test(test_every_option_is_for_some_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
