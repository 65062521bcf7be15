/* SPDX-License-Identifier: MIT */
#include "cache/fetch.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/rule.h"
#include "cache/refresh.h"

enum larder_status larder_fetch_open(struct larder_fetch *fetch, struct larder_cache *cache,
                                     const struct larder_entity *entity,
                                     const struct larder_key *key, larder_load_fn *load_fn,
                                     const void *call, const void **ret_value)
{
    if (ret_value != NULL) {
        *ret_value = NULL;
    }
    enum larder_status status = larder_call_begin(cache, entity);
    if (status != LARDER_OK) {
        return status;
    }
    if (load_fn == NULL || ret_value == NULL) {
        return larder_call_refuse(entity, LARDER_E_ARG, "the loader or the output is NULL");
    }
    status = larder_call_check_key(entity, key);
    if (status != LARDER_OK) {
        return status;
    }
    larder_fetch_begin(fetch, cache, entity, key);
    fetch->load = load_fn;
    fetch->call = fetch->reload = call;
    return LARDER_OK;
}

enum larder_status larder_fetch_close(struct larder_fetch *fetch,
                                      const struct larder_landing *landing, const void **ret_value)
{
    larder_value_release(fetch->sight.value);
    larder_outcome_set(landing->outcome);
    if (landing->status == LARDER_OK && landing->outcome == LARDER_APPLIED) {
        larder_error_clear(); /* whatever failed on the way was made good */
    }
    *ret_value = landing->value;
    return landing->status;
}

uint64_t larder_fetch_new_token(void)
{
    uint64_t token = larder_random64();
    return token > 1 ? token : token + 2; /* those are nobody's */
}

/* ------------------------------------------------------------------- looks */

/* One look, that began at this moment. */
static void look(struct larder_fetch *fetch, enum larder_look_how how,
                 const struct larder_sight *before, uint64_t moment)
{
    const void *last_value = fetch->sight.value;
    enum larder_sight_kind last_kind = fetch->sight.kind;
    const bool claims = how != LARDER_LOOK_READ;
    struct larder_look look = {
        .cache = fetch->cache,
        .entity = fetch->entity,
        .key = fetch->key,
        .fingerprint = fetch->fingerprint,
        .how = how,
        .token = claims ? larder_fetch_new_token() : 0,
        .lease_ms = larder_lease_ms(&larder_state_of(fetch->cache, fetch->entity)->lease),
        .capture = claims,
        .before = before,
    };
    fetch->found = larder_look(&look, fetch->deadline_ns, &fetch->sight);
    fetch->token = fetch->sight.won ? look.token : 0;
    if (fetch->found < 0 || (fetch->sight.won && fetch->sight.value == NULL)) {
        /* What was seen before is still there, as far as anybody knows: it is for those
         * alone who began before it was seen. */
        fetch->sight.kind = last_kind;
        fetch->sight.value = last_value;
    } else {
        fetch->looked = moment;
        larder_value_release(last_value);
    }
}

/* A plain read, as long as no more is known of such entries. What it finds that is no value
 * is seen when it is to be claimed. */
static void look_plainly(struct larder_fetch *fetch)
{
    struct larder_op op;
    struct larder_lookup lookup = {
        .cache = fetch->cache, .entity = fetch->entity, .fingerprint = fetch->fingerprint};
    struct larder_sight *sight = &fetch->sight;
    larder_lookup_prepare(&lookup, &op, fetch->key->bytes, fetch->key->len);
    fetch->cache->backend->table->run(fetch->cache->backend, &op, 1, fetch->deadline_ns);
    fetch->found = larder_lookup_finish(&lookup, &op, &sight->value);
    sight->kind = fetch->found == LARDER_OK       ? LARDER_SIGHT_FRESH
                  : fetch->found == LARDER_ABSENT ? LARDER_SIGHT_ABSENT
                                                  : LARDER_SIGHT_NOTHING;
    if (fetch->found >= 0) {
        fetch->found = LARDER_OK;
    }
    if (LARDER_UNLIKELY(lookup.wants_look) && sight->kind == LARDER_SIGHT_NOTHING) {
        larder_sight_needed(fetch->cache, fetch->entity);
        look(fetch, LARDER_LOOK_READ, NULL, fetch->began);
    }
}

