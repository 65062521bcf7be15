/* SPDX-License-Identifier: MIT */
/* What can be done with an entry of each sort, all in the same words. */
#ifndef TESTS_FRESHNESS_SORTS_H
#define TESTS_FRESHNESS_SORTS_H

#include "fresh_cache.h"
#include "ground.h"

/* A thread of the checker's. */
struct worker {
    struct ground *ground;
    struct ground_thread *thread;
    struct fresh_cache *cache;
    uint64_t random;
    uint16_t life;
    uint8_t deed; /* that it is at */
};

uint64_t worker_random(struct worker *worker);
unsigned worker_below(struct worker *worker, unsigned bound);

/* What a read was given. `row` where the status is OK or STALE. */
struct seen {
    enum larder_status status;
    struct fresh_row row;
};

struct sort {
    void (*get)(struct worker *worker, unsigned row, struct seen *ret_seen);
    void (*get_or_load)(struct worker *worker, unsigned row, struct seen *ret_seen);
    void (*refresh)(struct worker *worker, unsigned row, struct seen *ret_seen);
    /* All rows, from `first` on and around. */
    void (*get_many)(struct worker *worker, unsigned first, bool loads,
                     struct seen ret_seen[GROUND_ROWS]);
    /* As it is written by hand: look, load, store. */
    void (*by_hand)(struct worker *worker, unsigned row, struct seen *ret_seen);
    enum larder_status (*drop)(struct worker *worker, unsigned row);
    void (*drop_many)(struct worker *worker, unsigned first, unsigned count,
                      enum larder_status ret_each[GROUND_ROWS]);
    enum larder_status (*soften)(struct worker *worker, unsigned row);
    enum larder_status (*drop_all)(struct worker *worker);
    enum larder_status (*put_in)(struct fresh_batch *batch, unsigned row);
};

extern const struct sort sorts[GROUND_SORTS];

/* Registers what reloads in the background. */
void sorts_register(struct worker *background);

#endif
