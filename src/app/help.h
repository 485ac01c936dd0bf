/* SPDX-License-Identifier: MIT */
/* What the program says about itself, made from the tables of commands and options.
 *
 * Threads: one. */
#ifndef ARY_APP_HELP_H
#define ARY_APP_HELP_H

#include <stdio.h>

#include "app/command.h"

/* Writes how to use the program. */
void ary_help_overview(FILE *out);

/* Writes how to use COMMAND, with its options. */
void ary_help_command(const struct ary_command *command, FILE *out);

/* Writes the manual page aryavarth(1), in the man macros of troff. */
void ary_help_man(FILE *out);

/* Writes the table of options, in Markdown. */
void ary_help_markdown(FILE *out);

/* What an exit status means. */
struct ary_exit_row {
	enum ary_exit code;
	const char *text;
};

/* The exit statuses; returns borrowed until for ever. */
const struct ary_exit_row *ary_exit_rows(size_t *count_out);

#endif
