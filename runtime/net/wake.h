/* SPDX-License-Identifier: MIT */
/*
 * Sleeping until something that another thread wrote can be seen.
 *
 * DESIGN. The condition is somewhere else; here is only a word that changes with
 * every wake. Who waits reads the word, then looks at the condition, then
 * sleeps while the word is still what was read. So a wake between the look and
 * the sleep is never lost, however often the word moved on since; and who was
 * woken for another's sake looks again. No lock is taken on waking, so many
 * threads that are woken at once do not queue behind each other.
 *
 * Threads: all. A wake of nobody costs no system call.
 */
#ifndef LARDER_NET_WAKE_H
#define LARDER_NET_WAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <larder/config.h>

/* Zeroed at first. */
struct larder_wake {
    _Atomic uint32_t word;
    _Atomic uint32_t sleepers;
};

/* To be called before the condition is looked at. */
static inline uint32_t larder_wake_read(struct larder_wake *wake)
{
    return atomic_load_explicit(&wake->word, memory_order_acquire);
}

/* Sleeps while the word is `seen`; may return early. False: the deadline has
 * passed. True: look at the condition again. */
bool larder_wake_wait(struct larder_wake *wake, uint32_t seen, const struct larder_clock *clock,
                      int64_t deadline_ns);

/* Wakes all who sleep. To be called after the condition was made true. */
void larder_wake_all(struct larder_wake *wake);

#endif
