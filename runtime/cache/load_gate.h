/* SPDX-License-Identifier: MIT */
/*
 * How many loaders may run at once while the server is away.
 *
 * DESIGN. A cache that is away sends every read to the database. Equal misses
 * share one load (cache/flight.h), but different ones do not, and a service with
 * a thousand threads would ask a thousand times at once. So while the server's
 * breaker is not closed, LARDER_LOADS_WHILE_AWAY loaders of a cache run at a
 * time and further callers wait for a turn.
 *
 * A turn is never refused: get_or_load runs its loader whenever the cache gives
 * no value. Whoever has waited as long as a call may take loads all the same.
 * That also ends what could otherwise wait for ever: a loader that waits for
 * another caller's load, which waits for a turn. A loader that loads again holds
 * its turn already and takes no other. While the server is there nothing is
 * counted, at the price of one load of its breaker's state.
 *
 * Threads: all functions from any thread.
 */
#ifndef LARDER_CACHE_LOAD_GATE_H
#define LARDER_CACHE_LOAD_GATE_H

#include <pthread.h>

#include "backend/backend.h"
#include "net/fork_hook.h"

enum { LARDER_LOADS_WHILE_AWAY = 64 };

/* Caller's storage. */
struct larder_load_gate {
    pthread_mutex_t mutex; /* of the three below; never held with another */
    pthread_cond_t freed;
    int running;
    int waiting;
    struct larder_fork_hook hook;
};

bool larder_load_gate_init(struct larder_load_gate *gate);
void larder_load_gate_release(struct larder_load_gate *gate);

/* Before a loader runs. What it answers goes to leave, after it. */
bool larder_load_gate_enter(struct larder_load_gate *gate, const struct larder_backend *backend,
                            const struct larder_clock *clock, int64_t deadline_ns);
void larder_load_gate_leave(struct larder_load_gate *gate, bool entered);

#endif
