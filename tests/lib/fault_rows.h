/* SPDX-License-Identifier: MIT */
/* How each call of the store may be answered while an operation of the seam fails. */
#ifndef ARY_TESTS_LIB_FAULT_ROWS_H
#define ARY_TESTS_LIB_FAULT_ROWS_H

#include <stddef.h>

#include "lib/fault_env.h"

/* In a set of statuses, the one that the errno of the fault stands for. */
#define FAULT_SELF (1U << 31)

/* Which faults a row is about: the errno, or HALVED: a read that hands out less than there is. */
enum fault_sort { FAULT_ANY, FAULT_FULL, FAULT_BROKEN, FAULT_HALVED };

/* What may be answered, beside OK, while an operation fails. What is not named works. */
struct fault_row {
	const char *name;
	size_t operation; /* its place in the seam */
	enum fault_kind kind;
	enum fault_sort sort;
	unsigned open; /* and so on: sets of statuses, a bit each */
	unsigned write;
	unsigned read;
	unsigned compact;
	unsigned close;
	unsigned verify; /* of the whole, or of one log */
};

/* Every operation has a row but those that may be NULL, from file_map on: the stand-in has none of
 * them. */
enum { FAULT_OPERATIONS = 23, FAULT_OPERATION_HINT = 16, FAULT_OPERATION_HINTS = 4 };
extern const struct fault_row fault_rows[];
extern const size_t fault_row_count;

/* While memory is out; while a write fails, and so does the cut that should undo it. */
extern const struct fault_row fault_no_memory;
extern const struct fault_row fault_no_cut;

#endif
