/* SPDX-License-Identifier: MIT */
#include "support/fake_clock.h"

static int64_t monotonic_ns(void *user)
{
    struct fake_clock *fake = user;
    return atomic_load(&fake->now_ns);
}

static int64_t wall_ms(void *user)
{
    struct fake_clock *fake = user;
    return atomic_load(&fake->now_wall_ms);
}

void fake_clock_init(struct fake_clock *fake)
{
    fake->clock = (struct larder_clock){monotonic_ns, wall_ms, fake};
    atomic_init(&fake->now_ns, 1000 * 1000 * 1000);
    atomic_init(&fake->now_wall_ms, 1000);
}

void fake_clock_advance_ms(struct fake_clock *fake, int64_t ms)
{
    atomic_fetch_add(&fake->now_ns, ms * 1000 * 1000);
    atomic_fetch_add(&fake->now_wall_ms, ms);
}
