/* SPDX-License-Identifier: MIT */
#include "store/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "store/commit.h"
#include "store/store_private.h"

enum { BUCKETS_MIN = 16, PLACES_MIN = 4 };

void ary_parts_init(struct ary_parts *parts)
{
	ary_mutex_init(&parts->lock);
	parts->bucket_count = BUCKETS_MIN;
	parts->buckets = ary_alloc(BUCKETS_MIN * sizeof(struct ary_parts_link *));
}

static void free_upload(struct ary_upload *upload)
{
	free(upload->places);
	free(upload);
}

/* Any upload that is in the table, or NULL. */
static struct ary_upload *any_locked(const struct ary_parts *parts) ARY_REQUIRES(&parts->lock)
{
	for (uint64_t i = 0; i < parts->bucket_count; i++) {
		if (parts->buckets[i] != NULL)
			return parts->buckets[i]->upload;
	}
	return NULL;
}

/* Where the chain of NUMBER begins. Seqs are spread well enough by their last bits. */
static struct ary_parts_link **bucket_locked(const struct ary_parts *parts, uint64_t number)
	ARY_REQUIRES(&parts->lock)
{
	return &parts->buckets[number & (parts->bucket_count - 1)];
}

/* The upload that is known as SEQ by its first part. */
static struct ary_upload *find_locked(const struct ary_parts *parts, uint64_t seq)
	ARY_REQUIRES(&parts->lock)
{
	struct ary_parts_link *link = *bucket_locked(parts, seq);
	while (link != NULL && (link->number != seq || link != &link->upload->by_upload))
		link = link->next;
	return link == NULL ? NULL : link->upload;
}

/* The upload that the Set with SEQ names, if that is its key's value. */
static struct ary_upload *find_named_locked(const struct ary_parts *parts, uint64_t seq)
	ARY_REQUIRES(&parts->lock)
{
	struct ary_parts_link *link = *bucket_locked(parts, seq);
	while (link != NULL && (link->number != seq || link != &link->upload->by_set))
		link = link->next;
	return link != NULL && link->upload->present ? link->upload : NULL;
}

static void push_locked(struct ary_parts *parts, struct ary_parts_link *link)
	ARY_REQUIRES(&parts->lock)
{
	struct ary_parts_link **bucket = bucket_locked(parts, link->number);
	link->next = *bucket;
	*bucket = link;
}

/* Makes the chains short again. Without memory they stay long. */
static void grow_locked(struct ary_parts *parts) ARY_REQUIRES(&parts->lock)
{
	struct ary_parts old = {.buckets = parts->buckets, .bucket_count = parts->bucket_count};
	uint64_t count = old.bucket_count * 2;
	struct ary_parts_link **buckets = ary_try_alloc((size_t)count * sizeof(*buckets));
	if (buckets == NULL)
		return;
	memset(buckets, 0, (size_t)count * sizeof(*buckets));
	parts->buckets = buckets;
	parts->bucket_count = count;
	for (uint64_t i = 0; i < old.bucket_count; i++) {
		struct ary_parts_link *next;
		for (struct ary_parts_link *link = old.buckets[i]; link != NULL; link = next) {
			next = link->next;
			push_locked(parts, link);
		}
	}
	free(old.buckets);
}

/* Makes UPLOAD known by NUMBER, with one of its links. */
static void add_locked(struct ary_parts *parts, struct ary_upload *upload,
		       struct ary_parts_link *link, uint64_t number) ARY_REQUIRES(&parts->lock)
{
	if (atomic_load(&parts->link_count) >= parts->bucket_count)
		grow_locked(parts);
	link->number = number;
	link->upload = upload;
	push_locked(parts, link);
	atomic_fetch_add(&parts->link_count, 1);
}

static void remove_locked(struct ary_parts *parts, struct ary_parts_link *link)
	ARY_REQUIRES(&parts->lock)
{
	if (link->number == 0)
		return;
	struct ary_parts_link **at = bucket_locked(parts, link->number);
	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	atomic_fetch_sub(&parts->link_count, 1);
	link->number = 0;
}

