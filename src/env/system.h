/* SPDX-License-Identifier: MIT */
/* What a program wants to know of the process, the machine and the terminal it runs on.
 *
 * Threads: any; ary_standard_streams_secure before there are others. */
#ifndef ARY_ENV_SYSTEM_H
#define ARY_ENV_SYSTEM_H

#include <stdbool.h>

/* How many processors this process may use; at least 1. */
unsigned ary_cpu_count(void);

/* Whether descriptor FD is a terminal. */
bool ary_is_terminal(int fd);

/* Gives each of the descriptors 0, 1 and 2 that is closed something that only fails, so that no
 * file of a store can get its number and be written to by printf. */
void ary_standard_streams_secure(void);

#endif
