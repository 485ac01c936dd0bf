/* SPDX-License-Identifier: MIT */
/* The program. command.c has the table of what it can do. */
#include <signal.h>
#include <stdlib.h>

#include "app/command.h"
#include "app/console.h"
#include "env/system.h"

int main(int argc, char **argv)
{
	enum ary_exit code;

	ary_standard_streams_secure();
	/* A reader that has gone away, and a limit on file sizes, are errors to be answered
	 * where the write is made, not reasons to die in the middle of it. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	code = ary_command_run(argc > 0 ? argc - 1 : 0, argv + 1);
	return (int)ary_console_finish(code);
}
