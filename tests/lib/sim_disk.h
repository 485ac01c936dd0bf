/* SPDX-License-Identifier: MIT */
/* A disk in memory that knows what a power failure may leave of it: the folder of a store's logs
 * and the one around it, what is in the cache, what is durable, and every version that lies
 * between the two. Names in the outer folder begin with SIM_OUTER.
 *
 * The model: a sector (512 bytes) written since the last sync of its file is, after a crash, as any
 * of the writes left it, each sector by itself; the file's size is any that it had, or any sector
 * boundary between them; what lies between is zero. Creations, renames and removals persist when
 * their folder is synced, otherwise any of them may, in order per name. A failed sync leaves what
 * was written readable and clean: never on disk, and no later sync stores it.
 *
 * Memory that is out ends the test program. Threads: one at a time.
 * Limits: SIM_INODES_MAX files in the life of a disk, SIM_NAMES_MAX at once. */
#ifndef ARY_TESTS_LIB_SIM_DISK_H
#define ARY_TESTS_LIB_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define SIM_OUTER "../"

enum { SIM_SECTOR_BYTES = 512, SIM_INODES_MAX = 256, SIM_NAMES_MAX = 64, SIM_NAME_BYTES = 40 };

/* What a write left of one sector. */
struct sim_version {
	uint64_t sector;
	uint8_t bytes[SIM_SECTOR_BYTES];
};

struct sim_inode {
	struct ary_buf cache;         /* what a reader sees */
	struct ary_buf durable;       /* what was on disk at the last sync */
	struct sim_version *versions; /* of sectors, since then, oldest first; owned */
	size_t version_count;
	size_t version_capacity;
	uint64_t *sizes;              /* that it has had since then; owned */
	size_t size_count;
	size_t size_capacity;
	bool truncated;               /* the last change was of the size */
};

struct sim_name {
	char name[SIM_NAME_BYTES];
	int inode;
};

struct sim_names {
	struct sim_name names[SIM_NAMES_MAX];
	size_t count;
};

enum sim_change { SIM_LINK, SIM_RENAME, SIM_UNLINK };

/* A change of a folder that is not durable yet. */
struct sim_dir_change {
	enum sim_change change;
	int inode;
	char name[SIM_NAME_BYTES];
	char to[SIM_NAME_BYTES]; /* of a rename */
};

struct sim_disk {
	struct sim_inode *inodes[SIM_INODES_MAX];
	int inode_count;
	struct sim_names cache;
	struct sim_names durable;
	struct sim_dir_change *changes; /* oldest first; owned */
	size_t change_count;
	size_t change_capacity;
};

/* All zero is an empty disk. */
void sim_disk_release(struct sim_disk *disk);
/* Makes OUT (all zero) the same as DISK, all that is not durable included. */
void sim_disk_copy(const struct sim_disk *disk, struct sim_disk *out);

/* Whether NAME is one in the outer folder. */
bool sim_name_outer(const char *name);
/* The file called NAME, or -1. */
int sim_names_find(const struct sim_names *names, const char *name);
/* Carries CHANGE out on NAMES. */
void sim_names_change(struct sim_names *names, const struct sim_dir_change *change);

/* Adds an empty file without a name. */
int sim_disk_new_inode(struct sim_disk *disk);
/* Creates NAME, which must not be there, empty. Answers its inode. */
int sim_disk_create(struct sim_disk *disk, const char *name);
/* Adds NAME with BYTES, durably. */
void sim_disk_put(struct sim_disk *disk, const char *name, struct ary_bytes bytes);
void sim_disk_rename(struct sim_disk *disk, const char *from, const char *to);
void sim_disk_unlink(struct sim_disk *disk, const char *name);
/* Makes the changes of one of the folders durable. */
void sim_disk_sync_dir(struct sim_disk *disk, bool outer);

void sim_inode_write(struct sim_inode *inode, uint64_t offset, const void *data, size_t size);
void sim_inode_truncate(struct sim_inode *inode, uint64_t size);
/* Makes what was written durable. */
void sim_inode_sync(struct sim_inode *inode);
/* As the system after a sync that failed: what was written is clean, and not on disk. */
void sim_inode_forget(struct sim_inode *inode);

#endif
