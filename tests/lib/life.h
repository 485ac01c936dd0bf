/* SPDX-License-Identifier: MIT */
/* What a client may see of a key whose value ends, as far as HTTP has told it so: it asks at some
 * time, and is answered at a later one.
 *
 * Threads: any. Units: milliseconds since 1970, by the clock that the server has too. */
#ifndef TESTS_LIB_LIFE_H
#define TESTS_LIB_LIFE_H

#include <stdbool.h>

#include "lib/client.h"

/* What a key has. */
struct life {
	unsigned version;              /* 0: nothing */
	unsigned long long expires_ms; /* 0: it does not end */
};

/* When a request was sent, and answered. */
struct life_span {
	unsigned long long sent_ms;
	unsigned long long answered_ms;
};

/* What time it is. */
unsigned long long life_now_ms(void);

/* Whether somebody who asked within SPAN may have found the value there, or none. */
bool life_may_be(const struct life *life, struct life_span span);
bool life_may_be_over(const struct life *life, struct life_span span);

/* When REPLY says that its value ends; 0: it does not say so. *WRONG_OUT is set where it says
 * something that is no time. */
unsigned long long life_expires_ms(const struct client_reply *reply, bool *wrong_out);

#endif
