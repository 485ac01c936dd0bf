/* SPDX-License-Identifier: MIT */
/* Reads options: own small parser, because getopt cannot tell which command an option is for, and
 * answers its errors on standard error by itself. */
#include "app/config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/about.h"
#include "app/server_url.h"
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/number.h"

static const struct ary_option options[] = {
/* NOLINTBEGIN(bugprone-macro-parentheses): each argument is all of an initializer */
#define OPTION(field, text, kind_, argument_, fallback_, min_, max_, commands_, help_) \
	{ \
		.flag = text, \
		.kind = ARY_KIND_##kind_, \
		.argument = argument_, \
		.fallback = fallback_, \
		.min = min_, \
		.max = max_, \
		.commands = commands_, \
		.help = help_, \
		.offset = offsetof(struct ary_config, field), \
	},
/* NOLINTEND(bugprone-macro-parentheses) */
#include "app/config.def"
#undef OPTION
};

enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

struct choice {
	const char *text;
	int value;
};

static const struct choice durabilities[] = {
	{ "always", ARY_DURABILITY_ALWAYS },
	{ "interval", ARY_DURABILITY_INTERVAL },
	{ "never", ARY_DURABILITY_NEVER },
	{ NULL, 0 },
};

static const struct choice levels[] = {
	{ "error", ARY_DIAG_ERROR },
	{ "warn", ARY_DIAG_WARN },
	{ "info", ARY_DIAG_INFO },
	{ "debug", ARY_DIAG_DEBUG },
	{ NULL, 0 },
};

static const struct choice booleans[] = {
	{ "true", true },
	{ "false", false },
	{ "1", true },
	{ "0", false },
	{ NULL, 0 },
};

/* The words of one command line, and what they have set so far. */
struct reader {
	unsigned command;
	int count;
	char *const *words;
	int next;
	bool given[OPTION_COUNT];
	struct ary_config *config;
};

const struct ary_option *ary_options(size_t *count_out)
{
	*count_out = OPTION_COUNT;
	return options;
}

/* Writes BYTES with the largest unit that divides it. */
static void format_size(uint64_t bytes, char *out, size_t size)
{
	static const char *const units[] = { "", "KiB", "MiB", "GiB" };
	size_t unit = 0;

	while (unit < 3 && bytes > 0 && bytes % ARY_KIB == 0) {
		bytes /= ARY_KIB;
		unit++;
	}
	snprintf(out, size, "%" PRIu64 "%s", bytes, units[unit]);
}

static const char *put(const char *text, char out[ARY_OPTION_TEXT_BYTES])
{
	snprintf(out, ARY_OPTION_TEXT_BYTES, "%s", text);
	return out;
}

static const char *range_of_sizes(const struct ary_option *option,
				  char out[ARY_OPTION_TEXT_BYTES])
{
	char min[32];
	char max[32];

	format_size(option->min, min, sizeof(min));
	format_size(option->max, max, sizeof(max));
	snprintf(out, ARY_OPTION_TEXT_BYTES, "a size from %s to %s", min, max);
	return out;
}

static const char *range_of_numbers(const struct ary_option *option, const char *what,
				    char out[ARY_OPTION_TEXT_BYTES])
{
	if (option->max == UINT64_MAX)
		return put(what, out);
	snprintf(out, ARY_OPTION_TEXT_BYTES, "%s from %" PRIu64 " to %" PRIu64, what, option->min,
		 option->max);
	return out;
}

const char *ary_option_range(const struct ary_option *option, char out[ARY_OPTION_TEXT_BYTES])
{
	switch (option->kind) {
	case ARY_KIND_SIZE:
		return range_of_sizes(option, out);
	case ARY_KIND_COUNT:
		return range_of_numbers(option, "a number", out);
	case ARY_KIND_DURATION:
		return range_of_numbers(option, "milliseconds", out);
	case ARY_KIND_STRING:
		return put("text", out);
	case ARY_KIND_LINE:
		return put("printable ASCII text", out);
	case ARY_KIND_URL:
		return put("http://HOST[:PORT][/PATH], or https://...", out);
	case ARY_KIND_BOOLEAN:
		return put("true or false", out);
	case ARY_KIND_DURABILITY:
		return put("always, interval or never", out);
	case ARY_KIND_LEVEL:
		return put("error, warn, info or debug", out);
	case ARY_KIND_ADDRESS:
		return put("HOST:PORT, [HOST]:PORT or PORT", out);
	}
	return put("", out);
}

const char *ary_option_environment(const struct ary_option *option,
				   char out[ARY_OPTION_TEXT_BYTES])
{
	size_t size;

	out[0] = '\0';
	if (option->commands & ARY_FOR_FLAG_ONLY)
		return out;
	size = (size_t)snprintf(out, ARY_OPTION_TEXT_BYTES, "ARYAVARTH_%s", option->flag);
	ARY_CHECK(size < ARY_OPTION_TEXT_BYTES);
	for (size_t i = 0; i < size; i++)
		out[i] = (char)(out[i] == '-' ? '_' : toupper((unsigned char)out[i]));
	return out;
}

