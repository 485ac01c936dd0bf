/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "app/command.h"
#include "app/console.h"
#include "app/help.h"

enum ary_exit ary_cmd_help(const struct ary_config *config)
{
	const struct ary_command *command;

	if (config->man || config->markdown) {
		if (config->man)
			ary_help_man(stdout);
		else
			ary_help_markdown(stdout);
		return ARY_EXIT_OK;
	}
	if (config->argument_count == 0) {
		ary_help_overview(stdout);
		return ARY_EXIT_OK;
	}
	command = ary_command_find(config->arguments[0]);
	if (!command)
		return ary_complain(ARY_EXIT_USAGE, "unknown command '%s'", config->arguments[0]);
	ary_help_command(command, stdout);
	return ARY_EXIT_OK;
}
