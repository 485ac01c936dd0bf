/* SPDX-License-Identifier: MIT */
/* Messages for people: one line per event to standard error, as logfmt
 * (`level=warn event=sync_failed log=42 error="..."`). The *log* is the data log; these are *diag*.
 * No time in them: what collects the lines (journald, a container engine) stamps them, and no
 * floor but env reads a clock.
 *
 * Threads: any; a line is written with one call, so that lines never mix.
 * Limits: a line is cut at 1024 bytes. */
#ifndef ARY_BASE_DIAG_H
#define ARY_BASE_DIAG_H

#include "base/attr.h"

enum ary_diag_level { ARY_DIAG_ERROR, ARY_DIAG_WARN, ARY_DIAG_INFO, ARY_DIAG_DEBUG };

/* Lines above LEVEL are dropped (the default is ARY_DIAG_INFO). The only state of the process
 * that is not in an object; set it before threads start. */
void ary_diag_set_level(enum ary_diag_level level);

/* Writes one line. EVENT is a word that one can grep; FORMAT makes the rest (`key=value ...`), and
 * values with spaces or from outside go in as ary_diag_quote made them. */
ARY_COLD void ary_diag(enum ary_diag_level level, const char *event, const char *format, ...)
	ARY_PRINTF(3, 4);

enum { ARY_DIAG_QUOTED_BYTES = 512 };

/* Quotes TEXT for a diag line into OUT: in double quotes, with \xNN for quotes, backslashes,
 * control and non-ASCII bytes, cut to fit. Answers OUT. */
const char *ary_diag_quote(const char *text, char out[ARY_DIAG_QUOTED_BYTES]);

#endif
