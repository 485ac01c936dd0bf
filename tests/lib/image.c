/* SPDX-License-Identifier: MIT */
#include "lib/image.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* The folders of a store. */
static const char *const folders[] = {"", "logs/"};

enum { FOLDERS = sizeof(folders) / sizeof(folders[0]), PATH_BYTES = 64 };

static struct ary_dir *open_folder(struct ary_env *env, int folder)
{
	char path[PATH_BYTES];
	struct ary_dir *dir;

	int size = snprintf(path, sizeof(path), "%s/%s", IMAGE_PATH, folders[folder]);
	path[size - 1] = '\0';
	ARY_CHECK(ary_dir_open(env, path, true, &dir, NULL) == ARY_OK);
	return dir;
}

/* A listing under way. */
struct taking {
	struct image *image;
	struct ary_dir *dir;
	const char *folder;
};

static bool take_file(void *context, const char *name)
{
	struct taking *taking = context;
	struct image *image = taking->image;
	struct ary_file *file;
	uint64_t bytes;
	size_t read;

	ARY_CHECK(image->count < IMAGE_FILES_MAX);
	struct image_file *own = &image->files[image->count++];
	int size = snprintf(own->name, sizeof(own->name), "%s%s", taking->folder, name);
	ARY_CHECK(size > 0 && (size_t)size < sizeof(own->name));
	ARY_CHECK(ary_file_open(taking->dir, name, ARY_OPEN_READ, &file, NULL) == ARY_OK);
	ARY_CHECK(ary_file_size(file, &bytes, NULL) == ARY_OK);
	ARY_CHECK(ary_buf_reserve(&own->bytes, (size_t)bytes + 1));
	ARY_CHECK(ary_file_read_at(file, 0, own->bytes.data, (size_t)bytes, &read, NULL) == ARY_OK);
	own->bytes.size = read;
	ary_file_close(file, NULL);
	return true;
}

void image_take(struct ary_env *env, struct image *out)
{
	for (int i = 0; i < FOLDERS; i++) {
		struct ary_dir *dir = open_folder(env, i);
		struct taking taking = {.image = out, .dir = dir, .folder = folders[i]};
		ARY_CHECK(ary_dir_list(dir, take_file, &taking, NULL) == ARY_OK);
		ary_dir_close(dir);
	}
}

static void put_file(struct ary_dir *dir, const char *name, struct ary_bytes bytes)
{
	struct ary_file *file;
	size_t written;

	ARY_CHECK(ary_file_open(dir, name, ARY_OPEN_CREATE_NEW, &file, NULL) == ARY_OK);
	ARY_CHECK(ary_file_write_at(file, 0, bytes.data, bytes.size, &written, NULL) == ARY_OK);
	ary_file_close(file, NULL);
}

/* The folder that FILE is in, and *NAME_OUT, its name there. */
static int folder_of(const struct image_file *file, const char **name_out)
{
	const char *slash = strrchr(file->name, '/');

	*name_out = slash == NULL ? file->name : slash + 1;
	return slash == NULL ? 0 : 1;
}

void image_rewrite(struct ary_env *env, const struct image_file *file)
{
	const char *name;
	struct ary_dir *dir = open_folder(env, folder_of(file, &name));
	struct ary_file *open;
	size_t written;

	ARY_CHECK(ary_file_open(dir, name, ARY_OPEN_WRITE, &open, NULL) == ARY_OK);
	ARY_CHECK(ary_file_truncate(open, file->bytes.size, NULL) == ARY_OK);
	ARY_CHECK(ary_file_write_at(open, 0, file->bytes.data, file->bytes.size, &written,
				    NULL) == ARY_OK);
	ary_file_close(open, NULL);
	ary_dir_close(dir);
}

struct memory_env *image_put(const struct image *image)
{
	struct memory_env *env = memory_env_create();

	for (int folder = 0; folder < FOLDERS; folder++) {
		struct ary_dir *dir = open_folder(memory_env_env(env), folder);
		for (size_t i = 0; i < image->count; i++) {
			const char *name;
			if (folder_of(&image->files[i], &name) == folder)
				put_file(dir, name, ary_buf_view(&image->files[i].bytes));
		}
		ary_dir_close(dir);
	}
	return env;
}

void image_copy(const struct image *from, struct image *to)
{
	for (size_t i = 0; i < from->count; i++) {
		struct image_file *file = &to->files[to->count++];
		memcpy(file->name, from->files[i].name, sizeof(file->name));
		ARY_CHECK(ary_buf_append(&file->bytes, ary_buf_view(&from->files[i].bytes)));
	}
}

void image_release(struct image *image)
{
	for (size_t i = 0; i < image->count; i++)
		ary_buf_release(&image->files[i].bytes);
	memset(image, 0, sizeof(*image));
}

struct image_file *image_find(const struct image *image, const char *name)
{
	for (size_t i = 0; i < image->count; i++) {
		if (strcmp(image->files[i].name, name) == 0)
			return (struct image_file *)&image->files[i];
	}
	return NULL;
}

void image_remove(struct image *image, const char *name)
{
	struct image_file *file = image_find(image, name);

	ARY_CHECK(file != NULL);
	ary_buf_release(&file->bytes);
	*file = image->files[--image->count];
	memset(&image->files[image->count], 0, sizeof(*file));
}

bool image_equal(const struct image *a, const struct image *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct image_file *other = image_find(b, a->files[i].name);
		if (other == NULL || !ary_bytes_equal(ary_buf_view(&a->files[i].bytes),
						      ary_buf_view(&other->bytes)))
			return false;
	}
	return true;
}