void larder_fetch_look_first(struct larder_fetch *fetch)
{
    struct larder_lease *lease = &larder_state_of(fetch->cache, fetch->entity)->lease;
    if (larder_lease_expects_miss(lease)) {
        look(fetch, LARDER_LOOK_CLAIM, NULL, fetch->began);
        if (fetch->found < 0 && !fetch->sight.won) {
            larder_lease_refused(lease); /* perhaps the entry may only be read */
            look(fetch, LARDER_LOOK_READ, NULL, fetch->began);
        }
    } else if (larder_sight_is_needed(fetch->cache, fetch->entity)) {
        look(fetch, LARDER_LOOK_READ, NULL, fetch->began);
    } else {
        look_plainly(fetch);
    }
    if (fetch->found >= 0) {
        larder_lease_looked(lease, fetch->sight.kind > LARDER_SIGHT_CLAIMED);
    }
}

void larder_fetch_look(struct larder_fetch *fetch, enum larder_look_how how)
{
    uint64_t moment = larder_flights_moment(&fetch->cache->flights, fetch->fingerprint);
    if (how == LARDER_LOOK_READ || how == LARDER_LOOK_CLAIM) {
        look(fetch, how, NULL, moment);
    } else {
        const struct larder_sight before = fetch->sight;
        look(fetch, how, &before, moment);
    }
}

bool larder_fetch_contend(struct larder_fetch *fetch)
{
    if (fetch->found < 0 || fetch->sight.won || fetch->sight.kind != LARDER_SIGHT_STALE) {
        return false;
    }
    larder_fetch_look(fetch, LARDER_LOOK_TAKE_KEEP);
    return larder_fetch_is_answered(fetch);
}

/* ----------------------------------------------------------------- answers */

bool larder_fetch_is_answered(const struct larder_fetch *fetch)
{
    const struct larder_sight *sight = &fetch->sight;
    if (fetch->found < 0 || sight->won) {
        return false;
    }
    switch (sight->kind) {
    case LARDER_SIGHT_FRESH:
        if (sight->early) {
            (void)larder_refresh_offer(fetch->cache, fetch->entity, fetch->key, fetch->reload);
        }
        return true;
    case LARDER_SIGHT_ABSENT:
        return true;
    case LARDER_SIGHT_STALE:
        return sight->claimed || sight->paused ||
               larder_refresh_offer(fetch->cache, fetch->entity, fetch->key, fetch->reload);
    case LARDER_SIGHT_SPARE:
        return sight->paused;
    case LARDER_SIGHT_NOTHING:
    case LARDER_SIGHT_CLAIMED:
        break;
    }
    return false;
}

void larder_fetch_answer(struct larder_fetch *fetch, struct larder_landing *ret_landing)
{
    static const enum larder_status statuses[] = {
        [LARDER_SIGHT_NOTHING] = LARDER_MISS,  [LARDER_SIGHT_CLAIMED] = LARDER_MISS,
        [LARDER_SIGHT_ABSENT] = LARDER_ABSENT, [LARDER_SIGHT_FRESH] = LARDER_OK,
        [LARDER_SIGHT_STALE] = LARDER_STALE,   [LARDER_SIGHT_SPARE] = LARDER_STALE,
    };
    *ret_landing = (struct larder_landing){.status = statuses[fetch->sight.kind],
                                           .outcome = LARDER_APPLIED,
                                           .value = fetch->sight.value,
                                           .until = LARDER_RULE(who_looked_shares_with_earlier)
                                                        ? fetch->looked
                                                        : LARDER_MOMENT_ALWAYS};
    fetch->sight.value = NULL;
}
