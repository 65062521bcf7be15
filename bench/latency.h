/* SPDX-License-Identifier: MIT */
/*
 * How long calls took: counts by duration, 64 buckets to each power of two, so
 * a quantile is right to within 1 %.
 */
#ifndef LARDER_BENCH_LATENCY_H
#define LARDER_BENCH_LATENCY_H

#include <stdint.h>

enum { LATENCY_BUCKETS = 2304 };

struct latency {
    uint64_t calls;
    uint32_t buckets[LATENCY_BUCKETS];
};

/* One thread a histogram; zeroed memory is an empty one. */
void latency_add(struct latency *latency, int64_t ns);
void latency_merge(struct latency *into, const struct latency *from);
/* What `share` (0.99) of the calls stayed within, in µs; 0 without calls. */
double latency_quantile_us(const struct latency *latency, double share);

#endif
