/* SPDX-License-Identifier: MIT */
/* The manual page and the README's table: the same facts as the help, in the forms of others. */
#include <string.h>

#include "app/help.h"

/* Writes TEXT so that troff takes each byte as itself. */
static void roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text, out);
	}
}

static void roff_line(FILE *out, const char *text)
{
	roff(out, text);
	fputc('\n', out);
}

static void man_head(FILE *out)
{
	fputs(".TH ARYAVARTH 1 \"\" \"Aryavarth ", out);
	roff(out, ary_version());
	fputs("\" \"User Commands\"\n"
	      ".SH NAME\n"
	      "aryavarth \\- a key\\-value store that anyone can talk to with curl\n"
	      ".SH SYNOPSIS\n"
	      ".B aryavarth\n"
	      ".I COMMAND\n"
	      ".RI [ ARGUMENT... ]\n"
	      ".RI [ OPTION... ]\n"
	      ".SH DESCRIPTION\n", out);
	roff_line(out, "Aryavarth keeps values under keys, both any bytes. Its only truth is an "
		       "append-only log of JSON lines, each with a checksum, in DIR/logs. "
		       "It serves them over HTTP, and works on a directory from the command line, "
		       "or on a server. One process at a time has a directory open.");
}

static void man_commands(FILE *out)
{
	size_t count;
	const struct ary_command *rows = ary_commands(&count);

	fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, ".TP\n\\fB%s\\fR %s%s", rows[i].name, *rows[i].arguments ? "\\fI" : "",
			rows[i].arguments);
		fputs(*rows[i].arguments ? "\\fR\n" : "\n", out);
		fputc(rows[i].help[0] - 'a' + 'A', out);
		roff(out, rows[i].help + 1);
		fputs(".\n", out);
		roff_line(out, rows[i].more);
	}
}

/* Writes the names of the commands that OPTION is for. */
static void print_commands(FILE *out, const struct ary_option *option)
{
	size_t count;
	const struct ary_command *rows = ary_commands(&count);
	const char *separator = "";

	for (size_t i = 0; i < count; i++) {
		if (!(option->commands & rows[i].bit))
			continue;
		fprintf(out, "%s%s", separator, rows[i].name);
		separator = ", ";
	}
}

static void man_option(FILE *out, const struct ary_option *option)
{
	char text[ARY_OPTION_TEXT_BYTES];

	fputs(".TP\n\\fB\\-\\-", out);
	roff(out, option->flag);
	fprintf(out, "\\fR%s%s%s\n", *option->argument ? " \\fI" : "", option->argument,
		*option->argument ? "\\fR" : "");
	fputc(option->help[0] >= 'a' && option->help[0] <= 'z' ? option->help[0] - 'a' + 'A' :
								 option->help[0], out);
	roff(out, option->help + 1);
	fputs(".\nTakes ", out);
	roff(out, ary_option_range(option, text));
	fputs("; default: ", out);
	roff(out, *option->fallback ? option->fallback : "none");
	if (*ary_option_environment(option, text))
		fprintf(out, "; variable: %s", text);
	fputs(".\nFor: ", out);
	print_commands(out, option);
	fputs(".\n", out);
}

static void man_options(FILE *out)
{
	size_t count;
	const struct ary_option *options = ary_options(&count);

	fputs(".SH OPTIONS\n", out);
	roff_line(out, "Options come before or after the arguments, as --option=value or --option "
		       "value; -- ends them. A size is a number of bytes, or one with k, M or G "
		       "behind it for powers of 1024 (KiB, MiB, GiB mean the same).");
	for (size_t i = 0; i < count; i++)
		man_option(out, &options[i]);
}

static void man_tail(FILE *out)
{
	size_t count;
	const struct ary_exit_row *rows = ary_exit_rows(&count);

	fputs(".SH EXIT STATUS\n", out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, ".TP\n.B %d\n", (int)rows[i].code);
		roff_line(out, rows[i].text);
	}
	fputs(".SH ENVIRONMENT\n", out);
	roff_line(out, "Options that have a variable take its value when they are not given on the "
		       "command line. An empty variable counts as none. A command that works on a "
		       "directory or on a server takes the one that a flag names; else the server "
		       "of ARYAVARTH_SERVER; else the directory. http_proxy, https_proxy and "
		       "no_proxy mean what they mean to curl (not to health).");
	fputs(".SH FILES\n.TP\n.I DIR/logs/N.log\n", out);
	roff_line(out, "the data, oldest first; every line is a JSON object");
	fputs(".TP\n.I DIR/LOCK\n", out);
	roff_line(out, "locked by the process that has the store open; holds its process id");
	fputs(".TP\n.I DIR/WATERMARK\n", out);
	roff_line(out, "how far the log was known to be on disk: a witness against damage, which "
		       "may be missing. Remove it when you replace logs by an older copy");
	fputs(".TP\n.I DIR/CHECKPOINT\n", out);
	roff_line(out, "the index as it was at the last stop: a cache, which spares a start the "
		       "reading of all logs. It may be removed");
	fputs(".SH EXAMPLES\n.nf\n", out);
	roff_line(out, "aryavarth set --dir /srv/store greeting hello");
	roff_line(out, "aryavarth get --dir /srv/store greeting");
	roff_line(out, "aryavarth serve --dir /srv/store --listen 127.0.0.1:8080");
	roff_line(out, "aryavarth get --server http://127.0.0.1:8080 greeting");
	roff_line(out, "curl -T picture.png http://127.0.0.1:8080/keys/picture");
	fputs(".fi\n.SH SEE ALSO\n.BR curl (1),\n.BR jq (1)\n", out);
}

void ary_help_man(FILE *out)
{
	man_head(out);
	man_commands(out);
	man_options(out);
	man_tail(out);
}

/* Writes TEXT for a cell of a Markdown table. */
static void cell(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("|*_<>\\", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void markdown_row(FILE *out, const struct ary_option *option)
{
	char text[ARY_OPTION_TEXT_BYTES];

	fprintf(out, "| `--%s%s%s` | ", option->flag, *option->argument ? " " : "",
		option->argument);
	if (*option->fallback)
		fprintf(out, "`%s`", option->fallback);
	fputs(" | ", out);
	cell(out, ary_option_range(option, text));
	fputs(" | ", out);
	print_commands(out, option);
	fputs(" | ", out);
	cell(out, option->help);
	fputs(" |\n", out);
}

void ary_help_markdown(FILE *out)
{
	size_t count;
	const struct ary_option *options = ary_options(&count);

	fputs("| option | default | takes | commands | what it is |\n"
	      "|---|---|---|---|---|\n", out);
	for (size_t i = 0; i < count; i++)
		markdown_row(out, &options[i]);
}
