/* SPDX-License-Identifier: MIT */
#include "cache/delete_all.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cache/call.h"
#include "cache/drops.h"
#include "cache/sweep.h"
#include "codec/envelope.h"

/* One sweep over one entity. Stays where it was made: `owner` and `sweep` point into it. */
struct larder_clearing {
    struct larder_cache *cache;
    const struct larder_entity *entity;
    const void *thread; /* whose call it was */
    int64_t until_ns;   /* to be gone on with until then */
    struct larder_sweep sweep;
    struct larder_sweep_owner owner;
    char prefix[LARDER_PREFIX_MAX + LARDER_KEY_MAX + 1];
};

/* Its address tells threads apart. */
static _Thread_local char this_thread;

/* -------------------------------------------------------------- clearings */

static bool owns(const void *user, const char *key, size_t key_len, const uint8_t *head,
                 size_t head_len)
{
    const struct larder_clearing *clearing = user;
    const struct larder_cache *cache = clearing->cache;
    size_t prefix_len = cache->prefix_len;
    return key_len >= prefix_len && memcmp(key, cache->prefix, prefix_len) == 0 &&
           larder_envelope_is_of(
               head, head_len,
               larder_envelope_fingerprint(larder_state_of(cache, clearing->entity)->seed,
                                           key + prefix_len, key_len - prefix_len));
}

static struct larder_clearing *new_clearing(struct larder_cache *cache,
                                            const struct larder_entity *entity)
{
    struct larder_clearing *clearing = larder_alloc_zeroed(&cache->allocator, 1, sizeof *clearing);
    if (clearing == NULL) {
        return NULL;
    }
    /* What all of its keys begin with: the pattern, up to the first parameter. */
    size_t literal = strcspn(entity->pattern, "{");
    literal = literal < LARDER_KEY_MAX ? literal : LARDER_KEY_MAX;
    memcpy(clearing->prefix, cache->prefix, cache->prefix_len);
    memcpy(clearing->prefix + cache->prefix_len, entity->pattern, literal);
    clearing->cache = cache;
    clearing->entity = entity;
    clearing->thread = &this_thread;
    clearing->owner =
        (struct larder_sweep_owner){.prefix = clearing->prefix, .owns = owns, .user = clearing};
    larder_sweep_init(&clearing->sweep, &cache->allocator, &clearing->owner);
    return clearing;
}

/* What this thread left unfinished a moment ago. NULL: nothing, or another's. */
static struct larder_clearing *take_unfinished(struct larder_cache *cache,
                                               const struct larder_entity *entity)
{
    struct larder_clearing *kept = atomic_exchange(&cache->unfinished, NULL);
    if (kept != NULL && kept->entity == entity && kept->thread == &this_thread &&
        larder_clock_now_ns(&cache->clock) < kept->until_ns) {
        return kept;
    }
    larder_free(&cache->allocator, kept);
    return NULL;
}

static void keep_unfinished(struct larder_clearing *clearing)
{
    struct larder_cache *cache = clearing->cache;
    clearing->until_ns = larder_call_deadline_ns(cache);
    larder_free(&cache->allocator, atomic_exchange(&cache->unfinished, clearing));
}

void larder_clearing_free(struct larder_cache *cache)
{
    larder_free(&cache->allocator, atomic_exchange(&cache->unfinished, NULL));
}

/* ----------------------------------------------------------------- sweeping */

static void run(void *user, struct larder_op *ops, size_t count, int64_t deadline_ns)
{
    struct larder_backend *backend = user;
    backend->table->run(backend, ops, count, deadline_ns);
}

static enum larder_status sweep(struct larder_clearing *clearing)
{
    struct larder_cache *cache = clearing->cache;
    int64_t deadline_ns = larder_call_deadline_ns(cache);
    uint64_t before = clearing->sweep.deleted; /* it counts anew where it begins anew */
    enum larder_status status = LARDER_OK;
    while (status == LARDER_OK) {
        status = larder_sweep_slice(&clearing->sweep, run, cache->backend, deadline_ns);
        if (status == LARDER_OK && larder_clock_now_ns(&cache->clock) >= deadline_ns) {
            status = LARDER_E_TIMEOUT;
        }
    }
    uint64_t deleted = clearing->sweep.deleted;
    larder_counter_add(&larder_state_of(cache, clearing->entity)->counters.deletes,
                       deleted >= before ? deleted - before : deleted);
    return status == LARDER_MISS ? LARDER_OK : status;
}

static enum larder_status clear(struct larder_cache *cache, const struct larder_entity *entity)
{
    struct larder_clearing *clearing = take_unfinished(cache, entity);
    clearing = clearing != NULL ? clearing : new_clearing(cache, entity);
    if (clearing == NULL) {
        return larder_call_refuse(entity, LARDER_E_NOMEM, "no memory to look for its entries");
    }
    enum larder_status status = sweep(clearing);
    if (status == LARDER_E_TIMEOUT) {
        keep_unfinished(clearing);
    } else {
        larder_free(&cache->allocator, clearing);
    }
    if (status < 0) {
        larder_outcome_set(LARDER_UNKNOWN);
        larder_call_note_failure(cache, entity, status);
    }
    return status;
}

static enum larder_status raise_version(struct larder_cache *cache,
                                        const struct larder_entity *entity)
{
    struct larder_drops drops;
    larder_drops_init(&drops, cache);
    enum larder_status status =
        larder_drops_add_version(&drops, larder_state_of(cache, entity)->versions.all_id);
    if (status == LARDER_OK) {
        status = larder_drops_send(&drops);
    }
    larder_drops_release(&drops);
    return status;
}

enum larder_status larder_stub_delete_all(struct larder_cache *cache,
                                          const struct larder_entity *entity)
{
    enum larder_status status = larder_call_begin(cache, entity);
    if (status != LARDER_OK) {
        return status;
    }
    return larder_state_of(cache, entity)->versions.has_all ? raise_version(cache, entity)
                                                            : clear(cache, entity);
}
