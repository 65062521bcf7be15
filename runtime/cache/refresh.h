/* SPDX-License-Identifier: MIT */
/*
 * Reloads in the background.
 */
#ifndef LARDER_CACHE_REFRESH_H
#define LARDER_CACHE_REFRESH_H

#include "cache/handle.h"

/* A value was read that is due for a reload. True: the entity has a loader for that, and
 * the reload is queued, or another one is, or there is no room for it: the caller reads
 * on. False: nobody but a caller loads it. `call`: as larder_stub_get_or_load has it. */
bool larder_refresh_offer(struct larder_cache *cache, const struct larder_entity *entity,
                          const struct larder_key *key, const void *call);

#endif
