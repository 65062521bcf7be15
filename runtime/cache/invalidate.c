/* SPDX-License-Identifier: MIT */
/*
 * What makes entries stale: events, changed rows, batches. All of it is collected
 * (cache/drops.h) and then sent.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cache/call.h"
#include "cache/drops.h"
#include "key/key.h"

enum { ERROR_BYTES = 256 };

/* ------------------------------------------------------------- collecting */

/* One call's additions: the first failure is what it answers. */
struct adding {
    struct larder_drops *drops;
    size_t before; /* items that were there */
    enum larder_status status;
    char error[ERROR_BYTES];
};

static struct adding begin_adding(struct larder_drops *drops)
{
    return (struct adding){.drops = drops, .before = drops->count};
}

static void fail(struct adding *adding, enum larder_status status)
{
    if (status < 0 && adding->status == LARDER_OK) {
        adding->status = status;
        snprintf(adding->error, sizeof adding->error, "%s", larder_last_error());
    }
}

/* False: the batch takes nothing more, and has forgotten what this call put in. */
static bool put(struct adding *adding, enum larder_status status)
{
    if (status == LARDER_OK) {
        return true;
    }
    larder_drops_cut(adding->drops, adding->before);
    fail(adding, status);
    return false;
}

/* Whether the text was spelt; if not, that is the call's answer, and the rest goes on. */
static bool is_spelt(struct adding *adding, const struct larder_entity *entity,
                     const struct larder_key *key)
{
    enum larder_status status = larder_call_check_key(entity, key);
    fail(adding, status);
    return status == LARDER_OK;
}

static bool is_ours(struct adding *adding, const struct larder_entity *entity)
{
    enum larder_status status = larder_call_check_entity(adding->drops->cache, entity);
    fail(adding, status);
    return status == LARDER_OK;
}

static bool put_key(struct adding *adding, const struct larder_entity *entity,
                    const struct larder_key *key)
{
    return !is_ours(adding, entity) || !is_spelt(adding, entity, key) ||
           put(adding, larder_drops_add_key(adding->drops, entity, key));
}

static bool put_version(struct adding *adding, uint64_t id)
{
    return put(adding, larder_drops_add_version(adding->drops, id));
}

static enum larder_status finish_adding(const struct adding *adding)
{
    if (adding->status == LARDER_OK) {
        return LARDER_OK;
    }
    larder_outcome_set(LARDER_NOT_APPLIED);
    return larder_error_set(adding->status, "%s", adding->error);
}

/* ------------------------------------------------------------------ events */

static bool put_target(struct adding *adding, larder_target_fn *aim, const void *params, size_t i)
{
    struct larder_key key;
    const struct larder_entity *entity = NULL;
    const struct larder_cache *cache = adding->drops->cache;
    larder_key_init(&key, cache->prefix, cache->prefix_len);
    enum larder_aim what = aim(&key, params, i, &entity);
    const char *text = key.bytes + key.prefix_len;
    size_t len = key.len - key.prefix_len;
    switch (what) {
    case LARDER_AIM_ENTRY:
        return put_key(adding, entity, &key);
    case LARDER_AIM_GROUP:
        return !is_ours(adding, entity) || !is_spelt(adding, entity, &key) ||
               put_version(adding,
                           larder_version_of_group(&cache->versions, entity->name, text, len));
    case LARDER_AIM_ALL:
        return !is_ours(adding, entity) ||
               put_version(adding, larder_version_of_entity(&cache->versions, entity->name));
    case LARDER_AIM_TAG:
        return !is_spelt(adding, NULL, &key) ||
               put_version(adding, larder_version_of_tag(&cache->versions, text, len));
    }
    return true;
}

static void put_event(struct adding *adding, larder_target_fn *aim, const void *params,
                      size_t count)
{
    for (size_t i = 0; i < count && put_target(adding, aim, params, i); i++) {
    }
}

/* -------------------------------------------------------------------- rows */

static bool put_tags(struct adding *adding, const struct larder_entity *entity, const void *row)
{
    const struct larder_cache *cache = adding->drops->cache;
    const struct larder_entity_state *state = larder_state_of(cache, entity);
    struct larder_tags tags = {.seed = cache->versions.seed};
    if (state->tags == NULL) {
        return true;
    }
    state->tags(row, &tags);
    if (tags.status != LARDER_OK) {
        fail(adding, larder_call_refuse(entity, tags.status, "a tag of the row cannot be spelt"));
    }
    for (size_t i = 0; i < tags.count; i++) {
        if (!put_version(adding, tags.ids[i])) {
            return false;
        }
    }
    return true;
}

static bool put_row(struct adding *adding, const struct larder_change *change, const void *row)
{
    const struct larder_cache *cache = adding->drops->cache;
    for (size_t i = 0; row != NULL && i < change->count; i++) {
        struct larder_key key;
        larder_key_init(&key, cache->prefix, cache->prefix_len);
        const struct larder_entity *entity = change->build(&key, row, i);
        if (!put_key(adding, entity, &key)) {
            return false;
        }
    }
    return row == NULL || put_tags(adding, change->entity, row);
}

