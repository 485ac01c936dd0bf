/* SPDX-License-Identifier: MIT */
#include "lib/crash_writes.h"

bool crash_writes_always(const struct script *script)
{
	return script->options.durability == ARY_DURABILITY_ALWAYS;
}

void crash_writes_note_durable(struct script *script, size_t count)
{
	if (count > script->oracle.durable)
		script->oracle.durable = count;
}

/* A write's answer, on the commit thread. Writes are answered in order. */
static void note_done(struct ary_write *write)
{
	struct step_write *own = write->context;
	struct script *script = own->script;
	struct oracle *oracle = &script->oracle;
	struct step *step = script->step;

	switch (write->status) {
	case ARY_OK:
		oracle->acked = own->number;
		if (write->seq <= oracle->seq_max)
			crash_check_fail(&script->check, "seq %llu was given twice",
					 (unsigned long long)write->seq);
		oracle->seq_max = write->seq;
		if (own->is_always)
			crash_writes_note_durable(script, own->number);
		break;
	case ARY_UNCERTAIN:
		break;
	case ARY_NO_SPACE:
	case ARY_READ_ONLY:
		oracle_forget(oracle, own->number - 1);
		break;
	default:
		crash_check_fail(&script->check, "a write is answered: %s", write->error.text);
	}
	ary_mutex_lock(&step->lock);
	step->done++;
	ary_cond_signal(&step->cond);
	ary_mutex_unlock(&step->lock);
}

void crash_writes_close_upload(struct script *script)
{
	ary_upload_close(script->large.upload);
	script->large = (struct script_upload){.upload = NULL};
}

/* What may be said of a part that is not stored. */
static bool may_refuse(const struct script_upload *large, enum ary_status status)
{
	return status == ARY_NO_SPACE || status == ARY_READ_ONLY || status == ARY_UNCERTAIN ||
	       (status == ARY_INVALID && large->failed);
}

static void note_part(struct ary_write *write)
{
	struct step_write *own = write->context;
	struct script *script = own->script;
	struct script_upload *large = &script->large;
	struct oracle *oracle = &script->oracle;

	if (write->status == ARY_OK) {
		if (write->seq <= oracle->seq_max)
			crash_check_fail(&script->check, "seq %llu was given twice",
					 (unsigned long long)write->seq);
		if (large->failed)
			crash_check_fail(&script->check, "%s",
					 "a part is stored behind one that is not");
		oracle->seq_max = write->seq;
		large->stored += write->value.size;
	} else if (!may_refuse(large, write->status)) {
		crash_check_fail(&script->check, "a part is answered: %s", write->error.text);
	} else {
		large->failed = true;
	}
	if (--large->pending == 0) {
		large->sent = large->stored;
		large->failed = false;
	}
	ary_mutex_lock(&script->step->lock);
	script->step->done++;
	ary_cond_signal(&script->step->cond);
	ary_mutex_unlock(&script->step->lock);
}

static void note_named(struct ary_write *write)
{
	struct step_write *own = write->context;
	struct script *script = own->script;

	script->large.naming = false;
	if (write->status == ARY_OK)
		crash_writes_close_upload(script);
	note_done(write);
}

static void begin_upload(struct script *script)
{
	struct script_upload *large = &script->large;
	struct ary_error err;

	large->serial = oracle_reserve(&script->oracle);
	large->value = oracle_value(&script->oracle, large->serial, large->bytes);
	if (ary_upload_begin(script->store, &large->upload, &err) != ARY_OK)
		crash_check_fail(&script->check, "no upload begins: %s", err.text);
}

/* Makes OWN the next part of the upload. */
static void send_part(struct script *script, struct step_write *own)
{
	struct script_upload *large = &script->large;
	size_t part_bytes = (size_t)script->options.part_bytes;
	size_t left = large->value.size - large->sent;

	own->write.op = ARY_WRITE_PART;
	own->write.part = large->sent / part_bytes;
	own->write.value = (struct ary_bytes){large->bytes + large->sent,
					      left < part_bytes ? left : part_bytes};
	own->write.done = note_part;
	large->sent += own->write.value.size;
	large->pending++;
}

/* Whether there can be a next step of the upload. */
static bool may_go_on(const struct script_upload *large)
{
	return !large->naming && !large->failed &&
	       (large->pending == 0 || large->sent < large->value.size);
}

/* Whether it is its turn; behind a part there is often another. */
static bool goes_on(struct script *script)
{
	uint64_t draw = sim_draw(&script->random, 3);
	bool is_turn = script->large.pending > 0 ? draw > 0 : draw == 0;

	return is_turn && may_go_on(&script->large);
}

/* Makes OWN the next step of the upload: a part, or, after the last, the Set. */
static void go_on_with_upload(struct script *script, struct step_write *own)
{
	struct script_upload *large = &script->large;

	if (large->upload == NULL)
		begin_upload(script);
	own->write = (struct ary_write){.upload = large->upload, .context = own};
	if (large->sent < large->value.size) {
		send_part(script, own);
		return;
	}
	unsigned number = (unsigned)sim_draw(&script->random, ORACLE_KEYS);
	oracle_issue_as(&script->oracle, number, large->serial);
	own->number = script->oracle.issued;
	own->is_always = crash_writes_always(script);
	large->naming = true;
	own->write.op = ARY_WRITE_SET;
	own->write.key = oracle_key(number, own->key);
	own->write.done = note_named;
}

/* Some values end, after a while or at a time. */
static void draw_end(struct script *script, unsigned number, struct ary_write *write)
{
	struct oracle *oracle = &script->oracle;
	uint64_t lifetime_ms = 1 + sim_draw(&script->random, LIFETIME_MS_MAX);
	uint64_t kind = sim_draw(&script->random, 6);

	if (kind == 0)
		write->ttl_ms = lifetime_ms;
	else if (kind == 1)
		write->expires_ms = oracle->now_ms + lifetime_ms;
	if (kind < 2)
		oracle_end(oracle, number, oracle->now_ms + lifetime_ms);
}

static void write_key(struct script *script, struct step_write *own)
{
	struct oracle *oracle = &script->oracle;
	unsigned number = (unsigned)sim_draw(&script->random, ORACLE_KEYS);
	bool remove = oracle_has(oracle, number) && sim_draw(&script->random, 4) == 0;
	uint32_t serial = oracle_issue(oracle, number, remove);

	/* What a write asks for beyond its store's mode, some do. */
	bool asks = sim_draw(&script->random, 4) == 0;
	own->number = oracle->issued;
	own->is_always = asks || crash_writes_always(script);
	own->write = (struct ary_write){
		.op = remove ? ARY_WRITE_REMOVE : ARY_WRITE_SET,
		.key = oracle_key(number, own->key),
		.durability = asks ? ARY_DURABILITY_ALWAYS : ARY_DURABILITY_NEVER,
		.done = note_done,
		.context = own,
	};
	if (!remove) {
		own->write.value = oracle_value(oracle, serial, own->value);
		draw_end(script, number, &own->write);
	}
}

void crash_writes_submit(struct script *script)
{
	struct step *step = script->step;

	ary_mutex_lock(&step->lock);
	struct step_write *own = &step->writes[step->submitted++];
	ary_mutex_unlock(&step->lock);
	own->script = script;
	if (goes_on(script))
		go_on_with_upload(script, own);
	else
		write_key(script, own);
	script->check.figures->writes++;
	ary_store_submit(script->store, &own->write);
}
