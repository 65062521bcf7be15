/* SPDX-License-Identifier: MIT */
/*
 * get_or_load: a read that is answered even when the cache cannot.
 */
#include "base/log.h"
#include "cache/fetch.h"
#include "codec/block.h"

enum {
    LOSSES_MAX = 2
}; /* loads of others that were lost to a follower; then he loads for himself */

static void read_through(struct larder_fetch *fetch, struct larder_landing *ret_landing);
static __attribute__((noinline)) void agree(struct larder_fetch *fetch,
                                            struct larder_landing *ret_landing);

enum larder_status larder_stub_get_or_load(struct larder_cache *cache,
                                           const struct larder_entity *entity,
                                           const struct larder_key *key, larder_load_fn *load_fn,
                                           const void *call, const void **ret_value)
{
    struct larder_landing landing;
    struct larder_fetch fetch;
    enum larder_status status =
        larder_fetch_open(&fetch, cache, entity, key, load_fn, call, ret_value);
    if (status != LARDER_OK) {
        return status;
    }
    read_through(&fetch, &landing);
    return larder_fetch_close(&fetch, &landing, ret_value);
}

enum larder_status larder_fetch_through(struct larder_cache *cache,
                                        const struct larder_entity *entity,
                                        const struct larder_key *key, larder_load_fn *load_fn,
                                        const void *call, const void **ret_value)
{
    struct larder_landing landing;
    struct larder_fetch fetch;
    enum larder_status status =
        larder_fetch_open(&fetch, cache, entity, key, load_fn, call, ret_value);
    if (status != LARDER_OK) {
        return status;
    }
    fetch.reload = NULL;
    read_through(&fetch, &landing);
    return larder_fetch_close(&fetch, &landing, ret_value);
}

/* --------------------------------------------------------------- the parts */

/* Each call once: here those that ran a loader, or waited for one. */
static void count_miss(const struct larder_fetch *fetch, enum larder_status status)
{
    struct larder_counters *counters = &larder_state_of(fetch->cache, fetch->entity)->counters;
    larder_counter_add(&counters->misses, 1);
    if (status == LARDER_STALE) {
        larder_counter_add(&counters->stale, 1);
    }
}

static void answer(struct larder_fetch *fetch, struct larder_landing *ret_landing)
{
    larder_fetch_answer(fetch, ret_landing);
    if (fetch->waited) {
        count_miss(fetch, ret_landing->status);
    } else {
        larder_lookup_count(fetch->cache, fetch->entity, ret_landing->status);
    }
}

/* False: what the leader brought is not for this call. */
static bool follow(const struct larder_fetch *fetch, struct larder_ticket *ticket,
                   struct larder_landing *ret_landing)
{
    struct larder_counters *counters = &larder_state_of(fetch->cache, fetch->entity)->counters;
    if (!larder_flight_wait(ticket, ret_landing)) {
        return false;
    }
    count_miss(fetch, ret_landing->status);
    if (ret_landing->value != NULL) {
        larder_counter_add(&counters->coalesced, 1);
    }
    if (ret_landing->status < 0) {
        larder_error_set(ret_landing->status, "%s: the loader of another caller failed",
                         fetch->entity->pattern);
    }
    return true;
}

/* Who goes alone has nobody that he may wait for: he loads, and leaves the entry alone,
 * unless it is his already. */
static void lead(struct larder_fetch *fetch, struct larder_ticket *ticket,
                 enum larder_flight_role role, struct larder_landing *ret_landing)
{
    bool leads = role == LARDER_FLIGHT_LEAD;
    enum larder_claim claim =
        leads || fetch->sight.won ? larder_fetch_claim(fetch) : LARDER_CLAIM_NONE;
    if (claim == LARDER_CLAIM_SEEN) {
        answer(fetch, ret_landing);
    } else {
        if (leads) {
            larder_flight_claim(ticket, fetch->token);
        }
        larder_fetch_load(fetch, ret_landing);
        count_miss(fetch, ret_landing->status);
    }
    if (leads) {
        larder_flight_land(ticket, ret_landing);
    }
}

/* False: the call must start again. */
static bool load_or_follow(struct larder_fetch *fetch, struct larder_ticket *ticket,
                           struct larder_landing *ret_landing)
{
    enum larder_flight_role role = LARDER_FLIGHT_ALONE;
    if (fetch->losses < LOSSES_MAX) {
        role = larder_flight_join(ticket, fetch->sight.won);
    }
    if (role != LARDER_FLIGHT_FOLLOW) {
        lead(fetch, ticket, role, ret_landing);
        larder_flight_forget(ticket);
        return true;
    }
    if (follow(fetch, ticket, ret_landing)) {
        return true;
    }
    fetch->losses += ret_landing->until == LARDER_MOMENT_NEVER;
    return false;
}

/* ---------------------------------------------------------------- the story */

/* Agrees with the others of this process who miss the same key on who goes on; he agrees with
 * other processes on who loads it. Who waits for what turns out to be too old for him, or
 * for a load whose fill was lost, looks and starts again. */
static void agree(struct larder_fetch *fetch, struct larder_landing *ret_landing)
{
    struct larder_ticket ticket = {.flights = &fetch->cache->flights,
                                   .entity = fetch->entity,
                                   .key = fetch->key,
                                   .hash = fetch->fingerprint,
                                   .began = fetch->began};
    while (!larder_fetch_is_answered(fetch) && !larder_fetch_contend(fetch)) {
        if (load_or_follow(fetch, &ticket, ret_landing)) {
            return;
        }
        larder_fetch_look(fetch, LARDER_LOOK_READ);
    }
    larder_flight_forget(&ticket);
    answer(fetch, ret_landing);
}

static void read_through(struct larder_fetch *fetch, struct larder_landing *ret_landing)
{
    larder_fetch_look_first(fetch);
    if (LARDER_LIKELY(larder_fetch_is_hit(fetch))) {
        larder_counter_add(&larder_state_of(fetch->cache, fetch->entity)->counters.hits, 1);
        *ret_landing = (struct larder_landing){.value = fetch->sight.value};
        fetch->sight.value = NULL;
    } else {
        agree(fetch, ret_landing);
    }
}
