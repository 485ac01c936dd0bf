/* SPDX-License-Identifier: MIT */
/* Files in memory, for reading. What the system cannot read of a mapped file it tells by SIGBUS,
 * which would end the program. Here it puts an empty page in the place of the one that is missing
 * and marks the map as broken; whoever copies from it looks at the mark afterwards, and asks by a
 * system call, which fails in a way that can be answered. */
#include "env/posix_private.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/check.h"

/* The handler walks the list at any time, so none is ever freed: a place that is not used waits for
 * the next map. `base` is NULL there. */
struct posix_map {
	uint8_t *_Atomic base;
	_Atomic size_t bytes;
	atomic_bool is_broken;
	struct posix_map *next; /* constant */
};

static struct posix_map *_Atomic maps;
static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t handler_once = PTHREAD_ONCE_INIT;
static struct sigaction action_before;
static size_t page_bytes;

/* Marks every map that may be the one of ADDRESS: while a place changes hands it can look like two,
 * and a mark that is not due only costs system calls. Answers the page; NULL: it is in none. */
static uint8_t *mark_maps(uintptr_t address)
{
	uint8_t *page = NULL;

	for (struct posix_map *map = atomic_load(&maps); map != NULL; map = map->next) {
		uint8_t *base = atomic_load(&map->base);
		uintptr_t offset = address - (uintptr_t)base;

		if (base == NULL || address < (uintptr_t)base || offset >= atomic_load(&map->bytes))
			continue;
		atomic_store(&map->is_broken, true);
		page = base + offset - offset % page_bytes;
	}
	return page;
}

/* Whoever meets the empty page has met the mark before. */
static bool replace_page(uintptr_t address)
{
	uint8_t *page = mark_maps(address);

	return page != NULL && mmap(page, page_bytes, PROT_READ,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

/* What is not ours is for who had the signal before: a page that is missing is met again after the
 * return, and what somebody has sent is sent again. */
static void handle_missing_page(int number, siginfo_t *info, void *context)
{
	int errno_before = errno;
	bool is_sent = info->si_code <= 0;

	(void)context;
	if (is_sent || !replace_page((uintptr_t)info->si_addr))
		(void)sigaction(number, &action_before, NULL);
	if (is_sent)
		(void)pthread_kill(pthread_self(), number);
	errno = errno_before;
}

static void install_handler(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = handle_missing_page;
	action.sa_flags = SA_SIGINFO;
	sigemptyset(&action.sa_mask);
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	ARY_CHECK(sigaction(SIGBUS, &action, &action_before) == 0);
}

static struct posix_map *find_free_locked(void)
{
	struct posix_map *map = atomic_load(&maps);

	while (map != NULL && atomic_load(&map->base) != NULL)
		map = map->next;
	return map;
}

/* A place for [BASE, BASE + BYTES). */
static struct posix_map *take_place(uint8_t *base, size_t bytes)
{
	ARY_CHECK(pthread_mutex_lock(&places_lock) == 0);
	struct posix_map *map = find_free_locked();
	bool is_new = map == NULL;

	if (is_new) {
		map = ARY_NEW(struct posix_map);
		map->next = atomic_load(&maps);
	}
	atomic_store(&map->is_broken, false);
	atomic_store(&map->bytes, bytes);
	atomic_store(&map->base, base);
	if (is_new)
		atomic_store(&maps, map);
	ARY_CHECK(pthread_mutex_unlock(&places_lock) == 0);
	return map;
}

/* Whether there are addresses to spare, so that maps do not take those that memory needs. */
static bool has_addresses(void)
{
	struct rlimit limit;

	return SIZE_MAX > UINT32_MAX && getrlimit(RLIMIT_AS, &limit) == 0 &&
	       limit.rlim_cur == RLIM_INFINITY;
}

struct posix_map *ary_posix_map_create(int fd, size_t bytes)
{
	if (!has_addresses())
		return NULL;
	ARY_CHECK(pthread_once(&handler_once, install_handler) == 0);
	void *base = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);

	if (base == MAP_FAILED)
		return NULL;
	/* Reads jump about: what lies around one need not be read. It is advice. */
	(void)madvise(base, bytes, MADV_RANDOM);
	return take_place(base, bytes);
}

static void give_place(struct posix_map *map)
{
	ARY_CHECK(pthread_mutex_lock(&places_lock) == 0);
	atomic_store(&map->base, NULL);
	ARY_CHECK(pthread_mutex_unlock(&places_lock) == 0);
}

void ary_posix_map_release(struct posix_map *map)
{
	if (map == NULL)
		return;
	uint8_t *base = atomic_load(&map->base);
	size_t bytes = atomic_load(&map->bytes);

	/* First the place: once the addresses are free, they may be anybody's. */
	give_place(map);
	ARY_CHECK(munmap(base, bytes) == 0);
}

/* Nobody watches over it: zeros in the place of a page that is missing would be wrong. */
bool ary_posix_copy_map(struct ary_file_copy *copy, struct ary_file *file)
{
	const struct posix_file *self = (const struct posix_file *)(void *)file;

	if (copy->bytes == 0 || !has_addresses())
		return false;
	void *base = mmap(NULL, copy->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
			  self->fd, 0);

	if (base == MAP_FAILED)
		return false;
	copy->data = base;
	copy->mapped_by = file->env;
	return true;
}

/* It does what reading each page would do, and so nothing to those that are the process's own
 * already; one that cannot be read is an error here, and no signal. */
bool ary_posix_copy_populate(const struct ary_file_copy *copy, size_t offset, size_t bytes)
{
#if defined(MADV_POPULATE_READ)
	return madvise(copy->data + offset, bytes, MADV_POPULATE_READ) == 0;
#else
	(void)copy;
	(void)offset;
	(void)bytes;
	return false;
#endif
}

void ary_posix_copy_release(struct ary_file_copy *copy)
{
	ARY_CHECK(munmap(copy->data, copy->bytes) == 0);
}

bool ary_posix_map_read(struct posix_map *map, uint64_t offset, void *data, size_t size)
{
	size_t bytes = atomic_load_explicit(&map->bytes, memory_order_relaxed);

	/* A broken one would cost a signal, and a mapping of its own, for each lost page. */
	if (offset > bytes || size > bytes - offset ||
	    atomic_load_explicit(&map->is_broken, memory_order_relaxed))
		return false;
	memcpy(data, atomic_load_explicit(&map->base, memory_order_relaxed) + offset, size);
	/* The mark is looked at after the copy, by the processor as well. */
	atomic_thread_fence(memory_order_acquire);
	return !atomic_load_explicit(&map->is_broken, memory_order_relaxed);
}
