/* SPDX-License-Identifier: MIT */
/*
 * Time, as the cache's clock tells it.
 *
 * A deadline is a point of the monotonic clock in nanoseconds; INT64_MAX is
 * never. One deadline covers a whole call and is handed down unchanged.
 */
#ifndef LARDER_BASE_CLOCK_H
#define LARDER_BASE_CLOCK_H

#include <larder/config.h>

/* CLOCK_MONOTONIC and CLOCK_REALTIME. */
extern const struct larder_clock larder_clock_system;

static inline int64_t larder_clock_now_ns(const struct larder_clock *clock)
{
    return clock->monotonic_ns(clock->user);
}

int64_t larder_clock_wall_ms(const struct larder_clock *clock);
/* now + ms, saturating. */
int64_t larder_deadline_after_ms(const struct larder_clock *clock, int64_t ms);
/* Milliseconds until the deadline, rounded up, for poll(): 0 when it has passed, at most INT_MAX. */
int larder_deadline_poll_ms(const struct larder_clock *clock, int64_t deadline_ns);

#endif
