/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <limits.h>
#include <time.h>

static const int64_t NS_A_MS = 1000000;

static int64_t system_monotonic_ns(void *user)
{
    struct timespec now;
    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 * NS_A_MS + now.tv_nsec;
}

static int64_t system_wall_ms(void *user)
{
    struct timespec now;
    (void)user;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_A_MS;
}

const struct larder_clock larder_clock_system = {
    .monotonic_ns = system_monotonic_ns,
    .wall_ms = system_wall_ms,
};

int64_t larder_clock_wall_ms(const struct larder_clock *clock)
{
    return clock->wall_ms(clock->user);
}

int64_t larder_deadline_after_ms(const struct larder_clock *clock, int64_t ms)
{
    int64_t ns, deadline_ns;
    if (__builtin_mul_overflow(ms, NS_A_MS, &ns) ||
        __builtin_add_overflow(larder_clock_now_ns(clock), ns, &deadline_ns)) {
        return ms > 0 ? INT64_MAX : INT64_MIN;
    }
    return deadline_ns;
}

int larder_deadline_poll_ms(const struct larder_clock *clock, int64_t deadline_ns)
{
    int64_t now_ns = larder_clock_now_ns(clock);
    if (deadline_ns <= now_ns) {
        return 0;
    }
    /* Unsigned: the distance of two int64_t can be larger than one. */
    uint64_t left_ns = (uint64_t)deadline_ns - (uint64_t)now_ns;
    uint64_t left_ms = (left_ns - 1) / (uint64_t)NS_A_MS + 1;
    return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}
