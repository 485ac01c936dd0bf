/* SPDX-License-Identifier: MIT */
#include "app/help.h"

#include <string.h>

enum { HELP_COLUMNS = 78 };

static const struct ary_exit_row exit_rows[] = {
	{ ARY_EXIT_OK, "done" },
	{ ARY_EXIT_MISS, "get, rm: there is no such key; health: not ready; "
			 "serve: ended by a second signal" },
	{ ARY_EXIT_USAGE, "the command line or the environment is wrong; nothing was done" },
	{ ARY_EXIT_STORE, "the store is missing, locked, damaged or unreadable, "
			  "the server refuses or does not answer, "
			  "a line to be imported is bad, "
			  "or the disk, the network or the output failed" },
};

const struct ary_exit_row *ary_exit_rows(size_t *count_out)
{
	*count_out = sizeof(exit_rows) / sizeof(exit_rows[0]);
	return exit_rows;
}

/* Writes TEXT from column INDENT on, broken between words. */
static void wrap(FILE *out, int indent, const char *text)
{
	int column = 0;

	while (*text) {
		int size = (int)strcspn(text, " ");

		if (column > 0 && column + 1 + size > HELP_COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		if (column == 0)
			column = fprintf(out, "%*s", indent, "");
		else
			column += fprintf(out, " ");
		column += fprintf(out, "%.*s", size, text);
		text += size;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_exit_rows(FILE *out)
{
	size_t count;
	const struct ary_exit_row *rows = ary_exit_rows(&count);

	fputs("\nExit status:\n", out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "  %d  %s\n", (int)rows[i].code, rows[i].text);
}

void ary_help_overview(FILE *out)
{
	size_t count;
	const struct ary_command *rows = ary_commands(&count);

	fputs("Usage: aryavarth COMMAND [ARGUMENT...] [OPTION...]\n\n"
	      "A key-value store that anyone can talk to with curl.\n\nCommands:\n", out);
	for (size_t i = 0; i < count; i++) {
		int width = fprintf(out, "  %s %s", rows[i].name, rows[i].arguments);

		fprintf(out, "%*s%s\n", width < 20 ? 20 - width : 1, "", rows[i].help);
	}
	fputs("\nset, get, rm, compact, import and stats work on a directory (--dir DIR) or on a\n"
	      "server (--server URL). Where neither is given, the server of ARYAVARTH_SERVER is\n"
	      "meant; else the directory.\n",
	      out);
	fputs("\nOptions come before or after the arguments, as --option=value or --option value;\n"
	      "-- ends them. Each may be set in the environment as well: ARYAVARTH_DIR for --dir.\n"
	      "'aryavarth help COMMAND' tells the options of a command.\n", out);
	print_exit_rows(out);
}

static void print_option(FILE *out, const struct ary_option *option)
{
	char range[ARY_OPTION_TEXT_BYTES];
	char environment[ARY_OPTION_TEXT_BYTES];
	char facts[4 * ARY_OPTION_TEXT_BYTES];

	ary_option_range(option, range);
	ary_option_environment(option, environment);
	fprintf(out, "  --%s%s%s\n", option->flag, *option->argument ? " " : "", option->argument);
	wrap(out, 8, option->help);
	snprintf(facts, sizeof(facts), "(%s; default: %s%s%s)", range,
		 *option->fallback ? option->fallback : "none", *environment ? "; " : "",
		 environment);
	wrap(out, 8, facts);
}

void ary_help_command(const struct ary_command *command, FILE *out)
{
	size_t count;
	const struct ary_option *options = ary_options(&count);
	const char *title = "\nOptions:\n";

	fprintf(out, "Usage: aryavarth %s%s%s [OPTION...]\n\n", command->name,
		*command->arguments ? " " : "", command->arguments);
	fprintf(out, "%s\n\n", command->help);
	wrap(out, 0, command->more);
	for (size_t i = 0; i < count; i++) {
		if (!(options[i].commands & command->bit))
			continue;
		fputs(title, out);
		title = "";
		print_option(out, &options[i]);
	}
	print_exit_rows(out);
}