static void forget_locked(struct ary_parts *parts, struct ary_upload *upload)
	ARY_REQUIRES(&parts->lock)
{
	remove_locked(parts, &upload->by_upload);
	remove_locked(parts, &upload->by_set);
}

void ary_parts_release(struct ary_parts *parts)
{
	struct ary_upload *upload;
	ary_mutex_lock(&parts->lock);
	/* Those that have no part are not in the table. */
	while ((upload = parts->due) != NULL) {
		parts->due = upload->due_next;
		forget_locked(parts, upload);
		free_upload(upload);
	}
	while ((upload = any_locked(parts)) != NULL) {
		forget_locked(parts, upload);
		free_upload(upload);
	}
	ary_mutex_unlock(&parts->lock);
	free(parts->buckets);
	ary_mutex_release(&parts->lock);
}

struct ary_upload *ary_parts_new(struct ary_store *store, uint64_t seq)
{
	struct ary_upload *upload = ary_try_alloc(sizeof(*upload));
	if (upload == NULL)
		return NULL;
	*upload = (struct ary_upload){.store = store, .holders = 1};
	if (seq == 0)
		return upload;
	ary_mutex_lock(&store->parts.lock);
	add_locked(&store->parts, upload, &upload->by_upload, seq);
	ary_mutex_unlock(&store->parts.lock);
	return upload;
}

enum ary_status ary_parts_reserve(struct ary_upload *upload, uint64_t number)
{
	struct ary_parts *parts = &upload->store->parts;
	if (number < upload->place_capacity)
		return ARY_OK;
	uint64_t capacity = upload->place_capacity == 0 ? PLACES_MIN : upload->place_capacity * 2;
	if (capacity <= number)
		capacity = number + 1;
	ary_mutex_lock(&parts->lock);
	struct ary_location *places =
		ary_try_realloc(upload->places, (size_t)capacity * sizeof(*places));
	if (places != NULL) {
		upload->places = places;
		upload->place_capacity = capacity;
	}
	ary_mutex_unlock(&parts->lock);
	return places != NULL ? ARY_OK : ARY_NO_MEMORY;
}

bool ary_parts_put(struct ary_upload *upload, uint64_t seq, uint64_t number,
		   const struct ary_location *location)
{
	struct ary_parts *parts = &upload->store->parts;
	ARY_CHECK(number < upload->place_capacity);
	ary_mutex_lock(&parts->lock);
	if (upload->by_upload.number == 0)
		add_locked(parts, upload, &upload->by_upload, seq);
	while (upload->place_count <= number)
		upload->places[upload->place_count++] = (struct ary_location){.size = 0};
	bool is_new = upload->places[number].size == 0;
	if (is_new)
		upload->places[number] = *location;
	ary_mutex_unlock(&parts->lock);
	return is_new;
}

void ary_parts_name(struct ary_upload *upload, uint64_t seq, const struct ary_record_large *large)
{
	struct ary_parts *parts = &upload->store->parts;
	ary_mutex_lock(&parts->lock);
	add_locked(parts, upload, &upload->by_set, seq);
	upload->large = *large;
	upload->present = true;
	upload->holders++;
	ary_mutex_unlock(&parts->lock);
}

/* UPLOAD, which nobody holds and nobody can find any more, leaves its parts behind as stale. */
static void drop(struct ary_upload *upload)
{
	for (uint64_t i = 0; i < upload->place_count; i++) {
		const struct ary_location *place = &upload->places[i];
		if (place->size > 0)
			ary_logs_count_stale(&upload->store->logs, place->slot, place->size);
	}
	free_upload(upload);
}

/* One holder less; whether that was the last one, and UPLOAD is the caller's. */
static bool let_go_locked(struct ary_parts *parts, struct ary_upload *upload)
	ARY_REQUIRES(&parts->lock)
{
	ARY_CHECK(upload->holders > 0);
	if (--upload->holders > 0)
		return false;
	forget_locked(parts, upload);
	return true;
}

void ary_parts_let_go(struct ary_upload *upload)
{
	struct ary_parts *parts = &upload->store->parts;
	ary_mutex_lock(&parts->lock);
	bool last = let_go_locked(parts, upload);
	ary_mutex_unlock(&parts->lock);
	if (last)
		drop(upload);
}

