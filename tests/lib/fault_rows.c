/* SPDX-License-Identifier: MIT */
#include "lib/fault_rows.h"

#include "base/status.h"

#define BIT(status) (1U << ARY_##status)
#define SELF FAULT_SELF
#define OPERATION(field) .name = #field, .operation = offsetof(struct ary_env_ops, field)

const struct fault_row fault_rows[] = {
	{OPERATION(dir_open), .kind = FAULT_DIR_OPEN, .open = SELF, .verify = SELF},
	{OPERATION(dir_close), .kind = FAULT_DIR_CLOSE},
	{OPERATION(dir_list), .kind = FAULT_DIR_LIST, .open = SELF, .verify = SELF},
	/* Not knowing which names are on the disk ends writing. */
	{OPERATION(dir_sync), .kind = FAULT_DIR_SYNC, .open = SELF, .write = BIT(READ_ONLY),
	 .compact = BIT(READ_ONLY), .close = BIT(READ_ONLY)},
	{OPERATION(dir_rename), .kind = FAULT_DIR_RENAME, .write = BIT(READ_ONLY),
	 .compact = BIT(READ_ONLY), .close = BIT(READ_ONLY)},
	/* What cannot be removed only takes space. */
	{OPERATION(dir_unlink), .kind = FAULT_DIR_UNLINK, .open = SELF},
	{OPERATION(dir_lock), .kind = FAULT_DIR_LOCK, .open = SELF},
	{OPERATION(dir_lock_shared), .kind = FAULT_DIR_LOCK_SHARED, .verify = SELF},
	{OPERATION(dir_space), .kind = FAULT_DIR_SPACE},
	{OPERATION(file_open), .kind = FAULT_FILE_OPEN, .open = SELF, .verify = SELF},
	/* A log goes on growing while there can be no next one. */
	{OPERATION(file_open), .kind = FAULT_FILE_CREATE, .write = SELF | BIT(EXISTS),
	 .compact = SELF | BIT(EXISTS)},
	{OPERATION(file_close), .kind = FAULT_FILE_CLOSE},
	{OPERATION(file_size), .kind = FAULT_FILE_SIZE, .open = SELF, .compact = SELF | BIT(IO),
	 .verify = SELF},
	{OPERATION(file_read_at), .kind = FAULT_FILE_READ, .open = SELF, .read = BIT(IO),
	 .compact = SELF | BIT(IO), .verify = SELF},
	/* Where a line was, there is nothing now. */
	{OPERATION(file_read_at), .kind = FAULT_FILE_READ, .sort = FAULT_HALVED,
	 .open = BIT(IO) | BIT(CORRUPT), .read = BIT(CORRUPT), .compact = BIT(IO),
	 .verify = BIT(IO)},
	/* A full disk passes; a broken one ends writing. */
	{OPERATION(file_write_at), .kind = FAULT_FILE_WRITE, .sort = FAULT_FULL, .open = SELF,
	 .write = SELF, .compact = SELF},
	{OPERATION(file_write_at), .kind = FAULT_FILE_WRITE, .sort = FAULT_BROKEN, .open = SELF,
	 .write = SELF | BIT(READ_ONLY), .compact = SELF | BIT(READ_ONLY),
	 .close = SELF | BIT(READ_ONLY)},
	{OPERATION(file_truncate), .kind = FAULT_FILE_TRUNCATE, .open = BIT(IO)},
	/* Whether it is on the disk is not known, and never asked again. */
	{OPERATION(file_sync), .kind = FAULT_FILE_SYNC, .open = BIT(IO),
	 .write = BIT(UNCERTAIN) | BIT(READ_ONLY),
	 .compact = BIT(UNCERTAIN) | BIT(READ_ONLY) | BIT(IO),
	 .close = BIT(UNCERTAIN) | BIT(READ_ONLY)},
	{OPERATION(wall_ms), .kind = FAULT_WALL_MS},
	{OPERATION(monotonic_ns), .kind = FAULT_MONOTONIC_NS},
	{OPERATION(random), .kind = FAULT_RANDOM, .open = SELF, .verify = SELF},
};

const size_t fault_row_count = sizeof(fault_rows) / sizeof(fault_rows[0]);

_Static_assert(sizeof(struct ary_env_ops) == FAULT_OPERATIONS * sizeof(void (*)(void)),
	       "an operation has come to the seam, or gone: the table must say how it fails");

/* While memory is out. A merge that could not be taken over ends compacting (IO). */
const struct fault_row fault_no_memory = {
	.name = "memory",
	.open = BIT(NO_MEMORY), .write = BIT(NO_MEMORY), .read = BIT(NO_MEMORY),
	.compact = BIT(NO_MEMORY) | BIT(IO), .close = BIT(NO_MEMORY), .verify = BIT(NO_MEMORY),
};

/* A write fails, and so does the cut that should undo it. */
const struct fault_row fault_no_cut = {
	.name = "file_write_at and file_truncate", .sort = FAULT_FULL,
	.open = SELF | BIT(IO), .write = SELF | BIT(UNCERTAIN) | BIT(READ_ONLY),
	.compact = SELF | BIT(UNCERTAIN) | BIT(READ_ONLY) | BIT(IO),
	.close = BIT(UNCERTAIN) | BIT(READ_ONLY),
};
