/* SPDX-License-Identifier: MIT */
#include "backend/log_gate.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

static const int64_t INTERVAL_NS = 10 * 1000000000LL;

/* One thread an interval passes. */
static bool gate_pass(struct larder_log_gate *gate, int64_t now_ns)
{
    int64_t opens_ns = atomic_load_explicit(&gate->opens_ns, memory_order_relaxed);
    return (opens_ns == 0 || now_ns >= opens_ns) &&
           atomic_compare_exchange_strong(&gate->opens_ns, &opens_ns, now_ns + INTERVAL_NS);
}

void larder_log_gated(const struct larder_log *log, const struct larder_clock *clock,
                      struct larder_log_gate *gate, enum larder_log_level level, const char *format,
                      ...)
{
    char line[400];
    va_list args;
    if (log == NULL) {
        return;
    }
    if (!gate_pass(gate, larder_clock_now_ns(clock))) {
        atomic_fetch_add_explicit(&gate->held_back, 1, memory_order_relaxed);
        return;
    }
    unsigned long held_back = atomic_exchange_explicit(&gate->held_back, 0, memory_order_relaxed);
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (held_back != 0) {
        larder_log_line(log, level, "%s (and %lu more like it)", line, held_back);
    } else {
        larder_log_line(log, level, "%s", line);
    }
}