void ary_parts_retire(struct ary_store *store, uint64_t seq)
{
	struct ary_parts *parts = &store->parts;
	if (atomic_load_explicit(&parts->link_count, memory_order_relaxed) == 0)
		return;
	ary_mutex_lock(&parts->lock);
	struct ary_upload *upload = find_named_locked(parts, seq);
	bool last = false;
	if (upload != NULL) {
		upload->present = false;
		last = let_go_locked(parts, upload);
	}
	ary_mutex_unlock(&parts->lock);
	if (last)
		drop(upload);
}

bool ary_parts_drop_due(struct ary_store *store)
{
	struct ary_parts *parts = &store->parts;
	ary_mutex_lock(&parts->lock);
	struct ary_upload *upload = parts->due;
	parts->due = NULL;
	/* Until here its lines were copied by a compaction; they are found no more. */
	for (struct ary_upload *each = upload; each != NULL; each = each->due_next)
		forget_locked(parts, each);
	ary_mutex_unlock(&parts->lock);
	bool any = upload != NULL;
	while (upload != NULL) {
		struct ary_upload *next = upload->due_next;
		drop(upload);
		upload = next;
	}
	return any;
}

void ary_parts_unhold(struct ary_upload *upload)
{
	struct ary_store *store = upload->store;
	struct ary_parts *parts = &store->parts;
	ary_mutex_lock(&parts->lock);
	ARY_CHECK(upload->holders > 0);
	bool last = --upload->holders == 0;
	if (last) {
		/* Only the commit thread may change the figures of the logs. */
		upload->due_next = parts->due;
		parts->due = upload;
	}
	ary_mutex_unlock(&parts->lock);
	if (last)
		ary_commit_wake(store);
}

static const struct ary_location *place_locked(const struct ary_upload *upload, uint64_t number)
{
	if (upload == NULL || number >= upload->place_count || upload->places[number].size == 0)
		return NULL;
	return &upload->places[number];
}

bool ary_parts_relocate(struct ary_parts *parts, uint64_t seq, uint64_t number,
			const struct ary_location *location)
{
	ary_mutex_lock(&parts->lock);
	struct ary_upload *upload = find_locked(parts, seq);
	bool counts = place_locked(upload, number) != NULL;
	if (counts)
		upload->places[number] = *location;
	ary_mutex_unlock(&parts->lock);
	return counts;
}

bool ary_parts_counts(struct ary_parts *parts, uint64_t seq, uint64_t number)
{
	ary_mutex_lock(&parts->lock);
	bool counts = place_locked(find_locked(parts, seq), number) != NULL;
	ary_mutex_unlock(&parts->lock);
	return counts;
}

struct ary_upload *ary_parts_find(struct ary_parts *parts, uint64_t seq)
{
	ary_mutex_lock(&parts->lock);
	struct ary_upload *upload = find_locked(parts, seq);
	ary_mutex_unlock(&parts->lock);
	return upload;
}

bool ary_parts_visit(struct ary_parts *parts, ary_parts_visitor visit, void *context)
{
	bool going_on = true;
	ary_mutex_lock(&parts->lock);
	for (uint64_t i = 0; going_on && i < parts->bucket_count; i++) {
		for (struct ary_parts_link *link = parts->buckets[i]; going_on && link != NULL;
		     link = link->next)
			going_on = link != &link->upload->by_upload ||
				   visit(context, link->upload);
	}
	ary_mutex_unlock(&parts->lock);
	return going_on;
}

struct ary_upload *ary_parts_hold(struct ary_parts *parts, uint64_t seq)
{
	ary_mutex_lock(&parts->lock);
	struct ary_upload *upload = find_named_locked(parts, seq);
	if (upload != NULL)
		upload->holders++;
	ary_mutex_unlock(&parts->lock);
	return upload;
}

bool ary_parts_place(struct ary_upload *upload, uint64_t number, struct ary_location *out)
{
	struct ary_parts *parts = &upload->store->parts;
	ary_mutex_lock(&parts->lock);
	const struct ary_location *place = place_locked(upload, number);
	if (place != NULL)
		*out = *place;
	ary_mutex_unlock(&parts->lock);
	return place != NULL;
}
