/* SPDX-License-Identifier: MIT */
/*
 * What is counted, per entity, in a fixed array: no names, no labels, nothing
 * that a user's data can make grow.
 *
 * Threads: all functions from any thread. Counters only grow and do not order
 * anything; a reader sees each of them, not all of them, at one moment.
 */
#ifndef LARDER_OBSERVE_COUNTERS_H
#define LARDER_OBSERVE_COUNTERS_H

#include <stdatomic.h>

#include <larder/larder.h>

enum { LARDER_CACHE_LINE_BYTES = 64 };

/* One entity's; on cache lines of its own, so that entities do not slow each other. */
struct larder_counters {
    _Alignas(LARDER_CACHE_LINE_BYTES)
#define LARDER_COUNTER(name, text) atomic_uint_fast64_t name;
#include <larder/counters.def>
#undef LARDER_COUNTER
};

static inline void larder_counter_add(atomic_uint_fast64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* Adds what was counted to *stats. */
void larder_counters_add_to(const struct larder_counters *counters, struct larder_stats *stats);

#endif
