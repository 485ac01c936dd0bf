/* SPDX-License-Identifier: MIT */
/* Which handler serves which method of which target: one table. */
#ifndef ARY_API_ROUTE_H
#define ARY_API_ROUTE_H

#include "api/api.h"

#define ARY_KEYS_PATH "/keys/"
#define ARY_KEYS_BASE64_PATH "/keys-b64/"

/* How one method of one target is served. */
struct ary_action {
	bool takes_body;
	const char *const *parameters; /* that its query may have, NULL at the end; NULL: none */
	/* Looks at the head. BODY: it is fine. NULL: nothing to look at. */
	enum ary_step (*check)(struct ary_api *api, struct ary_call *call);
	/* RESPOND or PARK. */
	enum ary_step (*begin)(struct ary_api *api, struct ary_call *call);
	/* Both only where begin may park. What finish leaves without a status parks again. */
	void (*launch)(struct ary_api *api, struct ary_call *call);
	void (*finish)(struct ary_api *api, struct ary_call *call);
};

struct ary_route {
	const char *path;
	bool has_tail;         /* the path goes on behind `path`, by at least one byte */
	bool has_key;          /* that tail is a key, */
	bool is_base64;        /* in base64 for URLs */
	bool needs_store;      /* 503 until the store is open */
	bool is_probe;         /* answered also where there are too many connections */
	/* By method. HEAD is served by GET's where it has none, OPTIONS everywhere. */
	struct ary_action actions[ARY_METHOD_COUNT];
};

/* The method named so, or ARY_METHOD_COUNT. */
enum ary_method ary_method_parse(struct ary_bytes name);

/* The route of decoded PATH, its tail in *TAIL_OUT (empty where it has none), or NULL. */
const struct ary_route *ary_route_find(struct ary_bytes path, struct ary_bytes *tail_out);

/* The action of METHOD on ROUTE (NULL: the target `*`), or NULL. */
const struct ary_action *ary_route_action(const struct ary_route *route, enum ary_method method);

/* The query parameter NAME (still encoded) as METHOD knows it on ROUTE (NULL: the target `*`), or
 * NULL. OPTIONS knows those of every other method: a browser asks with the target that it will
 * use. */
const char *ary_route_parameter(const struct ary_route *route, enum ary_method method,
				struct ary_bytes name);

enum { ARY_ALLOW_BYTES = 64, ARY_PARAMETERS_BYTES = 160 };

/* Writes the names of the query parameters that ACTION knows, for people. */
void ary_route_parameters(const struct ary_action *action, char out[ARY_PARAMETERS_BYTES]);

/* Writes the methods of ROUTE (NULL: all that are served anywhere) as `Allow` lists them. */
void ary_route_allow(const struct ary_route *route, char out[ARY_ALLOW_BYTES]);

#endif
