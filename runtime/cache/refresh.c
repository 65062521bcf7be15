/* SPDX-License-Identifier: MIT */
#include "cache/refresh.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cache/fetch.h"
#include "cache/redelete.h"

struct reload {
    struct larder_job job;
    const struct larder_entity *entity;
    struct larder_key key;
    _Alignas(max_align_t) unsigned char call[]; /* the struct, then its texts */
};

/* ------------------------------------------------------------ what registers */

enum larder_status larder_stub_on_load(struct larder_cache *cache,
                                       const struct larder_entity *entity, larder_load_fn *load,
                                       const void *call)
{
    enum larder_status status = larder_call_begin(cache, entity);
    if (status != LARDER_OK) {
        return status;
    }
    if (load != NULL && (call == NULL || entity->call == NULL)) {
        return larder_call_refuse(entity, LARDER_E_ARG, "it is not reloaded in the background");
    }
    struct larder_entity_state *state = larder_state_of(cache, entity);
    larder_worker_lock(&cache->worker);
    state->reloader = load;
    if (load != NULL) {
        memcpy(&state->reloader_head, call, sizeof state->reloader_head);
    }
    atomic_store_explicit(&state->reloads, load != NULL, memory_order_relaxed);
    larder_worker_unlock(&cache->worker);
    return LARDER_OK;
}

/* ----------------------------------------------------------------- the copy */

static const char *string_at(const void *call, size_t offset)
{
    const char *text;
    memcpy(&text, (const char *)call + offset, sizeof text);
    return text;
}

/* All that a call of this shape points to, with it. A key that was built has no NULL in it. */
static size_t call_bytes(const struct larder_call_shape *shape, const void *call)
{
    size_t size = shape->size;
    for (size_t i = 0; i < shape->string_count; i++) {
        size += strlen(string_at(call, shape->strings[i])) + 1;
    }
    return size;
}

static void copy_call(const struct larder_call_shape *shape, const void *call, unsigned char *to)
{
    char *end = (char *)to + shape->size;
    memcpy(to, call, shape->size);
    for (size_t i = 0; i < shape->string_count; i++) {
        const char *text = string_at(call, shape->strings[i]);
        size_t size = strlen(text) + 1;
        memcpy(end, text, size);
        memcpy(to + shape->strings[i], &end, sizeof end);
        end += size;
    }
}

static void copy_key(const struct larder_key *key, struct larder_key *to)
{
    to->len = key->len;
    to->prefix_len = key->prefix_len;
    to->status = key->status;
    memcpy(to->bytes, key->bytes, key->len);
    memcpy(to->marks, key->marks, sizeof to->marks);
}

static struct reload *reload_new(const struct larder_cache *cache,
                                 const struct larder_entity *entity, const struct larder_key *key,
                                 const void *call, uint64_t id)
{
    struct reload *reload =
        larder_alloc(&cache->allocator, sizeof *reload + call_bytes(entity->call, call));
    if (reload != NULL) {
        reload->job.id = id;
        reload->entity = entity;
        copy_key(key, &reload->key);
        copy_call(entity->call, call, reload->call);
    }
    return reload;
}

/* ---------------------------------------------------------------- the offer */

bool larder_refresh_offer(struct larder_cache *cache, const struct larder_entity *entity,
                          const struct larder_key *key, const void *call)
{
    struct larder_entity_state *state = larder_state_of(cache, entity);
    if (call == NULL || !atomic_load_explicit(&state->reloads, memory_order_relaxed)) {
        return false;
    }
    uint64_t id = larder_fingerprint_of(cache, entity, key);
    enum larder_offer offer = larder_worker_wants(&cache->worker, id);
    if (offer == LARDER_OFFER_TAKEN) {
        struct reload *reload = reload_new(cache, entity, key, call, id);
        offer =
            reload != NULL ? larder_worker_offer(&cache->worker, &reload->job) : LARDER_OFFER_FULL;
        if (offer != LARDER_OFFER_TAKEN) {
            larder_free(&cache->allocator, reload);
        }
    }
    if (offer == LARDER_OFFER_FULL) {
        larder_counter_add(&state->counters.reloads_dropped, 1);
    }
    return true;
}

