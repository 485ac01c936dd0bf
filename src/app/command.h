/* SPDX-License-Identifier: MIT */
/* The commands of the program: one table, from which main runs them and help shows them. */
#ifndef ARY_APP_COMMAND_H
#define ARY_APP_COMMAND_H

#include <stddef.h>

#include "app/config.h"

/* What the program answers to whoever started it. Scripts rely on these numbers. */
enum ary_exit {
	ARY_EXIT_OK = 0,
	ARY_EXIT_MISS = 1,  /* get, rm: no such key; health: not ready */
	ARY_EXIT_USAGE = 2, /* the command line or the environment is wrong; nothing was done */
	ARY_EXIT_STORE = 3, /* the store, the disk or the output failed; standard error says how */
};

struct ary_command {
	const char *name;
	unsigned bit;          /* its ARY_FOR_ bit */
	const char *arguments; /* as shown in the synopsis; empty when there are none */
	size_t arguments_min;
	size_t arguments_max;
	const char *help;      /* one line */
	const char *more;      /* what else a person must know, in sentences */
	enum ary_exit (*run)(const struct ary_config *config);
};

/* The table, and how many rows it has; returns borrowed until for ever. */
const struct ary_command *ary_commands(size_t *count_out);

/* The command called NAME, or NULL. */
const struct ary_command *ary_command_find(const char *name);

/* Runs the command line of the program (without its own name) and answers its exit status. */
enum ary_exit ary_command_run(int count, char *const *words);

/* The version of the program; returns borrowed until for ever. */
const char *ary_version(void);

enum ary_exit ary_cmd_serve(const struct ary_config *config);
enum ary_exit ary_cmd_set(const struct ary_config *config);
enum ary_exit ary_cmd_get(const struct ary_config *config);
enum ary_exit ary_cmd_rm(const struct ary_config *config);
enum ary_exit ary_cmd_list(const struct ary_config *config);
enum ary_exit ary_cmd_compact(const struct ary_config *config);
enum ary_exit ary_cmd_verify(const struct ary_config *config);
enum ary_exit ary_cmd_export(const struct ary_config *config);
enum ary_exit ary_cmd_import(const struct ary_config *config);
enum ary_exit ary_cmd_stats(const struct ary_config *config);
enum ary_exit ary_cmd_health(const struct ary_config *config);
enum ary_exit ary_cmd_version(const struct ary_config *config);
enum ary_exit ary_cmd_help(const struct ary_config *config);

#endif
