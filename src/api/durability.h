/* SPDX-License-Identifier: MIT */
/* How durable one write is to be: `?durability=` or Aryavarth-Durability, and what it got. */
#ifndef ARY_API_DURABILITY_H
#define ARY_API_DURABILITY_H

#include "api/api.h"

/* Reads what CALL asks for into its write. BODY. RESPOND: it is not one of the three, or not the
 * same in both places. */
enum ary_step ary_durability_check(struct ary_call *call);

/* Adds to the answer what CALL's write, which was carried out, has got; if CALL asked. Takes no
 * memory. */
void ary_durability_tell(struct ary_call *call);

#endif
