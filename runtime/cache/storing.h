/* SPDX-License-Identifier: MIT */
/*
 * What is stored along with a value, by its entity's policies: when it ends, how long it
 * stays beyond that, which clock and which tags it is good by.
 *
 *     struct larder_storing storing;
 *     larder_storing_begin(cache, entity, lifetime_ms, cost_ms, &storing);
 *     status = larder_storing_tags(cache, entity, value, &storing);
 *     status = larder_stored_write(&w, entity, fingerprint, larder_storing_head(&storing), value);
 *     larder_stored_compress(cache, entity, fingerprint, larder_storing_head(&storing), &w);
 *     larder_storing_op(cache, entity, key, &storing, &op);
 *
 * A value with times needs the server's: larder_server_time_learn comes first.
 */
#ifndef LARDER_CACHE_STORING_H
#define LARDER_CACHE_STORING_H

#include "cache/call.h"

/* Stays where it was made, for as long as an operation is made of it. */
struct larder_storing {
    struct larder_envelope_head head; /* as_of: where it is not 0, of the load that it comes from */
    int64_t stay_ms;                  /* of the entry; 0: no expiry */
    struct larder_version_list list;  /* made by larder_storing_op, of what is versioned */
};

/* lifetime_ms: of larder_lifetime_ms; cost_ms: what the load took, 0: nobody loaded it. */
void larder_storing_begin(const struct larder_cache *cache, const struct larder_entity *entity,
                          int64_t lifetime_ms, uint32_t cost_ms,
                          struct larder_storing *ret_storing);

/* Adds the tags that the schema takes from the value; those of a loader may be added to
 * the head before. OK; E_ARG: there are more than LARDER_TAGS_MAX, or one cannot be spelt, noted. */
enum larder_status larder_storing_tags(const struct larder_cache *cache,
                                       const struct larder_entity *entity, const void *value,
                                       struct larder_storing *storing);

/* For larder_stored_write; NULL: a plain value. */
static inline const struct larder_envelope_head *larder_storing_head(
    const struct larder_storing *storing)
{
    return storing->head.meta != LARDER_META_PLAIN ? &storing->head : NULL;
}

/* Whether an entity's values are plain ones, whatever is in them. */
static inline bool larder_storing_is_plain(const struct larder_cache *cache,
                                           const struct larder_entity *entity)
{
    const struct larder_entity_state *state = larder_state_of(cache, entity);
    return !state->is_versioned && !state->is_timed;
}

/* The versions that reach it; none, if it is not versioned. */
void larder_storing_ids(const struct larder_cache *cache, const struct larder_entity *entity,
                        const struct larder_key *key, const struct larder_storing *storing,
                        struct larder_version_ids *ret_ids);

/* Lifetime and versions of a SET, ADD, REPLACE or FILL of it. */
void larder_storing_op(const struct larder_cache *cache, const struct larder_entity *entity,
                       const struct larder_key *key, struct larder_storing *storing,
                       struct larder_op *op);

#endif
