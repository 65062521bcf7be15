/* SPDX-License-Identifier: MIT */
/*
 * Whether it pays to look for a reply again and again before sleeping for it.
 *
 * DESIGN. Waking a thread that sleeps on another processor can cost more than a
 * server near by takes to answer; then looking is faster. Where the server is
 * far, looking is in vain; and where it runs on the very processor that looks,
 * the reply is there as soon as the processor was given away once, as it would
 * be after sleeping. So each time tells whether it paid, and each time that it
 * did not makes the pause until the next try twice as long, up to PAUSE_MAX
 * exchanges; each that did halves it.
 *
 * Threads: one at a time; it is a connection's.
 */
#ifndef LARDER_NET_SPIN_H
#define LARDER_NET_SPIN_H

#include <stdbool.h>
#include <stdint.h>

enum { LARDER_SPIN_PAUSE_MAX = 1024 };

/* Zeroed at first. */
struct larder_spin {
    uint32_t pause; /* exchanges to let pass after the next that does not pay */
    uint32_t left;  /* of the pause */
};

/* Whether to look this time. */
static inline bool larder_spin_begin(struct larder_spin *spin)
{
    if (spin->left == 0) {
        return true;
    }
    spin->left--;
    return false;
}

/* How it went. */
static inline void larder_spin_end(struct larder_spin *spin, bool paid)
{
    if (paid) {
        spin->pause /= 2;
        return;
    }
    spin->pause = spin->pause == 0 ? 1 : spin->pause * 2;
    if (spin->pause > LARDER_SPIN_PAUSE_MAX) {
        spin->pause = LARDER_SPIN_PAUSE_MAX;
    }
    spin->left = spin->pause;
}

#endif