void larder_refresh_offer_of(struct larder_cache *cache, const struct larder_entity *entity,
                             larder_key_fn *build, const void *keys, size_t i)
{
    struct larder_key key;
    if (!atomic_load_explicit(&larder_state_of(cache, entity)->reloads, memory_order_relaxed) ||
        entity->call->of_key == NULL) {
        return;
    }
    void *call = larder_alloc(&cache->allocator, entity->call->size);
    if (call == NULL) {
        return;
    }
    entity->call->of_key(keys, i, call);
    larder_key_begin(cache, &key);
    build(&key, keys, i);
    (void)larder_refresh_offer(cache, entity, &key, call);
    larder_free(&cache->allocator, call);
}

/* ---------------------------------------------------------------- the reload */

static larder_load_fn *take_loader(struct larder_cache *cache, struct reload *reload)
{
    struct larder_entity_state *state = larder_state_of(cache, reload->entity);
    larder_worker_lock(&cache->worker);
    larder_load_fn *load = state->reloader;
    memcpy(reload->call, &state->reloader_head, sizeof state->reloader_head);
    larder_worker_unlock(&cache->worker);
    return load;
}

/* Looks again, for it may have been reloaded since, and takes the claim, unless somebody
 * else has it. */
static bool claims(struct larder_fetch *fetch)
{
    larder_fetch_look(fetch, LARDER_LOOK_READ);
    if (fetch->found != LARDER_OK || !larder_refresh_is_due(&fetch->sight)) {
        return false;
    }
    larder_fetch_look(fetch, LARDER_LOOK_TAKE_KEEP);
    return fetch->sight.won;
}

void larder_refresh_run(struct larder_cache *cache, struct larder_job *job)
{
    struct reload *reload = (void *)job; /* one block, aligned for any type */
    struct larder_landing landing = {.value = NULL};
    struct larder_fetch fetch;
    larder_load_fn *load = take_loader(cache, reload);
    if (load == NULL) {
        return;
    }
    larder_fetch_begin(&fetch, cache, reload->entity, &reload->key);
    fetch.load = load;
    fetch.call = reload->call;
    fetch.in_background = true;
    if (claims(&fetch)) {
        larder_counter_add(&larder_state_of(cache, reload->entity)->counters.reloads, 1);
        larder_fetch_load(&fetch, &landing);
    }
    larder_value_release(landing.value);
    larder_value_release(fetch.sight.value);
}

/* -------------------------------------------------------------------- calls */

enum larder_status larder_stub_refresh(struct larder_cache *cache,
                                       const struct larder_entity *entity,
                                       const struct larder_key *key, larder_load_fn *load,
                                       const void *call, const void **ret_value)
{
    struct larder_landing landing;
    struct larder_fetch fetch;
    enum larder_status status =
        larder_fetch_open(&fetch, cache, entity, key, load, call, ret_value);
    if (status != LARDER_OK) {
        return status;
    }
    larder_fetch_look(&fetch, LARDER_LOOK_READ);
    (void)larder_fetch_claim_anyhow(&fetch);
    larder_fetch_load(&fetch, &landing);
    return larder_fetch_close(&fetch, &landing, ret_value);
}

/* A value that `stale` keeps is stale from now on; any other is of no use any more. */
enum larder_status larder_stub_expire_soft(struct larder_cache *cache,
                                           const struct larder_entity *entity,
                                           const struct larder_key *key)
{
    enum larder_status status = larder_call_begin(cache, entity);
    if (status == LARDER_OK) {
        status = larder_call_check_key(entity, key);
    }
    if (status != LARDER_OK) {
        return status;
    }
    const struct larder_policy *policy = larder_state_of(cache, entity)->policy;
    if (policy->while_revalidate_ms == 0 && policy->if_error_ms == 0) {
        return larder_stub_delete(cache, entity, key);
    }
    struct larder_op op = {.kind = LARDER_OP_SOFTEN, .key = key->bytes, .key_len = key->len};
    status = larder_call_run(cache, entity, &op, larder_call_deadline_ns(cache));
    larder_redelete(cache, entity, &op);
    return status;
}
