/* SPDX-License-Identifier: MIT */
/*
 * Reloads in the background.
 *
 * DESIGN. Who reads a value that is due for a reload, because it is stale or because it will
 * soon be, hands its key to the cache's worker (cache/worker.h) and reads on. Of the call
 * it hands over a copy, texts and all, into which the worker puts the loader that was
 * registered; the caller's own runs in its call and nowhere else. The worker looks again,
 * for the reload may have been made meanwhile, takes the claim over what is there, loads
 * and fills, like get_or_load does. Whoever else has the claim reloads: then there is
 * nothing to do.
 */
#ifndef LARDER_CACHE_REFRESH_H
#define LARDER_CACHE_REFRESH_H

#include "cache/sight.h"

/* Whether what was seen is a value that somebody should reload, and nobody does. */
static inline bool larder_refresh_is_due(const struct larder_sight *sight)
{
    bool due = sight->kind == LARDER_SIGHT_STALE || sight->early;
    return due && !sight->claimed && !sight->paused;
}

/* A value was read that is due for a reload. True: the entity has a loader for that, and
 * the reload is queued, or another one is, or there is no room for it: the caller reads
 * on. False: nobody but a caller loads it. `call`: as larder_stub_get_or_load has it. */
bool larder_refresh_offer(struct larder_cache *cache, const struct larder_entity *entity,
                          const struct larder_key *key, const void *call);

/* The same of the i-th key of a caller's array, whose loader may be nobody's. */
void larder_refresh_offer_of(struct larder_cache *cache, const struct larder_entity *entity,
                             larder_key_fn *build, const void *keys, size_t i);

/* For the worker: a job of larder_refresh_offer(). */
void larder_refresh_run(struct larder_cache *cache, struct larder_job *job);

#endif
