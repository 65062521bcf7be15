/* SPDX-License-Identifier: MIT */
/*
 * Log lines that an outage cannot turn into a flood: one in ten seconds a
 * gate, with the number of those that were held back.
 */
#ifndef LARDER_BACKEND_LOG_GATE_H
#define LARDER_BACKEND_LOG_GATE_H

#include <stdatomic.h>
#include <stdint.h>

#include <larder/config.h>

/* Zeroed at first. Any thread. */
struct larder_log_gate {
    _Atomic int64_t opens_ns;
    atomic_ulong held_back;
};

__attribute__((format(printf, 5, 6))) void larder_log_gated(const struct larder_log *log,
                                                            const struct larder_clock *clock,
                                                            struct larder_log_gate *gate,
                                                            enum larder_log_level level,
                                                            const char *format, ...);

#endif
