/* SPDX-License-Identifier: MIT */
/* All files of one store, held in memory: to be damaged, opened again, and compared.
 *
 * Whatever cannot be done ends the test program. Threads: the caller's own memory.
 * Limits: IMAGE_FILES_MAX files. */
#ifndef ARY_TESTS_LIB_IMAGE_H
#define ARY_TESTS_LIB_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "lib/memory_env.h"

enum { IMAGE_FILES_MAX = 128, IMAGE_NAME_BYTES = 48 };

/* The path of the store in every environment that is made from an image. */
#define IMAGE_PATH "store"

struct image_file {
	char name[IMAGE_NAME_BYTES]; /* below the store's directory: "logs/0.log" */
	struct ary_buf bytes;
};

struct image {
	struct image_file files[IMAGE_FILES_MAX];
	size_t count;
};

/* Makes OUT (all zero) what the store in ENV, open or not, has on disk. */
void image_take(struct ary_env *env, struct image *out);
/* An environment with these files and nothing else, owned. */
struct memory_env *image_put(const struct image *image);

/* Gives FILE, which is there, its bytes under a store in ENV that may be running. */
void image_rewrite(struct ary_env *env, const struct image_file *file);

void image_copy(const struct image *from, struct image *to);
void image_release(struct image *image);

/* The file called NAME, or NULL; borrowed. */
struct image_file *image_find(const struct image *image, const char *name);
void image_remove(struct image *image, const char *name);
/* Whether both have the same files with the same bytes. */
bool image_equal(const struct image *a, const struct image *b);

#endif
