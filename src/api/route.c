/* SPDX-License-Identifier: MIT */
#include "api/route.h"

#include <stdio.h>

#include "api/handler.h"
#include "base/check.h"

static const char *const method_names[ARY_METHOD_COUNT] = {
	[ARY_GET] = "GET",	   [ARY_HEAD] = "HEAD",	    [ARY_PUT] = "PUT",
	[ARY_POST] = "POST",	   [ARY_DELETE] = "DELETE", [ARY_OPTIONS] = "OPTIONS",
	[ARY_PATCH] = "PATCH",	   [ARY_TRACE] = "TRACE",   [ARY_CONNECT] = "CONNECT",
};

static const char *const list_parameters[] = {
	"prefix", "start",     "after",   "end",   "limit", "reverse",
	"next",   "delimiter", "include", "count", NULL,
};
static const char *const add_parameters[] = {"prefix", "ttl", "durability", NULL};
static const char *const remove_parameters[] = {"prefix", "confirm", "durability", NULL};
static const char *const put_parameters[] = {"ttl", "durability", NULL};
static const char *const full_parameters[] = {"full", NULL};
static const char *const delete_parameters[] = {"durability", NULL};
static const char *const verbose_parameters[] = {"verbose", NULL};

/* All keys together, with and without a slash behind. */
#define COLLECTION(target) \
	{ \
		.path = (target), \
		.needs_store = true, \
		.actions = { \
			[ARY_GET] = {.parameters = list_parameters, \
				     .begin = ary_list_get, \
				     .launch = ary_list_launch_count, \
				     .finish = ary_list_finish_count}, \
			[ARY_POST] = {.takes_body = true, \
				      .parameters = add_parameters, \
				      .check = ary_list_check_add, \
				      .begin = ary_list_add, \
				      .launch = ary_kv_launch, \
				      .finish = ary_list_finish_add}, \
			[ARY_DELETE] = {.parameters = remove_parameters, \
					.check = ary_list_check_remove, \
					.begin = ary_list_remove, \
					.launch = ary_list_launch_remove, \
					.finish = ary_list_finish_remove}, \
		}, \
	}

/* One key, by its bytes or by their base64. */
#define KEY(target, in_base64) \
	{ \
		.path = (target), \
		.has_tail = true, \
		.has_key = true, \
		.is_base64 = (in_base64), \
		.needs_store = true, \
		.actions = { \
			[ARY_GET] = {.check = ary_kv_check, .begin = ary_kv_get}, \
			[ARY_PUT] = {.takes_body = true, \
				     .parameters = put_parameters, \
				     .check = ary_kv_check_put, \
				     .begin = ary_kv_put, \
				     .launch = ary_kv_launch, \
				     .finish = ary_kv_finish_put}, \
			[ARY_DELETE] = {.parameters = delete_parameters, \
					.check = ary_kv_check_delete, \
					.begin = ary_kv_delete, \
					.launch = ary_kv_launch, \
					.finish = ary_kv_finish_delete}, \
		}, \
	}

static const struct ary_route routes[] = {
	KEY(ARY_KEYS_PATH, false),
	KEY(ARY_KEYS_BASE64_PATH, true),
	COLLECTION("/keys"),
	COLLECTION("/keys/"),
	{
		.path = "/compact",
		.needs_store = true,
		.actions = {
			[ARY_GET] = {.begin = ary_admin_compact_progress},
			[ARY_POST] = {.parameters = full_parameters,
				      .check = ary_admin_compact_check,
				      .begin = ary_admin_compact,
				      .launch = ary_admin_compact_launch,
				      .finish = ary_admin_compact_finish},
			[ARY_DELETE] = {.begin = ary_admin_compact_cancel},
		},
	},
	{
		.path = "/stats",
		.needs_store = true,
		.actions = {[ARY_GET] = {.begin = ary_admin_stats}},
	},
	{
		.path = "/livez",
		.is_probe = true,
		.actions = {[ARY_GET] = {.parameters = verbose_parameters,
					 .check = ary_health_check,
					 .begin = ary_health_live}},
	},
	{
		.path = "/readyz",
		.is_probe = true,
		.actions = {[ARY_GET] = {.parameters = verbose_parameters,
					 .check = ary_health_check,
					 .begin = ary_health_ready}},
	},
	{
		.path = "/healthz",
		.is_probe = true,
		.actions = {[ARY_GET] = {.parameters = verbose_parameters,
					 .check = ary_health_check,
					 .begin = ary_health_ready}},
	},
	{
		.path = "/",
		.actions = {[ARY_GET] = {.begin = ary_pages_root}},
	},
	{
		.path = "/openapi.yaml",
		.actions = {[ARY_GET] = {.begin = ary_pages_openapi_yaml}},
	},
	{
		.path = "/openapi.json",
		.actions = {[ARY_GET] = {.begin = ary_pages_openapi_json}},
	},
	{
		.path = "/docs",
		.actions = {[ARY_GET] = {.begin = ary_pages_docs}},
	},
	{
		.path = "/style.css",
		.actions = {[ARY_GET] = {.begin = ary_pages_style}},
	},
	{
		.path = "/problems",
		.actions = {[ARY_GET] = {.begin = ary_pages_problems}},
	},
	{
		.path = "/problems/",
		.has_tail = true,
		.actions = {[ARY_GET] = {.begin = ary_pages_problem}},
	},
};

