/* SPDX-License-Identifier: MIT */
/* A directory of its own for one test, below $TMPDIR (or /tmp).
 *
 * A directory that cannot be made or removed ends the test program. Threads: any. */
#ifndef ARY_TESTS_LIB_TMPDIR_H
#define ARY_TESTS_LIB_TMPDIR_H

enum { TMPDIR_PATH_BYTES = 512 };

struct tmpdir {
	char path[TMPDIR_PATH_BYTES];
};

/* Makes a new, empty directory. */
void tmpdir_create(struct tmpdir *tmpdir);

/* Removes it with everything in it. */
void tmpdir_remove(struct tmpdir *tmpdir);

/* Writes the path of NAME inside the directory to OUT; answers OUT. */
const char *tmpdir_join(const struct tmpdir *tmpdir, const char *name, char out[TMPDIR_PATH_BYTES]);

#endif
