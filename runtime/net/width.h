/* SPDX-License-Identifier: MIT */
/*
 * Over how many connections callers spread: what serves best is found by trying.
 *
 * DESIGN. Where the server has a processor of its own, few callers are served
 * best by a connection each. Where it shares one with them, or where sleeping and
 * waking costs more than a command, each send and recv should serve as many callers
 * as there are: one connection for all, and who finds it idle first gives the
 * processor away, and takes along what others have to send by then. (Measured with
 * all on one processor: 8 callers call 1.0 times as often over 8 connections as
 * over a connection each without sharing, 2.6 times over one; on two processors it
 * is the other way round for 2 to 4 callers.) Nothing that can be asked tells these
 * cases apart, so both are tried.
 *
 * The calls of some milliseconds are an epoch. How long its calls took in the mean
 * follows from Little's law: callers in flight in the mean, times the length of the
 * epoch, by its calls; one look at the clock for all of them. Each class of callers
 * (2, 3 to 4, ...) has its own way, and tries the others for an epoch now and then.
 * One that is better by a tenth twice becomes the way; one that is not is tried half as
 * often from then on. Where calls are rare it makes no difference, and nothing changes.
 *
 * Threads: one at a time; the pipeline's lock guards it.
 */
#ifndef LARDER_NET_WIDTH_H
#define LARDER_NET_WIDTH_H

#include <stdbool.h>
#include <stdint.h>

#include <larder/config.h>

enum { LARDER_WIDTH_WAYS = 4, LARDER_WIDTH_CLASSES = 7 };

struct larder_width_way {
    int connections; /* that callers share, at most */
    bool gathers;    /* who finds one idle waits for others, for as long as a yield takes */
};

/* What one class of callers knows. */
struct larder_width_class {
    int way;    /* in use; an index of ways */
    int64_t ns; /* what a call takes with it */
    struct {
        int wins;      /* in a row */
        int64_t pause; /* epochs between two tries */
        int64_t left;  /* of the pause */
    } others[LARDER_WIDTH_WAYS];
};

struct larder_width {
    const struct larder_width_way *way; /* now */
    uint32_t calls;                     /* of this epoch */
    uint32_t look_at;                   /* calls, when the clock is looked at */
    uint64_t callers;                   /* in flight, added up over the calls */
    int64_t began_ns;
    int class;  /* of this epoch */
    int trying; /* a way that is not the class's; -1: none */
    struct larder_width_class classes[LARDER_WIDTH_CLASSES];
};

void larder_width_init(struct larder_width *width);

/* The end of an epoch, perhaps. */
void larder_width_look(struct larder_width *width, int64_t now_ns);

/* A call begins, with so many in flight. Answers the way that it goes. */
static inline const struct larder_width_way *larder_width_count(struct larder_width *width,
                                                                int callers,
                                                                const struct larder_clock *clock)
{
    width->callers += (uint64_t)callers;
    if (++width->calls >= width->look_at) {
        larder_width_look(width, clock->monotonic_ns(clock->user));
    }
    return width->way;
}

#endif