enum { ROUTE_COUNT = sizeof(routes) / sizeof(routes[0]) };

static const struct ary_action options_action = {.begin = ary_options_answer};

enum ary_method ary_method_parse(struct ary_bytes name)
{
	unsigned method = 0;

	while (method < ARY_METHOD_COUNT &&
	       !ary_bytes_equal(name, ary_bytes_of(method_names[method])))
		method++;
	return (enum ary_method)method;
}

const struct ary_route *ary_route_find(struct ary_bytes path, struct ary_bytes *tail_out)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		struct ary_bytes prefix = ary_bytes_of(routes[i].path);

		if (!ary_bytes_start_with(path, prefix) ||
		    (path.size > prefix.size) != routes[i].has_tail)
			continue;
		*tail_out = (struct ary_bytes){path.data + prefix.size, path.size - prefix.size};
		return &routes[i];
	}
	return NULL;
}

const struct ary_action *ary_route_action(const struct ary_route *route, enum ary_method method)
{
	const struct ary_action *action;

	if (method == ARY_OPTIONS)
		return &options_action;
	if (route == NULL || method == ARY_METHOD_COUNT)
		return NULL;
	action = &route->actions[method == ARY_HEAD ? ARY_GET : method];
	return action->begin != NULL ? action : NULL;
}

static const char *find_parameter(const struct ary_action *action, struct ary_bytes name)
{
	const char *const *known = action->parameters;

	for (; known != NULL && *known != NULL; known++)
		if (ary_bytes_equal(name, ary_bytes_of(*known)))
			return *known;
	return NULL;
}

const char *ary_route_parameter(const struct ary_route *route, enum ary_method method,
				struct ary_bytes name)
{
	const struct ary_action *action = ary_route_action(route, method);
	const char *parameter = action != NULL ? find_parameter(action, name) : NULL;

	if (route == NULL || method != ARY_OPTIONS)
		return parameter;
	for (unsigned other = 0; other < ARY_METHOD_COUNT && parameter == NULL; other++)
		parameter = find_parameter(&route->actions[other], name);
	return parameter;
}

void ary_route_parameters(const struct ary_action *action, char out[ARY_PARAMETERS_BYTES])
{
	const char *const *known = action->parameters;
	size_t size = 0;
	int written;

	out[0] = '\0';
	for (; known != NULL && *known != NULL; known++) {
		written = snprintf(out + size, ARY_PARAMETERS_BYTES - size, "%s%s",
				   size > 0 ? ", " : "", *known);
		size += (size_t)written;
		ARY_CHECK(size < ARY_PARAMETERS_BYTES);
	}
}

static bool is_allowed(const struct ary_route *route, enum ary_method method)
{
	if (route != NULL)
		return ary_route_action(route, method) != NULL;
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		if (ary_route_action(&routes[i], method) != NULL)
			return true;
	return false;
}

void ary_route_allow(const struct ary_route *route, char out[ARY_ALLOW_BYTES])
{
	size_t size = 0;
	int written;

	for (unsigned method = 0; method < ARY_METHOD_COUNT; method++) {
		if (!is_allowed(route, (enum ary_method)method))
			continue;
		written = snprintf(out + size, ARY_ALLOW_BYTES - size, "%s%s",
				   size > 0 ? ", " : "", method_names[method]);
		size += (size_t)written;
		ARY_CHECK(size < ARY_ALLOW_BYTES);
	}
}
