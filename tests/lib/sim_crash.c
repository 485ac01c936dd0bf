/* SPDX-License-Identifier: MIT */
/* A state is a vector of choices: for each change of the folder whether it persists, for each
 * file its size, for each dirty sector its version. 0 is what is durable, the last what is new. */
#include "lib/sim_crash.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "base/hash.h"

enum { CHOICES_MAX = 512 };

enum choice_kind { CHOICE_CHANGE, CHOICE_SIZE, CHOICE_SECTOR };

/* One thing that a crash decides. */
struct choice {
	enum choice_kind kind;
	int inode;
	uint64_t sector;
	size_t change;
	size_t count; /* of outcomes */
	size_t taken;
};

struct crash {
	const struct sim_disk *disk;
	struct choice choices[CHOICES_MAX];
	size_t count;
};

uint64_t sim_draw(struct sim_random *random, uint64_t below)
{
	random->state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t mixed = random->state;
	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (mixed ^ (mixed >> 31)) % below;
}

static void add_choice(struct crash *crash, struct choice choice)
{
	ARY_CHECK(crash->count < CHOICES_MAX);
	if (choice.count > 1)
		crash->choices[crash->count++] = choice;
}

static struct choice *find_sector(struct crash *crash, int inode, uint64_t sector)
{
	for (size_t i = 0; i < crash->count; i++) {
		struct choice *choice = &crash->choices[i];
		if (choice->kind == CHOICE_SECTOR && choice->inode == inode &&
		    choice->sector == sector)
			return choice;
	}
	return NULL;
}

/* How far the size may be below and above what is durable. */
static void size_bounds(const struct sim_inode *inode, uint64_t *low_out, uint64_t *high_out)
{
	*low_out = inode->durable.size;
	*high_out = inode->durable.size;
	for (size_t i = 0; i < inode->size_count; i++) {
		if (inode->sizes[i] < *low_out)
			*low_out = inode->sizes[i];
		if (inode->sizes[i] > *high_out)
			*high_out = inode->sizes[i];
	}
}

static uint64_t first_boundary(uint64_t low)
{
	return (low / SIM_SECTOR_BYTES + 1) * SIM_SECTOR_BYTES;
}

static size_t boundary_count(const struct sim_inode *inode)
{
	uint64_t low;
	uint64_t high;

	size_bounds(inode, &low, &high);
	uint64_t first = first_boundary(low);
	return first < high ? (high - first - 1) / SIM_SECTOR_BYTES + 1 : 0;
}

/* Sizes in the order: durable, boundaries, all that it has had. */
static uint64_t size_of_choice(const struct sim_inode *inode, size_t taken)
{
	uint64_t low;
	uint64_t high;
	size_t boundaries = boundary_count(inode);

	if (taken == 0)
		return inode->durable.size;
	if (taken > boundaries)
		return inode->sizes[taken - boundaries - 1];
	size_bounds(inode, &low, &high);
	return first_boundary(low) + (taken - 1) * SIM_SECTOR_BYTES;
}

static bool matters(const struct sim_disk *disk, int inode)
{
	for (size_t i = 0; i < disk->durable.count; i++) {
		if (disk->durable.names[i].inode == inode)
			return true;
	}
	for (size_t i = 0; i < disk->change_count; i++) {
		if (disk->changes[i].inode == inode && disk->changes[i].change != SIM_UNLINK)
			return true;
	}
	return false;
}

static void add_inode(struct crash *crash, int number)
{
	const struct sim_inode *inode = crash->disk->inodes[number];

	add_choice(crash, (struct choice){
		.kind = CHOICE_SIZE,
		.inode = number,
		.count = 1 + boundary_count(inode) + inode->size_count,
	});
	for (size_t i = 0; i < inode->version_count; i++) {
		uint64_t sector = inode->versions[i].sector;
		struct choice *choice = find_sector(crash, number, sector);
		if (choice != NULL)
			choice->count++;
		else
			add_choice(crash, (struct choice){
				.kind = CHOICE_SECTOR,
				.inode = number,
				.sector = sector,
				.count = 2,
			});
	}
}

