/* SPDX-License-Identifier: MIT */
/* Threads that make one call after the other for a fixed time. */
#ifndef LARDER_BENCH_CALLERS_H
#define LARDER_BENCH_CALLERS_H

#include <stddef.h>
#include <stdint.h>

enum { CALLERS_MAX = 64 };

/* One call by thread `caller` (0..); `turn` is a number at random, to choose a key by. */
typedef void callers_fn(void *user, size_t caller, uint32_t turn);

struct callers_result {
    double calls_per_s;
    double p99_us; /* a call, over all threads */
};

/*
 * Starts `count` (1..CALLERS_MAX) threads, lets them begin together, and waits
 * until each has finished the call during which the time ran out. Starting and
 * ending threads is not timed. One run at a time.
 */
void callers_run(callers_fn *call, void *user, size_t count, int ms,
                 struct callers_result *ret_result);

#endif
