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
	char *words[WORDS_MAX] = { NULL };
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
	assert_int_equal(config.max_value_bytes, 64 * ARY_MIB);
	assert_int_equal(config.log_level, ARY_DIAG_INFO);
	assert_false(config.insecure);
	ary_config_release(&config);
}

/* Loads WORD as an option of the first command that OPTION is for. */
static enum ary_status load_one(const struct ary_option *option, char *word,
				struct ary_config *out)
{
	char server[] = "--server=http://host";
	char *words[] = { word, server };
	unsigned command = option->commands & (0u - option->commands);

	return ary_config_load(command, option->commands & ARY_FOR_SERVER ? 2 : 1, words, out,
			       NULL);
}

static void test_every_default_is_accepted_as_a_flag(void **state)
{
	size_t count;
	const struct ary_option *options = ary_options(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct ary_config config;
		char word[TEXT_BYTES];

		/* That one has none. */
		if (options[i].kind == ARY_KIND_URL && !*options[i].fallback)
			continue;
		snprintf(word, sizeof(word), "--%s=%s", options[i].flag, options[i].fallback);
		assert_int_equal(load_one(&options[i], word, &config), ARY_OK);
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
	enum ary_status status;

	snprintf(word, sizeof(word), "--%s=%" PRIu64, option->flag, number);
	status = load_one(option, word, &config);
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

static void expect_store(const char *text, bool on_server, const char *dir, const char *server)
{
	struct ary_config config;

	assert_int_equal(load(ARY_FOR_GET, text, &config, NULL), ARY_OK);
	assert_int_equal(config.on_server, on_server);
	if (dir)
		assert_string_equal(config.dir, dir);
	if (server)
		assert_string_equal(config.server, server);
	ary_config_release(&config);
}

static void test_directory_or_server_is_what_the_nearest_word_names(void **state)
{
	(void)state;
	expect_store("k", false, "./data", NULL);
	expect_store("k --server http://a", true, NULL, "http://a");
	setenv("ARYAVARTH_SERVER", "http://b", 1);
	expect_store("k", true, NULL, "http://b");
	expect_store("k --server http://a", true, NULL, "http://a");
	expect_store("k --dir c", false, "c", NULL);
	setenv("ARYAVARTH_DIR", "d", 1);
	expect_store("k", true, NULL, "http://b");
	expect_store("k --dir c", false, "c", NULL);
	expect_refused(ARY_FOR_GET, "k --dir c --server http://a", "--dir and --server");
	setenv("ARYAVARTH_SERVER", "", 1);
	expect_store("k", false, "d", NULL);
	expect_store("k --server http://a", true, NULL, "http://a");
	unsetenv("ARYAVARTH_SERVER");
	unsetenv("ARYAVARTH_DIR");
}

static void test_flags_to_no_effect_are_refused_and_variables_ignored(void **state)
{
	(void)state;
	expect_refused(ARY_FOR_SET, "k v --server http://a --durability never", "--durability");
	expect_refused(ARY_FOR_SET, "k v --server http://a --max-value-bytes 1", "--max-value");
	expect_refused(ARY_FOR_GET, "k --timeout-ms 1000", "--timeout-ms");
	expect_refused(ARY_FOR_EXPORT, "--server http://a", "--dir");
	setenv("ARYAVARTH_ROTATE_BYTES", "many", 1);
	expect_store("k --server http://a", true, NULL, "http://a");
	unsetenv("ARYAVARTH_ROTATE_BYTES");
	setenv("ARYAVARTH_SERVER", "nonsense", 1);
	expect_store("k --dir c", false, "c", NULL);
	expect_refused(ARY_FOR_GET, "k", "ARYAVARTH_SERVER");
	expect_refused(ARY_FOR_EXPORT, "", "--dir");
	expect_refused(ARY_FOR_GET, "k --dir c --timeout-ms 1000", "--timeout-ms");
	unsetenv("ARYAVARTH_SERVER");
}

static void test_health_has_a_server_and_a_time_of_its_own(void **state)
{
	struct ary_config config;

	(void)state;
	assert_int_equal(load(ARY_FOR_HEALTH, "", &config, NULL), ARY_OK);
	assert_string_equal(config.health_server, "http://127.0.0.1:8080");
	assert_int_equal(config.health_timeout_ms, 3000);
	ary_config_release(&config);
	setenv("ARYAVARTH_SERVER", "http://b", 1);
	assert_int_equal(load(ARY_FOR_HEALTH, "--timeout-ms 7", &config, NULL), ARY_OK);
	assert_string_equal(config.health_server, "http://b");
	assert_int_equal(config.health_timeout_ms, 7);
	ary_config_release(&config);
	unsetenv("ARYAVARTH_SERVER");
}

static void test_a_refused_address_is_not_repeated(void **state)
{
	struct ary_config config;
	struct ary_error err;

	(void)state;
	assert_int_equal(load(ARY_FOR_GET, "k --server ftp://me:secret@host", &config, &err),
			 ARY_INVALID);
	assert_non_null(strstr(err.text, "--server takes http://"));
	assert_null(strstr(err.text, "secret"));
	expect_refused(ARY_FOR_GET, "k --server=", "--server takes");
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
		cmocka_unit_test(test_directory_or_server_is_what_the_nearest_word_names),
		cmocka_unit_test(test_flags_to_no_effect_are_refused_and_variables_ignored),
		cmocka_unit_test(test_health_has_a_server_and_a_time_of_its_own),
		cmocka_unit_test(test_a_refused_address_is_not_repeated),
		cmocka_unit_test(test_help_is_found_before_other_faults),
		cmocka_unit_test(test_every_option_is_for_some_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
