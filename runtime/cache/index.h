/* SPDX-License-Identifier: MIT */
/*
 * Indexes: other ways to an entity's values.
 *
 * DESIGN. At an index's key stands the key of the value (struct larder_pointer), written
 * in the trip of whatever stores the value, with the same lifetime, so it never
 * outlives it by more than that trip. A pointer is a hint and no more: what it leads to is
 * given out only if its fields are those that the index was asked for; where they are not,
 * get_or_load deletes it, and get answers a miss. So no order in which pointers and values are written, deleted or
 * lost can make a read wrong; `changed` deletes them only so that nothing is looked for in vain.
 *
 * What a loader brings through an index whose pointer is not there has no key before it
 * is loaded, so no claim can have stood for it: a change made meanwhile could not be
 * told. It is given to the caller and its pointer stored, under the pointer's own claim;
 * the value is stored by the next call, which finds the pointer, and loads under the
 * value's claim.
 *
 * Threads: all functions from any thread.
 */
#ifndef LARDER_CACHE_INDEX_H
#define LARDER_CACHE_INDEX_H

#include "cache/call.h"

/* Whether a value of this entity is to be found through indexes. */
static inline size_t larder_index_count(const struct larder_cache *cache,
                                        const struct larder_entity *entity)
{
    return larder_state_of(cache, entity)->index_count;
}

/* A pointer that is to be written: the bytes that its operation refers to. */
struct larder_pointer_write {
    struct larder_key key;
    uint8_t bytes[LARDER_KEY_MAX + 64];
};

/* Makes the SET of the k-th pointer to *value, which itself is stored for ttl_ms. False: its
 * key is too long. */
bool larder_index_write(const struct larder_cache *cache, const struct larder_entity *entity,
                        size_t k, const void *value, int64_t ttl_ms,
                        struct larder_pointer_write *ret_write, struct larder_op *ret_op);

/* Runs the operation that stores *value, and in the same trip those of its pointers. What
 * becomes of these is nobody's to know: without one, or with one that was there before, the
 * value is not found that way. */
void larder_index_run(struct larder_cache *cache, const struct larder_entity *entity,
                      const void *value, struct larder_op *op, int64_t deadline_ns);
/* Writes the pointers to *value, which was stored. */
void larder_index_lead(struct larder_cache *cache, const struct larder_entity *entity,
                       const void *value, int64_t ttl_ms, int64_t deadline_ns);

#endif