static struct crash *new_crash(const struct sim_disk *disk)
{
	struct crash *crash = ARY_NEW(struct crash);

	crash->disk = disk;
	for (size_t i = 0; i < disk->change_count; i++)
		add_choice(crash, (struct choice){
			.kind = CHOICE_CHANGE, .change = i, .count = 2});
	for (int i = 0; i < disk->inode_count; i++) {
		if (disk->inodes[i]->size_count > 0 && matters(disk, i))
			add_inode(crash, i);
	}
	return crash;
}

/* How many vectors there are, at most LIMIT + 1. */
static uint64_t vector_count(const struct crash *crash, uint64_t limit)
{
	uint64_t count = 1;

	for (size_t i = 0; i < crash->count && count <= limit; i++)
		count *= crash->choices[i].count;
	return count <= limit ? count : limit + 1;
}

static bool is_same_name(const char *name, const struct sim_dir_change *change)
{
	return strcmp(name, change->name) == 0 ||
	       (change->change == SIM_RENAME && strcmp(name, change->to) == 0);
}

static bool touches(const struct sim_dir_change *a, const struct sim_dir_change *b)
{
	return is_same_name(a->name, b) || (a->change == SIM_RENAME && is_same_name(a->to, b));
}

/* Whether the changes taken keep the order per name: none without those before it. */
static bool is_in_order(const struct crash *crash)
{
	const struct sim_disk *disk = crash->disk;

	for (size_t i = 0; i < disk->change_count; i++) {
		bool is_left_out = crash->choices[i].taken == 0;
		for (size_t j = i + 1; is_left_out && j < disk->change_count; j++) {
			if (crash->choices[j].taken > 0 &&
			    touches(&disk->changes[i], &disk->changes[j]))
				return false;
		}
	}
	return true;
}

/* As is_in_order, by leaving out what may not be. */
static void put_in_order(struct crash *crash)
{
	const struct sim_disk *disk = crash->disk;

	for (size_t i = 0; i < disk->change_count; i++) {
		bool is_left_out = crash->choices[i].taken == 0;
		for (size_t j = i + 1; is_left_out && j < disk->change_count; j++) {
			if (touches(&disk->changes[i], &disk->changes[j]))
				crash->choices[j].taken = 0;
		}
	}
}

static const struct sim_version *find_version(const struct sim_inode *inode, uint64_t sector,
					      size_t taken)
{
	for (size_t i = 0; i < inode->version_count; i++) {
		if (inode->versions[i].sector == sector && --taken == 0)
			return &inode->versions[i];
	}
	return NULL;
}

/* What becomes of file NUMBER, appended to OUT, which is empty. */
static void make_content(const struct crash *crash, int number, struct ary_buf *out)
{
	const struct sim_inode *inode = crash->disk->inodes[number];
	size_t size = inode->durable.size;

	for (size_t i = 0; i < crash->count; i++) {
		const struct choice *choice = &crash->choices[i];
		if (choice->kind == CHOICE_SIZE && choice->inode == number)
			size = size_of_choice(inode, choice->taken);
	}
	ARY_CHECK(ary_buf_reserve(out, size + 1));
	memset(out->data, 0, size);
	out->size = size;
	size_t kept = size < inode->durable.size ? size : inode->durable.size;
	if (kept > 0)
		memcpy(out->data, inode->durable.data, kept);
	for (size_t i = 0; i < crash->count; i++) {
		const struct choice *choice = &crash->choices[i];
		size_t start = choice->sector * SIM_SECTOR_BYTES;
		if (choice->kind != CHOICE_SECTOR || choice->inode != number ||
		    choice->taken == 0 || start >= size)
			continue;
		size_t left = size - start;
		const struct sim_version *version =
			find_version(inode, choice->sector, choice->taken);
		ARY_CHECK(version != NULL);
		memcpy(out->data + start, version->bytes,
		       left < SIM_SECTOR_BYTES ? left : SIM_SECTOR_BYTES);
	}
}

