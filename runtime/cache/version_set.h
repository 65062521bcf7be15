/* SPDX-License-Identifier: MIT */
/*
 * The versions that one trip, or two, ask for: each once, however many entries it reaches.
 *
 * A few are kept in the set itself and searched one by one; of many, as get_many's, there
 * is a table.
 */
#ifndef LARDER_CACHE_VERSION_SET_H
#define LARDER_CACHE_VERSION_SET_H

#include "cache/versions.h"

enum { LARDER_VERSION_SET_FEW = 24 }; /* implied, guessed, and those that a value has: 21 */

struct larder_version_seen {
    uint64_t id;
    uint64_t value;            /* 0: missing, or not answered */
    enum larder_status status; /* of asking for it */
};

/* Caller's storage. Stays where it was made. */
struct larder_version_set {
    const struct larder_allocator *allocator;
    size_t count;
    size_t max;
    struct larder_version_seen *seen; /* few, or allocated */
    uint32_t *slots;                  /* 1 + index; NULL: there are few */
    size_t slot_count;                /* a power of 2 */
    struct larder_version_seen few[LARDER_VERSION_SET_FEW];
};

void larder_version_set_init(struct larder_version_set *set,
                             const struct larder_allocator *allocator);
void larder_version_set_release(struct larder_version_set *set);

/* False: out of memory. */
bool larder_version_set_add(struct larder_version_set *set, uint64_t id);
/* NULL: it was not added. */
struct larder_version_seen *larder_version_set_find(const struct larder_version_set *set,
                                                    uint64_t id);

#endif
