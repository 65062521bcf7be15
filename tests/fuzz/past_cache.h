/* SPDX-License-Identifier: MIT */
/*
 * A cache of the memory backend, and bytes put where it will look for them.
 */
#ifndef TESTS_FUZZ_PAST_CACHE_H
#define TESTS_FUZZ_PAST_CACHE_H

#include <string.h>

#include "cache/handle.h"
#include "counted.h"

/* For entities whose pattern has no parameters. */
static inline uint64_t past_cache_fingerprint(const char *service,
                                              const struct larder_entity *entity)
{
    uint64_t seed = larder_envelope_seed(service, entity->name);
    return larder_envelope_fingerprint(seed, entity->pattern, strlen(entity->pattern));
}

/* Answers the key. */
static inline struct larder_key past_cache_put(struct larder_cache *cache,
                                               const struct larder_entity *entity,
                                               const uint8_t *data, size_t size)
{
    struct larder_key key;
    larder_key_begin(cache, &key);
    larder_key_literal(&key, entity->pattern, strlen(entity->pattern));
    struct larder_op op = {.kind = LARDER_OP_SET,
                           .key = key.bytes,
                           .key_len = key.len,
                           .value = data,
                           .value_len = size};
    cache->backend->table->run(cache->backend, &op, 1, INT64_MAX);
    HOLDS(op.status == LARDER_OK);
    return key;
}

/* NULL: a miss. counted.most is what was in use at most, *ret_cost how much of that the read took. */
static inline const void *past_cache_get(struct larder_cache *cache,
                                         const struct larder_entity *entity,
                                         const struct larder_key *key, size_t *ret_cost)
{
    const void *value;
    size_t before = counted.in_use;
    counted.most = counted.in_use;
    enum larder_status status = larder_stub_get(cache, entity, key, &value);
    HOLDS(status == LARDER_OK || status == LARDER_MISS || status == LARDER_ABSENT);
    HOLDS((status == LARDER_OK) == (value != NULL));
    *ret_cost = counted.most - before;
    return value;
}

/* The most that a read may take of a body of len bytes: docs/wire-format.md, "What a value may take". */
static inline size_t past_cache_bound(const struct larder_entity *entity, size_t len,
                                      bool compressed)
{
    enum { CALL_BYTES = 1024, MAP_BYTES = 32 };
    return CALL_BYTES + 2 * entity->value_size +
           (entity->slots_per_byte + MAP_BYTES + (compressed ? 2 : 1)) * len;
}

#endif
