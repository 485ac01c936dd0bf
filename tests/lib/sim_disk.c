/* SPDX-License-Identifier: MIT */
#include "lib/sim_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"

/* Room for one more item of SIZE bytes in ITEMS. */
static void *make_room(void *items, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return items;
	*capacity = *capacity == 0 ? 8 : *capacity * 2;
	items = ary_try_realloc(items, *capacity * size);
	ARY_CHECK(items != NULL);
	return items;
}

/* Grows with zeros, or cuts. */
static void resize(struct ary_buf *buf, size_t size)
{
	if (size > buf->size) {
		ARY_CHECK(ary_buf_reserve(buf, size - buf->size));
		memset(buf->data + buf->size, 0, size - buf->size);
	}
	buf->size = size;
}

static void copy_buf(const struct ary_buf *from, struct ary_buf *to)
{
	to->size = 0;
	ARY_CHECK(ary_buf_append(to, ary_buf_view(from)));
}

static void release_inode(struct sim_inode *inode)
{
	ary_buf_release(&inode->cache);
	ary_buf_release(&inode->durable);
	free(inode->versions);
	free(inode->sizes);
	free(inode);
}

void sim_disk_release(struct sim_disk *disk)
{
	for (int i = 0; i < disk->inode_count; i++)
		release_inode(disk->inodes[i]);
	free(disk->changes);
	memset(disk, 0, sizeof(*disk));
}

static void *copy_items(const void *items, size_t count, size_t size)
{
	if (count == 0)
		return NULL;
	void *copy = ary_alloc(count * size);
	memcpy(copy, items, count * size);
	return copy;
}

static void copy_inode(const struct sim_inode *from, struct sim_inode *to)
{
	copy_buf(&from->cache, &to->cache);
	copy_buf(&from->durable, &to->durable);
	to->versions = copy_items(from->versions, from->version_count, sizeof(*from->versions));
	to->version_count = from->version_count;
	to->version_capacity = from->version_count;
	to->sizes = copy_items(from->sizes, from->size_count, sizeof(*from->sizes));
	to->size_count = from->size_count;
	to->size_capacity = from->size_count;
	to->truncated = from->truncated;
}

static bool is_named(const struct sim_names *names, int inode)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names->names[i].inode == inode)
			return true;
	}
	return false;
}

static bool is_reachable(const struct sim_disk *disk, int inode)
{
	if (is_named(&disk->cache, inode) || is_named(&disk->durable, inode))
		return true;
	for (size_t i = 0; i < disk->change_count; i++) {
		if (disk->changes[i].inode == inode)
			return true;
	}
	return false;
}

void sim_disk_copy(const struct sim_disk *disk, struct sim_disk *out)
{
	for (int i = 0; i < disk->inode_count; i++) {
		int copy = sim_disk_new_inode(out);
		if (is_reachable(disk, i))
			copy_inode(disk->inodes[i], out->inodes[copy]);
	}
	out->cache = disk->cache;
	out->durable = disk->durable;
	out->changes = copy_items(disk->changes, disk->change_count, sizeof(*disk->changes));
	out->change_count = disk->change_count;
	out->change_capacity = disk->change_count;
}

bool sim_name_outer(const char *name)
{
	return strncmp(name, SIM_OUTER, sizeof(SIM_OUTER) - 1) == 0;
}

int sim_names_find(const struct sim_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->names[i].name, name) == 0)
			return names->names[i].inode;
	}
	return -1;
}

static void put_name(struct sim_names *names, const char *name, int inode)
{
	size_t i = 0;

	while (i < names->count && strcmp(names->names[i].name, name) != 0)
		i++;
	ARY_CHECK(i < SIM_NAMES_MAX);
	if (i == names->count)
		snprintf(names->names[names->count++].name, SIM_NAME_BYTES, "%s", name);
	names->names[i].inode = inode;
}

/* Takes NAME away from INODE, if it still is its. */
static void drop_name(struct sim_names *names, const char *name, int inode)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->names[i].name, name) != 0 || names->names[i].inode != inode)
			continue;
		names->names[i] = names->names[--names->count];
		return;
	}
}

void sim_names_change(struct sim_names *names, const struct sim_dir_change *change)
{
	switch (change->change) {
	case SIM_LINK:
		put_name(names, change->name, change->inode);
		break;
	case SIM_RENAME:
		drop_name(names, change->name, change->inode);
		put_name(names, change->to, change->inode);
		break;
	case SIM_UNLINK:
		drop_name(names, change->name, change->inode);
		break;
	}
}

int sim_disk_new_inode(struct sim_disk *disk)
{
	ARY_CHECK(disk->inode_count < SIM_INODES_MAX);
	disk->inodes[disk->inode_count] = ARY_NEW(struct sim_inode);
	return disk->inode_count++;
}

static void change_dir(struct sim_disk *disk, const struct sim_dir_change *change)
{
	sim_names_change(&disk->cache, change);
	disk->changes = make_room(disk->changes, disk->change_count, &disk->change_capacity,
				  sizeof(*disk->changes));
	disk->changes[disk->change_count++] = *change;
}