static void put_change(struct adding *adding, const struct larder_change *change)
{
    if (put_row(adding, change, change->before)) {
        (void)put_row(adding, change, change->after);
    }
}

static enum larder_status check_change(const struct larder_cache *cache,
                                       const struct larder_change *change)
{
    if (change == NULL || change->build == NULL) {
        return larder_call_refuse(NULL, LARDER_E_ARG, "the change is NULL");
    }
    enum larder_status status = larder_call_check_entity(cache, change->entity);
    if (status == LARDER_OK && change->before == NULL && change->after == NULL) {
        return larder_call_refuse(change->entity, LARDER_E_ARG, "before and after are both NULL");
    }
    return status;
}

/* --------------------------------------------------------- calls that send */

/* What was collected is sent, even where a part of it could not be spelt. */
static enum larder_status send_all(struct larder_drops *drops, const struct adding *adding)
{
    enum larder_status status = larder_drops_send(drops);
    larder_drops_release(drops);
    return status != LARDER_OK ? status : finish_adding(adding);
}

enum larder_status larder_stub_event(struct larder_cache *cache, larder_target_fn *aim,
                                     const void *params, size_t count)
{
    struct larder_drops drops;
    enum larder_status status = larder_call_begin_many(cache, NULL);
    if (status != LARDER_OK) {
        return status;
    }
    if (aim == NULL) {
        return larder_call_refuse(NULL, LARDER_E_ARG, "the event has no targets");
    }
    larder_drops_init(&drops, cache);
    struct adding adding = begin_adding(&drops);
    put_event(&adding, aim, params, count);
    return send_all(&drops, &adding);
}

enum larder_status larder_stub_changed(struct larder_cache *cache,
                                       const struct larder_change *change)
{
    struct larder_drops drops;
    enum larder_status status = larder_call_begin_many(cache, NULL);
    if (status == LARDER_OK) {
        status = check_change(cache, change);
    }
    if (status != LARDER_OK) {
        return status;
    }
    larder_drops_init(&drops, cache);
    struct adding adding = begin_adding(&drops);
    put_change(&adding, change);
    return send_all(&drops, &adding);
}

/* ------------------------------------------------------------------ batches */

enum larder_status larder_stub_batch_begin(struct larder_cache *cache,
                                           struct larder_drops **ret_batch)
{
    if (ret_batch == NULL) {
        return larder_stub_bad_argument(NULL, "ret_batch");
    }
    *ret_batch = NULL;
    enum larder_status status = larder_call_begin_many(cache, NULL);
    if (status != LARDER_OK) {
        return status;
    }
    struct larder_drops *drops = larder_alloc(&cache->allocator, sizeof *drops);
    if (drops == NULL) {
        return larder_call_refuse(NULL, LARDER_E_NOMEM, "no memory for a batch");
    }
    larder_drops_init(drops, cache);
    *ret_batch = drops;
    return LARDER_OK;
}

void larder_stub_batch_key(const struct larder_drops *drops, struct larder_key *key)
{
    larder_key_begin(drops != NULL ? drops->cache : NULL, key);
}

/* Calls on a batch begin so: as calls on its cache do. */
static enum larder_status begin_batch(const struct larder_drops *drops)
{
    if (drops == NULL) {
        return larder_stub_bad_argument(NULL, "batch");
    }
    return larder_call_begin_many(drops->cache, NULL);
}

enum larder_status larder_stub_batch_delete(struct larder_drops *drops,
                                            const struct larder_entity *entity,
                                            const struct larder_key *key)
{
    enum larder_status status = begin_batch(drops);
    if (status != LARDER_OK) {
        return status;
    }
    struct adding adding = begin_adding(drops);
    (void)put_key(&adding, entity, key);
    return finish_adding(&adding);
}

enum larder_status larder_stub_batch_event(struct larder_drops *drops, larder_target_fn *aim,
                                           const void *params, size_t count)
{
    enum larder_status status = begin_batch(drops);
    if (status != LARDER_OK) {
        return status;
    }
    if (aim == NULL) {
        return larder_call_refuse(NULL, LARDER_E_ARG, "the event has no targets");
    }
    struct adding adding = begin_adding(drops);
    put_event(&adding, aim, params, count);
    return finish_adding(&adding);
}

enum larder_status larder_stub_batch_changed(struct larder_drops *drops,
                                             const struct larder_change *change)
{
    enum larder_status status = begin_batch(drops);
    if (status == LARDER_OK) {
        status = check_change(drops->cache, change);
    }
    if (status != LARDER_OK) {
        return status;
    }
    struct adding adding = begin_adding(drops);
    put_change(&adding, change);
    return finish_adding(&adding);
}

enum larder_status larder_stub_batch_commit(struct larder_drops *drops)
{
    enum larder_status status = begin_batch(drops);
    if (status == LARDER_OK) {
        status = larder_drops_send(drops);
    }
    larder_stub_batch_discard(drops);
    return status;
}

void larder_stub_batch_discard(struct larder_drops *drops)
{
    if (drops != NULL) {
        const struct larder_allocator *allocator = &drops->cache->allocator;
        larder_drops_release(drops);
        larder_free(allocator, drops);
    }
}
