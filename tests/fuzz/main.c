/* SPDX-License-Identifier: MIT */
/* Promise: what a fuzzer has found once, and whatever lies near it, keeps every promise of the
 * target. Drives a target without libFuzzer, so that any compiler's `make check` fuzzes a little:
 *
 *   X_fuzz [FILE|FOLDER...]   replays those, or else the target's corpus and regressions; then
 *                             tries mutations of them
 *
 * ARYAVARTH_SEED (1) draws the mutations, ARYAVARTH_FUZZ_RUNS says how many. All of it happens in a
 * child, in memory that is shared with it: however it ends, the input that ended it is left in
 * X-crash. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "fuzz/fuzz.h"

enum { INPUTS_MAX = 4096, CHANGES_MAX = 5, PATH_BYTES = 1024 };

/* What the child is at, for the parent to tell. */
struct shared {
	unsigned long replayed;
	unsigned long mutated;
	size_t size;
	uint8_t data[FUZZ_INPUT_BYTES_MAX];
};

static struct shared *shared;
static struct ary_buf inputs[INPUTS_MAX];
static size_t input_count;
static uint64_t random_state;

static void give_up(const char *what, const char *path)
{
	fprintf(stderr, "%s_fuzz: cannot %s %s: %s\n", fuzz_name, what, path, strerror(errno));
	exit(EXIT_FAILURE);
}

/* splitmix64 */
static uint64_t draw(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t draw_below(size_t limit)
{
	return limit > 0 ? (size_t)(draw() % limit) : 0;
}

static void load_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = ary_alloc(FUZZ_INPUT_BYTES_MAX);

	if (!file)
		give_up("read", path);
	size_t size = fread(data, 1, FUZZ_INPUT_BYTES_MAX, file);
	if (ferror(file))
		give_up("read", path);
	(void)fclose(file);
	ARY_CHECK(input_count < INPUTS_MAX);
	inputs[input_count++] = (struct ary_buf){data, size, FUZZ_INPUT_BYTES_MAX};
}

static int skip_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of the names, so that a seed means the same everywhere. */
static void load_folder(const char *path)
{
	struct dirent **entries;
	char name[PATH_BYTES];
	int count = scandir(path, &entries, skip_hidden, alphasort);

	if (count < 0)
		give_up("list", path);
	for (int i = 0; i < count; i++) {
		int size = snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		ARY_CHECK(size > 0 && (size_t)size < sizeof(name));
		load_file(name);
		free(entries[i]);
	}
	free(entries);
}

static void load(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		give_up("look at", path);
	if (S_ISDIR(status.st_mode))
		load_folder(path);
	else
		load_file(path);
}

/* The target's own folders in the source tree; regressions there need not be. */
static void load_own(void)
{
	const char *top = getenv("srcdir");
	char path[PATH_BYTES];

	if (!top)
		top = ".";
	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", top, fuzz_name);
	load(path);
	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/regression/%s", top, fuzz_name);
	if (access(path, F_OK) == 0)
		load(path);
}

/* Opens a gap of SIZE bytes at AT, as far as there is room; answers how many. */
static size_t open_gap(size_t at, size_t size)
{
	size_t room = FUZZ_INPUT_BYTES_MAX - shared->size;

	if (size > room)
		size = room;
	memmove(shared->data + at + size, shared->data + at, shared->size - at);
	shared->size += size;
	return size;
}

/* Copies a piece of some input, maybe of this one as it was, to AT: over what is there, or
 * between. */
static void splice(size_t at, bool between)
{
	const struct ary_buf *other = &inputs[draw_below(input_count)];
	size_t from = draw_below(other->size);
	size_t size = 1 + draw_below(draw() % 4 ? 16 : 512);

	if (size > other->size - from)
		size = other->size - from;
	if (between)
		size = open_gap(at, size);
	else if (size > shared->size - at)
		size = shared->size - at;
	if (size > 0)
		memcpy(shared->data + at, other->data + from, size);
}

static void erase(size_t at)
{
	size_t size = 1 + draw_below(draw() % 4 ? 8 : 256);

	if (size > shared->size - at)
		size = shared->size - at;
	memmove(shared->data + at, shared->data + at + size, shared->size - at - size);
	shared->size -= size;
}

static void change_once(void)
{
	static const uint8_t odd[] = "\0\n\r\t \"\\%&*,./0129:?AZaz{}\x1e\x7f\x80\xc3\xff";
	size_t at = draw_below(shared->size);
	unsigned way = (unsigned)draw_below(shared->size > 0 ? 8 : 2);

	if (way == 0 && open_gap(at, 1) == 1)
		shared->data[at] = odd[draw_below(sizeof(odd) - 1)];
	else if (way == 1)
		splice(at, true);
	else if (way == 2)
		splice(at, false);
	else if (way == 3)
		erase(at);
	else if (way == 4)
		shared->data[at] = odd[draw_below(sizeof(odd) - 1)];
	else if (way == 5)
		shared->data[at] = (uint8_t)draw();
	else if (way == 6)
		shared->data[at] = (uint8_t)(shared->data[at] + draw_below(9) - 4);
	else if (way == 7)
		shared->data[at] ^= (uint8_t)(1U << draw_below(8));
}

static void take_input(const struct ary_buf *input)
{
	shared->size = input->size;
	if (input->size > 0)
		memcpy(shared->data, input->data, input->size);
}

/* Tries what is in the shared memory, at the end of a block that ends with it: so that a
 * sanitizer sees who reads past it. */
static void try_input(void)
{
	uint8_t *copy = ary_alloc(shared->size);

	if (shared->size > 0)
		memcpy(copy, shared->data, shared->size);
	(void)LLVMFuzzerTestOneInput(copy, shared->size);
	free(copy);
}

static void run(unsigned long runs)
{
	for (size_t i = 0; i < input_count; i++) {
		take_input(&inputs[i]);
		try_input();
		shared->replayed++;
	}
	for (unsigned long i = 0; i < runs; i++) {
		take_input(&inputs[draw_below(input_count)]);
		for (size_t changes = 1 + draw_below(CHANGES_MAX); changes > 0; changes--)
			change_once();
		try_input();
		shared->mutated++;
	}
	for (size_t i = 0; i < input_count; i++)
		ary_buf_release(&inputs[i]);
}

static void keep_crash(void)
{
	char path[PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%s-crash", fuzz_name);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(shared->data, 1, shared->size, file) != shared->size ||
	    fclose(file) != 0)
		give_up("write", path);
	fprintf(stderr, "%s_fuzz: the input that failed is in ./%s (%zu bytes)\n", fuzz_name, path,
		shared->size);
}

static unsigned long number_from_environment(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	unsigned long seed = number_from_environment("ARYAVARTH_SEED", 1);
	unsigned long runs = number_from_environment("ARYAVARTH_FUZZ_RUNS", fuzz_runs);
	int status = 0;

	for (int i = 1; i < argc; i++)
		load(argv[i]);
	if (argc < 2)
		load_own();
	ARY_CHECK(input_count > 0);
	random_state = seed;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		give_up("get", "memory");
	printf("ARYAVARTH_SEED=%lu ARYAVARTH_FUZZ_RUNS=%lu\n", seed, runs);
	(void)fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		give_up("start", "a process");
	if (child == 0) {
		run(runs);
		exit(EXIT_SUCCESS);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			give_up("wait for", "the child");
	printf("%s: %lu inputs replayed, %lu mutated\n", fuzz_name, shared->replayed,
	       shared->mutated);
	if (status == 0)
		return EXIT_SUCCESS;
	keep_crash();
	return EXIT_FAILURE;
}
