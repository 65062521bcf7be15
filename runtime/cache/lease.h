/* SPDX-License-Identifier: MIT */
/*
 * What an entity's reads have taught: whether the next one is likely to miss, and how
 * long its claims must stand.
 *
 * DESIGN. A claim must outlive the load it is made for, or another process takes over
 * what is not abandoned, and must not outlive its holder by much, who may be dead. So
 * it stands for three times the longest load seen lately, at least 2 s, at most 60 s.
 * Lately: each load brings the longest a sixteenth nearer to itself.
 *
 * A look that will find nothing can claim the entry in the same trip, at the price of a
 * look that takes the server a little longer where it finds a value. It pays where more
 * than a quarter of the looks find nothing, in a running average over about eight.
 *
 * Threads: all functions from any thread; who overwrites another's sample loses little.
 */
#ifndef LARDER_CACHE_LEASE_H
#define LARDER_CACHE_LEASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    LARDER_LEASE_MIN_MS = 2000,
    LARDER_LEASE_MAX_MS = 60000,
    LARDER_MISSES_ALL = 1 << 16, /* misses, when no look finds anything */
    LARDER_MISSES_CLAIM = LARDER_MISSES_ALL / 4,
    LARDER_MISSES_LOOKS = 8
};

/* Zeroed to begin with. */
struct larder_lease {
    atomic_uint_fast32_t misses;    /* of the looks lately, in parts of LARDER_MISSES_ALL */
    atomic_int_fast64_t longest_ms; /* of the loads lately */
};

/* How long the next claim is to stand. */
int64_t larder_lease_ms(const struct larder_lease *lease);
/* A load took so long. */
void larder_lease_loaded(struct larder_lease *lease, int64_t took_ms);

/* A look found something, or nothing. Where all find something, it only reads. */
static inline void larder_lease_looked(struct larder_lease *lease, bool found)
{
    uint_fast32_t misses = atomic_load_explicit(&lease->misses, memory_order_relaxed);
    uint_fast32_t next = found ? misses - (misses + LARDER_MISSES_LOOKS - 1) / LARDER_MISSES_LOOKS
                               : misses + (LARDER_MISSES_ALL - misses) / LARDER_MISSES_LOOKS;
    if (next != misses) {
        atomic_store_explicit(&lease->misses, next, memory_order_relaxed);
    }
}

/* Whether the next look is to claim what it does not find. */
static inline bool larder_lease_expects_miss(const struct larder_lease *lease)
{
    return atomic_load_explicit(&lease->misses, memory_order_relaxed) > LARDER_MISSES_CLAIM;
}

/* The server does not take claims: looks are looks again. */
static inline void larder_lease_refused(struct larder_lease *lease)
{
    atomic_store_explicit(&lease->misses, 0, memory_order_relaxed);
}

#endif
