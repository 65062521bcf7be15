/* SPDX-License-Identifier: MIT */
#include "observe/counters.h"

void larder_counters_add_to(const struct larder_counters *counters, struct larder_stats *stats)
{
#define LARDER_COUNTER(name, text) \
    stats->name += atomic_load_explicit(&counters->name, memory_order_relaxed);
#include <larder/counters.def>
#undef LARDER_COUNTER
}
