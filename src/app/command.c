/* SPDX-License-Identifier: MIT */
#include "app/command.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "app/console.h"
#include "app/help.h"

static const struct ary_command commands[] = {
	{ "serve", ARY_FOR_SERVE, "", 0, 0, "serve the store over HTTP",
	  "Listens at once, answers /livez while the log is replayed, and /readyz once it is. "
	  "SIGTERM or SIGINT end it in order: no new write is taken, those under way are answered, "
	  "the log is synced; a second signal ends it at once.",
	  ary_cmd_serve },
	{ "set", ARY_FOR_SET, "KEY VALUE", 2, 2, "store VALUE under KEY",
	  "VALUE - reads standard input. Makes the directory when there is none. "
	  "Prints nothing; when it ends well, the value is on disk, or as durable as the server "
	  "was told to make it. Where a server's answer got lost, it is unknown whether the value "
	  "was stored: that is told, and nothing is sent again.",
	  ary_cmd_set },
	{ "get", ARY_FOR_GET, "KEY", 1, 1, "print the value of KEY",
	  "Prints the bytes of the value and nothing else (a newline is added on a terminal).",
	  ary_cmd_get },
	{ "rm", ARY_FOR_RM, "KEY", 1, 1, "remove KEY", "Prints nothing.", ary_cmd_rm },
	{ "list", ARY_FOR_LIST, "", 0, 0, "print the keys, in the order of their bytes",
	  "One key a line, as its bytes are; with --json nothing in a key can be mistaken.",
	  ary_cmd_list },
	{ "compact", ARY_FOR_COMPACT, "", 0, 0, "drop from the logs what is no longer needed",
	  "Rewrites the logs that pay: of which a quarter of --compact-percent could be dropped, "
	  "or with --full anything. Prints what it did, as lines of a name and a number. On a "
	  "server, one that runs already is joined, unless it goes less far, and it goes on also "
	  "when this command is ended.",
	  ary_cmd_compact },
	{ "verify", ARY_FOR_VERIFY, "", 0, 0, "read every line of the store, and change nothing",
	  "Prints a line for each log: its name, bytes, lines, values set, keys removed, and what "
	  "is wrong with it, or ok. Then come sums, as lines of a name and a number, and the "
	  "verdict, ok or damaged. A torn tail is what a crash leaves: it is told, would be cut "
	  "when the store is opened, and is fine. Exits 3 where a log is damaged or missing, "
	  "having read the others too.",
	  ary_cmd_verify },
	{ "export", ARY_FOR_EXPORT, "", 0, 0, "print every key and its value as JSON lines",
	  "One line a key, in the order of their bytes: {\"cmd\":\"Set\",\"key\":K,\"value\":V}, "
	  "with \"type\" where the value has one, and key_b64, value_b64 (base64) where the bytes "
	  "are not text. import and jq read them.",
	  ary_cmd_export },
	{ "import", ARY_FOR_IMPORT, "FILE...", 1, SIZE_MAX, "apply JSON lines, in their order",
	  "Reads what export prints; logs of this program, whose checksums must be right; and "
	  "{\"Set\":{\"key\":K,\"value\":V}}, {\"Rm\":{\"key\":K}}. Get lines, control lines and "
	  "blank lines are skipped. FILE - reads standard input. Makes the directory when there is "
	  "none. Files are checked first: when any line is bad, nothing is applied, and the file "
	  "and the line are named. Standard input and pipes are applied as they come, up to a bad "
	  "line. A server is sent up to 32 lines at a time, those about one key in their order, "
	  "and again what it was too busy for; when it refuses one, some of those behind it may "
	  "have been applied. Prints what it did, as lines of a name and a number.",
	  ary_cmd_import },
	{ "stats", ARY_FOR_STATS, "", 0, 0, "print figures of the store",
	  "Prints lines of a name and a number or word.", ary_cmd_stats },
	{ "health", ARY_FOR_HEALTH, "", 0, 0, "ask a running server whether it is ready",
	  "Fetches /readyz. Prints nothing and exits 0 when the answer is 200; "
	  "else exits 1 with the reason on standard error.",
	  ary_cmd_health },
	{ "version", ARY_FOR_VERSION, "", 0, 0, "print the version of the program",
	  "So do -V and --version.", ary_cmd_version },
	{ "help", ARY_FOR_HELP, "[COMMAND]", 0, 1, "explain the program, or one of its commands",
	  "So do -h and --help, also after a command.", ary_cmd_help },
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

const struct ary_command *ary_commands(size_t *count_out)
{
	*count_out = COMMAND_COUNT;
	return commands;
}

const struct ary_command *ary_command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

const char *ary_version(void)
{
	return PACKAGE_VERSION;
}

enum ary_exit ary_cmd_version(const struct ary_config *config)
{
	(void)config;
	printf("aryavarth %s\n", ary_version());
	return ARY_EXIT_OK;
}

/* The command that WORD stands for, or NULL. */
static const struct ary_command *resolve(const char *word)
{
	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0)
		return ary_command_find("version");
	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
		return ary_command_find("help");
	return ary_command_find(word);
}

static enum ary_exit usage_error(const struct ary_command *command, const char *text)
{
	ary_complain(ARY_EXIT_USAGE, "%s: %s", command->name, text);
	fprintf(stderr, "Usage: aryavarth %s%s%s [OPTION...]\n"
			"'aryavarth help %s' tells more.\n",
		command->name, *command->arguments ? " " : "", command->arguments, command->name);
	return ARY_EXIT_USAGE;
}

static enum ary_exit run(const struct ary_command *command, const struct ary_config *config)
{
	if (config->help) {
		ary_help_command(command, stdout);
		return ARY_EXIT_OK;
	}
	if (config->argument_count < command->arguments_min)
		return usage_error(command, "an argument is missing");
	if (config->argument_count > command->arguments_max)
		return usage_error(command, "too many arguments");
	/* A command that did what it was told is silent, however much the store did for it. */
	ary_diag_set_level(command->bit == ARY_FOR_SERVE ? config->log_level : ARY_DIAG_WARN);
	return command->run(config);
}

enum ary_exit ary_command_run(int count, char *const *words)
{
	const struct ary_command *command;
	struct ary_config config;
	struct ary_error err;
	enum ary_exit code;

	if (count < 1) {
		ary_help_overview(stderr);
		return ARY_EXIT_USAGE;
	}
	command = resolve(words[0]);
	if (!command) {
		ary_complain(ARY_EXIT_USAGE, "unknown command '%s'", words[0]);
		fputs("'aryavarth help' lists the commands.\n", stderr);
		return ARY_EXIT_USAGE;
	}
	if (ary_config_load(command->bit, count - 1, words + 1, &config, &err) != ARY_OK)
		return usage_error(command, err.text);
	code = run(command, &config);
	ary_config_release(&config);
	return code;
}
