/* SPDX-License-Identifier: MIT */
#include "lib/tmpdir.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void give_up(const char *what, const char *path)
{
	fprintf(stderr, "tmpdir: cannot %s %s: %s\n", what, path, strerror(errno));
	abort();
}

void tmpdir_create(struct tmpdir *tmpdir)
{
	const char *base = getenv("TMPDIR");

	if (!base || !*base)
		base = "/tmp";
	int size = snprintf(tmpdir->path, sizeof(tmpdir->path), "%s/ary-XXXXXX", base);
	if (size < 0 || (size_t)size >= sizeof(tmpdir->path) || !mkdtemp(tmpdir->path))
		give_up("make a directory below", base);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int open_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)walk;
	/* A test may have taken away what is needed to look inside. */
	if ((type == FTW_D || type == FTW_DNR) && (status->st_mode & S_IRWXU) != S_IRWXU)
		return chmod(path, S_IRWXU);
	return 0;
}

void tmpdir_remove(struct tmpdir *tmpdir)
{
	if (nftw(tmpdir->path, open_one, 16, FTW_PHYS) != 0 ||
	    nftw(tmpdir->path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		give_up("remove", tmpdir->path);
	tmpdir->path[0] = '\0';
}

const char *tmpdir_join(const struct tmpdir *tmpdir, const char *name, char out[TMPDIR_PATH_BYTES])
{
	int size = snprintf(out, TMPDIR_PATH_BYTES, "%s/%s", tmpdir->path, name);

	if (size < 0 || size >= TMPDIR_PATH_BYTES) {
		errno = ENAMETOOLONG;
		give_up("name", name);
	}
	return out;
}
