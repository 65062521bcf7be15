/* SPDX-License-Identifier: MIT */
#include "latency.h"

enum { PARTS_BITS = 6, PARTS = 1 << PARTS_BITS };

static unsigned bucket_of(uint64_t ns)
{
    if (ns < PARTS) {
        return (unsigned)ns;
    }
    const unsigned shift = 63 - PARTS_BITS - (unsigned)__builtin_clzll(ns);
    const unsigned bucket = shift * PARTS + (unsigned)(ns >> shift);
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/* The middle of a bucket. */
static double ns_of(unsigned bucket)
{
    if (bucket < 2 * PARTS) {
        return bucket;
    }
    const unsigned shift = bucket / PARTS - 1;
    const uint64_t lowest = (uint64_t)(bucket - shift * PARTS) << shift;
    return (double)lowest + (double)(UINT64_C(1) << shift) / 2;
}

void latency_add(struct latency *latency, int64_t ns)
{
    latency->calls++;
    latency->buckets[bucket_of(ns > 0 ? (uint64_t)ns : 0)]++;
}

void latency_merge(struct latency *into, const struct latency *from)
{
    into->calls += from->calls;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        into->buckets[i] += from->buckets[i];
    }
}

double latency_quantile_us(const struct latency *latency, double share)
{
    const double wanted = share * (double)latency->calls;
    uint64_t seen = 0;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        seen += latency->buckets[i];
        if (seen > 0 && (double)seen >= wanted) {
            return ns_of(i) / 1000;
        }
    }
    return 0;
}