static bool choose(const struct choice *choices, const char *text, int *out)
{
	for (; choices->text; choices++) {
		if (strcmp(choices->text, text) == 0) {
			*out = choices->value;
			return true;
		}
	}
	return false;
}

static bool read_number(const struct ary_option *option, const char *text, uint64_t *out)
{
	struct ary_bytes bytes = ary_bytes_of(text);
	uint64_t number;
	bool valid = option->kind == ARY_KIND_SIZE ? ary_parse_size(bytes, &number) :
						     ary_parse_u64(bytes, &number);

	if (!valid || number < option->min || number > option->max)
		return false;
	*out = number;
	return true;
}

static bool is_server_url(const char *text)
{
	struct ary_server_url url;

	if (ary_server_url_parse(text, &url, NULL) != ARY_OK)
		return false;
	ary_server_url_release(&url);
	return true;
}

/* Reads TEXT into the field of OPTION; false when it is not one of its values. */
static bool read_value(const struct ary_option *option, const char *text, struct ary_config *out)
{
	void *field = (char *)out + option->offset;
	int choice = 0;
	bool valid = true;

	switch (option->kind) {
	case ARY_KIND_SIZE:
	case ARY_KIND_COUNT:
	case ARY_KIND_DURATION:
		return read_number(option, text, field);
	case ARY_KIND_LINE:
		valid = ary_bytes_printable(ary_bytes_of(text));
		*(const char **)field = text;
		return valid;
	case ARY_KIND_URL:
		*(const char **)field = text;
		return is_server_url(text);
	case ARY_KIND_STRING:
		*(const char **)field = text;
		return true;
	case ARY_KIND_BOOLEAN:
		valid = choose(booleans, text, &choice);
		*(bool *)field = choice != 0;
		return valid;
	case ARY_KIND_DURABILITY:
		valid = choose(durabilities, text, &choice);
		*(enum ary_durability *)field = (enum ary_durability)choice;
		return valid;
	case ARY_KIND_LEVEL:
		valid = choose(levels, text, &choice);
		*(enum ary_diag_level *)field = (enum ary_diag_level)choice;
		return valid;
	case ARY_KIND_ADDRESS:
		return ary_address_parse(text, field, NULL) == ARY_OK;
	}
	return false;
}

/* As read_value; NAME is what the person typed: the flag, or the variable. */
static enum ary_status assign(const struct ary_option *option, const char *name, const char *text,
			      struct ary_config *out, struct ary_error *err)
{
	char range[ARY_OPTION_TEXT_BYTES];

	if (read_value(option, text, out))
		return ARY_OK;
	/* An address may hold a password, and is not for terminals and logs of jobs. */
	if (option->kind == ARY_KIND_URL)
		return ary_fail(err, ARY_INVALID, "%s takes %s", name,
				ary_option_range(option, range));
	return ary_fail(err, ARY_INVALID, "%s takes %s, not '%.64s'", name,
			ary_option_range(option, range), text);
}

static bool flag_matches(const struct ary_option *option, const char *name, size_t size)
{
	return strlen(option->flag) == size && memcmp(option->flag, name, size) == 0;
}

/* Finds the option called NAME of SIZE bytes among those of the reader's command. The same name may
 * be another option for another command. */
static enum ary_status find_option(const struct reader *reader, const char *name, size_t size,
				   size_t *out, struct ary_error *err)
{
	const struct ary_option *of_others = NULL;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!flag_matches(&options[i], name, size))
			continue;
		if (options[i].commands & reader->command) {
			*out = i;
			return ARY_OK;
		}
		of_others = &options[i];
	}
	if (of_others)
		return ary_fail(err, ARY_INVALID, "this command does not take the option --%s",
				of_others->flag);
	return ary_fail(err, ARY_INVALID, "unknown option '--%.*s'", size > 64 ? 64 : (int)size,
			name);
}

/* Reads the option at WORD (`--flag`, `--flag=value`), or with its value next. */
static enum ary_status read_option(struct reader *reader, const char *word, struct ary_error *err)
{
	const char *name = word + 2;
	size_t size = strcspn(name, "=");
	const char *value = name[size] == '=' ? name + size + 1 : NULL;
	char flag[ARY_OPTION_TEXT_BYTES];
	size_t at = 0;
	enum ary_status status = find_option(reader, name, size, &at, err);

	if (status != ARY_OK)
		return status;
	snprintf(flag, sizeof(flag), "--%s", options[at].flag);
	if (!value && options[at].kind == ARY_KIND_BOOLEAN)
		value = "true";
	else if (!value && reader->next < reader->count)
		value = reader->words[reader->next++];
	if (!value)
		return ary_fail(err, ARY_INVALID, "%s needs a value", flag);
	reader->given[at] = true;
	return assign(&options[at], flag, value, reader->config, err);
}

