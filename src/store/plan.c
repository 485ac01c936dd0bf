/* SPDX-License-Identifier: MIT */
#include "store/plan.h"

#include <stdlib.h>

#include "base/alloc.h"

enum {
	/* All logs together are merged for any gain when they are this part of bytes_max. */
	SMALL_PART = 256,
	/* What does not pay is copied along up to this part of what is won. */
	ALONG_PART = 4,
};

/* What is known of one log while planning. */
struct figure {
	uint64_t gain; /* bytes that a merge drops */
	uint64_t kept; /* bytes that it copies */
	bool pays;
};

/* A merge being put together: logs from `first` to before `end`. */
struct group {
	size_t first;
	size_t end;
	uint64_t gain;
	uint64_t kept;
	uint64_t along; /* of `kept`: of logs that do not pay */
};

struct planner {
	const struct ary_plan_log *logs;
	size_t count;
	const struct ary_plan_rules *rules;
	struct figure *figures;
	uint64_t small_bytes;
	struct ary_plan *plan;
};

struct ary_plan_log ary_plan_log_of(const struct ary_log *log)
{
	return (struct ary_plan_log){
		.bytes = atomic_load(&log->bytes),
		.live = atomic_load(&log->live_bytes),
		.tombstones = atomic_load(&log->tombstone_bytes),
		.dead = ary_log_dead_bytes(log),
		.marks = atomic_load(&log->mark_bytes),
		.active = !log->sealed,
	};
}

/* Tombstones count as won while all lower logs are clean, or will be: those that pay, and fit. */
static void estimate(struct planner *planner)
{
	bool clean = true;
	for (size_t i = 0; i < planner->count; i++) {
		const struct ary_plan_log *log = &planner->logs[i];
		struct figure *figure = &planner->figures[i];
		figure->gain = log->dead + log->marks + (clean ? log->tombstones : 0);
		figure->kept = log->live + (clean ? 0 : log->tombstones);
		figure->pays = figure->gain > 0 &&
			       figure->gain >= log->bytes / 100 * planner->rules->percent;
		bool goes = figure->pays && figure->kept <= planner->rules->room_bytes;
		clean = clean && (goes || log->dead == 0);
	}
}

/* Where all is small, copying costs nothing worth saving, and one log is nicer than many. */
static bool take_all(struct planner *planner)
{
	uint64_t bytes = 0;
	struct group all = {.end = planner->count};
	for (size_t i = 0; i < planner->count; i++) {
		const struct ary_plan_log *log = &planner->logs[i];
		bytes += log->bytes;
		all.gain += log->dead + log->marks + log->tombstones;
		all.kept += log->live;
	}
	if (bytes > planner->small_bytes || all.gain == 0)
		return false;
	planner->plan->steps[planner->plan->count++] = (struct ary_plan_step){
		.first = 0, .count = all.end, .kept_bytes = all.kept};
	return true;
}

static uint64_t group_bytes_max(const struct planner *planner)
{
	const struct ary_plan_rules *rules = planner->rules;
	return rules->bytes_max < rules->room_bytes ? rules->bytes_max : rules->room_bytes;
}

/* Adds log I, at either end of GROUP, if that is worth it. */
static bool extend(const struct planner *planner, struct group *group, size_t i)
{
	const struct figure *figure = &planner->figures[i];
	struct group wider = *group;
	wider.gain += figure->gain;
	wider.kept += figure->kept;
	wider.along += figure->pays ? 0 : figure->kept;
	if (wider.kept > group_bytes_max(planner) ||
	    wider.along > wider.gain / ALONG_PART + planner->small_bytes ||
	    (planner->logs[i].active && !figure->pays))
		return false;
	wider.first = i < group->first ? i : group->first;
	wider.end = i < group->first ? group->end : i + 1;
	*group = wider;
	return true;
}

/* The group around log I, which pays; not below LOW. */
static struct group gather(const struct planner *planner, size_t i, size_t low)
{
	struct group group = {
		.first = i,
		.end = i + 1,
		.gain = planner->figures[i].gain,
		.kept = planner->figures[i].kept,
	};
	while (group.end < planner->count && extend(planner, &group, group.end))
		continue;
	while (group.first > low && extend(planner, &group, group.first - 1))
		continue;
	return group;
}

static void take_groups(struct planner *planner)
{
	struct ary_plan *plan = planner->plan;
	size_t low = 0;
	size_t i = 0;
	while (i < planner->count) {
		const struct figure *figure = &planner->figures[i];
		bool fits = figure->kept <= planner->rules->room_bytes;
		if (!figure->pays || !fits) {
			plan->too_large += figure->pays;
			i++;
			continue;
		}
		struct group group = gather(planner, i, low);
		plan->steps[plan->count++] = (struct ary_plan_step){
			.first = group.first,
			.count = group.end - group.first,
			.kept_bytes = group.kept,
		};
		low = group.end;
		i = group.end;
	}
}

void ary_plan_make(const struct ary_plan_log *logs, size_t count,
		   const struct ary_plan_rules *rules, struct ary_plan *out)
{
	struct planner planner = {
		.logs = logs,
		.count = count,
		.rules = rules,
		.figures = ary_alloc((count + 1) * sizeof(*planner.figures)),
		.small_bytes = rules->bytes_max / SMALL_PART,
		.plan = out,
	};
	*out = (struct ary_plan){.steps = ary_alloc((count + 1) * sizeof(*out->steps))};
	if (planner.small_bytes > rules->room_bytes)
		planner.small_bytes = rules->room_bytes;
	estimate(&planner);
	if (!take_all(&planner))
		take_groups(&planner);
	free(planner.figures);
}

void ary_plan_release(struct ary_plan *plan)
{
	free(plan->steps);
	*plan = (struct ary_plan){0};
}
