/* SPDX-License-Identifier: MIT */
#include "cache/storing.h"

static const int64_t WHOLE_PPM = 1000000;

_Static_assert((int)LARDER_TAGS_MAX == (int)LARDER_ENVELOPE_TAGS_MAX,
               "a head has room for all tags");

/* Until when it is fresh, by the server's clock. Of what reads renew, only its greatest age
 * is known when it is written. */
static int64_t fresh_until_ms(const struct larder_cache *cache, const struct larder_policy *policy,
                              int64_t lifetime_ms)
{
    int64_t age_ms;
    int64_t now_ms = larder_server_time_ms(cache, &age_ms);
    int64_t fresh_ms = policy->sliding ? policy->max_age_ms : lifetime_ms;
    if (now_ms == LARDER_NO_TIME || fresh_ms == 0 ||
        fresh_ms >= LARDER_ENVELOPE_FOREVER_MS - now_ms) {
        return LARDER_ENVELOPE_FOREVER_MS;
    }
    return now_ms + fresh_ms;
}

/* How long before its end a reload is worth its while: what the load took, for xfetch, or
 * what a share of the lifetime leaves of it. */
static uint32_t reload_cost_ms(const struct larder_policy *policy, int64_t lifetime_ms,
                               uint32_t cost_ms)
{
    if (policy->xfetch || policy->refresh_ppm == 0) {
        return cost_ms;
    }
    double left_ms =
        (double)lifetime_ms * (double)(WHOLE_PPM - policy->refresh_ppm) / (double)WHOLE_PPM;
    return left_ms < (double)UINT32_MAX ? (uint32_t)left_ms : UINT32_MAX;
}

void larder_storing_begin(const struct larder_cache *cache, const struct larder_entity *entity,
                          int64_t lifetime_ms, uint32_t cost_ms, struct larder_storing *ret_storing)
{
    const struct larder_entity_state *state = larder_state_of(cache, entity);
    struct larder_envelope_head *head = &ret_storing->head;
    *head = (struct larder_envelope_head){.meta = LARDER_META_PLAIN};
    ret_storing->stay_ms = larder_stay_ms(cache, entity, lifetime_ms);
    if (state->is_timed) {
        head->meta |= LARDER_META_TIMED;
        head->fresh_ms = fresh_until_ms(cache, state->policy, lifetime_ms);
        head->cost_ms = reload_cost_ms(state->policy, lifetime_ms, cost_ms);
    }
    if (state->is_versioned) {
        head->meta |= LARDER_META_VERSIONED;
    }
}

enum larder_status larder_storing_tags(const struct larder_cache *cache,
                                       const struct larder_entity *entity, const void *value,
                                       struct larder_storing *storing)
{
    const struct larder_entity_state *state = larder_state_of(cache, entity);
    struct larder_envelope_head *head = &storing->head;
    struct larder_tags tags = {.count = head->tag_count, .seed = cache->versions.seed};
    memcpy(tags.ids, head->tags, head->tag_count * sizeof head->tags[0]);
    if (state->tags != NULL && value != NULL) {
        state->tags(value, &tags);
    }
    if (tags.status != LARDER_OK) {
        return larder_call_refuse(entity, LARDER_E_ARG,
                                  tags.status == LARDER_E_TOO_LARGE
                                      ? "the value has too many tags, or one is too long"
                                      : "a tag of the value cannot be made of its fields");
    }
    head->tag_count = tags.count;
    memcpy(head->tags, tags.ids, tags.count * sizeof tags.ids[0]);
    head->meta |= tags.count != 0 ? LARDER_META_VERSIONED : 0;
    return LARDER_OK;
}

void larder_storing_ids(const struct larder_cache *cache, const struct larder_entity *entity,
                        const struct larder_key *key, const struct larder_storing *storing,
                        struct larder_version_ids *ret_ids)
{
    const struct larder_envelope_head *head = &storing->head;
    ret_ids->count = 0;
    if ((head->meta & LARDER_META_VERSIONED) == 0) {
        return;
    }
    larder_version_ids_of_key(&cache->versions, &larder_state_of(cache, entity)->versions,
                              entity->name, key, ret_ids);
    for (size_t i = 0; i < head->tag_count; i++) {
        ret_ids->ids[ret_ids->count++] = head->tags[i];
    }
}

void larder_storing_op(const struct larder_cache *cache, const struct larder_entity *entity,
                       const struct larder_key *key, struct larder_storing *storing,
                       struct larder_op *op)
{
    const struct larder_envelope_head *head = &storing->head;
    struct larder_version_ids ids;
    op->ttl_ms = storing->stay_ms;
    if ((head->meta & LARDER_META_VERSIONED) == 0) {
        return;
    }
    larder_storing_ids(cache, entity, key, storing, &ids);
    larder_version_list_make(&cache->versions, &ids, storing->stay_ms,
                             head->as_of != 0 ? head->as_of : larder_version_begin(),
                             &storing->list);
    storing->list.op.as_of_at = larder_envelope_as_of_at(head->meta);
    op->versions = &storing->list.op;
}
