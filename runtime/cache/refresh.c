/* SPDX-License-Identifier: MIT */
#include "cache/refresh.h"

bool larder_refresh_offer(struct larder_cache *cache, const struct larder_entity *entity,
                          const struct larder_key *key, const void *call)
{
    (void)cache;
    (void)entity;
    (void)key;
    (void)call;
    return false;
}
