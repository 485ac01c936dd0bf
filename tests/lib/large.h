/* SPDX-License-Identifier: MIT */
/* Values in parts, for tests: their bytes follow from a seed. Whatever goes wrong that need not go
 * right fails the test.
 *
 * Threads: any; of one upload, one at a time. */
#ifndef ARY_TESTS_LIB_LARGE_H
#define ARY_TESTS_LIB_LARGE_H

#include <stddef.h>
#include <stdint.h>

#include "store/upload.h"

/* The byte at OFFSET of the value of SEED. */
uint8_t large_byte(uint32_t seed, uint64_t offset);

/* Begins an upload; it must work. */
struct ary_upload *large_begin(struct ary_store *store);
/* Writes the bytes FROM to TO - 1 of SEED's value as the next part; answers how that ended. */
enum ary_status large_part(struct ary_store *store, struct ary_upload *upload, uint32_t seed,
			   uint64_t from, uint64_t to);
/* Writes BYTES in parts, until one fails. */
enum ary_status large_cut(struct ary_store *store, struct ary_upload *upload,
			  struct ary_bytes bytes);
/* Writes all parts of SEED's value, of SIZE bytes, until one fails. */
enum ary_status large_parts(struct ary_store *store, struct ary_upload *upload, uint32_t seed,
			    uint64_t size);
/* Gives KEY what UPLOAD has. */
enum ary_status large_name(struct ary_store *store, struct ary_upload *upload, const char *key);

/* All of that: sets KEY to SEED's value; it must work. Answers the seq. */
uint64_t large_set(struct ary_store *store, const char *key, uint32_t seed, uint64_t size);

/* Reads VALUE from FROM on. NULL: it is SEED's, of SIZE bytes; else what is wrong. */
const char *large_check(struct ary_value *value, uint32_t seed, uint64_t size, uint64_t from);
/* KEY must have SEED's value, of SIZE bytes. */
void large_expect(struct ary_store *store, const char *key, uint32_t seed, uint64_t size);

#endif
