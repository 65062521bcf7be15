/* SPDX-License-Identifier: MIT */
/*
 * A clock that stands still until it is told to go on.
 *
 * Threads: may be read and advanced by several.
 */
#ifndef LARDER_TESTS_FAKE_CLOCK_H
#define LARDER_TESTS_FAKE_CLOCK_H

#include <stdatomic.h>

#include <larder/config.h>

struct fake_clock {
    struct larder_clock clock; /* what to hand on */
    _Atomic int64_t now_ns;    /* monotonic */
    _Atomic int64_t now_wall_ms;
};

/* Starts both at one second past their zero. The struct must stay where it is. */
void fake_clock_init(struct fake_clock *fake);
/* Both go on by ms, 0 or more. */
void fake_clock_advance_ms(struct fake_clock *fake, int64_t ms);

#endif
