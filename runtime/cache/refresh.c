/* SPDX-License-Identifier: MIT */
/*
 * Reloads that no caller waits for.
 */
#include "cache/call.h"

enum larder_status larder_stub_get_refreshing(struct larder_cache *cache,
                                              const struct larder_entity *entity,
                                              const struct larder_key *key, const void *call,
                                              const void **ret_value)
{
    (void)call;
    return larder_stub_get(cache, entity, key, ret_value);
}

enum larder_status larder_stub_on_load(struct larder_cache *cache,
                                       const struct larder_entity *entity, larder_load_fn *load,
                                       const void *call)
{
    (void)load;
    (void)call;
    return larder_call_begin(cache, entity);
}

enum larder_status larder_stub_expire_soft(struct larder_cache *cache,
                                           const struct larder_entity *entity,
                                           const struct larder_key *key)
{
    return larder_stub_delete(cache, entity, key);
}
