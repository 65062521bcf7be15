/* SPDX-License-Identifier: MIT */
#include "cache/version_set.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

void larder_version_set_init(struct larder_version_set *set,
                             const struct larder_allocator *allocator)
{
    set->allocator = allocator;
    set->count = 0;
    set->max = LARDER_VERSION_SET_FEW;
    set->seen = set->few;
    set->slots = NULL;
    set->slot_count = 0;
}

void larder_version_set_release(struct larder_version_set *set)
{
    if (set->seen != set->few) {
        larder_free(set->allocator, set->seen);
    }
    larder_free(set->allocator, set->slots);
    larder_version_set_init(set, set->allocator);
}

/* The slot of an id, or the free one where it would be. Ids are hashes themselves. */
static uint32_t *slot_of(const struct larder_version_set *set, uint64_t id)
{
    size_t i = (size_t)id & (set->slot_count - 1);
    while (set->slots[i] != 0 && set->seen[set->slots[i] - 1].id != id) {
        i = (i + 1) & (set->slot_count - 1);
    }
    return &set->slots[i];
}

/* Twice as many, and twice as many slots as that. */
static bool grow(struct larder_version_set *set)
{
    size_t max = 2 * set->max;
    assert(set->seen != NULL);
    size_t slot_count = 64;
    while (slot_count < 2 * max) {
        slot_count *= 2;
    }
    uint32_t *slots = larder_alloc_zeroed(set->allocator, slot_count, sizeof *slots);
    struct larder_version_seen *seen = larder_alloc(set->allocator, max * sizeof *seen);
    if (slots == NULL || seen == NULL) {
        larder_free(set->allocator, slots);
        larder_free(set->allocator, seen);
        return false;
    }
    memcpy(seen, set->seen, set->count * sizeof *seen);
    if (set->seen != set->few) {
        larder_free(set->allocator, set->seen);
    }
    larder_free(set->allocator, set->slots);
    set->seen = seen;
    set->max = max;
    set->slots = slots;
    set->slot_count = slot_count;
    for (size_t i = 0; i < set->count; i++) {
        *slot_of(set, seen[i].id) = (uint32_t)i + 1;
    }
    return true;
}

struct larder_version_seen *larder_version_set_find(const struct larder_version_set *set,
                                                    uint64_t id)
{
    if (set->slots != NULL) {
        uint32_t at = *slot_of(set, id);
        return at != 0 ? &set->seen[at - 1] : NULL;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (set->seen[i].id == id) {
            return &set->seen[i];
        }
    }
    return NULL;
}

bool larder_version_set_add(struct larder_version_set *set, uint64_t id)
{
    if (larder_version_set_find(set, id) != NULL) {
        return true;
    }
    if (set->count == set->max && !grow(set)) {
        return false;
    }
    assert(set->seen != NULL);
    set->seen[set->count] = (struct larder_version_seen){.id = id, .status = LARDER_OK};
    if (set->slots != NULL) {
        *slot_of(set, id) = (uint32_t)set->count + 1;
    }
    set->count++;
    return true;
}