/* Reads all words. `-` alone is an argument, and so is every word after `--`. */
static enum ary_status read_words(struct reader *reader, struct ary_error *err)
{
	struct ary_config *config = reader->config;
	bool only_arguments = false;
	enum ary_status status;

	while (reader->next < reader->count) {
		const char *word = reader->words[reader->next++];

		if (only_arguments || word[0] != '-' || word[1] == '\0') {
			config->arguments[config->argument_count++] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			only_arguments = true;
			continue;
		}
		if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			config->help = true;
			return ARY_OK;
		}
		if (word[1] != '-')
			return ary_fail(err, ARY_INVALID,
					"unknown option '%.64s' (-- goes before words that begin "
					"with -)",
					word);
		status = read_option(reader, word, err);
		if (status != ARY_OK)
			return status;
	}
	return ARY_OK;
}

/* The value of OPTION's environment variable, whose name goes to NAME; NULL: it has none. An empty
 * variable counts as none. */
static const char *variable_of(const struct ary_option *option, char name[ARY_OPTION_TEXT_BYTES])
{
	const char *text = NULL;

	ary_option_environment(option, name);
	if (name[0])
		text = getenv(name); /* NOLINT(concurrency-mt-unsafe): nobody changes them */
	return text && *text ? text : NULL;
}

/* The option --FLAG of the reader's command; OPTION_COUNT: it has none. */
static size_t option_of(const struct reader *reader, const char *flag)
{
	size_t at = OPTION_COUNT;

	if (find_option(reader, flag, strlen(flag), &at, NULL) != ARY_OK)
		return OPTION_COUNT;
	return at;
}

/* The bit of the options that mean nothing to what the command works on. */
static unsigned beside_the_point(const struct reader *reader)
{
	return reader->config->on_server ? ARY_FOR_DIRECTORY : ARY_FOR_SERVER;
}

/* What was typed to no effect is told: the person believes that it has one. */
static enum ary_status check_flags(const struct reader *reader, struct ary_error *err)
{
	const char *what = reader->config->on_server ? "server" : "directory";

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (reader->given[i] && options[i].commands & beside_the_point(reader))
			return ary_fail(err, ARY_INVALID, "--%s means nothing to a %s",
					options[i].flag, what);
	}
	return ARY_OK;
}

/* Decides between directory and server. Where the environment names both, the server is meant: the
 * variable for the directory is also that of serve and verify, and while a server has a directory
 * open, nobody else works on it. */
static enum ary_status choose_store(struct reader *reader, struct ary_error *err)
{
	char name[ARY_OPTION_TEXT_BYTES];
	size_t server = option_of(reader, "server");
	size_t dir = option_of(reader, "dir");

	if (server == OPTION_COUNT || dir == OPTION_COUNT)
		return ARY_OK;
	if (reader->given[server] && reader->given[dir])
		return ary_fail(err, ARY_INVALID, "--dir and --server exclude each other");
	reader->config->on_server = reader->given[server] ||
				    (!reader->given[dir] && variable_of(&options[server], name));
	if (reader->config->on_server && reader->command & ARY_FOR_EXPORT)
		return ary_fail(err, ARY_INVALID,
				"a server cannot be exported yet; --dir names a directory");
	return check_flags(reader, err);
}

/* Gives every option that no flag set its value from the environment, or its default, if any. */
static enum ary_status fill_rest(struct reader *reader, struct ary_error *err)
{
	enum ary_status status = ARY_OK;

	for (size_t i = 0; i < OPTION_COUNT && status == ARY_OK; i++) {
		const struct ary_option *option = &options[i];
		char name[ARY_OPTION_TEXT_BYTES] = "";
		const char *text = NULL;

		if (reader->given[i])
			continue;
		if (option->commands & reader->command &&
		    !(option->commands & beside_the_point(reader)))
			text = variable_of(option, name);
		if (!text)
			text = option->fallback;
		if (*text || option->kind != ARY_KIND_URL)
			status = assign(option, name, text, reader->config, err);
	}
	return status;
}

enum ary_status ary_config_load(unsigned command, int count, char *const *words,
				struct ary_config *out, struct ary_error *err)
{
	struct ary_config config = { .help = false };
	struct reader reader = {
		.command = command,
		.count = count,
		.words = words,
		.config = &config,
	};
	enum ary_status status;

	config.arguments = ary_alloc(((size_t)count + 1) * sizeof(*config.arguments));
	status = read_words(&reader, err);
	if (status == ARY_OK && !config.help)
		status = choose_store(&reader, err);
	if (status == ARY_OK && !config.help)
		status = fill_rest(&reader, err);
	if (status != ARY_OK) {
		ary_config_release(&config);
		return status;
	}
	*out = config;
	return ARY_OK;
}

void ary_config_release(struct ary_config *config)
{
	free(config->arguments);
	config->arguments = NULL;
	config->argument_count = 0;
}
