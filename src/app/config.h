/* SPDX-License-Identifier: MIT */
/* What one run of the program was told: a flag goes before ARYAVARTH_* in the environment, and that
 * before the default. config.def has the options; nothing changes after the start.
 *
 * Threads: load on one, read on any. */
#ifndef ARY_APP_CONFIG_H
#define ARY_APP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/status.h"
#include "env/net.h"
#include "store/store.h"

#define ARY_KIB UINT64_C(1024)
#define ARY_MIB (1024 * ARY_KIB)
#define ARY_GIB (1024 * ARY_MIB)
#define ARY_TIB (1024 * ARY_GIB)
#define ARY_DAY_MS UINT64_C(86400000)

/* The commands that an option is for, as bits. */
enum {
	ARY_FOR_SERVE = 1 << 0,
	ARY_FOR_SET = 1 << 1,
	ARY_FOR_GET = 1 << 2,
	ARY_FOR_RM = 1 << 3,
	ARY_FOR_LIST = 1 << 4,
	ARY_FOR_COMPACT = 1 << 5,
	ARY_FOR_STATS = 1 << 6,
	ARY_FOR_HEALTH = 1 << 7,
	ARY_FOR_VERSION = 1 << 8,
	ARY_FOR_HELP = 1 << 9,
	ARY_FOR_VERIFY = 1 << 10,
	ARY_FOR_EXPORT = 1 << 11,
	ARY_FOR_IMPORT = 1 << 12,
	ARY_FOR_WRITE = ARY_FOR_SERVE | ARY_FOR_SET | ARY_FOR_RM | ARY_FOR_IMPORT,
	ARY_FOR_STORE = ARY_FOR_WRITE | ARY_FOR_GET | ARY_FOR_LIST | ARY_FOR_COMPACT |
			ARY_FOR_STATS | ARY_FOR_EXPORT,
	/* These work on a directory or on a server. */
	ARY_FOR_DATA = ARY_FOR_SET | ARY_FOR_GET | ARY_FOR_RM | ARY_FOR_COMPACT | ARY_FOR_IMPORT |
		       ARY_FOR_STATS | ARY_FOR_LIST,
	/* Part of one question rather than of a set-up: not taken from the environment. */
	ARY_FOR_FLAG_ONLY = 1 << 15,
	/* Means nothing to a server, which was told such things when it was started. */
	ARY_FOR_DIRECTORY = 1 << 16,
	/* Means nothing to a directory. */
	ARY_FOR_SERVER = 1 << 17,
};

/* How the text of an option is read, and the type of its field. */
enum ary_option_kind {
	ARY_KIND_STRING,     /* any bytes */
	ARY_KIND_LINE,       /* printable ASCII; what goes into a header */
	ARY_KIND_URL,        /* the address of a server; NULL when there is no default */
	ARY_KIND_SIZE,       /* bytes: 4096, 64k, 4MiB */
	ARY_KIND_COUNT,
	ARY_KIND_DURATION,   /* milliseconds */
	ARY_KIND_BOOLEAN,
	ARY_KIND_DURABILITY,
	ARY_KIND_LEVEL,
	ARY_KIND_ADDRESS,
};

typedef const char *ary_field_STRING;
typedef const char *ary_field_LINE;
typedef const char *ary_field_URL;
typedef uint64_t ary_field_SIZE;
typedef uint64_t ary_field_COUNT;
typedef uint64_t ary_field_DURATION;
typedef bool ary_field_BOOLEAN;
typedef enum ary_durability ary_field_DURABILITY;
typedef enum ary_diag_level ary_field_LEVEL;
typedef struct ary_address ary_field_ADDRESS;

struct ary_config {
#define OPTION(field, flag, kind, argument, fallback, min, max, commands, help) \
	ary_field_##kind field;
#include "app/config.def"
#undef OPTION
	bool help;                /* --help or -h: nothing else was looked at */
	bool on_server;           /* of ARY_FOR_DATA: works on `server`, not on `dir` */
	const char **arguments;   /* the words that are not options; owned, the words borrowed */
	size_t argument_count;
};

/* A row of config.def. */
struct ary_option {
	const char *flag;         /* without the dashes */
	enum ary_option_kind kind;
	const char *argument;     /* what the help calls its value; empty for a boolean */
	const char *fallback;     /* the default, as it would be typed */
	uint64_t min;
	uint64_t max;
	unsigned commands;
	const char *help;
	size_t offset;            /* of its field in struct ary_config */
};

/* The rows, and how many there are; returns borrowed until for ever. */
const struct ary_option *ary_options(size_t *count_out);

/* Fills OUT for COMMAND (one ARY_FOR_ bit) from WORDS and from the environment, both borrowed as
 * long as OUT is used. Release OUT after OK only.
 *
 * A command that works on a directory or on a server works on what a flag names; else on the server
 * that the environment names; else on the directory. A variable for the other of the two is not
 * looked at.
 *
 * INVALID: an option that is unknown, or not this command's, or whose value is missing, malformed
 * or out of range; the text names the option and what it takes. Or a flag that means nothing to
 * what the command works on. */
ARY_MUST_CHECK enum ary_status ary_config_load(unsigned command, int count, char *const *words,
					       struct ary_config *out, struct ary_error *err);

void ary_config_release(struct ary_config *config);

enum { ARY_OPTION_TEXT_BYTES = 96 };

/* Writes what OPTION takes ("a size from 512 to 1TiB", "true or false"). Answers OUT. */
const char *ary_option_range(const struct ary_option *option, char out[ARY_OPTION_TEXT_BYTES]);

/* Writes the name of OPTION's environment variable, or nothing when it has none. Answers OUT. */
const char *ary_option_environment(const struct ary_option *option,
				   char out[ARY_OPTION_TEXT_BYTES]);

#endif
