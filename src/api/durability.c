/* SPDX-License-Identifier: MIT */
#include "api/durability.h"

#include "api/problem.h"
#include "api/query.h"
#include "api/respond.h"

static enum ary_step refuse(struct ary_call *call, const char *detail)
{
	return ary_problem_respond(call, ARY_PROBLEM_BAD_DURABILITY, "%s", detail);
}

/* Notes the wish NAME; the second one must be the first. */
static enum ary_step take(struct ary_call *call, struct ary_bytes name)
{
	for (int i = ARY_DURABILITY_NEVER; i <= ARY_DURABILITY_ALWAYS; i++) {
		enum ary_durability durability = (enum ary_durability)i;

		if (!ary_bytes_equal(name, ary_bytes_of(ary_durability_name(durability))))
			continue;
		if (call->asks_durability && call->write.durability != durability)
			return refuse(call, "it is asked for twice, and not the same");
		call->write.durability = durability;
		call->asks_durability = true;
		return ARY_STEP_BODY;
	}
	return refuse(call, "it is one of always, interval, never");
}

static enum ary_step take_parameter(struct ary_call *call)
{
	struct ary_buf storage = {0};
	struct ary_bytes value;
	enum ary_step step;

	if (!ary_query_has(call, "durability"))
		return ARY_STEP_BODY;
	step = ary_query_text(call, "durability", &storage, &value);
	if (step == ARY_STEP_BODY)
		step = take(call, value);
	ary_buf_release(&storage);
	return step;
}

enum ary_step ary_durability_check(struct ary_call *call)
{
	enum ary_step step = take_parameter(call);

	if (!ary_call_has(call, ARY_FIELD_ARYAVARTH_DURABILITY))
		return step;
	for (size_t i = 0; i < call->request.field_count && step == ARY_STEP_BODY; i++) {
		const struct ary_field *field = &call->request.fields[i];

		if (field->id == ARY_FIELD_ARYAVARTH_DURABILITY)
			step = take(call, field->value);
	}
	return step;
}

void ary_durability_tell(struct ary_call *call)
{
	if (call->asks_durability)
		ary_response_constant(&call->response, "Aryavarth-Durability",
				      ary_durability_name(call->write.durability));
}
