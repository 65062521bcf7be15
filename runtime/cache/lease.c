/* SPDX-License-Identifier: MIT */
#include "cache/lease.h"

enum { LOADS = 3, FORGET_PART = 16 };

int64_t larder_lease_ms(const struct larder_lease *lease)
{
    int64_t longest_ms = atomic_load_explicit(&lease->longest_ms, memory_order_relaxed);
    if (longest_ms >= LARDER_LEASE_MAX_MS / LOADS) {
        return LARDER_LEASE_MAX_MS;
    }
    int64_t lease_ms = longest_ms * LOADS;
    return lease_ms > LARDER_LEASE_MIN_MS ? lease_ms : LARDER_LEASE_MIN_MS;
}

void larder_lease_loaded(struct larder_lease *lease, int64_t took_ms)
{
    int64_t longest_ms = atomic_load_explicit(&lease->longest_ms, memory_order_relaxed);
    int64_t next_ms = longest_ms - (longest_ms - took_ms + FORGET_PART - 1) / FORGET_PART;
    if (took_ms >= longest_ms) {
        next_ms = took_ms;
    }
    if (next_ms != longest_ms) {
        atomic_store_explicit(&lease->longest_ms, next_ms, memory_order_relaxed);
    }
}
