/* SPDX-License-Identifier: MIT */
/* The files of a store, for tests that look at them, break them or make them up. PATH is that of
 * the store's directory, NAME that of a file in its folder of logs, or "../" and the name of one
 * beside it.
 *
 * Whatever cannot be done fails the test. Threads: any, on different directories. */
#ifndef ARY_TESTS_LIB_STORE_FILES_H
#define ARY_TESTS_LIB_STORE_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Copies the logs of the store at FROM to TO, which is not there yet; what vanishes meanwhile is
 * left out. */
void store_copy(const char *from, const char *to);
/* Removes the directory PATH and all in it. */
void store_erase(const char *path);

bool file_exists(const char *path, const char *name);
/* The contents of a file, owned by the caller (ary_buf_release). */
struct ary_buf file_read(const char *path, const char *name);
/* Puts BYTES in the place of the file's contents; makes the file when it is not there. */
void file_write(const char *path, const char *name, struct ary_bytes bytes);
void file_append(const char *path, const char *name, struct ary_bytes bytes);
void file_truncate(const char *path, const char *name, uint64_t size);
void file_remove(const char *path, const char *name);
/* Inverts the bits of MASK in the byte at OFFSET. */
void file_flip(const char *path, const char *name, uint64_t offset, uint8_t mask);
uint64_t file_bytes(const char *path, const char *name);

/* A checksum over the names and contents of all files in the folder of logs. */
uint64_t store_sum(const char *path);
/* How many files are in the folder of logs. */
int store_count(const char *path);

/* The lines of BYTES: where line INDEX begins, and how many there are. The end of the last one
 * is the start of the one after it. */
uint64_t line_start(struct ary_bytes bytes, uint64_t index);
uint64_t line_count(struct ary_bytes bytes);

#endif
