/* SPDX-License-Identifier: MIT */
/* One damage to a store's files, and what docs/FORMAT.md ("Torn tail or damage", "The file
 * WATERMARK") says must come of it. The forecast compares what was with what is, as no store can.
 *
 * Threads: the caller's own memory. */
#ifndef ARY_TESTS_LIB_DAMAGE_H
#define ARY_TESTS_LIB_DAMAGE_H

#include <stdint.h>

#include "format/record.h"
#include "lib/image.h"
#include "lib/sim_crash.h"

enum damage_kind {
	DAMAGE_FLIP,   /* a bit */
	DAMAGE_ZERO,   /* a sector of zeros */
	DAMAGE_RANDOM, /* a sector of random bytes */
	DAMAGE_CUT,    /* the file ends at a sector's boundary */
	DAMAGE_REMOVE, /* the file is gone */
	DAMAGE_KINDS,
};

enum { DAMAGE_SECTOR_BYTES = 512 };

struct damage {
	enum damage_kind kind;
	char name[IMAGE_NAME_BYTES]; /* of the file */
	size_t offset;
	size_t size; /* of what may have changed; of CUT and REMOVE, all that is gone */
};

const char *damage_kind_name(enum damage_kind kind);

/* Damages IMAGE, which has a byte in it, at a place drawn from RANDOM: any file, any byte, or the
 * end of the last log. KIND DAMAGE_KINDS: drawn too. */
void damage_do(struct image *image, enum damage_kind kind, struct sim_random *random,
	       struct damage *out);

struct damage_forecast {
	bool refused;
	uint64_t seq; /* else: of the last line that counts; 0 when none does */
};

/* What opening DAMAGED must come to, which was WHOLE before its one damage. */
struct damage_forecast damage_forecast(const struct image *whole, const struct image *damaged);

/* Visits the lines of all logs of IMAGE, which is whole, in their order, up to seq SEQ_MAX. */
typedef void (*damage_visit)(void *context, const struct ary_record *record);
void damage_visit_lines(const struct image *image, uint64_t seq_max, damage_visit visit,
			void *context);

/* The file with the line of SEQ in IMAGE, or NULL; *OFFSET_OUT and *SIZE_OUT are its place. */
const struct image_file *damage_find_line(const struct image *image, uint64_t seq,
					  size_t *offset_out, size_t *size_out);

#endif
