/* SPDX-License-Identifier: MIT */
/* The handlers that the route table names. Their contract is that of struct ary_action. */
#ifndef ARY_API_HANDLER_H
#define ARY_API_HANDLER_H

#include "api/api.h"

/* kv.c, kv_read.c, kv_write.c */
enum ary_step ary_kv_check(struct ary_api *api, struct ary_call *call);
enum ary_step ary_kv_check_put(struct ary_api *api, struct ary_call *call);
enum ary_step ary_kv_check_delete(struct ary_api *api, struct ary_call *call);
enum ary_step ary_kv_get(struct ary_api *api, struct ary_call *call);
enum ary_step ary_kv_put(struct ary_api *api, struct ary_call *call);
enum ary_step ary_kv_delete(struct ary_api *api, struct ary_call *call);
void ary_kv_launch(struct ary_api *api, struct ary_call *call);
void ary_kv_finish_put(struct ary_api *api, struct ary_call *call);
void ary_kv_finish_delete(struct ary_api *api, struct ary_call *call);

/* kv.c: answers that a condition does not hold for the present value with SEQ. */
enum ary_step ary_kv_refuse_condition(struct ary_call *call, uint64_t seq);

/* list.c, list_count.c, list_add.c, list_remove.c */
enum ary_step ary_list_get(struct ary_api *api, struct ary_call *call);
void ary_list_launch_count(struct ary_api *api, struct ary_call *call);
void ary_list_finish_count(struct ary_api *api, struct ary_call *call);
enum ary_step ary_list_check_add(struct ary_api *api, struct ary_call *call);
enum ary_step ary_list_add(struct ary_api *api, struct ary_call *call);
void ary_list_finish_add(struct ary_api *api, struct ary_call *call);
enum ary_step ary_list_check_remove(struct ary_api *api, struct ary_call *call);
enum ary_step ary_list_remove(struct ary_api *api, struct ary_call *call);
void ary_list_launch_remove(struct ary_api *api, struct ary_call *call);
void ary_list_finish_remove(struct ary_api *api, struct ary_call *call);

/* admin.c */
enum ary_step ary_admin_compact_check(struct ary_api *api, struct ary_call *call);
enum ary_step ary_admin_compact(struct ary_api *api, struct ary_call *call);
void ary_admin_compact_launch(struct ary_api *api, struct ary_call *call);
void ary_admin_compact_finish(struct ary_api *api, struct ary_call *call);
enum ary_step ary_admin_compact_cancel(struct ary_api *api, struct ary_call *call);
enum ary_step ary_admin_compact_progress(struct ary_api *api, struct ary_call *call);
enum ary_step ary_admin_stats(struct ary_api *api, struct ary_call *call);

/* health.c */
enum ary_step ary_health_check(struct ary_api *api, struct ary_call *call);
enum ary_step ary_health_live(struct ary_api *api, struct ary_call *call);
enum ary_step ary_health_ready(struct ary_api *api, struct ary_call *call);

/* pages.c */
enum ary_step ary_pages_root(struct ary_api *api, struct ary_call *call);
enum ary_step ary_pages_openapi_yaml(struct ary_api *api, struct ary_call *call);
enum ary_step ary_pages_openapi_json(struct ary_api *api, struct ary_call *call);
enum ary_step ary_pages_docs(struct ary_api *api, struct ary_call *call);
enum ary_step ary_pages_style(struct ary_api *api, struct ary_call *call);

/* problem_page.c */
enum ary_step ary_pages_problem(struct ary_api *api, struct ary_call *call);
enum ary_step ary_pages_problems(struct ary_api *api, struct ary_call *call);

/* api.c: OPTIONS of every target. */
enum ary_step ary_options_answer(struct ary_api *api, struct ary_call *call);

#endif