/* The state that the choices make. */
static void make_state(const struct crash *crash, struct sim_disk *out)
{
	struct sim_names names = crash->disk->durable;
	struct ary_buf content = {0};

	for (size_t i = 0; i < crash->disk->change_count; i++) {
		if (crash->choices[i].taken > 0)
			sim_names_change(&names, &crash->disk->changes[i]);
	}
	for (size_t i = 0; i < names.count; i++) {
		content.size = 0;
		make_content(crash, names.names[i].inode, &content);
		sim_disk_put(out, names.names[i].name, ary_buf_view(&content));
	}
	ary_buf_release(&content);
}

static bool show(const struct crash *crash, sim_crash_visit visit, void *context)
{
	struct sim_disk state = {0};

	make_state(crash, &state);
	bool go_on = visit(context, &state);
	sim_disk_release(&state);
	return go_on;
}

/* The next vector; false: that was the last. */
static bool advance(struct crash *crash)
{
	for (size_t i = 0; i < crash->count; i++) {
		if (++crash->choices[i].taken < crash->choices[i].count)
			return true;
		crash->choices[i].taken = 0;
	}
	return false;
}

static void show_all(struct crash *crash, sim_crash_visit visit, void *context)
{
	bool go_on = true;

	while (go_on) {
		if (is_in_order(crash) && !show(crash, visit, context))
			return;
		go_on = advance(crash);
	}
}

/* Each choice by itself, half of the vectors leaning to what is new. */
static void mix(struct crash *crash, struct sim_random *random)
{
	bool leans = sim_draw(random, 2) == 0;

	for (size_t i = 0; i < crash->count; i++) {
		struct choice *choice = &crash->choices[i];
		choice->taken = leans && sim_draw(random, 2) == 0 ? choice->count - 1
								  : sim_draw(random, choice->count);
	}
	put_in_order(crash);
}

static void show_some(struct crash *crash, const struct sim_crash_options *options,
		      sim_crash_visit visit, void *context)
{
	if (!show(crash, visit, context))
		return;
	for (size_t i = 0; i < crash->count; i++)
		crash->choices[i].taken = crash->choices[i].count - 1;
	for (unsigned i = 0; i <= options->mixes; i++) {
		if (!show(crash, visit, context))
			return;
		mix(crash, options->random);
	}
}

bool sim_crash_states(const struct sim_disk *disk, const struct sim_crash_options *options,
		      sim_crash_visit visit, void *context)
{
	struct crash *crash = new_crash(disk);
	bool all = vector_count(crash, options->exhaustive_max) <= options->exhaustive_max;

	if (all)
		show_all(crash, visit, context);
	else
		show_some(crash, options, visit, context);
	free(crash);
	return all;
}

void sim_crash_draw(const struct sim_disk *disk, struct sim_random *random, struct sim_disk *out)
{
	struct crash *crash = new_crash(disk);

	mix(crash, random);
	make_state(crash, out);
	free(crash);
}

static uint64_t hash_bytes(struct ary_bytes bytes)
{
	static struct ary_hash_secret secret;

	if (secret.bytes[0] == 0) {
		for (size_t i = 0; i < sizeof(secret.bytes); i++)
			secret.bytes[i] = (uint8_t)(i * 167 + 13);
	}
	return ary_hash(&secret, bytes);
}

uint64_t sim_crash_hash(const struct sim_disk *state)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < state->durable.count; i++) {
		const struct sim_name *name = &state->durable.names[i];
		const uint64_t parts[2] = {
			hash_bytes(ary_bytes_of(name->name)),
			hash_bytes(ary_buf_view(&state->inodes[name->inode]->durable)),
		};
		/* A sum, so that the order of names does not count. */
		sum += hash_bytes((struct ary_bytes){(const uint8_t *)parts, sizeof(parts)});
	}
	return sum;
}