int sim_disk_create(struct sim_disk *disk, const char *name)
{
	struct sim_dir_change change = {.change = SIM_LINK};

	ARY_CHECK(sim_names_find(&disk->cache, name) < 0);
	change.inode = sim_disk_new_inode(disk);
	snprintf(change.name, sizeof(change.name), "%s", name);
	change_dir(disk, &change);
	return change.inode;
}

void sim_disk_put(struct sim_disk *disk, const char *name, struct ary_bytes bytes)
{
	int inode = sim_disk_new_inode(disk);

	ARY_CHECK(ary_buf_append(&disk->inodes[inode]->cache, bytes));
	ARY_CHECK(ary_buf_append(&disk->inodes[inode]->durable, bytes));
	put_name(&disk->cache, name, inode);
	put_name(&disk->durable, name, inode);
}

void sim_disk_rename(struct sim_disk *disk, const char *from, const char *to)
{
	struct sim_dir_change change = {
		.change = SIM_RENAME,
		.inode = sim_names_find(&disk->cache, from),
	};

	ARY_CHECK(change.inode >= 0);
	snprintf(change.name, sizeof(change.name), "%s", from);
	snprintf(change.to, sizeof(change.to), "%s", to);
	change_dir(disk, &change);
}

void sim_disk_unlink(struct sim_disk *disk, const char *name)
{
	struct sim_dir_change change = {
		.change = SIM_UNLINK,
		.inode = sim_names_find(&disk->cache, name),
	};

	ARY_CHECK(change.inode >= 0);
	snprintf(change.name, sizeof(change.name), "%s", name);
	change_dir(disk, &change);
}

void sim_disk_sync_dir(struct sim_disk *disk, bool outer)
{
	size_t left = 0;

	for (size_t i = 0; i < disk->change_count; i++) {
		const struct sim_dir_change *change = &disk->changes[i];
		if (sim_name_outer(change->name) == outer)
			sim_names_change(&disk->durable, change);
		else
			disk->changes[left++] = *change;
	}
	disk->change_count = left;
}

static void note_sector(struct sim_inode *inode, uint64_t sector)
{
	inode->versions = make_room(inode->versions, inode->version_count,
				    &inode->version_capacity, sizeof(*inode->versions));
	struct sim_version *version = &inode->versions[inode->version_count++];
	memset(version, 0, sizeof(*version));
	version->sector = sector;
	size_t start = sector * SIM_SECTOR_BYTES;
	if (start >= inode->cache.size)
		return;
	size_t left = inode->cache.size - start;
	memcpy(version->bytes, inode->cache.data + start,
	       left < SIM_SECTOR_BYTES ? left : SIM_SECTOR_BYTES);
}

/* A size that it has had since the sync is no other outcome. */
static void note_size(struct sim_inode *inode)
{
	for (size_t i = 0; i < inode->size_count; i++) {
		if (inode->sizes[i] == inode->cache.size)
			return;
	}
	inode->sizes = make_room(inode->sizes, inode->size_count, &inode->size_capacity,
				 sizeof(*inode->sizes));
	inode->sizes[inode->size_count++] = inode->cache.size;
}

void sim_inode_write(struct sim_inode *inode, uint64_t offset, const void *data, size_t size)
{
	if (size == 0)
		return;
	if (offset + size > inode->cache.size)
		resize(&inode->cache, offset + size);
	memcpy(inode->cache.data + offset, data, size);
	uint64_t last = (offset + size - 1) / SIM_SECTOR_BYTES;
	for (uint64_t sector = offset / SIM_SECTOR_BYTES; sector <= last; sector++)
		note_sector(inode, sector);
	note_size(inode);
	inode->truncated = false;
}

void sim_inode_truncate(struct sim_inode *inode, uint64_t size)
{
	bool cuts = size < inode->cache.size;

	resize(&inode->cache, size);
	if (cuts && size % SIM_SECTOR_BYTES != 0)
		note_sector(inode, size / SIM_SECTOR_BYTES);
	note_size(inode);
	inode->truncated = true;
}

/* The newest version of every dirty sector is stored; clean ones are not, whatever they hold. */
void sim_inode_sync(struct sim_inode *inode)
{
	if (inode->size_count == 0)
		return;
	resize(&inode->durable, inode->cache.size);
	for (size_t i = 0; i < inode->version_count; i++) {
		const struct sim_version *version = &inode->versions[i];
		size_t start = version->sector * SIM_SECTOR_BYTES;
		if (start >= inode->durable.size)
			continue;
		size_t left = inode->durable.size - start;
		memcpy(inode->durable.data + start, version->bytes,
		       left < SIM_SECTOR_BYTES ? left : SIM_SECTOR_BYTES);
	}
	sim_inode_forget(inode);
}

void sim_inode_forget(struct sim_inode *inode)
{
	inode->version_count = 0;
	inode->size_count = 0;
	inode->truncated = false;
}
